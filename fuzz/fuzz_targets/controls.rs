//! How a target reads its input: the stream first, what steers the run in the last bytes, so that a recorded stream is a
//! good seed as it is.

/// The longest stream that a target looks at. An id cannot be longer, so that a store of this size holds all of them.
pub(crate) const LONGEST: usize = 4096;

/// The stream, and `N` steering bytes from behind it. `None` for an input that is too short or too long.
pub(crate) fn split<const N: usize>(input: &[u8]) -> Option<(&[u8], [u8; N])> {
    if input.len() > LONGEST {
        return None;
    }
    let (stream, controls) = input.split_last_chunk::<N>()?;
    Some((stream, *controls))
}

/// The offsets that cut `length` bytes into pieces of these sizes, over and over. A size of zero is an empty piece.
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
