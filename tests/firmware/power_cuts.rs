//! A journal in flash on an emulated board that loses its power again and again, while the image of the flash stays.
//!
//! This module knows what the firmware has said, and nothing of how a journal stores its records.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::{env, fs, process};

use crate::bare_metal::{self, BOARDS, build};
use crate::workspace;

const RESTARTS: usize = 200;

#[test]
#[ignore = "needs QEMU and a target for bare metal"]
fn a_board_whose_power_fails_loses_nothing_and_repeats_nothing() {
    let board = BOARDS.into_iter().find(|board| board.core == "Cortex-M4F").expect("a board");
    let options = ["--bin", "power_cuts", "--features", "storage"];
    let folder = build(&workspace(), "board", board.target, "s", &options).unwrap_or_else(|error| panic!("{error}"));
    let image = Image::blank();
    let run = |arguments: &[String]| {
        let arguments = [&[image.0.display().to_string()], arguments].concat();
        let run = bare_metal::run(board, &folder.join("power_cuts"), &[], &arguments);
        let run = run.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(run.status, Some(0), "{}", run.said);
        run.said
    };

    let mut known = Known::default();
    for restart in 0..RESTARTS {
        // In an erase, in what the start repairs or soon after, and anywhere.
        let operation = match restart % 4 {
            0 => "erase".into(),
            1 => (restart / 4 % 5).to_string(),
            _ => (restart * 13 % 61).to_string(),
        };
        let said = run(&[operation, (restart % 9).to_string()]);
        known.hear(&said).unwrap_or_else(|fault| panic!("restart {restart}: {fault}: {known:?}\n{said}"));
    }
    let said = run(&[]);
    known.hear(&said).unwrap_or_else(|fault| panic!("the last start: {fault}: {known:?}\n{said}"));
    println!(
        "{}: the power failed {} times, {} of them in an erase; {} events kept and committed, {} refused",
        board.name, known.cuts, known.cuts_in_an_erase, known.committed, known.refused
    );
    assert_eq!(known.held, [], "all is handled at the end");
    assert_eq!(known.committed, known.last, "every event is committed once");
    assert!(known.cuts == RESTARTS as u32 && known.cuts_in_an_erase > 10 && known.committed > 500 && known.refused > 0);
}

/// The contents of the flash, in a file that is removed at the end.
struct Image(PathBuf);

impl Image {
    /// All words are erased.
    fn blank() -> Self {
        let file = env::temp_dir().join(format!("flash-{}.bin", process::id()));
        fs::write(&file, [0xFF; 6 * 512]).expect("a folder for temporary files");
        Self(file)
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// What is known of the journal.
#[derive(Debug, Default)]
struct Known {
    /// Events that are kept and not committed.
    held: VecDeque<u32>,
    last: u32,
    begun: Begun,
    committed: u32,
    refused: u32,
    cuts: u32,
    cuts_in_an_erase: u32,
}

/// What was begun and not seen to end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Begun {
    #[default]
    Nothing,
    Keep(u32),
    Commit(u32),
}

impl Known {
    /// Follows what a run has said, and compares what it found with what has to be there.
    fn hear(&mut self, said: &str) -> Result<(), String> {
        let mut found = VecDeque::new();
        for line in said.lines() {
            let (word, number) = line.split_once(' ').unwrap_or((line, "0"));
            let number = number.parse().map_err(|_| format!("unexpected: {line}"))?;
            match (word, self.begun) {
                ("holds", _) => found.push_back(number),
                ("last", _) => self.started(std::mem::take(&mut found), number)?,
                ("keeps", Begun::Nothing) => self.begun = Begun::Keep(number),
                ("kept", Begun::Keep(begun)) if begun == number => self.kept(number),
                ("refused", Begun::Keep(begun)) if begun == number => {
                    self.refused += 1;
                    self.begun = Begun::Nothing;
                }
                ("commits", Begun::Nothing) if self.held.front() == Some(&number) => self.begun = Begun::Commit(number),
                ("committed", Begun::Commit(begun)) if begun == number => self.committed(),
                ("off", _) => {
                    self.cuts += 1;
                    self.cuts_in_an_erase += number;
                }
                ("done", Begun::Nothing) => {}
                _ => return Err(format!("unexpected: {line}")),
            }
        }
        Ok(())
    }

    /// The journal has been opened, and this is what it holds.
    fn started(&mut self, found: VecDeque<u32>, last: u32) -> Result<(), String> {
        if found != self.held || last != self.last {
            // What was begun has happened.
            match self.begun {
                Begun::Nothing => {}
                Begun::Keep(number) => self.kept(number),
                Begun::Commit(_) => self.committed(),
            }
        }
        self.begun = Begun::Nothing;
        if found == self.held && last == self.last {
            Ok(())
        } else {
            Err(format!("found {found:?}, and {last} as the last"))
        }
    }

    fn kept(&mut self, number: u32) {
        self.held.push_back(number);
        self.last = number;
        self.begun = Begun::Nothing;
    }

    fn committed(&mut self) {
        self.held.pop_front();
        self.committed += 1;
        self.begun = Begun::Nothing;
    }
}
