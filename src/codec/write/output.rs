//! Writes a frame as a whole: into a buffer or as text.
//!
//! The bytes of a frame are defined in `wire.rs`; this module only writes them.

use core::fmt;

use super::frame::Frame;
use crate::codec::pace;

impl Frame<'_> {
    /// Returns the length of the frame in bytes, at least 1. It scans the texts for line ends.
    #[must_use]
    pub fn encoded_len(&self) -> usize {
        self.segments().map(str::len).sum()
    }

    /// Writes the whole frame to the start of `buffer` and returns the part that it fills.
    ///
    /// # Errors
    ///
    /// Returns [`BufferFull`] if the frame is longer than the buffer. The content of the buffer is then unspecified and
    /// must not be sent. To write through a smaller buffer, use [`bytes`](Self::bytes).
    #[inline]
    pub fn encode<'b>(&self, buffer: &'b mut [u8]) -> Result<&'b mut [u8], BufferFull> {
        match pace::write(self, buffer) {
            Some(len) => Ok(buffer.get_mut(..len).unwrap_or_default()),
            None => Err(self.too_long()),
        }
    }

    /// Kept out of line so that frames that fit do not pay for it.
    #[cold]
    fn too_long(&self) -> BufferFull {
        BufferFull { needed: pace::frame_length(self) }
    }
}

/// Writes the frame as text. Fails only if the sink does.
impl fmt::Display for Frame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.segments().fmt(f)
    }
}

/// Reports that a frame is longer than the buffer it was to be written to.
///
/// Provide a buffer of at least `needed` bytes, or write through a smaller one with [`Frame::bytes`].
///
/// ```
/// use embedded_sse::Frame;
///
/// let mut small = [0; 4];
/// let error = Frame::new().data("x").encode(&mut small).unwrap_err();
/// assert_eq!(error.needed, 9);
/// assert_eq!(error.to_string(), "the buffer is too short: the frame needs 9 bytes");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct BufferFull {
    /// The minimum length of the buffer in bytes: the frame's [`encoded_len`](Frame::encoded_len).
    pub needed: usize,
}

impl fmt::Display for BufferFull {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the buffer is too short: the frame needs {} bytes", self.needed)
    }
}

impl core::error::Error for BufferFull {}
