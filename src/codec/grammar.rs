//! Parses whole streams by the Standard's grammar, production by production: an executable specification.
//!
//! It is slow and simple, works on complete input, and serves as the reference that decoders are tested against. It
//! shares no code with the tokenizer and the decoder, not even the names of the fields, so that one mistake cannot make
//! both wrong in the same way.
//!
//! The productions of section 9.2.5 are one private function each: `stream`, `event`, `comment`, `field`,
//! `end_of_line`, `bom`, `colon`, `space`, `name_char`, `any_char`. The meaning of the lines, section 9.2.6, is in
//! [`Interpretation`]. The Standard's characters are bytes here: CR, LF, colon and space are never part of a longer
//! UTF-8 sequence, so splitting first and decoding afterwards gives the same text ([R14], [R15]). Bytes that are not UTF-8
//! are allowed wherever any character is.
//!
//! ```
//! use embedded_sse::codec::grammar::{Item, Stream};
//!
//! let stream = Stream::new(b"event: greeting\ndata: hello\ndata: world\n\ndata: lost");
//! let mut items = stream.interpret(b"");
//! let Some(Item::Event(event)) = items.next() else { panic!("an event") };
//! assert_eq!(event.event_type, b"greeting");
//! assert!(event.data.eq([b"hello", b"world"]));
//! assert_eq!(items.next(), None);
//! assert_eq!(stream.unfinished(), b"data: lost");
//! ```
//!
//! [R14]: crate::rules#r14
//! [R15]: crate::rules#r15

use core::time::Duration;

use nom::branch::alt;
use nom::bytes::complete::tag;
use nom::combinator::{all_consuming, map, opt, recognize, verify};
use nom::multi::{fold_many1, many0_count, many1_count};
use nom::number::complete::u8;
use nom::sequence::{delimited, preceded, terminated};
use nom::{IResult, Parser};

/// The result of a production. The reason for a failure does not matter here.
type Parsed<'a, T = &'a [u8]> = IResult<&'a [u8], T, ()>;

/// Borrows a complete stream, such as one response body, with or without a BOM and with or without a proper end.
///
/// See the [module](self) for an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Stream<'a> {
    input: &'a [u8],
}

impl<'a> Stream<'a> {
    /// Creates a stream from any bytes, including none: no stream is malformed ([R33](crate::rules#r33)).
    #[must_use]
    pub const fn new(input: &'a [u8]) -> Self {
        Self { input }
    }

    /// Returns the lines after the BOM, in order. Bytes after the last line end are not a line ([R20]).
    ///
    /// [R20]: crate::rules#r20
    #[must_use]
    pub fn lines(&self) -> Lines<'a> {
        Lines { rest: opt(bom).parse(self.input).map_or(self.input, |(rest, _)| rest) }
    }

    /// Returns the bytes after the last blank line, which are lost if the stream ends here ([R41]): whole lines, then
    /// part of a line.
    ///
    /// [R41]: crate::rules#r41
    #[must_use]
    pub fn unfinished(&self) -> &'a [u8] {
        stream(self.input).map_or(self.input, |(rest, _)| rest)
    }

    /// Interprets the stream as a browser does whose last event ID is `last_event_id` ([D1]). Pass an empty id for the
    /// first stream.
    ///
    /// [D1]: crate::rules#d1
    #[must_use]
    pub fn interpret(&self, last_event_id: &'a [u8]) -> Interpretation<'a> {
        let lines = self.lines();
        Interpretation { lines, block: lines, last_event_id, reconnection_time: None }
    }
}

/// Borrows a line of a stream, without its end.
///
/// ```
/// use embedded_sse::codec::grammar::{Line, Stream};
///
/// let mut lines = Stream::new(b": hi\ndata: x\n\n").lines();
/// assert_eq!(lines.next(), Some(Line::Comment(b" hi")));
/// assert_eq!(lines.next(), Some(Line::Field { name: b"data", value: b"x" }));
/// assert_eq!(lines.next(), Some(Line::Blank));
/// assert_eq!(lines.next(), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Line<'a> {
    /// An empty line, which dispatches ([R21](crate::rules#r21)).
    Blank,
    /// A comment: the text after the colon, unchanged ([R22](crate::rules#r22)).
    Comment(&'a [u8]),
    /// A field of any name, known or not ([R23](crate::rules#r23), [R25](crate::rules#r25)).
    Field {
        /// The name: at least one byte, no colon.
        name: &'a [u8],
        /// The text after the colon and one optional space ([R24]). Empty if there is no colon ([R25]).
        ///
        /// [R24]: crate::rules#r24
        /// [R25]: crate::rules#r25
        value: &'a [u8],
    },
}

/// Iterates over the lines of a stream. A line without an end is not returned ([R20]). See [`Line`] for an example.
///
/// [R20]: crate::rules#r20
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Lines<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        let (rest, line) = line(self.rest).ok()?;
        self.rest = rest;
        Some(line)
    }
}

/// Borrows an event as a browser dispatches it ([R38], [R39]). See the [module](self) for an example.
///
/// [R38]: crate::rules#r38
/// [R39]: crate::rules#r39
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Event<'a> {
    /// The last `event` value of the block, `message` if that is empty or missing ([R27], [R38]).
    ///
    /// [R27]: crate::rules#r27
    /// [R38]: crate::rules#r38
    pub event_type: &'a [u8],
    /// The `data` values of the block, at least one. Joined by LF, they are the event's data ([R28], [R37]).
    ///
    /// [R28]: crate::rules#r28
    /// [R37]: crate::rules#r37
    pub data: Values<'a>,
    /// The last event ID when the event is dispatched ([R39](crate::rules#r39)).
    pub last_event_id: &'a [u8],
}

/// Borrows a reportable item of a stream. Items come in the order of the stream. See [`Interpretation`] for an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Item<'a> {
    /// A dispatched event, reported at its blank line.
    Event(Event<'a>),
    /// The text of a comment, reported at its line.
    Comment(&'a [u8]),
    /// The reconnection time that a `retry` line sets, reported at its line ([R30]). Saturates at [`u64::MAX`]
    /// milliseconds ([D5]).
    ///
    /// [R30]: crate::rules#r30
    /// [D5]: crate::rules#d5
    Retry(Duration),
}

/// Iterates over the values of one field in one block, in order.
///
/// ```
/// use embedded_sse::codec::grammar::{Item, Stream};
///
/// let mut items = Stream::new(b"data: a\ndata: b\n\n").interpret(b"");
/// let Some(Item::Event(event)) = items.next() else { panic!("an event") };
/// assert_eq!(event.data.collect::<Vec<_>>(), [b"a", b"b"]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Values<'a> {
    name: &'static str,
    block: Lines<'a>,
}

impl<'a> Iterator for Values<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        loop {
            match self.block.next()? {
                Line::Blank => self.block.rest = &[],
                Line::Field { name, value } if name == self.name.as_bytes() => return Some(value),
                Line::Comment(_) | Line::Field { .. } => {}
            }
        }
    }
}

/// Iterates over the events, comments and reconnection times of a stream, in order (section 9.2.6).
///
/// Nothing is collected while lines are read. At a blank line the whole block is inspected again, so that each rule is
/// implemented in one place.
///
/// ```
/// use core::time::Duration;
/// use embedded_sse::codec::grammar::{Item, Stream};
///
/// let mut items = Stream::new(b"retry: 5000\nid: 7\n\n").interpret(b"");
/// assert_eq!(items.next(), Some(Item::Retry(Duration::from_secs(5))));
/// assert_eq!(items.next(), None);
/// assert_eq!(items.last_event_id(), b"7");
/// assert_eq!(items.reconnection_time(), Some(Duration::from_secs(5)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Interpretation<'a> {
    lines: Lines<'a>,
    /// The lines from the start of the block that `lines` has reached.
    block: Lines<'a>,
    last_event_id: &'a [u8],
    reconnection_time: Option<Duration>,
}

impl<'a> Interpretation<'a> {
    /// Returns the last event ID that blank lines have committed so far ([R34]). After the last item, this is what a
    /// reconnect sends.
    ///
    /// [R34]: crate::rules#r34
    #[must_use]
    pub const fn last_event_id(&self) -> &'a [u8] {
        self.last_event_id
    }

    /// Returns the reconnection time that was set last, if any.
    #[must_use]
    pub const fn reconnection_time(&self) -> Option<Duration> {
        self.reconnection_time
    }

    const fn values(&self, name: &'static str) -> Values<'a> {
        Values { name, block: self.block }
    }

    /// Ends the block. Its id is committed whether or not it has data ([R34], [R42], [R43]); a block with data is an event
    /// ([R35], [R36]).
    ///
    /// [R34]: crate::rules#r34
    /// [R42]: crate::rules#r42
    /// [R43]: crate::rules#r43
    /// [R35]: crate::rules#r35
    /// [R36]: crate::rules#r36
    fn dispatch(&mut self) -> Option<Event<'a>> {
        let id = self.values("id").filter(|id| !id.contains(&0)).last();
        self.last_event_id = id.unwrap_or(self.last_event_id);
        let event_type = self.values("event").last().filter(|name| !name.is_empty()).unwrap_or(b"message");
        let data = self.values("data");
        let has_data = { data }.next().is_some();
        self.block = self.lines;
        has_data.then_some(Event { event_type, data, last_event_id: self.last_event_id })
    }
}

impl<'a> Iterator for Interpretation<'a> {
    type Item = Item<'a>;

    fn next(&mut self) -> Option<Item<'a>> {
        loop {
            match self.lines.next()? {
                Line::Comment(text) => return Some(Item::Comment(text)),
                Line::Field { name: b"retry", value } => {
                    if let Ok((_, millis)) = all_consuming(milliseconds).parse(value) {
                        let time = Duration::from_millis(millis);
                        self.reconnection_time = Some(time);
                        return Some(Item::Retry(time));
                    }
                }
                Line::Field { .. } => {}
                Line::Blank => {
                    if let Some(event) = self.dispatch() {
                        return Some(Item::Event(event));
                    }
                }
            }
        }
    }
}

/// `stream = [ bom ] *event` ([R3](crate::rules#r3))
fn stream(input: &[u8]) -> Parsed<'_> {
    recognize((opt(bom), many0_count(event))).parse(input)
}

/// `event = *( comment / field ) end-of-line` ([R4](crate::rules#r4))
fn event(input: &[u8]) -> Parsed<'_> {
    recognize((many0_count(alt((comment, field))), end_of_line)).parse(input)
}

/// Our own production: the parts of `event` one at a time. No two of them begin with the same byte.
fn line(input: &[u8]) -> Parsed<'_, Line<'_>> {
    alt((comment, field, map(end_of_line, |_| Line::Blank))).parse(input)
}

/// `comment = colon *any-char end-of-line` ([R5](crate::rules#r5))
fn comment(input: &[u8]) -> Parsed<'_, Line<'_>> {
    map(delimited(colon, recognize(many0_count(any_char)), end_of_line), Line::Comment).parse(input)
}

/// `field = 1*name-char [ colon [ space ] *any-char ] end-of-line` ([R6])
///
/// A space that could be either the optional one or the first of the value is the optional one ([R24]).
///
/// [R6]: crate::rules#r6
/// [R24]: crate::rules#r24
fn field(input: &[u8]) -> Parsed<'_, Line<'_>> {
    let name = recognize(many1_count(name_char));
    let value = preceded((colon, opt(space)), recognize(many0_count(any_char)));
    let (rest, (name, value)) = terminated((name, opt(value)), end_of_line).parse(input)?;
    Ok((rest, Line::Field { name, value: value.unwrap_or_default() }))
}

/// `end-of-line = ( cr lf / cr / lf )` ([R7], [R17]). The longest comes first, because CR LF is one line end.
///
/// [R7]: crate::rules#r7
/// [R17]: crate::rules#r17
fn end_of_line(input: &[u8]) -> Parsed<'_> {
    alt((tag("\r\n"), tag("\r"), tag("\n"))).parse(input)
}

/// `bom`: U+FEFF encoded as UTF-8 ([R13](crate::rules#r13)).
fn bom(input: &[u8]) -> Parsed<'_> {
    tag("\u{FEFF}").parse(input)
}

/// `colon`: U+003A.
fn colon(input: &[u8]) -> Parsed<'_> {
    tag(":").parse(input)
}

/// `space`: only U+0020.
fn space(input: &[u8]) -> Parsed<'_> {
    tag(" ").parse(input)
}

/// `name-char`: any character but LF, CR and colon ([R8](crate::rules#r8)).
fn name_char(input: &[u8]) -> Parsed<'_, u8> {
    verify(u8, |byte| !b"\n\r:".contains(byte)).parse(input)
}

/// `any-char`: any character but LF and CR ([R8](crate::rules#r8)).
fn any_char(input: &[u8]) -> Parsed<'_, u8> {
    // Not `satisfy`: it consumes more than one byte if the byte is not ASCII.
    verify(u8, |byte| !b"\n\r".contains(byte)).parse(input)
}

/// The value of `retry`: one or more ASCII digits in base ten, of any length ([R30], [R31]). An empty value does not match
/// ([D2]).
///
/// [R30]: crate::rules#r30
/// [R31]: crate::rules#r31
/// [D2]: crate::rules#d2
fn milliseconds(input: &[u8]) -> Parsed<'_, u64> {
    let digit = map(verify(u8, u8::is_ascii_digit), |digit| u64::from(digit - b'0'));
    fold_many1(digit, || 0, |millis: u64, digit| millis.saturating_mul(10).saturating_add(digit)).parse(input)
}
