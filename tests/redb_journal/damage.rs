//! Files whose end is cut off, or which are overwritten in part.

use std::fs;

use embedded_sse::Event;
use embedded_sse::delivery::{Journal, JournalError, Record, Serial};
use embedded_sse::io::{Durable, RedbJournal};

use crate::TemporaryFile;

/// Returns the numbers of the events, or `None` if the journal says that it is damaged.
fn numbers(path: &std::path::Path) -> Option<Vec<u32>> {
    let mut journal = match RedbJournal::open(path, Durable::Each) {
        Ok(journal) => journal,
        Err(JournalError::Damaged | JournalError::Store(_)) => return None,
        Err(error) => panic!("{error}"),
    };
    let (mut numbers, mut after, mut buffer) = (Vec::new(), Serial::START, [0; 512]);
    while let Some((serial, record)) = journal.read(after, &mut buffer).expect("all is checked at the start") {
        let Record::Event { event, has_id: true } = record else { panic!("{record:?}") };
        let number: u32 = event.data_str().expect("text").trim_end_matches('x').parse().expect("a number");
        assert_eq!(event.last_event_id, number.to_string().as_bytes());
        numbers.push(number);
        after = serial;
    }
    Some(numbers)
}

#[test]
fn a_file_that_is_no_journal_is_damaged() {
    let file = TemporaryFile::new("other");
    fs::write(&file.0, "something else, and not empty").expect("the disk has room");
    assert!(matches!(RedbJournal::open(&file.0, Durable::Each), Err(JournalError::Damaged)));
}

#[test]
fn a_damaged_file_is_refused_or_holds_what_was_in_it() {
    let file = TemporaryFile::new("damage");
    let mut journal = RedbJournal::open(&file.0, Durable::Batch(50)).expect("it can be created");
    for number in 1..=400u32 {
        let (id, data) = (number.to_string(), format!("{number}{}", "x".repeat(100)));
        let event = Event { event_type: b"message", data: data.as_bytes(), last_event_id: id.as_bytes() };
        journal.append(&Record::Event { event, has_id: true }).expect("there is room");
        if number == 100 {
            journal.commit(Serial(50), b"").expect("there is room");
        }
    }
    journal.flush().expect("there is room");
    drop(journal);
    let whole = fs::read(&file.0).expect("the file");
    let expected: Vec<_> = (51..=400).collect();
    assert_eq!(numbers(&file.0), Some(expected.clone()));

    let (mut refused, mut right) = (0, 0);
    let mut check = |bytes: &[u8], what: &str| {
        let copy = TemporaryFile::new("damaged");
        fs::write(&copy.0, bytes).expect("the disk has room");
        match numbers(&copy.0) {
            None => refused += 1,
            Some(numbers) => {
                // An earlier state, after which the server sends the rest again.
                let (first, last) = (numbers.first().copied().unwrap_or(1), numbers.last().copied().unwrap_or(0));
                assert!([1, 51].contains(&first) && last <= 400, "{what}: {first} to {last}");
                assert!(numbers.iter().copied().eq(first..=last), "{what}: a hole");
                right += 1;
            }
        }
    };
    let pages = whole.len() / 4096;
    // `redb` panics at some of them, which the journal reports as damage.
    std::panic::set_hook(Box::new(|panic| {
        if panic.location().is_some_and(|place| place.file().starts_with("tests")) {
            eprintln!("{panic}");
        }
    }));
    for page in (0..pages).step_by(pages / 20 + 1) {
        check(&whole[..page * 4096], &format!("cut before page {page}"));
        check(&whole[..page * 4096 + 1000], &format!("cut in page {page}"));
        for garbage in [0, 0xFF, 0x5A] {
            let mut bytes = whole.clone();
            bytes[page * 4096..][..4096].fill(garbage);
            check(&bytes, &format!("page {page} is {garbage:#x}"));
            let mut bytes = whole.clone();
            bytes[page * 4096..].iter_mut().enumerate().for_each(|(at, byte)| *byte ^= (at * 31) as u8 | garbage);
            check(&bytes, &format!("garbage from page {page}"));
        }
    }
    println!("{pages} pages, {refused} damaged files were refused, {right} could be used");
    assert!(refused > 50 && right > 10);
}
