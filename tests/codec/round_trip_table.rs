//! Round trips of values that other implementations get wrong. Random values are in `round_trip.rs`; these also run on
//! boards.

use crate::common::{Said, decoded_items};
use crate::frames::Values;
use embedded_sse::{Decoder, Frame};

#[cfg(target_os = "none")]
use board::prelude::*;

#[test]
fn data_keeps_its_spaces_and_line_ends() {
    for (data, read) in [
        ("", ""),
        (" ", " "),
        (" a", " a"),
        ("\n", "\n"),
        ("a\n", "a\n"),
        ("a\n\n", "a\n\n"),
        ("\r", "\n"),
        ("a\r\nb", "a\nb"),
        ("a\n\rb", "a\n\nb"),
        ("a\r\rb\r\n", "a\n\nb\n"),
        (": a", ": a"),
        ("id: 9\n\ndata: b", "id: 9\n\ndata: b"),
        ("\u{FEFF}", "\u{FEFF}"),
        ("\0\u{85}\u{2028}", "\0\u{85}\u{2028}"),
    ] {
        let values = Values { data: Some(data.into()), ..Values::default() };
        let written = values.written(3);
        assert_eq!(Frame::new().data(data).to_string().as_bytes(), written);
        for cut in 0..=written.len() {
            let (head, tail) = written.split_at(cut);
            let decoded = decoded_items(&mut Decoder::new([0; 64]), [head, tail]);
            assert_eq!(decoded.said, [Said::event(b"message", read.as_bytes(), b"")], "{data:?} cut at {cut}");
        }
        for cut in 0..=data.len() {
            assert_eq!(values.written_in_pieces(&[cut, cut]), written, "{data:?} written in two at {cut}");
        }
    }
}
