//! Random streams, made of the parts that the format distinguishes.

use core::fmt;
use core::ops::Deref;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Bytes that `Debug` shows as text.
#[derive(Clone)]
pub(crate) struct Bytes(pub(crate) Vec<u8>);

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b\"{}\"", self.0.escape_ascii())
    }
}

/// Any bytes. Fields, blank lines and incomplete sequences are frequent.
pub(crate) fn streams() -> impl Strategy<Value = Bytes> {
    prop_oneof![
        8 => vec(parts(), 0..24).prop_map(|parts| Bytes(parts.concat())),
        4 => vec(select(SHORT_LINES), 0..16).prop_map(|lines| Bytes(lines.concat())),
        1 => vec(any::<u8>(), 0..64).prop_map(Bytes),
    ]
}

/// Offsets at which a stream is cut. [`cuts_of`] scales them to its length.
pub(crate) fn cuts() -> impl Strategy<Value = Vec<Index>> {
    vec(any::<Index>(), 0..12)
}

/// Returns the offsets for a stream of this length, ascending. Equal offsets, and those at the ends, make empty pieces.
pub(crate) fn cuts_of(length: usize, cuts: &[Index]) -> Vec<usize> {
    let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(length + 1)).collect();
    cuts.sort_unstable();
    cuts
}

/// Whole lines that set, replace and drop what a block holds.
const SHORT_LINES: &[&[u8]] = &[
    b"\n",
    b"\r",
    b"data\n",
    b"data:x\n",
    b"data: long data\n",
    b"event\r\n",
    b"event: t\n",
    b"event: a long type\n",
    b"id\n",
    b"id:7\n",
    b"id: 123\n",
    b"id: 12345\n",
    b"id: 1\0\n",
    b"id: 1234\0\n",
    b"retry:1\r",
    b":\n",
    b": comment\n",
];

const NAMES: &[&[u8]] = &[b"data", b"event", b"id", b"retry", b"dat", b"Data", b"ids", b""];
const COLONS: &[&[u8]] = &[b":", b": ", b":  ", b""];
const ENDS: &[&[u8]] = &[b"\n", b"\r", b"\r\n", b"\n\n", b"\r\r", b"\r\n\r\n", b"\n\r", b""];
const IN_VALUES: &[&[u8]] =
    &[b"a", b"b", b"z", b":", b" ", b"0", b"\0", b"\t", b"\xFF", "é".as_bytes(), "😀".as_bytes()];
const OTHERS: &[&[u8]] = &[
    b":",
    b" ",
    b"\r",
    b"\n",
    b"\0",
    b"7",
    b"x",
    b"\t",
    b"\xEF\xBB\xBF",
    b"\xEF",
    b"\xBB",
    b"\xBF",
    b"\xC0\x8A",
    b"\xF0\x9F\x98",
    b"\xFF",
    b"\xC2\x85",
    b"\xE2\x80\xA8",
];

fn parts() -> impl Strategy<Value = Vec<u8>> {
    let line = (select(NAMES), select(COLONS), values(), select(ENDS));
    prop_oneof![
        6 => line.prop_map(|(name, colon, value, end)| [name, colon, &value, end].concat()),
        2 => select(ENDS).prop_map(<[u8]>::to_vec),
        2 => select(OTHERS).prop_map(<[u8]>::to_vec),
    ]
}

/// Short values, some that are longer than the inline search covers, and numbers.
fn values() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => vec(select(IN_VALUES), 0..12).prop_map(|parts| parts.concat()),
        1 => vec(select(IN_VALUES), 12..120).prop_map(|parts| parts.concat()),
        1 => vec(b'0'..=b'9', 1..24),
    ]
}
