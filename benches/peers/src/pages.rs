//! The pages that show the figures, and the block in each that this tool writes. This module must not depend on what
//! the blocks say.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::{fmt, fs};

use crate::blocks;
use crate::error::Error;
use crate::figures::Figures;
use crate::file;

const BEGIN: &str = "<!-- speed -->";
const END: &str = "<!-- /speed -->";

/// The pages, relative to the root of the repository, and what renders the block of each.
const PAGES: [(&str, Render); 2] = [("benches/README.md", blocks::tables), ("README.md", blocks::summary)];

type Render = fn(&Figures) -> Result<String, Error>;

/// All pages.
pub struct Pages([(Page, Render); 2]);

impl Pages {
    /// Reads the pages, and finds the block in each.
    pub fn read(root: &Path) -> Result<Self, Error> {
        let [first, second] = PAGES.map(|(name, render)| Ok((Page::read(root, name)?, render)));
        Ok(Self([first?, second?]))
    }

    /// Renders these figures into the blocks.
    pub fn write(&self, figures: &Figures) -> Result<(), Error> {
        // Renders all blocks first, so that an error leaves the pages as they are.
        let texts = self.0.iter().map(|(page, render)| Ok((page, page.with(&render(figures)?))));
        texts.collect::<Result<Vec<_>, _>>()?.iter().try_for_each(|(page, text)| page.write(text))
    }

    /// Compares the blocks with these figures, and returns the first difference of each page.
    pub fn compare(&self, figures: &Figures) -> Result<Vec<Difference>, Error> {
        let compared = self.0.iter().map(|(page, render)| Ok(page.difference(&render(figures)?)));
        Ok(compared.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    }

    /// Returns how many pages there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

/// One page, in three parts.
#[derive(Debug)]
struct Page {
    name: &'static str,
    path: PathBuf,
    /// Up to and including the first marker.
    before: String,
    block: String,
    /// From the second marker on.
    after: String,
}

/// The first line in which a page differs from the figures.
#[derive(Debug, PartialEq)]
pub struct Difference {
    page: &'static str,
    /// The number of the line in the page, from 1.
    line: usize,
    /// `None` if the block ends before this line.
    shown: Option<String>,
    expected: Option<String>,
}

impl Page {
    fn read(root: &Path, name: &'static str) -> Result<Self, Error> {
        let path = root.join(name);
        let text = fs::read_to_string(&path).map_err(|error| Error::Read { file: name, error })?;
        Self::new(name, path, &text)
    }

    fn new(name: &'static str, path: PathBuf, text: &str) -> Result<Self, Error> {
        let begin = line(text, BEGIN).ok_or(Error::Marker { page: name, marker: BEGIN })?;
        let (before, rest) = text.split_at(begin.end);
        let end = line(rest, END).ok_or(Error::Marker { page: name, marker: END })?;
        let (block, after) = rest.split_at(end.start);
        Ok(Self { name, path, before: before.into(), block: block.into(), after: after.into() })
    }

    /// Returns the page with this block.
    fn with(&self, block: &str) -> String {
        [&self.before, block, &self.after].concat()
    }

    fn write(&self, text: &str) -> Result<(), Error> {
        fs::write(&self.path, text).map_err(|error| Error::Write { file: self.name, error })
    }

    fn difference(&self, expected: &str) -> Option<Difference> {
        let first = self.before.lines().count() + 1;
        let (mut shown, mut expected) = (self.block.lines(), expected.lines());
        for line in first.. {
            let (shown, expected) = (shown.next(), expected.next());
            if shown != expected {
                let (shown, expected) = (shown.map(str::to_owned), expected.map(str::to_owned));
                return Some(Difference { page: self.name, line, shown, expected });
            }
            if shown.is_none() {
                break;
            }
        }
        None
    }
}

/// Returns where the first line is that consists of this marker.
fn line(text: &str, marker: &str) -> Option<Range<usize>> {
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
        writeln!(f, "{}, line {}, differs from {}", self.page, self.line, file::FILE)?;
        writeln!(f, "  the page shows:    {}", text(&self.shown))?;
        write!(f, "  the figures give:  {}", text(&self.expected))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# Speed\n\nSay `<!-- speed -->`.\n<!-- speed -->\none\ntwo\n<!-- /speed -->\nend\n";

    fn page(text: &str) -> Result<Page, Error> {
        Page::new("a page", PathBuf::new(), text)
    }

    #[test]
    fn only_the_block_is_rewritten() {
        let page = page(TEXT).expect("both markers");
        assert_eq!(page.block, "one\ntwo\n");
        assert_eq!(page.with("one\ntwo\n"), TEXT);
        assert_eq!(
            page.with("three\n"),
            "# Speed\n\nSay `<!-- speed -->`.\n<!-- speed -->\nthree\n<!-- /speed -->\nend\n"
        );
    }

    #[test]
    fn the_block_can_be_empty_and_the_last_of_the_page() {
        let page = page("<!-- speed -->\n<!-- /speed -->").expect("both markers");
        assert_eq!(page.with("one\n"), "<!-- speed -->\none\n<!-- /speed -->");
    }

    #[test]
    fn a_missing_marker_is_an_error_that_names_the_page_and_the_marker() {
        let cases = [
            ("one\n<!-- /speed -->\n", BEGIN),
            ("text <!-- speed -->\n<!-- /speed -->\n", BEGIN),
            ("<!-- speed -->\none\n", END),
            ("<!-- /speed -->\n<!-- speed -->\n", END),
            ("", BEGIN),
        ];
        for (text, missing) in cases {
            let error = page(text).expect_err("a marker is missing");
            assert!(
                matches!(error, Error::Marker { page: "a page", marker } if marker == missing),
                "{text:?}: {error:?}"
            );
            assert_eq!(
                error.to_string(),
                format!("a page has no line `{missing}`: put it back where the block begins or ends")
            );
        }
    }

    #[test]
    fn a_page_that_cannot_be_read_is_an_error_that_names_the_page() {
        let error = Pages::read(Path::new("no such folder")).err().expect("there is no such folder");
        assert!(matches!(error, Error::Read { file: "benches/README.md", .. }));
        assert!(error.to_string().starts_with("cannot read benches/README.md: "), "{error}");
    }

    #[test]
    fn the_first_line_that_differs_is_reported() {
        let page = page(TEXT).expect("both markers");
        let difference = |block| page.difference(block).map(|difference| difference.to_string());
        let message = |line, shown, given| {
            format!(
                "a page, line {line}, differs from benches/figures.json\n  the page shows:    {shown}\n  the figures give:  {given}"
            )
        };
        assert_eq!(difference("one\ntwo\n"), None);
        assert_eq!(difference("one\n2\n3\n"), Some(message(6, "`two`", "`2`")));
        assert_eq!(difference("one\n"), Some(message(6, "`two`", "no line")));
        assert_eq!(difference("one\ntwo\nthree\n"), Some(message(7, "no line", "`three`")));
        assert_eq!(difference(""), Some(message(5, "`one`", "no line")));
    }
}
