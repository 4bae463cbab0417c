//! The bytes on the wire: the order of fields, how a line begins, where text breaks into lines, how a number is
//! written.
//!
//! Only this module defines them. It must not depend on where the bytes are sent.

use super::frame::Frame;
use crate::codec::field::Field;
use crate::codec::line_end::{find_line_end, line_end_len};
use crate::codec::text::{EventId, SingleLine};

/// The order of the fields on the wire. Data is last, so that a [`DataWriter`](crate::DataWriter) can continue after
/// it.
pub(crate) const ORDER: [Field; 5] = [Field::Comment, Field::Event, Field::Id, Field::Retry, Field::Data];

/// Returns the field's text if the frame has one. The reconnection time is a number and has no text.
#[inline]
pub(crate) fn text<'a>(frame: &Frame<'a>, field: Field) -> Option<&'a str> {
    match field {
        Field::Comment => frame.comment,
        Field::Event => frame.event_type.map(SingleLine::as_str),
        Field::Id => frame.id.map(EventId::as_str),
        Field::Retry => None,
        Field::Data => frame.data,
    }
}

/// Ends a frame: the end of its last line and the blank line ([R4](crate::rules#r4)).
pub(crate) const FRAME_END: &str = "\n\n";

/// The beginning of a line, including the end of the line before it.
pub(crate) struct Label {
    /// Used before most texts.
    pub(crate) long: &'static str,
    /// Used before a text that is empty or begins with a space.
    pub(crate) bare: &'static str,
}

/// Returns the label of a field. One space follows each colon, which the reader removes ([R10], [R24]). A comment keeps
/// everything after its colon ([R22]); there the space only makes the line easier to read.
///
/// [R10]: crate::rules#r10
/// [R24]: crate::rules#r24
/// [R22]: crate::rules#r22
pub(crate) const fn label(field: Field) -> Label {
    let long = match field {
        Field::Comment => return Label { long: "\n: ", bare: "\n:" },
        Field::Event => "\nevent: ",
        Field::Id => "\nid: ",
        Field::Retry => "\nretry: ",
        Field::Data => "\ndata: ",
    };
    Label { long, bare: long }
}

/// Returns whether the first line of the text is empty or begins with a space.
#[inline]
pub(crate) const fn is_bare(text: &[u8]) -> bool {
    matches!(text, [] | [b' ' | b'\r' | b'\n', ..])
}

/// Returns the first line of the text, and the text after its line end if it has one ([R7], [R9]).
///
/// [R7]: crate::rules#r7
/// [R9]: crate::rules#r9
pub(crate) fn split_line(text: &str) -> (&str, Option<&str>) {
    let split = find_line_end(text.as_bytes()).and_then(|end| text.split_at_checked(end));
    let Some((line, rest)) = split else { return (text, None) };
    (line, rest.get(line_end_len(rest.as_bytes())..))
}
