//! Checks that `scenarios.rs` names every row of the three tables of scenarios, and lists all its tests.

use crate::scenarios;

#[test]
fn every_row_is_in_scenarios() {
    let scenarios = include_str!("scenarios.rs");
    for (letter, last) in [('W', 27), ('P', 20), ('S', 44)] {
        for number in 1..=last {
            let row = format!("{letter}{number}");
            let found = scenarios.match_indices(&row).any(|(at, _)| {
                let digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
                !digit(scenarios.as_bytes().get(at + row.len())) && !digit(scenarios.as_bytes().get(at.wrapping_sub(1)))
            });
            assert!(found, "scenarios.rs does not name row {row}");
        }
    }
}

#[test]
fn every_scenario_is_in_the_table() {
    let scenarios = include_str!("scenarios.rs");
    let tests = scenarios.split("#[test]\nfn ").skip(1).filter_map(|text| text.split('(').next());
    let table = scenarios::TABLE.iter().map(|(name, _)| *name);
    assert!(tests.eq(table), "in the order of the file");
    assert!(scenarios::TABLE.len() > 50);
}
