//! The memory that the caller provides.
//!
//! This module must not depend on what is stored in it.

/// Memory for bytes: an array, a slice, a box, a vector, or a mutable reference to one of them.
///
/// Every type that implements `AsRef<[u8]>` and `AsMut<[u8]>` is a `Buffer`. Both must return the same bytes, and the
/// length must not change while a decoder or a reader uses it.
///
/// ```
/// use embedded_sse::{Buffer, Decoder};
///
/// fn count(decoder: &mut Decoder<impl Buffer, impl Buffer>, mut chunk: &[u8]) -> usize {
///     let mut count = 0;
///     while decoder.next_event(&mut chunk).is_some() {
///         count += 1;
///     }
///     count
/// }
/// assert_eq!(count(&mut Decoder::new([0; 64]), b"data: light on\n\n"), 1);
/// ```
pub trait Buffer: AsRef<[u8]> + AsMut<[u8]> {}

impl<T: AsRef<[u8]> + AsMut<[u8]> + ?Sized> Buffer for T {}
