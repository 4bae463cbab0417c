//! Where a line ends: the search that reading and writing share, and the only code here that is tuned to a CPU.
//!
//! Knows two bytes, CR and LF (R7), and nothing of what they mean.
//!
//! Lines are short as a rule, and for a short line the call into `memchr` with its set-up costs more than the search. So on a
//! 64-bit core the first bytes are looked at in line, a [`Block`] at a time, and only what is longer goes to `memchr`. A block is
//! first asked whether it has any byte below 14, which is three operations a word; text rarely has one that is no line end.
//! A small core has no use for any of this, and the smallest code is the best one.

#[cfg(all(target_pointer_width = "64", not(embedded_sse_small)))]
pub(crate) use wide::{copy_line, find_comment_end, find_line_end};

#[cfg(not(all(target_pointer_width = "64", not(embedded_sse_small))))]
pub(crate) use narrow::find_line_end;

#[cfg(not(all(target_pointer_width = "64", not(embedded_sse_small))))]
mod narrow {
    /// The offset of the first CR or LF.
    pub(crate) fn find_line_end(bytes: &[u8]) -> Option<usize> {
        memchr::memchr2(b'\r', b'\n', bytes)
    }
}

#[cfg(all(target_pointer_width = "64", not(embedded_sse_small)))]
mod wide {
    const BLOCK: usize = 32;
    type Block = [u8; BLOCK];

    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;

    /// The offset of the first CR or LF.
    #[inline(always)]
    pub(crate) fn find_line_end(bytes: &[u8]) -> Option<usize> {
        const IN_LINE: usize = BLOCK;
        let Some(last) = bytes.last_chunk() else { return find_in_short(bytes) };
        let end = bytes.len() - BLOCK;
        let mut at = 0;
        while at < end {
            if at == IN_LINE {
                return memchr::memchr2(b'\r', b'\n', bytes.get(at..)?).map(|offset| at + offset);
            }
            if let Some(offset) = find_in_block(bytes.get(at..)?.first_chunk()?) {
                return Some(at + offset);
            }
            at += BLOCK;
        }
        // It overlaps the block before, in which there was nothing to find.
        find_in_block(last).map(|offset| end + offset)
    }

    /// The same for a comment. Those that keep a line alive are all alike, so a loop over bytes, the length of which a CPU
    /// foresees, does better than arithmetic, for which it has to wait.
    #[inline(always)]
    pub(crate) fn find_comment_end(bytes: &[u8]) -> Option<usize> {
        if let Some(head) = bytes.first_chunk::<16>() {
            if let Some(offset) = head.iter().position(|byte| *byte < 14) {
                if matches!(bytes.get(offset), Some(b'\r' | b'\n')) {
                    return Some(offset);
                }
            }
        }
        find_line_end(bytes)
    }

    /// Copies at least what stands before the first line end, and returns its length. What is behind it in `to` is undefined.
    /// `None`: `to` has not room for the line.
    ///
    /// For lines that have to be copied anyway: looking and copying go hand in hand, as long as the line is short, without a
    /// call.
    #[inline(always)]
    pub(crate) fn copy_line(from: &[u8], to: &mut [u8]) -> Option<usize> {
        const IN_LINE: usize = 4 * BLOCK;
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
        let rest = from.get(at..)?;
        let length = find_line_end(rest).unwrap_or(rest.len());
        to.get_mut(at..at + length)?.copy_from_slice(rest.get(..length)?);
        Some(at + length)
    }

    #[inline(always)]
    fn find_in_block(block: &Block) -> Option<usize> {
        let words = words(block);
        let mut low_bytes = 0;
        for word in words {
            low_bytes |= below_14(word);
        }
        if low_bytes & HIGHS == 0 {
            return None;
        }
        for (number, word) in words.into_iter().enumerate() {
            let line_ends = line_ends(word);
            if line_ends != 0 {
                return Some(8 * number + line_ends.trailing_zeros() as usize / 8);
            }
        }
        None
    }

    #[inline(always)]
    fn words(block: &Block) -> [u64; BLOCK / 8] {
        let mut words = [0; BLOCK / 8];
        for (word, bytes) in words.iter_mut().zip(block.chunks_exact(8)) {
            if let Some(bytes) = bytes.first_chunk() {
                *word = u64::from_le_bytes(*bytes);
            }
        }
        words
    }

    /// Fewer bytes than a block.
    #[inline(always)]
    fn find_in_short(bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while let Some(word) = bytes.get(at..)?.first_chunk() {
            let line_ends = line_ends(u64::from_le_bytes(*word));
            if line_ends != 0 {
                return Some(at + line_ends.trailing_zeros() as usize / 8);
            }
            at += 8;
        }
        let Some(last) = bytes.last_chunk() else {
            return bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
        };
        match line_ends(u64::from_le_bytes(*last)) {
            0 => None,
            line_ends => Some(bytes.len() - 8 + line_ends.trailing_zeros() as usize / 8),
        }
    }

    /// Has the high bit of some byte set if any byte is below 14; other bits mean nothing.
    #[inline(always)]
    const fn below_14(word: u64) -> u64 {
        word.wrapping_sub(ONES * 14) & !word
    }

    /// A word whose lowest set bit is in the first byte that is CR or LF; zero if there is none.
    #[inline(always)]
    const fn line_ends(word: u64) -> u64 {
        let cr = word ^ (ONES * b'\r' as u64);
        let lf = word ^ (ONES * b'\n' as u64);
        ((cr.wrapping_sub(ONES) & !cr) | (lf.wrapping_sub(ONES) & !lf)) & HIGHS
    }
}
