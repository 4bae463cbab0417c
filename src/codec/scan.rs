//! Where a line ends: the search that reading and writing share, and the only code here that is tuned to a CPU.
//!
//! Knows two bytes, CR and LF (R7), and nothing of what they mean.

/// The offset of the first CR or LF.
///
/// Lines are short as a rule, and for a short line the call into `memchr` and its set-up cost more than the search. So the
/// first bytes are looked at in line, in blocks that the compiler turns into vector compares; what is longer goes to `memchr`.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
#[inline(always)]
pub(crate) fn find_line_end(bytes: &[u8]) -> Option<usize> {
    const BLOCK: usize = 16;
    const IN_LINE: usize = 4 * BLOCK;
    let mut at = 0;
    while at < IN_LINE {
        let Some(block) = bytes.get(at..).and_then(|rest| rest.first_chunk::<BLOCK>()) else {
            return find_in_tail(bytes, at);
        };
        if any(block) {
            return Some(at + first_of(block));
        }
        at += BLOCK;
    }
    memchr::memchr2(b'\r', b'\n', bytes.get(at..)?).map(|offset| at + offset)
}

/// A core without vector units has no use for blocks, and the smallest loop is the best one.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
#[inline(always)]
pub(crate) fn find_line_end(bytes: &[u8]) -> Option<usize> {
    memchr::memchr2(b'\r', b'\n', bytes)
}

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
#[inline(always)]
fn any(block: &[u8; 16]) -> bool {
    let mut found = false;
    for &byte in block {
        found |= (byte == b'\r') | (byte == b'\n');
    }
    found
}

/// The offset of the first line end in a block that has one.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
#[inline(always)]
fn first_of(block: &[u8; 16]) -> usize {
    let word = u128::from_le_bytes(*block);
    let low = line_end_bits(word as u64);
    if low != 0 {
        low.trailing_zeros() as usize / 8
    } else {
        8 + line_end_bits((word >> 64) as u64).trailing_zeros() as usize / 8
    }
}

/// A word whose lowest set bit is in the lowest byte that is CR or LF; zero if there is none.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
#[inline(always)]
fn line_end_bits(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    let cr = word ^ (ONES * b'\r' as u64);
    let lf = word ^ (ONES * b'\n' as u64);
    ((cr.wrapping_sub(ONES) & !cr) | (lf.wrapping_sub(ONES) & !lf)) & HIGHS
}

/// The last bytes of a chunk, fewer than a block.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
#[inline(always)]
fn find_in_tail(bytes: &[u8], mut at: usize) -> Option<usize> {
    if let Some(half) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let bits = line_end_bits(u64::from_le_bytes(*half));
        if bits != 0 {
            return Some(at + bits.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    let rest = bytes.get(at..)?;
    rest.iter().position(|byte| matches!(byte, b'\r' | b'\n')).map(|offset| at + offset)
}
