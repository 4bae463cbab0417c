//! Builds firmware and reports progress on standard error.

use std::path::PathBuf;
use std::time::Instant;

use crate::level::Level;
use crate::{bare_metal, workspace};

/// Builds binaries of a package and returns the folder that they are in. `options` are cargo's.
pub(crate) fn build(package: &str, target: &str, level: Level, options: &[&str]) -> Result<PathBuf, String> {
    let since = Instant::now();
    let folder = bare_metal::build(&workspace(), package, target, level.profile(), options)?;
    done(&format!("built {package} for {target} at opt-level {level}"), since);
    Ok(folder)
}

/// Reports what was done and how long it took.
pub(crate) fn done(what: &str, since: Instant) {
    eprintln!("budgets: {what} in {:.1} s", since.elapsed().as_secs_f32());
}
