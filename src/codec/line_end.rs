//! Where a line ends: the search that reading and writing share.
//!
//! Knows two bytes, CR and LF (R7), and nothing of what they mean.
//!
//! Lines are short as a rule, and for a short line the call into `memchr` with its set-up costs more than the search. So on a
//! 64-bit core the first bytes are looked at in line, a block at a time, and only what is longer goes to `memchr`.
//! A small core has no use for any of this, and the smallest code is the best one.

#[cfg(not(all(target_pointer_width = "64", not(embedded_sse_small))))]
use narrow as core_of_this_size;
#[cfg(all(target_pointer_width = "64", not(embedded_sse_small)))]
use wide as core_of_this_size;

#[cfg(all(target_pointer_width = "64", not(embedded_sse_small)))]
pub(crate) use wide::{NEAR, is_line_end};

/// The offset of the first CR or LF.
#[inline(always)]
pub(crate) fn find_line_end(bytes: &[u8]) -> Option<usize> {
    let found = core_of_this_size::find_line_end(bytes);
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
    core_of_this_size::has_nul(bytes)
}

/// [`find_line_end`] for a line that is perhaps as long as the last one of its kind. Then its length does not follow from its
/// bytes, for which the next line would have to wait, but from a branch, which a CPU foresees.
#[cfg(all(target_pointer_width = "64", not(embedded_sse_small)))]
#[inline(always)]
pub(crate) fn find_line_end_like(length: usize, bytes: &[u8]) -> Option<usize> {
    if is_line_end(bytes.get(length)) && wide::is_plain_up_to(length, bytes) {
        #[cfg(test)]
        work::looked_at(length + 1);
        return Some(length);
    }
    find_line_end(bytes)
}

/// Counts the bytes that are looked at, and those that are copied or moved, so that a test can see what is done twice.
#[cfg(test)]
pub(crate) mod work {
    use core::cell::Cell;

    std::thread_local! {
        static LOOKED_AT: Cell<usize> = const { Cell::new(0) };
        static COPIED: Cell<usize> = const { Cell::new(0) };
    }

    pub(crate) fn looked_at(bytes: usize) {
        LOOKED_AT.set(LOOKED_AT.get() + bytes);
    }

    pub(crate) fn copied(bytes: usize) {
        COPIED.set(COPIED.get() + bytes);
    }

    /// What was looked at and what was copied since the last call.
    pub(crate) fn take() -> (usize, usize) {
        (LOOKED_AT.replace(0), COPIED.replace(0))
    }
}

#[cfg(not(all(target_pointer_width = "64", not(embedded_sse_small))))]
mod narrow {
    pub(crate) fn find_line_end(bytes: &[u8]) -> Option<usize> {
        bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n'))
    }

    pub(crate) fn has_nul(bytes: &[u8]) -> bool {
        bytes.iter().any(|byte| matches!(byte, 0))
    }
}

#[cfg(all(target_pointer_width = "64", not(embedded_sse_small)))]
mod wide {
    use super::super::wide::plain::{first_control, has_control, is_plain};

    /// As far as a search goes by itself.
    pub(crate) const NEAR: usize = 256;

    #[inline(always)]
    pub(crate) fn find_line_end(bytes: &[u8]) -> Option<usize> {
        let Some(block) = bytes.first_chunk::<64>() else { return find_in_short(0, bytes) };
        if has_control(block) {
            return line_end_from(first_control(block), bytes);
        }
        let mut at = 64;
        for block in bytes.get(..NEAR).unwrap_or(bytes).get(at..)?.chunks_exact(64) {
            let block = block.first_chunk::<64>()?;
            if has_control(block) {
                return line_end_from(at + first_control(block), bytes);
            }
            at += 64;
        }
        if at == NEAR { find_from(at, bytes) } else { find_in_short(at, bytes) }
    }

    /// Less than a block from `at` on.
    #[inline(always)]
    fn find_in_short(mut at: usize, bytes: &[u8]) -> Option<usize> {
        if let Some(block) = bytes.get(at..)?.first_chunk::<32>() {
            if has_control(block) {
                return line_end_from(at + first_control(block), bytes);
            }
            at += 32;
        }
        while let Some(word) = bytes.get(at..)?.first_chunk::<8>() {
            if has_control(word) {
                return line_end_from(at + first_control(word), bytes);
            }
            at += 8;
        }
        bytes.get(at..)?.iter().position(|byte| is_line_end(Some(byte))).map(|more| at + more)
    }

    /// At a control character, which is rarely any other than a line end.
    #[inline(always)]
    fn line_end_from(at: usize, bytes: &[u8]) -> Option<usize> {
        if is_line_end(bytes.get(at)) { Some(at) } else { find_from(at, bytes) }
    }

    fn find_from(at: usize, bytes: &[u8]) -> Option<usize> {
        memchr::memchr2(b'\r', b'\n', bytes.get(at..)?).map(|more| at + more)
    }

    pub(crate) fn has_nul(bytes: &[u8]) -> bool {
        memchr::memchr(0, bytes).is_some()
    }

    /// Whether the first `length` bytes are plain. Their number is that of a word as a rule.
    #[inline(always)]
    pub(crate) fn is_plain_up_to(length: usize, bytes: &[u8]) -> bool {
        match bytes.first_chunk::<8>() {
            Some(word) if length < word.len() => first_control(word) >= length,
            _ => bytes.get(..length).is_some_and(is_plain),
        }
    }

    #[inline(always)]
    pub(crate) const fn is_line_end(byte: Option<&u8>) -> bool {
        matches!(byte, Some(b'\r' | b'\n'))
    }
}
