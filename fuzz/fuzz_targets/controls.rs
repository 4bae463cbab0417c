//! Splits the input of a target into the stream and, in the last bytes, the parameters of the run. A recorded stream is
//! therefore a good seed without changes.

/// The longest input of a target, in bytes. An ID cannot be longer, so a store of this size holds every ID.
pub(crate) const LONGEST: usize = 4096;

/// Returns the stream, and the `N` parameter bytes after it. Returns `None` for an input that is too short or too long.
pub(crate) fn split<const N: usize>(input: &[u8]) -> Option<(&[u8], [u8; N])> {
    if input.len() > LONGEST {
        return None;
    }
    let (stream, controls) = input.split_last_chunk::<N>()?;
    Some((stream, *controls))
}

/// Returns the offsets that cut `length` bytes into pieces of these sizes, repeatedly. A size of zero is an empty
/// piece.
pub(crate) fn cuts(length: usize, sizes: [u8; 3]) -> Vec<usize> {
    let mut cuts = Vec::new();
    if sizes == [0; 3] {
        return cuts;
    }
    let mut end = 0;
    for size in sizes.into_iter().cycle() {
        end += usize::from(size);
        if end > length {
            return cuts;
        }
        cuts.push(end);
    }
    cuts
}
