//! Comments cite rules by number. Each number has to be on the page `embedded_sse::rules`, and in documentation each citation
//! has to be a link to it.

use std::collections::BTreeSet;

use crate::files::sources;

const PAGE: &str = include_str!("../../src/rules.md");

/// A citation such as `R33`, and the text before and after it in its line.
struct Citation<'l> {
    before: &'l str,
    number: &'l str,
    after: &'l str,
}

#[test]
fn citations_of_rules_resolve() {
    let rules = rules_on(PAGE);
    let mut faults = Vec::new();
    for (name, text) in sources() {
        faults.extend(faults_in(&text, &rules).into_iter().map(|(line, fault)| format!("{name}:{line}: {fault}")));
    }
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn the_page_has_each_rule_once_and_its_own_links_resolve() {
    let rules = rules_on(PAGE);
    let expected = (1..=74).map(|number| format!("R{number}")).chain((1..=12).map(|number| format!("D{number}")));
    assert_eq!(rules, expected.collect());
    for (line, text) in (1..).zip(PAGE.lines()) {
        for Citation { before, number, after } in citations(text) {
            let anchor = number.to_lowercase();
            let is_anchor = before.ends_with(&format!("<a id=\"{anchor}\" href=\"#{anchor}\">"));
            let is_link = before.ends_with('[') && after.starts_with(&format!("](#{anchor})"));
            assert!(is_anchor || (is_link && rules.contains(number)), "src/rules.md:{line}: {number} is no link");
        }
    }
}

#[test]
fn faults_are_found() {
    let rules = ["R3", "R33", "D5"].map(str::to_owned).into();
    let lines_of = |text: &str| faults_in(text, &rules).into_iter().map(|(line, _)| line).collect::<Vec<_>>();
    for good in [
        "/// A ([R33](crate::rules#r33), [D5](crate::rules#d5)).",
        "//! [R33] to\n//! [D5]\n//!\n//! [R33]: crate::rules#r33\n//! [D5]: crate::rules#d5",
        "code(); // See R33.",
        "/// ```\n/// decode(); // R33\n/// ```",
        "/// U+FFFD, ED25519, R3D, `_R7`.",
        "let (r99, text) = (R99, \"R99\");",
    ] {
        assert_eq!(lines_of(good), [0_usize; 0], "{good}");
    }
    for (bad, line) in [
        ("\n/// A (R33).", 2),
        ("/// [R33](crate::rules#r3)", 1),
        ("/// [R33](crate::rule#r33)", 1),
        ("/// [R34](crate::rules#r34)", 1),
        ("/// [R33]", 1),
        ("/// [R33]: crate::rules#r33\nfn gap() {}\n/// A [R33].", 1),
        ("/// A\n///\n/// [R33]: crate::rules#r33", 3),
        ("/// A [R33].\n///\n/// [R33]: crate::rules#r3", 1),
        ("code(); // R34", 1),
        ("/// ```\n/// decode(); // D6\n/// ```", 2),
    ] {
        assert_eq!(lines_of(bad).first(), Some(&line), "{bad}");
    }
}

/// The numbers that have an anchor on the page.
fn rules_on(page: &str) -> BTreeSet<String> {
    let mut rules = BTreeSet::new();
    for anchor in page.split("<a id=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(rules.insert(anchor.to_uppercase()), "{anchor} is there twice");
    }
    rules
}

/// What is wrong with the citations, and in which lines.
fn faults_in(text: &str, rules: &BTreeSet<String>) -> Vec<(usize, String)> {
    let lines: Vec<_> = (1..).zip(text.lines().map(str::trim_start)).collect();
    let mut faults = Vec::new();
    for block in lines.chunk_by(|(_, line), (_, next)| marker(line) == marker(next)) {
        let mut in_code = false;
        for &(number, line) in block {
            let is_doc = marker(line).is_some();
            in_code ^= is_doc && line[3..].trim_start().starts_with("```");
            let Some(comment) = line.find("//").map(|start| &line[start..]) else { continue };
            for citation in citations(comment) {
                let rule = citation.number;
                if !rules.contains(rule) {
                    faults.push((number, format!("there is no rule {rule} in src/rules.md")));
                } else if is_doc && !in_code && !is_link(&citation, block) {
                    faults.push((number, format!("write [{rule}](crate::rules#{})", rule.to_lowercase())));
                }
            }
        }
    }
    faults
}

/// What makes a line documentation.
fn marker(line: &str) -> Option<&'static str> {
    ["///", "//!"].into_iter().find(|marker| line.starts_with(marker))
}

/// Whether a citation is a whole link, or one of the two halves of a link whose other half is in the same comment.
fn is_link(Citation { before, number, after }: &Citation<'_>, block: &[(usize, &str)]) -> bool {
    let target = format!("crate::rules#{}", number.to_lowercase());
    let mut others = block.iter().flat_map(|(_, line)| citations(line)).filter(|other| other.number == *number);
    let defines = |after: &str| after.strip_prefix("]: ") == Some(&target);
    let refers = |after: &str| after.starts_with(']') && !after.starts_with("](") && !after.starts_with("]:");
    before.ends_with('[')
        && if defines(after) {
            others.any(|other| refers(other.after))
        } else if refers(after) {
            others.any(|other| defines(other.after))
        } else {
            after.starts_with(&format!("]({target})"))
        }
}

fn citations(line: &str) -> impl Iterator<Item = Citation<'_>> {
    let is_joined = |char: char| char.is_alphanumeric() || char == '_';
    line.match_indices(['R', 'D']).filter_map(move |(start, _)| {
        let digits = line[start + 1..].bytes().take_while(u8::is_ascii_digit).count();
        let (before, rest) = line.split_at(start);
        let (number, after) = rest.split_at(1 + digits);
        let is_citation = digits > 0 && !before.ends_with(is_joined) && !after.starts_with(is_joined);
        is_citation.then_some(Citation { before, number, after })
    })
}
