//! Where a line ends (R7): the search that reading and writing share.
//!
//! Must not know what a line says. How the search goes is a question of the processor, and `pace` answers it.

use super::pace;
#[cfg(test)]
use super::work;

/// The offset of the first CR or LF.
#[inline(always)]
pub(crate) fn find_line_end(bytes: &[u8]) -> Option<usize> {
    let found = pace::find_line_end(bytes);
    #[cfg(test)]
    work::looked_at(found.map_or(bytes.len(), |offset| offset + 1));
    found
}

/// The length of the line end with which the bytes begin.
#[inline]
pub(crate) const fn line_end_len(bytes: &[u8]) -> usize {
    match bytes {
        [b'\r', b'\n', ..] => 2,
        [] => 0,
        _ => 1,
    }
}

/// Whether there is a NUL, which an id cannot have (R42).
#[inline]
pub(crate) fn has_nul(bytes: &[u8]) -> bool {
    #[cfg(test)]
    work::looked_at(bytes.len());
    pace::has_nul(bytes)
}
