//! No run of six or more lines of code stands twice in `src/`, except where `ARCHITECTURE.md` explains it.

use std::collections::HashMap;

use crate::files::sources;

/// The shortest run that counts as a repetition.
const RUN: usize = 6;

/// Files that may repeat each other.
const ALLOWED: [(&str, &str); 2] = [
    ("src/delivery/asynchronous.rs", "src/delivery/journalled.rs"),
    ("src/io/embedded_io.rs", "src/io/embedded_io_async.rs"),
];

/// A run of lines that occurs in two places. A place is the index of a file and a line number.
#[derive(Debug, PartialEq, Eq)]
struct Repetition {
    places: [(usize, usize); 2],
    lines: usize,
}

#[test]
fn no_code_stands_twice() {
    let files = sources();
    let texts: Vec<_> = files.iter().map(|(_, text)| &**text).collect();
    let name = |file: usize| &*files[file].0;
    let mut faults = Vec::new();
    let mut unused = ALLOWED.to_vec();
    for Repetition { places: [(one, line), (other, other_line)], lines } in repetitions(&texts) {
        let pair = (name(one), name(other));
        unused.retain(|allowed| *allowed != pair);
        if !ALLOWED.contains(&pair) {
            faults.push(format!("{lines} lines: {}:{line} and {}:{other_line}", pair.0, pair.1));
        }
    }
    assert!(faults.is_empty(), "write it once, or explain it in ARCHITECTURE.md\n{}", faults.join("\n"));
    assert!(unused.is_empty(), "these files repeat nothing any more, take them out of the list: {unused:?}");
}

#[test]
fn repetitions_are_found() {
    let run = "a();\nb();\nc();\nd();\ne();\nf();\n";
    let spaced = "// A comment.\na();\n{\n\n    b();\n}\n    c();\nd(); \n/// More.\ne();\nf();\ng();\n";
    let short = "x();\na();\nb();\nc();\nd();\ne();\n";
    let found = |texts: &[&str]| repetitions(texts);
    assert_eq!(found(&[run, spaced]), [Repetition { places: [(0, 1), (1, 2)], lines: 6 }]);
    assert_eq!(found(&[short, run]), [], "five lines");
    let longer = format!("{run}g();\n");
    assert_eq!(found(&[&longer, spaced]), [Repetition { places: [(0, 1), (1, 2)], lines: 7 }]);
    let twice = format!("{run}x();\n{run}");
    assert_eq!(found(&[&twice]), [Repetition { places: [(0, 1), (0, 8)], lines: 6 }]);
    assert_eq!(found(&["a();\n".repeat(11).as_str()]), [], "a run does not repeat itself");
}

/// Returns the longest runs of at least `RUN` lines that occur in two places.
fn repetitions(texts: &[&str]) -> Vec<Repetition> {
    let files: Vec<Vec<(usize, &str)>> = texts.iter().map(|text| code(text).collect()).collect();
    let mut places = HashMap::<Vec<&str>, Vec<(usize, usize)>>::new();
    let mut found = Vec::new();
    for (file, lines) in files.iter().enumerate() {
        for (at, window) in lines.windows(RUN).enumerate() {
            let earlier = places.entry(window.iter().map(|(_, text)| *text).collect()).or_default();
            for &(other, other_at) in &*earlier {
                let [first, second] = [&files[other][other_at..], &lines[at..]];
                let is_continued = at > 0 && other_at > 0 && files[other][other_at - 1].1 == lines[at - 1].1;
                let room = if file == other { at - other_at } else { usize::MAX };
                let length = first.iter().zip(second).take(room).take_while(|(one, two)| one.1 == two.1).count();
                if !is_continued && length >= RUN {
                    found.push(Repetition { places: [(other, first[0].0), (file, second[0].0)], lines: length });
                }
            }
            earlier.push((file, at));
        }
    }
    found
}

/// The lines of code and their numbers. Blank lines, comments and lines of nothing but punctuation do not count.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_code = |line: &str| !line.starts_with("//") && line.contains(char::is_alphanumeric);
    (1..).zip(text.lines().map(str::trim)).filter(move |(_, line)| is_code(line))
}
