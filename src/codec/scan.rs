//! Where a line ends: the search that reading and writing share, and the only code here that is tuned to a CPU.
//!
//! Knows two bytes, CR and LF (R7), and nothing of what they mean.
//!
//! Lines are short as a rule, and for a short line the call into `memchr` with its set-up costs more than the search. So on a
//! 64-bit core the first bytes are looked at in line, a block at a time, and only what is longer goes to `memchr`. A block is
//! first asked whether it has any byte below 14: text rarely has one that is no line end.
//! A small core has no use for any of this, and the smallest code is the best one.

#[cfg(not(all(target_pointer_width = "64", not(embedded_sse_small))))]
use narrow as core_of_this_size;
#[cfg(all(target_pointer_width = "64", not(embedded_sse_small)))]
use wide as core_of_this_size;

/// The offset of the first CR or LF.
#[inline(always)]
pub(crate) fn find_line_end(bytes: &[u8]) -> Option<usize> {
    let found = core_of_this_size::find_line_end(bytes);
    #[cfg(test)]
    work::looked_at(found.map_or(bytes.len(), |offset| offset + 1));
    found
}

/// Whether there is a NUL, which an id cannot have (R42).
#[inline]
pub(crate) fn has_nul(bytes: &[u8]) -> bool {
    core_of_this_size::has_nul(bytes)
}

/// [`find_line_end`] for a comment. Those that keep a line alive are all alike, so a loop over bytes, the length of which a CPU
/// foresees, does better than arithmetic, for which it has to wait.
#[cfg(all(target_pointer_width = "64", not(embedded_sse_small)))]
#[inline(always)]
pub(crate) fn find_comment_end(bytes: &[u8]) -> Option<usize> {
    let found = wide::find_comment_end(bytes);
    #[cfg(test)]
    work::looked_at(found.map_or(bytes.len(), |offset| offset + 1));
    found
}

/// Copies at least what stands before the first line end, and returns its length. What is behind it in `to` is undefined.
/// `None`: `to` has not room for the line.
///
/// For lines that have to be copied anyway: looking and copying go hand in hand, as long as the line is short, without a
/// call. A longer one is searched and copied in pieces, which are still in the nearest cache when they are copied.
#[cfg(all(target_pointer_width = "64", not(embedded_sse_small)))]
#[inline(always)]
pub(crate) fn copy_line(from: &[u8], to: &mut [u8]) -> Option<usize> {
    let copied = wide::copy_line(from, to);
    #[cfg(test)]
    work::looked_at(copied.unwrap_or(to.len()));
    copied
}

/// Copies text to a place of its length, on the condition that it has no byte below 14, as hardly any text has. `false`: it has
/// one, perhaps a line end, and what is in `to` is undefined.
#[cfg(all(target_pointer_width = "64", not(embedded_sse_small)))]
#[inline(always)]
pub(crate) fn copy_plain(from: &[u8], to: &mut [u8]) -> bool {
    wide::copy_plain(from, to).is_some()
}

/// Counts what the searches look at, so that a test can see one that looks twice.
#[cfg(test)]
pub(crate) mod work {
    use core::cell::Cell;

    std::thread_local! {
        static BYTES: Cell<usize> = const { Cell::new(0) };
    }

    pub(crate) fn looked_at(bytes: usize) {
        BYTES.set(BYTES.get() + bytes);
    }

    /// What was looked at since the last call.
    pub(crate) fn take() -> usize {
        BYTES.replace(0)
    }
}

#[cfg(not(all(target_pointer_width = "64", not(embedded_sse_small))))]
mod narrow {
    pub(super) fn find_line_end(bytes: &[u8]) -> Option<usize> {
        bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n'))
    }

    pub(super) fn has_nul(bytes: &[u8]) -> bool {
        bytes.iter().any(|byte| matches!(byte, 0))
    }
}

#[cfg(all(target_pointer_width = "64", not(embedded_sse_small)))]
mod wide {
    const BLOCK: usize = 32;
    type Block = [u8; BLOCK];

    #[inline(always)]
    pub(super) fn find_line_end(bytes: &[u8]) -> Option<usize> {
        let Some(block) = bytes.first_chunk() else { return find_in_short(bytes) };
        match find_in_block(block) {
            Some(offset) => Some(offset),
            None => memchr::memchr2(b'\r', b'\n', bytes.get(BLOCK..)?).map(|offset| BLOCK + offset),
        }
    }

    #[inline(always)]
    pub(super) fn find_comment_end(bytes: &[u8]) -> Option<usize> {
        if let Some(head) = bytes.first_chunk::<16>() {
            if let Some(offset) = head.iter().position(|byte| *byte < FIRST_OTHER) {
                if is_line_end(head.get(offset)) {
                    return Some(offset);
                }
            }
        }
        find_line_end(bytes)
    }

    #[inline(always)]
    pub(super) fn copy_line(from: &[u8], to: &mut [u8]) -> Option<usize> {
        const IN_LINE: usize = 4 * BLOCK;
        const PIECE: usize = 8 * 1024;
        let mut at = 0;
        while at < IN_LINE {
            let Some(block) = from.get(at..).and_then(<[u8]>::first_chunk) else { break };
            let Some(place) = to.get_mut(at..).and_then(<[u8]>::first_chunk_mut) else { break };
            *place = *block;
            if let Some(offset) = find_in_block(block) {
                return Some(at + offset);
            }
            at += BLOCK;
        }
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

    #[inline(always)]
    pub(super) fn copy_plain(from: &[u8], to: &mut [u8]) -> Option<()> {
        match from.len() {
            64.. => copy_plain_blocks::<64>(from, to),
            16.. => copy_plain_blocks::<16>(from, to),
            8.. => copy_plain_blocks::<8>(from, to),
            _ => {
                for (to, from) in to.iter_mut().zip(from) {
                    if *from < FIRST_OTHER {
                        return None;
                    }
                    *to = *from;
                }
                Some(())
            }
        }
    }

    /// The last block is copied whole too: it overlaps with the one before it, and nothing is left over.
    #[inline(always)]
    fn copy_plain_blocks<const N: usize>(from: &[u8], to: &mut [u8]) -> Option<()> {
        for (block, place) in from.chunks_exact(N).zip(to.chunks_exact_mut(N)) {
            copy_plain_block::<N>(block.first_chunk()?, place.first_chunk_mut()?)?;
        }
        copy_plain_block(from.last_chunk::<N>()?, to.last_chunk_mut()?)
    }

    /// By way of a value of its own: otherwise the copy would be a second pass.
    #[inline(always)]
    fn copy_plain_block<const N: usize>(block: &[u8; N], place: &mut [u8; N]) -> Option<()> {
        let block = *block;
        if has_control(&block) {
            return None;
        }
        *place = block;
        Some(())
    }

    pub(super) fn has_nul(bytes: &[u8]) -> bool {
        memchr::memchr(0, bytes).is_some()
    }

    #[inline(always)]
    fn find_in_block(block: &Block) -> Option<usize> {
        if !has_control(block) {
            return None;
        }
        let mut at = 0;
        for word in block.chunks_exact(8) {
            let controls = controls(u64::from_le_bytes(*word.first_chunk()?));
            if controls != 0 {
                let offset = at + controls.trailing_zeros() as usize / 8;
                return if is_line_end(block.get(offset)) { Some(offset) } else { find_behind(block, offset) };
            }
            at += 8;
        }
        None
    }

    /// Behind a control character that is no line end, which is rare.
    #[cold]
    fn find_behind(block: &[u8], offset: usize) -> Option<usize> {
        let behind = block.get(offset..)?;
        behind.iter().position(|byte| is_line_end(Some(byte))).map(|more| offset + more)
    }

    /// Fewer bytes than a block.
    #[inline(always)]
    fn find_in_short(bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while let Some(word) = bytes.get(at..)?.first_chunk() {
            let controls = controls(u64::from_le_bytes(*word));
            if controls != 0 {
                let offset = at + controls.trailing_zeros() as usize / 8;
                return if is_line_end(bytes.get(offset)) { Some(offset) } else { find_behind(bytes, offset) };
            }
            at += 8;
        }
        find_behind(bytes, at)
    }

    /// Whether any byte is below 14. Written in this form it becomes the vector instructions for the smaller of two bytes.
    #[inline(always)]
    fn has_control<const N: usize>(block: &[u8; N]) -> bool {
        let mut smallest = [u8::MAX; 16];
        for part in block.chunks(16) {
            for (smallest, byte) in smallest.iter_mut().zip(part) {
                *smallest = (*smallest).min(*byte);
            }
        }
        let mut found = false;
        for byte in smallest {
            found |= byte < FIRST_OTHER;
        }
        found
    }

    /// A word whose lowest set bit is in the first byte that is below 14; zero if there is none.
    #[inline(always)]
    const fn controls(word: u64) -> u64 {
        const ONES: u64 = 0x0101_0101_0101_0101;
        const HIGHS: u64 = 0x8080_8080_8080_8080;
        word.wrapping_sub(ONES * FIRST_OTHER as u64) & !word & HIGHS
    }

    /// The first byte behind CR.
    const FIRST_OTHER: u8 = b'\r' + 1;

    #[inline(always)]
    const fn is_line_end(byte: Option<&u8>) -> bool {
        matches!(byte, Some(b'\r' | b'\n'))
    }
}
