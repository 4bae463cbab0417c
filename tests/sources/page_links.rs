//! Links and images: those of the pages lead to files of this repository, and those of the documentation work on docs.rs.

use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::files::{root, sources};

/// Every page for readers. The package on crates.io has not all of them, nor all that they link to.
const PAGES: [&str; 10] = [
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "README.md",
    "benches/README.md",
    "examples/README.md",
    "examples/firmware/README.md",
    "fuzz/README.md",
    "tests/firmware/README.md",
    "tests/vectors/README.md",
];

#[test]
fn links_of_pages_lead_to_files() {
    if root().join("Cargo.toml.orig").exists() {
        return; // This is a package that cargo made. The links are checked in the repository.
    }
    let mut faults = Vec::new();
    let mut relative = 0;
    for page in PAGES {
        let text = fs::read_to_string(root().join(page)).unwrap_or_else(|error| panic!("{page}: {error}"));
        for (line, target) in links(&text) {
            relative += usize::from(!is_absolute(target));
            if let Err(fault) = follow(page, &text, target) {
                faults.push(format!("{page}:{line}: {target}: {fault}"));
            }
        }
    }
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
    assert!(relative > 10, "only {relative} relative links were found");
}

#[test]
fn links_of_the_documentation_work_on_docs_rs() {
    let mut faults = Vec::new();
    let rules = fs::read_to_string(root().join("src/rules.md")).expect("the page of the rules");
    for (name, text) in
        sources().iter().map(|(name, text)| (&**name, documentation(text))).chain([("src/rules.md", rules)])
    {
        for (line, target) in links(&text).filter(|(_, target)| !works_on_docs_rs(target)) {
            faults.push(format!("{name}:{line}: docs.rs has no {target}: write the address in full"));
        }
    }
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn faults_of_links_are_found() {
    let page = "# A heading, and `code`\n## Cost on a device\n";
    for good in ["LICENSE-MIT", "benches", "https://docs.rs/a", "#a-heading-and-code", "README.md#features", "./src"] {
        assert_eq!(follow("README.md", page, good), Ok(()), "{good}");
    }
    assert_eq!(follow("benches/README.md", page, "../README.md"), Ok(()));
    for bad in ["LICENCE-MIT", "#cost", "README.md#cost", "../Cargo.toml", "/README.md", "target", ""] {
        assert!(follow("README.md", page, bad).is_err(), "{bad}");
    }
    for good in
        ["https://docs.rs/a", "#rules", "crate::rules#r33", "Decoder", "Self::new", "io", "macro@event_id", "f()"]
    {
        assert!(works_on_docs_rs(good), "{good}");
    }
    for bad in ["README.md", "examples/tail", "../README.md", "logo.svg", "LICENSE-MIT"] {
        assert!(!works_on_docs_rs(bad), "{bad}");
    }
}

#[test]
fn links_are_found() {
    let text = "\
A [link](a.md), ![an image](b.svg \"title\") and [`code`](<c.md>).
Code: `[x](no.md)` and [one](d.md).
```
[x](no.md)
```
[a]: e.md
<img alt=\"\" src=\"f.svg\"><a href=\"g.md\">
";
    let found: Vec<_> = links(text).collect();
    let expected = [(1, "a.md"), (1, "b.svg"), (1, "c.md"), (2, "d.md"), (6, "e.md"), (7, "f.svg"), (7, "g.md")];
    assert_eq!(found, expected);
    let source = "//! A [b](c)\nlet x = [1](2);\n    /// [d](e)\n";
    assert_eq!(links(&documentation(source)).collect::<Vec<_>>(), [(1, "c"), (3, "e")]);
}

/// Checks that a link in a page leads to a file or a folder of this repository, and to a heading if it names one.
fn follow(page: &str, text: &str, target: &str) -> Result<(), &'static str> {
    if is_absolute(target) {
        return Ok(());
    }
    let (path, heading) = target.split_once('#').map_or((target, None), |(path, heading)| (path, Some(heading)));
    let other;
    let text = if path.is_empty() {
        text
    } else {
        let folder = Path::new(page).parent().unwrap_or(Path::new(""));
        let file = in_repository(folder, Path::new(path)).ok_or("this is not a file of the repository")?;
        if heading.is_none() {
            return Ok(());
        }
        other = fs::read_to_string(file).map_err(|_| "this is not a page")?;
        &other
    };
    let heading = heading.ok_or("the link is empty")?;
    let mut headings = text.lines().filter(|line| line.starts_with('#')).map(anchor);
    if headings.any(|anchor| anchor == heading) { Ok(()) } else { Err("the page has no such heading") }
}

/// Returns the path from the root, if it stays below it and names something that is there. Build output is not there in
/// a clone.
fn in_repository(folder: &Path, path: &Path) -> Option<PathBuf> {
    let mut inside = PathBuf::new();
    for component in folder.join(path).components() {
        match component {
            Component::Normal(name) => inside.push(name),
            Component::CurDir => {}
            Component::ParentDir if inside.pop() => {}
            _ => return None,
        }
    }
    let full = root().join(&inside);
    (full.exists() && !inside.iter().any(|name| name == "target")).then_some(full)
}

/// The name that GitHub gives to a heading.
fn anchor(heading: &str) -> String {
    let heading = heading.trim_start_matches('#').trim();
    let kept = heading.chars().filter(|char| char.is_alphanumeric() || matches!(char, ' ' | '-' | '_'));
    kept.flat_map(char::to_lowercase).map(|char| if char == ' ' { '-' } else { char }).collect()
}

fn is_absolute(target: &str) -> bool {
    target.starts_with("https://") || target.starts_with("http://")
}

/// Whether a link is a full address, a place on the same page, or the path of an item, which rustdoc resolves.
fn works_on_docs_rs(target: &str) -> bool {
    let (path, _) = target.split_once('#').unwrap_or((target, ""));
    is_absolute(target) || path.chars().all(|char| char.is_alphanumeric() || "_:@!()<>".contains(char))
}

/// Keeps the documentation in a source file, each line in its place, and leaves out all else.
fn documentation(source: &str) -> String {
    let comment = |line: &str| {
        let line = line.trim_start();
        line.strip_prefix("///").or_else(|| line.strip_prefix("//!")).map_or("", str::trim_start).to_owned() + "\n"
    };
    source.lines().map(comment).collect()
}

/// The targets of links and images in Markdown, and in which lines. Code is skipped.
fn links(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut in_block = false;
    let outside = (1..).zip(text.lines()).filter(move |(_, line)| {
        let is_fence = line.trim_start().starts_with("```");
        in_block ^= is_fence;
        !is_fence && !in_block
    });
    outside.flat_map(|(number, line)| {
        let definition = line.strip_prefix('[').and_then(|rest| rest.split_once("]: ")).map(|(_, target)| target);
        // What is between two backticks is every second piece.
        let pieces = line.split('`').step_by(2);
        let inline = pieces.flat_map(|piece| {
            ["](", "src=\"", "href=\""].into_iter().flat_map(move |start| piece.split(start).skip(1))
        });
        definition.into_iter().chain(inline).map(move |rest| (number, target_at(rest)))
    })
}

/// The target at the start of what follows `](`, `]: ` or `src="`.
fn target_at(rest: &str) -> &str {
    let rest = rest.strip_prefix('<').unwrap_or(rest);
    let mut depth = 0;
    let end = rest.find(|char: char| {
        depth += i32::from(char == '(') - i32::from(char == ')');
        depth < 0 || matches!(char, ' ' | '"' | '>')
    });
    &rest[..end.unwrap_or(rest.len())]
}
