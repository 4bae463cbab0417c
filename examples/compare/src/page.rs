//! The page that shows the results, and the block of it that this tool writes. This module must not depend on what the
//! block says.

use std::fmt;
use std::fs;
use std::ops::Range;

use crate::cost::root;
use crate::error::Error;

const NAME: &str = "examples/README.md";
const BEGIN: &str = "<!-- compare -->";
const END: &str = "<!-- /compare -->";

/// The page, in three parts. The markers belong to the first and to the last.
#[derive(Debug, PartialEq)]
pub struct Page {
    before: String,
    block: String,
    after: String,
}

/// The first line in which the page differs.
#[derive(Debug, PartialEq)]
pub struct Difference {
    line: usize,
    /// `None` if the block ends before this line.
    shown: Option<String>,
    found: Option<String>,
}

impl Page {
    pub fn read() -> Result<Self, Error> {
        let path = root().join("../README.md");
        Self::new(&fs::read_to_string(path).map_err(|error| Error::File(NAME.into(), error))?)
    }

    fn new(text: &str) -> Result<Self, Error> {
        let begin = marker(text, BEGIN).ok_or(Error::Marker(BEGIN))?;
        let (before, rest) = text.split_at(begin.end);
        let end = marker(rest, END).ok_or(Error::Marker(END))?;
        let (block, after) = rest.split_at(end.start);
        Ok(Self { before: before.into(), block: block.into(), after: after.into() })
    }

    pub fn write(&self, block: &str) -> Result<(), Error> {
        let text = [&self.before, block, &self.after].concat();
        fs::write(root().join("../README.md"), text).map_err(|error| Error::File(NAME.into(), error))
    }

    pub fn difference(&self, block: &str) -> Option<Difference> {
        let (shown, found): (Vec<_>, Vec<_>) = (self.block.lines().collect(), block.lines().collect());
        let at = (0..shown.len().max(found.len())).find(|&at| shown.get(at) != found.get(at))?;
        let text = |lines: &[&str]| lines.get(at).map(|&line| line.to_owned());
        let line = self.before.lines().count() + 1 + at;
        Some(Difference { line, shown: text(&shown), found: text(&found) })
    }
}

/// Returns where the first line is that consists of this marker.
fn marker(text: &str, marker: &str) -> Option<Range<usize>> {
    let mut start = 0;
    text.split_inclusive('\n').find_map(|line| {
        let range = start..start + line.len();
        start = range.end;
        (line.trim_end() == marker).then_some(range)
    })
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |line: &Option<String>| line.as_ref().map_or("no line".to_owned(), |line| format!("`{line}`"));
        writeln!(f, "{NAME}, line {}, differs", self.line)?;
        writeln!(f, "  the page shows:  {}", text(&self.shown))?;
        write!(f, "  the run gives:   {}", text(&self.found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# Examples\n<!-- compare -->\none\ntwo\n<!-- /compare -->\nend\n";

    #[test]
    fn the_first_line_that_differs_is_found() {
        let page = Page::new(TEXT).expect("both markers");
        assert_eq!(page.difference("one\ntwo\n"), None);
        let difference = |block| page.difference(block).map(|difference| difference.to_string());
        let message = |line, shown, found| {
            format!("{NAME}, line {line}, differs\n  the page shows:  {shown}\n  the run gives:   {found}")
        };
        assert_eq!(difference("one\n2\n3\n"), Some(message(4, "`two`", "`2`")));
        assert_eq!(difference("one\n"), Some(message(4, "`two`", "no line")));
        assert_eq!(difference("one\ntwo\n3\n"), Some(message(5, "no line", "`3`")));
    }

    #[test]
    fn a_missing_marker_is_an_error_that_names_it() {
        for (text, missing) in [("<!-- /compare -->\n", BEGIN), ("<!-- compare -->\nend\n", END), ("", BEGIN)] {
            let error = Page::new(text).expect_err("a marker is missing").to_string();
            assert!(error.contains(missing), "{error}");
        }
    }
}
