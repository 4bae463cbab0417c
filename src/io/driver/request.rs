//! The request that a driver passes to a transport, with headers stored in the caller's buffer.
//!
//! This module stores text. It must not decide which headers a stream needs: the session does.

use core::fmt::{self, Display, Write};

use crate::client::is_token;
use crate::codec::copy;

/// The headers of a request, stored as text in a slice.
///
/// ```
/// use embedded_sse::io::HeaderList;
///
/// let mut room = [0; 64];
/// let mut headers = HeaderList::new(&mut room);
/// headers.push("X-Device", 7)?;
/// headers.push("Authorization", format_args!("Bearer {}", "abc"))?;
/// assert!(headers.iter().eq([("X-Device", "7"), ("Authorization", "Bearer abc")]));
/// # Ok::<(), embedded_sse::io::HeaderError>(())
/// ```
#[derive(Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct HeaderList<'h> {
    room: &'h mut [u8],
    length: usize,
}

impl<'h> HeaderList<'h> {
    /// Creates an empty list. Each header takes the length of its name, the length of its value and 2 bytes.
    pub const fn new(room: &'h mut [u8]) -> Self {
        Self { room, length: 0 }
    }

    /// Returns how many bytes the headers of a [`Session`](crate::client::Session) take at most, for IDs of up to
    /// `id_capacity` bytes (64 with `Decoder::new`). Add the room for your own headers.
    ///
    /// If the room is too short, the first connect may work and every reconnect fail: only a reconnect sends an ID, in
    /// which each byte that is not UTF-8 becomes the three bytes of U+FFFD.
    ///
    /// ```
    /// # use embedded_sse::io::HeaderList;
    /// const ROOM: usize = HeaderList::room_for(64) + "Authorization".len() + "Bearer 0123456789".len() + 2;
    /// let room = [0; ROOM];
    /// # assert_eq!(room.len(), 48 + 15 + 3 * 64 + 32);
    /// ```
    #[must_use]
    pub const fn room_for(id_capacity: usize) -> usize {
        let always = "Accept".len() + "text/event-stream".len() + 2 + "Cache-Control".len() + "no-cache".len() + 2;
        if id_capacity == 0 {
            return always;
        }
        let longest_id = id_capacity.saturating_mul('\u{FFFD}'.len_utf8());
        longest_id.saturating_add("Last-Event-ID".len() + 2 + always)
    }

    /// Appends a header. If the name is already in the list, both headers are sent.
    ///
    /// A name is an HTTP token (RFC 9110, 5.6.2): letters, digits and ``!#$%&'*+-.^_`|~``. A value is sent unchanged,
    /// in UTF-8. HTTP strips spaces and tabs at its ends. It gives no meaning to characters outside ASCII: some servers
    /// read them as UTF-8, some as Latin-1, and some refuse them. Leave headers that route or frame the message, such
    /// as `Host` and `Content-Length`, to the transport.
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
    /// [`HeaderError::InvalidName`], [`HeaderError::Forbidden`] and [`HeaderError::Full`], or
    /// [`HeaderError::Unavailable`] if the value's `Display` fails. The list is unchanged then.
    pub fn push(&mut self, name: &str, value: impl Display) -> Result<(), HeaderError> {
        if !is_token(name.as_bytes()) {
            return Err(HeaderError::InvalidName);
        }
        let mut text = Text { room: self.room.get_mut(self.length..).unwrap_or_default(), length: 0, error: None };
        let written = text.put(name).and_then(|()| text.end()).and_then(|()| write!(text, "{value}"));
        match (written.and_then(|()| text.end()), text.error) {
            (Ok(()), None) => {
                self.length += text.length;
                Ok(())
            }
            (_, error) => Err(error.unwrap_or(HeaderError::Unavailable)),
        }
    }

    /// Iterates over names and values, in the order they were added.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> + Clone {
        let text = self.room.get(..self.length).and_then(|text| str::from_utf8(text).ok()).unwrap_or_default();
        let mut parts = text.split_terminator(END);
        core::iter::from_fn(move || Some((parts.next()?, parts.next()?)))
    }
}

/// A request that a driver asks a transport to send. The transport chooses the URL and the method, usually `GET`.
///
/// ```
/// use embedded_sse::io::Request;
///
/// /// Writes the head of an HTTP/1.1 request.
/// fn write_head(request: &Request<'_>, out: &mut impl core::fmt::Write) -> core::fmt::Result {
///     write!(out, "GET /events HTTP/1.1\r\nHost: example.org\r\n")?;
///     for (name, value) in request.headers.iter() {
///         write!(out, "{name}: {value}\r\n")?;
///     }
///     out.write_str("\r\n")
/// }
/// ```
#[derive(Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Request<'r> {
    /// The headers of the session and of the application. The transport adds those that HTTP needs, such as `Host`.
    pub headers: &'r HeaderList<'r>,
    /// Whether to send it to the `Location` of the previous response. If not, a new attempt begins: use the stream's
    /// own URL, or that of the last permanent redirect.
    pub redirected: bool,
}

impl<'r> Request<'r> {
    pub(super) const fn new(headers: &'r HeaderList<'r>, redirected: bool) -> Self {
        Self { headers, redirected }
    }

    /// Returns the headers as a slice, as many HTTP clients expect them. Returns `None` if there are more than fit in
    /// `pairs`.
    pub fn headers_in<'p>(&self, pairs: &'p mut [(&'r str, &'r str)]) -> Option<&'p [(&'r str, &'r str)]> {
        let mut count = 0;
        for header in self.headers.iter() {
            *pairs.get_mut(count)? = header;
            count += 1;
        }
        pairs.get(..count)
    }
}

/// The reason why the headers of a request could not be written.
///
/// ```
/// use embedded_sse::io::{HeaderError, HeaderList};
///
/// let mut room = [0; 32];
/// let mut headers = HeaderList::new(&mut room);
/// assert_eq!(headers.push("X-Name", "a\r\nEvil: 1"), Err(HeaderError::Forbidden));
/// assert_eq!(headers.push("X Name", "a"), Err(HeaderError::InvalidName));
/// assert_eq!(headers.push("X-Name", "far longer than the room for it"), Err(HeaderError::Full));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum HeaderError {
    /// The headers do not fit in their room; see [`HeaderList::room_for`].
    Full = 1, // leaves zero for `None`, so that a `static` driver takes no flash for its initial value
    /// A value contains a control character, such as a line break. No header can carry one.
    Forbidden,
    /// A name is empty or contains a character that no header name can have, such as a colon or a space.
    InvalidName,
    /// The application cannot provide the headers now, for example because it has no valid token. The attempt fails;
    /// the next one asks again.
    Unavailable,
}

impl Display for HeaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "the request's headers are too long for their room",
            Self::Forbidden => "a header's value cannot hold control characters",
            Self::InvalidName => "a header's name can hold only letters, digits and !#$%&'*+-.^_`|~",
            Self::Unavailable => "request headers are unavailable",
        })
    }
}

impl core::error::Error for HeaderError {}

/// Terminates each name and each value. Neither can contain it.
const END: char = '\n';

/// Writes one header into the room of a list.
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
        copy(piece.as_bytes(), place);
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
    use alloc::vec;
    use alloc::vec::Vec;

    use super::*;
    use crate::client::{NoJitter, Policy, Reconnect, Session};
    use crate::codec::Decoder;

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
    fn a_refused_header_changes_nothing() {
        let mut room = [0; 10];
        let mut headers = HeaderList::new(&mut room);
        headers.push("A", "1").unwrap();
        assert_eq!(headers.push("B", "1\r\nEvil"), Err(HeaderError::Forbidden));
        assert_eq!(headers.push("Bcd", "12"), Err(HeaderError::Full));
        headers.push("Bc", "\t2").unwrap();
        assert!(headers.iter().eq([("A", "1"), ("Bc", "\t2")]));
    }

    /// RFC 9110, 5.6.2. A peer would read any other character as part of a value or of another header, or refuse it.
    #[test]
    fn a_name_is_a_token() {
        let mut room = [0; 64];
        let mut headers = HeaderList::new(&mut room);
        for name in
            ["", "X-A: 1", "Host evil", "B\n", "B\r\nEvil: 1", " B", "B\t", "B\0", "\u{FC}", "B:", "(B)", "\"B\""]
        {
            assert_eq!(headers.push(name, "1"), Err(HeaderError::InvalidName), "{name:?}");
        }
        assert_eq!(headers.iter().count(), 0);
        for name in ["x", "X-1", "!#$%&'*+-.^_`|~09azAZ"] {
            headers.push(name, "1").unwrap();
        }
        assert_eq!(headers.iter().count(), 3);
    }

    /// Values that the type allows, though HTTP may change or refuse them, as documented.
    #[test]
    fn values_are_kept_as_they_are() {
        let values = ["", " ", " a\t", "\u{FFFD}\u{85}"];
        let mut room = [0; 64];
        let mut headers = HeaderList::new(&mut room);
        for value in values {
            headers.push("A", value).unwrap();
        }
        assert!(headers.iter().map(|(_, value)| value).eq(values));
        for value in ["a\u{7F}", "\0", "a\nb", "\u{B}"] {
            assert_eq!(headers.push("A", value), Err(HeaderError::Forbidden), "{value:?}");
        }
    }

    /// At the first connect and at each reconnect.
    #[test]
    fn the_headers_of_the_session_fit() {
        for longest in [0, 1, 64] {
            let decoder = Decoder::with_id_store([], vec![0; 2 * longest]);
            let mut session = Session::new(decoder, Reconnect::new(Policy::standard(), NoJitter));
            let needed = HeaderList::room_for(longest);
            assert!(push_all(&session, needed).is_ok(), "without an id");
            for byte in [b'7', 0xFF] {
                session.set_last_event_id(&vec![byte; longest]).unwrap();
                assert!(push_all(&session, needed).is_ok(), "{longest} times {byte}");
            }
            assert_eq!(push_all(&session, needed - 1), Err(HeaderError::Full), "{longest}: no more than is needed");
        }
        assert_eq!(HeaderList::room_for(0), 48);
        assert_eq!(HeaderList::room_for(usize::MAX), usize::MAX);
    }

    fn push_all(session: &Session<Decoder<[u8; 0], Vec<u8>>, NoJitter>, room: usize) -> Result<(), HeaderError> {
        let mut room = vec![0; room];
        let mut headers = HeaderList::new(&mut room);
        session.headers().try_for_each(|(name, value)| headers.push(name, value))
    }
}
