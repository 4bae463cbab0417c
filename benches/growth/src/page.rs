//! The page that shows the figures, and the block in it that this tool writes. This module must not depend on what the
//! block says.

use std::fs;
use std::path::{Path, PathBuf};

/// The page, relative to the root of the repository.
pub const FILE: &str = "benches/README.md";

/// The page, without the block.
pub struct Page {
    path: PathBuf,
    /// Up to and including the first marker.
    before: String,
    /// From the second marker on.
    after: String,
}

impl Page {
    /// Reads the page, and finds the block with this name: `<!-- name -->` comes before it, `<!-- /name -->` after it.
    pub fn read(root: &Path, block: &str) -> Result<Self, String> {
        let path = root.join(FILE);
        let text = fs::read_to_string(&path).map_err(|error| format!("cannot read {FILE}: {error}"))?;
        let (before, after) = split(&text, block)?;
        Ok(Self { path, before: before.into(), after: after.into() })
    }

    /// Writes the page with this block.
    pub fn write(&self, block: &str) -> Result<(), String> {
        fs::write(&self.path, [&self.before, block, &self.after].concat())
            .map_err(|error| format!("cannot write {FILE}: {error}"))
    }
}

/// Returns what precedes and what follows the block, with the markers.
fn split<'t>(text: &'t str, block: &str) -> Result<(&'t str, &'t str), String> {
    let (begin_marker, end_marker) = (format!("<!-- {block} -->\n"), format!("<!-- /{block} -->\n"));
    let missing = |marker: &str| {
        format!("{FILE} has no line `{}`: put it back where the block begins or ends", marker.trim_end())
    };
    let begin = line(text, &begin_marker).ok_or_else(|| missing(&begin_marker))? + begin_marker.len();
    let end = line(&text[begin..], &end_marker).ok_or_else(|| missing(&end_marker))?;
    Ok((&text[..begin], &text[begin + end..]))
}

/// Returns where the first line begins that is this marker.
fn line(text: &str, marker: &str) -> Option<usize> {
    text.match_indices(marker).map(|(at, _)| at).find(|&at| at == 0 || text[..at].ends_with('\n'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGIN: &str = "<!-- growth -->\n";
    const END: &str = "<!-- /growth -->\n";

    #[test]
    fn the_block_is_what_lies_between_the_markers() {
        let text = "Say `<!-- growth -->\n<!-- growth -->\none\n<!-- /growth -->\nend\n";
        let expected = ("Say `<!-- growth -->\n<!-- growth -->\n", "<!-- /growth -->\nend\n");
        assert_eq!(split(text, "growth"), Ok(expected));
        assert_eq!(split("<!-- growth -->\n<!-- /growth -->\n", "growth"), Ok((BEGIN, END)));
    }

    #[test]
    fn a_missing_marker_is_an_error_that_names_the_page_and_the_marker() {
        for (text, marker) in [
            ("", BEGIN),
            ("one\n<!-- /growth -->\n", BEGIN),
            ("<!-- growth -->\none\n", END),
            ("<!-- /growth -->\n<!-- growth -->\n", END),
        ] {
            let error = split(text, "growth").expect_err("a marker is missing");
            assert_eq!(
                error,
                format!(
                    "benches/README.md has no line `{}`: put it back where the block begins or ends",
                    marker.trim()
                )
            );
        }
    }

    #[test]
    fn a_page_that_cannot_be_read_is_an_error_that_names_the_page() {
        let error = Page::read(Path::new("no such folder"), "growth").err().expect("there is no such folder");
        assert!(error.starts_with("cannot read benches/README.md: "), "{error}");
    }
}
