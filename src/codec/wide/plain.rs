//! Checks for plain text, block by block. Plain text has no byte below 14, and therefore neither a line end nor NUL.
//!
//! Text rarely contains such a byte that is not a line end, and this check takes fewer instructions than any other.
//! Blocks of 16 bytes and more are written in a form that compiles to the vector instructions for the smaller of two
//! bytes. This module is only for processors that have them, not for small cores.

/// The first byte after CR.
const FIRST_PLAIN: u8 = b'\r' + 1;

#[inline(always)]
pub(crate) fn is_plain(text: &[u8]) -> bool {
    match text.len() {
        64.. => are_plain::<64>(text),
        16.. => are_plain::<16>(text),
        8.. => are_plain::<8>(text),
        _ => {
            let mut rest = text;
            while let [byte, tail @ ..] = rest {
                if *byte < FIRST_PLAIN {
                    return false;
                }
                rest = tail;
            }
            true
        }
    }
}

/// For text of at least one block. The last block overlaps the one before it, so that nothing is left over.
#[inline(always)]
fn are_plain<const N: usize>(text: &[u8]) -> bool {
    let mut rest = text;
    while let Some((block, tail)) = rest.split_first_chunk::<N>() {
        if has_control(block) {
            return false;
        }
        rest = tail;
    }
    match text.last_chunk::<N>() {
        Some(block) => !has_control(block),
        None => false,
    }
}

/// Copies plain text to a slice of the same length. Returns `false` if the text is not plain; the content of `to` is
/// then unspecified.
#[inline(always)]
pub(crate) fn copy_plain(from: &[u8], to: &mut [u8]) -> bool {
    let copied = match from.len() {
        64.. => copy_blocks::<64>(from, to),
        16.. => copy_blocks::<16>(from, to),
        8.. => copy_blocks::<8>(from, to),
        _ => to.iter_mut().zip(from).try_for_each(|(to, from)| {
            *to = *from;
            (*from >= FIRST_PLAIN).then_some(())
        }),
    };
    copied.is_some()
}

#[inline(always)]
fn copy_blocks<const N: usize>(from: &[u8], to: &mut [u8]) -> Option<()> {
    for (block, place) in from.chunks_exact(N).zip(to.chunks_exact_mut(N)) {
        copy_block::<N>(block.first_chunk()?, place.first_chunk_mut()?)?;
    }
    copy_block(from.last_chunk::<N>()?, to.last_chunk_mut()?)
}

/// Copies through a local value; otherwise the copy would be a second pass.
#[inline(always)]
fn copy_block<const N: usize>(block: &[u8; N], place: &mut [u8; N]) -> Option<()> {
    let block = *block;
    if has_control(&block) {
        return None;
    }
    *place = block;
    Some(())
}

/// Returns whether any byte is below 14, in a block of 8 bytes or of a multiple of 16.
#[inline(always)]
pub(crate) fn has_control<const N: usize>(block: &[u8; N]) -> bool {
    if let (8, Some(word)) = (N, block.first_chunk()) {
        return controls(word) != 0;
    }
    let mut smallest = [u8::MAX; 16];
    for part in block.chunks(16) {
        for (smallest, byte) in smallest.iter_mut().zip(part) {
            *smallest = (*smallest).min(*byte);
        }
    }
    let mut found = false;
    for byte in smallest {
        found |= byte < FIRST_PLAIN;
    }
    found
}

/// Returns the offset of the first byte below 14, or `N` if there is none.
///
/// It uses branches, so that the following search does not wait for it, and halves, because a few branches are
/// predicted better than many.
#[inline(always)]
pub(crate) fn first_control<const N: usize>(block: &[u8; N]) -> usize {
    if let (64, Some(first), Some(last)) = (N, block.first_chunk::<32>(), block.last_chunk::<32>()) {
        return if has_control(first) { first_in_words(first) } else { 32 + first_in_words(last) };
    }
    first_in_words(block)
}

#[inline(always)]
fn first_in_words<const N: usize>(block: &[u8; N]) -> usize {
    let mut at = 0;
    for word in block.chunks_exact(8) {
        let Some(word) = word.first_chunk::<8>() else { break };
        let controls = controls(word);
        if controls != 0 {
            return at + controls.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    N
}

/// Returns a word whose lowest set bit is in the first byte that is below 14, or zero if there is none.
#[inline(always)]
const fn controls(word: &[u8; 8]) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    let word = u64::from_le_bytes(*word);
    word.wrapping_sub(ONES * FIRST_PLAIN as u64) & !word & HIGHS
}

/// Returns whether no byte is below 14: [`is_plain`] in a form that is `const`.
pub(crate) const fn is_known_plain(text: &[u8]) -> bool {
    match text.len() {
        64.. => are_known_plain::<64>(text),
        16.. => are_known_plain::<16>(text),
        4.. => are_known_plain::<4>(text),
        _ => are_known_plain::<1>(text),
    }
}

/// For text of at least one block. The last block overlaps the one before it, so that nothing is left over.
const fn are_known_plain<const N: usize>(text: &[u8]) -> bool {
    let mut rest = text;
    while let Some((block, tail)) = rest.split_first_chunk::<N>() {
        if has_low_byte(block) {
            return false;
        }
        rest = tail;
    }
    match text.last_chunk::<N>() {
        Some(block) => !has_low_byte(block),
        None => true,
    }
}

const fn has_low_byte<const N: usize>(block: &[u8; N]) -> bool {
    let (mut found, mut at) = (false, 0);
    while at < N {
        found |= block[at] < FIRST_PLAIN;
        at += 1;
    }
    found
}
