//! The ways to get a frame's bytes: piece by piece, as a whole, as text.
//!
//! What the bytes are, `wire.rs` knows; this only asks it.

use core::fmt;

use super::frame::Frame;
use crate::codec::pace;

impl Frame<'_> {
    /// The length of the frame in bytes, at least 1. Reads the texts through, to find their line ends.
    #[must_use]
    pub fn encoded_len(&self) -> usize {
        self.segments().map(str::len).sum()
    }

    /// Writes the whole frame to the start of `buffer` and returns the part that it fills.
    ///
    /// # Errors
    ///
    /// [`BufferFull`] when the frame is longer than the buffer, which then holds nothing of use: there is no half-written
    /// frame. To write through a smaller buffer, take the [`encoder`](Self::encoder).
    #[inline]
    pub fn encode<'b>(&self, buffer: &'b mut [u8]) -> Result<&'b mut [u8], BufferFull> {
        match pace::write(self, buffer) {
            Some(len) => Ok(buffer.get_mut(..len).unwrap_or_default()),
            None => Err(self.too_long()),
        }
    }

    /// Not in the way of the frames that fit.
    #[cold]
    fn too_long(&self) -> BufferFull {
        BufferFull { needed: self.encoded_len() }
    }
}

/// The frame's text. Fails only when the sink does.
impl fmt::Display for Frame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.segments().try_for_each(|segment| f.write_str(segment))
    }
}

/// The buffer is shorter than the frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct BufferFull {
    /// How long the buffer must be at least, in bytes: the frame's [`encoded_len`](Frame::encoded_len).
    pub needed: usize,
}

impl fmt::Display for BufferFull {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the buffer is too short: the frame needs {} bytes", self.needed)
    }
}

impl core::error::Error for BufferFull {}
