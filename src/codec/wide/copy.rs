//! Copies lines while searching for their end, in one pass.
//!
//! Recognises the same line ends as `line_end.rs`. For processors on which each pass over the bytes matters.

use super::plain::{copy_plain, first_control, has_control};
use super::scan::{NEAR, is_line_end};
use crate::codec::line_end::find_line_end;

/// Copies at least the bytes before the first line end and returns their number. Bytes of `to` after them are
/// unspecified. Returns `None` if the line does not fit into `to`.
#[inline(always)]
pub(crate) fn copy_line(from: &[u8], to: &mut [u8]) -> Option<usize> {
    let copied = match copy_near(from, to) {
        Ok(at) if at == from.len() => Some(at),
        Err(at) if is_line_end(from.get(at)) => Some(at),
        Ok(at) | Err(at) => copy_rest(from, to, at),
    };
    #[cfg(test)]
    count(copied.unwrap_or(to.len()));
    copied
}

/// Like [`copy_line`], for a line that may be as long as the previous one, as in base64 and dumps. The length then
/// follows from a branch, which the CPU predicts, and not from the line's bytes, which the next line would have to wait
/// for.
#[inline(always)]
pub(crate) fn copy_line_like(length: usize, from: &[u8], to: &mut [u8]) -> Option<usize> {
    if is_line_end(from.get(length)) {
        if let (Some(line), Some(place)) = (from.get(..length), to.get_mut(..length)) {
            if copy_plain(line, place) {
                #[cfg(test)]
                count(length);
                return Some(length);
            }
        }
    }
    copy_line(from, to)
}

/// Counts a pass that inspects and copies at the same time.
#[cfg(test)]
fn count(bytes: usize) {
    crate::codec::work::looked_at(bytes);
    crate::codec::work::copied(bytes);
}

/// Copies plain blocks without a call, as far as possible. `Err` is the offset of a control character.
#[inline(always)]
fn copy_near(from: &[u8], to: &mut [u8]) -> Result<usize, usize> {
    let (mut at, mut next) = (0, copy_block::<64>(from, to, 0)?);
    while at < next && next < NEAR {
        at = next;
        next = copy_block::<64>(from, to, at)?;
    }
    at = copy_block::<32>(from, to, next)?;
    at = copy_block::<16>(from, to, at)?;
    copy_block::<8>(from, to, at)
}

/// Copies one block. Returns the offset after it, or `at` if there is no whole block or no room for one. `Err` is the
/// offset of a control character.
#[inline(always)]
fn copy_block<const N: usize>(from: &[u8], to: &mut [u8], at: usize) -> Result<usize, usize> {
    let Some(block) = from.get(at..).and_then(<[u8]>::first_chunk::<N>) else { return Ok(at) };
    let Some(place) = to.get_mut(at..).and_then(<[u8]>::first_chunk_mut::<N>) else { return Ok(at) };
    *place = *block;
    if has_control(block) { Err(at + first_control(block)) } else { Ok(at + N) }
}

#[inline(always)]
fn copy_rest(from: &[u8], to: &mut [u8], mut at: usize) -> Option<usize> {
    if from.len() - at > 8 {
        return copy_far(from, to, at);
    }
    while let Some(byte) = from.get(at) {
        if is_line_end(Some(byte)) {
            break;
        }
        *to.get_mut(at)? = *byte;
        at += 1;
    }
    Some(at)
}

/// Copies in pieces, which are still in the nearest cache when they are copied.
#[inline(never)]
fn copy_far(from: &[u8], to: &mut [u8], mut at: usize) -> Option<usize> {
    const PIECE: usize = 8 * 1024;
    loop {
        let rest = from.get(at..)?;
        let piece = rest.get(..PIECE).unwrap_or(rest);
        let length = find_line_end(piece).unwrap_or(piece.len());
        to.get_mut(at..at + length)?.copy_from_slice(piece.get(..length)?);
        at += length;
        if length < PIECE {
            return Some(at);
        }
    }
}
