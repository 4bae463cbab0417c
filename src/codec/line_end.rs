//! The search for line ends ([R7](crate::rules#r7)), shared by reading and writing.
//!
//! This module must not depend on what a line means. `pace` supplies the search for the target processor.

use super::pace;
#[cfg(test)]
use super::work;

/// Returns the offset of the first CR or LF.
#[inline(always)]
pub(crate) fn find_line_end(bytes: &[u8]) -> Option<usize> {
    let found = pace::find_line_end(bytes);
    #[cfg(test)]
    work::looked_at(found.map_or(bytes.len(), |offset| offset + 1));
    found
}

/// Returns the length of the line end at the start of `bytes`.
#[inline]
pub(crate) const fn line_end_len(bytes: &[u8]) -> usize {
    match bytes {
        [b'\r', b'\n', ..] => 2,
        [] => 0,
        _ => 1,
    }
}

/// Returns whether `bytes` contains a NUL, which makes an id invalid ([R42](crate::rules#r42)).
#[inline]
pub(crate) fn has_nul(bytes: &[u8]) -> bool {
    #[cfg(test)]
    work::looked_at(bytes.len());
    pace::has_nul(bytes)
}
