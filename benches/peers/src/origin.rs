//! Where and when figures were measured: the model of the CPU and the date.

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

/// Returns the model of the CPU, or `None` on a system without `/proc/cpuinfo` and for a CPU without a model name.
pub fn cpu() -> Option<String> {
    model(&fs::read_to_string("/proc/cpuinfo").ok()?)
}

/// Returns the date of today in UTC, as in `2026-01-05`.
pub fn today() -> String {
    date(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() / 86_400))
}

fn model(cpuinfo: &str) -> Option<String> {
    let (_, model) = cpuinfo.lines().find(|line| line.starts_with("model name"))?.split_once(':')?;
    let model = model.split_whitespace().collect::<Vec<_>>().join(" ");
    (!model.is_empty()).then_some(model)
}

/// Returns the date that is this number of days after the first of January 1970.
fn date(mut days: u64) -> String {
    let is_leap = |year: u64| year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    let mut year = 1970;
    while days >= 365 + u64::from(is_leap(year)) {
        days -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let mut month = 1;
    for length in [31, 28 + u64::from(is_leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    format!("{year}-{month:02}-{:02}", days + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_become_dates() {
        let dates = [
            (0, "1970-01-01"),
            (30, "1970-01-31"),
            (31, "1970-02-01"),
            (364, "1970-12-31"),
            (365, "1971-01-01"),
            (11_016, "2000-02-29"),
            (11_017, "2000-03-01"),
            (19_782, "2024-02-29"),
            (20_088, "2024-12-31"),
            (20_454, "2026-01-01"),
        ];
        for (days, expected) in dates {
            assert_eq!(date(days), expected);
        }
    }

    #[test]
    fn the_model_is_that_of_the_first_cpu() {
        let two = "processor\t: 0\nmodel\t\t: 2\nmodel name\t: Some  CPU @ 2 GHz \n\nmodel name\t: Other\n";
        assert_eq!(model(two).as_deref(), Some("Some CPU @ 2 GHz"));
        assert_eq!(model("processor : 0\n"), None);
        assert_eq!(model("model name :\n"), None);
    }
}
