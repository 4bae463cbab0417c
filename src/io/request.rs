//! What a driver gives a transport to send, in room that the caller chose.
//!
//! Keeps text; which headers a stream needs, the session knows.

use core::fmt::{self, Display, Write};

/// The headers of a request: text in a slice of memory.
#[derive(Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct HeaderList<'h> {
    room: &'h mut [u8],
    length: usize,
}

impl<'h> HeaderList<'h> {
    /// No headers yet. Each one takes the lengths of its name and its value, and 2 bytes.
    pub const fn new(room: &'h mut [u8]) -> Self {
        Self { room, length: 0 }
    }

    /// Adds a header behind the others. A name may be there already; both are sent then.
    ///
    /// ```
    /// # use embedded_sse::io::HeaderList;
    /// # let mut room = [0; 64];
    /// # let mut headers = HeaderList::new(&mut room);
    /// let token = 42;
    /// headers.push("Authorization", format_args!("Bearer {token}"))?;
    /// # assert_eq!(headers.iter().next(), Some(("Authorization", "Bearer 42")));
    /// # Ok::<(), embedded_sse::io::HeaderError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`HeaderError::Full`] and [`HeaderError::Forbidden`]; then nothing has changed.
    pub fn push(&mut self, name: &str, value: impl Display) -> Result<(), HeaderError> {
        let mut text = Text { room: self.room.get_mut(self.length..).unwrap_or_default(), length: 0, error: None };
        let written = text.write_str(name).and_then(|()| text.end()).and_then(|()| write!(text, "{value}"));
        match (written.and_then(|()| text.end()), text.error) {
            (Ok(()), _) => {
                self.length += text.length;
                Ok(())
            }
            (Err(_), error) => Err(error.unwrap_or(HeaderError::Unavailable)),
        }
    }

    /// Names and values, in the order they were added.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> + Clone {
        let text = self.room.get(..self.length).and_then(|text| str::from_utf8(text).ok()).unwrap_or_default();
        let mut parts = text.split_terminator(END);
        core::iter::from_fn(move || Some((parts.next()?, parts.next()?)))
    }
}

/// What a driver asks a transport to send: a `GET`, unless the transport knows better, with these headers.
#[derive(Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Request<'r> {
    /// Of the stream and of the application. The transport adds what HTTP needs, such as `Host`.
    pub headers: &'r HeaderList<'r>,
    /// Send it to the `Location` of the response before; otherwise a new attempt begins, at the URL that stands.
    pub redirected: bool,
}

impl<'r> Request<'r> {
    pub(super) const fn new(headers: &'r HeaderList<'r>, redirected: bool) -> Self {
        Self { headers, redirected }
    }

    /// The headers as a slice, as many HTTP clients want them. `None` when there are more than `pairs` has places for.
    pub fn headers_in<'p>(&self, pairs: &'p mut [(&'r str, &'r str)]) -> Option<&'p [(&'r str, &'r str)]> {
        let mut count = 0;
        for header in self.headers.iter() {
            *pairs.get_mut(count)? = header;
            count += 1;
        }
        pairs.get(..count)
    }
}

/// Why there are no headers for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum HeaderError {
    /// They are longer than the room for them.
    Full,
    /// A name or a value has a control character in it, such as a line break, that no header can carry.
    Forbidden,
    /// The application has none now, for example no fresh token: the attempt fails, and the next one asks again.
    Unavailable,
}

impl Display for HeaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "the request's headers are too long for their room",
            Self::Forbidden => "a header cannot hold control characters",
            Self::Unavailable => "the request's headers are not to be had now",
        })
    }
}

impl core::error::Error for HeaderError {}

/// What ends a name or a value: nothing that can be in one.
const END: char = '\n';

/// A header that is being written.
struct Text<'t> {
    room: &'t mut [u8],
    length: usize,
    error: Option<HeaderError>,
}

impl Text<'_> {
    fn end(&mut self) -> fmt::Result {
        self.put(END.encode_utf8(&mut [0; 4]))
    }

    fn put(&mut self, piece: &str) -> fmt::Result {
        let end = self.length.saturating_add(piece.len());
        let Some(place) = self.room.get_mut(self.length..end) else {
            self.error = Some(HeaderError::Full);
            return Err(fmt::Error);
        };
        place.copy_from_slice(piece.as_bytes());
        self.length = end;
        Ok(())
    }
}

impl Write for Text<'_> {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        if piece.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t') {
            self.error = Some(HeaderError::Forbidden);
            return Err(fmt::Error);
        }
        self.put(piece)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_come_back_in_order() {
        let mut room = [0; 32];
        let mut headers = HeaderList::new(&mut room);
        assert_eq!(headers.iter().count(), 0);
        headers.push("Accept", "").unwrap();
        headers.push("X-Number", 7).unwrap();
        headers.push("Empty", "").unwrap();
        assert!(headers.iter().eq([("Accept", ""), ("X-Number", "7"), ("Empty", "")]));
        let request = Request::new(&headers, false);
        assert_eq!(request.headers_in(&mut [("", ""); 2]), None);
        assert_eq!(request.headers_in(&mut [("", ""); 4]).map(<[_]>::len), Some(3));
    }

    #[test]
    fn what_is_refused_leaves_no_trace() {
        let mut room = [0; 10];
        let mut headers = HeaderList::new(&mut room);
        headers.push("A", "1").unwrap();
        assert_eq!(headers.push("B", "1\r\nEvil"), Err(HeaderError::Forbidden));
        assert_eq!(headers.push("B\n", "1"), Err(HeaderError::Forbidden));
        assert_eq!(headers.push("Bcd", "12"), Err(HeaderError::Full));
        headers.push("Bc", "\t2").unwrap();
        assert!(headers.iter().eq([("A", "1"), ("Bc", "\t2")]));
    }
}
