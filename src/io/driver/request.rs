//! What a driver gives a transport to send, in room that the caller chose.
//!
//! Keeps text; which headers a stream needs, the session knows.

use core::fmt::{self, Display, Write};

use crate::client::is_token;

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

    /// The room that the headers of a [`Session`](crate::client::Session) take at most, whose ids have up to `id_capacity` bytes
    /// (64 unless you say otherwise). Add what your own headers take.
    ///
    /// A room that is too short may be enough for the first connect and for no reconnect: only then there is an id to send,
    /// and what is not UTF-8 in it is three times as long as U+FFFD.
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

    /// Adds a header after the others. A name may be there already; both are sent then.
    ///
    /// A name is a token as HTTP has it (RFC 9110, 5.6.2): letters, digits and ``!#$%&'*+-.^_`|~``. A value is sent as it is,
    /// in UTF-8, and what the other end makes of it is for you to know: HTTP drops blanks and tabs at its ends, and has no
    /// meaning of its own for what is not ASCII, so that servers read it as UTF-8, as Latin-1, or refuse it. Headers that say how
    /// long a message is and where it goes, such as `Host` and `Content-Length`, are the transport's.
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
    /// [`HeaderError::InvalidName`], [`HeaderError::Forbidden`] and [`HeaderError::Full`], and [`HeaderError::Unavailable`] if
    /// the value's `Display` fails; then nothing has changed.
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
    /// A value has a control character in it, such as a line break, that no header can carry.
    Forbidden,
    /// A name is empty, or has a character in it that no header's name can have, such as a colon or a blank.
    InvalidName,
    /// The application has none now, for example no fresh token: the attempt fails, and the next one asks again.
    Unavailable,
}

impl Display for HeaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "the request's headers are too long for their room",
            Self::Forbidden => "a header's value cannot hold control characters",
            Self::InvalidName => "a header's name can hold only letters, digits and !#$%&'*+-.^_`|~",
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
    fn what_is_refused_leaves_no_trace() {
        let mut room = [0; 10];
        let mut headers = HeaderList::new(&mut room);
        headers.push("A", "1").unwrap();
        assert_eq!(headers.push("B", "1\r\nEvil"), Err(HeaderError::Forbidden));
        assert_eq!(headers.push("Bcd", "12"), Err(HeaderError::Full));
        headers.push("Bc", "\t2").unwrap();
        assert!(headers.iter().eq([("A", "1"), ("Bc", "\t2")]));
    }

    /// RFC 9110, 5.6.2: anything else in a name would be read as a value, as another header, or not at all.
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

    /// What the type allows and HTTP may change or refuse; the documentation says so.
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

    /// At the first connect and at the last reconnect.
    #[test]
    fn there_is_room_for_what_the_session_sends() {
        fn check<const ID: usize>() {
            let mut session = session::<ID>();
            let needed = HeaderList::room_for(ID);
            assert!(push_all(&session, needed).is_ok(), "without an id");
            for byte in [b'7', 0xFF] {
                session.set_last_event_id(&[byte; ID]).unwrap();
                assert!(push_all(&session, needed).is_ok(), "{ID} times {byte}");
            }
            assert_eq!(push_all(&session, needed - 1), Err(HeaderError::Full), "{ID}: no more than is needed");
        }
        assert_eq!(HeaderList::room_for(0), 48);
        check::<0>();
        check::<1>();
        check::<64>();
        assert_eq!(HeaderList::room_for(usize::MAX), usize::MAX);
    }

    fn session<const ID: usize>() -> Session<[u8; 0], NoJitter, ID> {
        Session::new(Decoder::with_id_capacity([]), Reconnect::new(Policy::standard(), NoJitter))
    }

    fn push_all<const ID: usize>(session: &Session<[u8; 0], NoJitter, ID>, room: usize) -> Result<(), HeaderError> {
        let mut room = alloc::vec![0; room];
        let mut headers = HeaderList::new(&mut room);
        session.headers().try_for_each(|(name, value)| headers.push(name, value))
    }
}
