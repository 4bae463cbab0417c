//! Lines that have to be copied anyway: looking for their end and copying go hand in hand.
//!
//! The counterpart of `line_end.rs`, with the same line ends, for processors on which a pass over the bytes counts.

use super::plain::{copy_plain, first_control, has_control};
use super::scan::{NEAR, is_line_end};
use crate::codec::line_end::find_line_end;

/// Copies at least what stands before the first line end, and returns its length. What is behind it in `to` is undefined.
/// `None`: `to` has not room for the line.
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

/// [`copy_line`] for a line that is perhaps as long as the one before it, as in base64 and in dumps. Then its length does not
/// follow from its bytes, for which the next line would have to wait, but from a branch, which a CPU foresees.
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

/// One pass looks and copies.
#[cfg(test)]
fn count(bytes: usize) {
    crate::codec::work::looked_at(bytes);
    crate::codec::work::copied(bytes);
}

/// Copies plain blocks without a call, as far as they go: `Err` at a control character.
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

/// The place behind the block, or the same place if there is no whole block or no room for one; `Err` is a control character's.
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

/// In pieces, which are still in the nearest cache when they are copied.
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
