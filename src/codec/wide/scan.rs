//! Searches for line ends, block by block.
//!
//! Most lines are short, and for a short line the call into `memchr` with its set-up costs more than the search. The
//! first bytes are therefore searched inline, and only longer lines go to `memchr`. This module must not depend on what
//! a line end means.

use super::plain::{first_control, has_control, is_plain};

/// The number of bytes that are searched before `memchr` is called.
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

/// Searches less than a block, starting at `at`.
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

/// Continues at a control character, which usually is a line end.
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

/// Returns whether the first `length` bytes are plain. `length` is usually that of a word.
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
