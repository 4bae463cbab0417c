//! Runs every vector of `tests/vectors/`: whole, in its own chunks, byte by byte, at every split, and in the smallest
//! buffer.
//!
//! One decoder in a static reads them all, as on a device, and is reset before each stream. If a board has less memory
//! than a cut vector needs, the loss must be reported, and nothing else may differ.
#![no_std]
#![no_main]

use core::cell::RefCell;
use core::fmt::{self, Write};
use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;

use board::println;
use embedded_sse::{Decoder, Event, Field, Item, Lossy, Token, Tokenizer, TooLong};

include!(concat!(env!("OUT_DIR"), "/vectors.rs"));

/// An input, and what a browser would dispatch for it.
pub struct Vector {
    name: &'static str,
    input: &'static [u8],
    cuts: &'static [usize],
    initial: &'static [u8],
    /// Type, data and id.
    events: &'static [[&'static [u8]; 3]],
    reconnection_time: Option<u64>,
    last_event_id: Option<&'static [u8]>,
    /// The buffer size in bytes that is enough for every way to cut the input.
    needed: usize,
}

board::main!(every_vector);

fn every_vector() -> i32 {
    static DECODER: Single = Single(RefCell::new(Decoder::with_id_store(Room([0; ROOM]), [0; 2 * ID])));
    let mut decoder = DECODER.0.borrow_mut();
    let (mut failed, mut runs) = (0, 0);
    for vector in VECTORS {
        if let Err((cut, fault)) = vector.every_cut(&mut decoder, &mut runs) {
            println!("FAILED {}, {cut}: {fault}", vector.name);
            failed += 1;
        }
    }
    println!("{} vectors, {runs} runs, {failed} failed", VECTORS.len());
    i32::from(failed > 0)
}

/// How the input is cut.
#[derive(Clone, Copy)]
enum Cut {
    Whole,
    InItsOwnChunks,
    ByteByByte,
    At(usize),
    /// Byte by byte, with a buffer of this many bytes.
    Into(usize),
}

/// A difference from what is expected.
enum Fault {
    /// The event with this number differs.
    Event(usize),
    Missing(usize),
    TooLong(Field),
    NotTooLong,
    ReconnectionTime,
    LastEventId,
    Tokens,
    /// The decoder returned `None` before the end of a chunk.
    Rest,
}

impl Vector {
    fn every_cut(&self, decoder: &mut Reader, runs: &mut usize) -> Result<(), (Cut, Fault)> {
        let whole = self.digest(Cut::Whole);
        let ends = self.input.len().saturating_sub(64)..=self.input.len();
        // The one huge value repeats a single byte.
        let stride = if self.input.len() > 10_000 { 997 } else { 1 };
        let splits = (0..self.input.len()).filter(|at| *at < 64 || at % stride == 0).chain(ends).map(Cut::At);
        let cuts = [Cut::Whole, Cut::InItsOwnChunks, Cut::ByteByByte].into_iter().chain(splits);
        for cut in cuts.chain((self.needed <= ROOM).then_some(Cut::Into(self.needed))) {
            self.check(cut, decoder, false).map_err(|fault| (cut, fault))?;
            if !matches!(cut, Cut::Into(_)) {
                // A comment needs space too.
                self.check(cut, decoder, true).map_err(|fault| (cut, fault))?;
            }
            if self.digest(cut) != whole {
                return Err((cut, Fault::Tokens));
            }
            *runs += 1;
        }
        let Some(less) = self.needed.checked_sub(1).filter(|less| *less < ROOM) else { return Ok(()) };
        let cut = Cut::Into(less);
        match self.check(cut, decoder, false) {
            Err(Fault::TooLong(_)) => Ok(()),
            _ => Err((cut, Fault::NotTooLong)),
        }
    }

    /// Checks one way to cut the input. With `items` it also asks for comments and reconnection times.
    fn check(&self, cut: Cut, decoder: &mut Reader, items: bool) -> Result<(), Fault> {
        let (room, fits) = if let Cut::Into(room) = cut { (room, true) } else { (ROOM, self.needed <= ROOM) };
        USED.store(room, Ordering::Relaxed);
        decoder.reset();
        decoder.set_last_event_id(self.initial).map_err(|_| Fault::LastEventId)?;
        let asked_before = decoder.reconnection_time();
        let mut count = 0;
        self.each_piece(cut, |mut piece| {
            while let Some(found) = next(decoder, items, &mut piece) {
                match found {
                    Ok(Some(event)) if !self.is_next(count, &event) => return Err(Fault::Event(count)),
                    Ok(Some(_)) => count += 1,
                    Ok(None) => {}
                    Err(TooLong { field: Field::Data, .. }) if !fits => count += 1,
                    Err(TooLong { field: Field::Comment, .. }) if ROOM < self.input.len() => {}
                    Err(TooLong { field, .. }) => return Err(Fault::TooLong(field)),
                }
            }
            if piece.is_empty() { Ok(()) } else { Err(Fault::Rest) }
        })?;
        if count != self.events.len() {
            return Err(Fault::Missing(count));
        }
        if decoder.reconnection_time() != self.reconnection_time.map(Duration::from_millis).or(asked_before) {
            return Err(Fault::ReconnectionTime);
        }
        match self.last_event_id {
            Some(expected) if !shows(decoder.last_event_id(), expected) => Err(Fault::LastEventId),
            _ => Ok(()),
        }
    }

    fn is_next(&self, number: usize, event: &Event<'_>) -> bool {
        self.events.get(number).is_some_and(|[event_type, data, id]| {
            shows(event.event_type, event_type) && shows(event.data, data) && shows(event.last_event_id, id)
        })
    }

    /// Returns a hash of the tokens that does not depend on where values are cut.
    fn digest(&self, cut: Cut) -> u32 {
        let mut tokenizer = Tokenizer::new();
        let mut digest = 0x811C_9DC5;
        let mut add = |byte: u8| digest = (digest ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        let _: Result<(), Fault> = self.each_piece(cut, |mut piece| {
            while let Some(token) = tokenizer.next_token(&mut piece) {
                match token {
                    Token::Value(_, part) => part.iter().for_each(|byte| add(*byte)),
                    Token::EndOfField(field) => field.name().bytes().chain([b'\r']).for_each(&mut add),
                    _ => add(b'\n'),
                }
            }
            Ok(())
        });
        digest
    }

    fn each_piece<'v>(&'v self, cut: Cut, mut give: impl FnMut(&'v [u8]) -> Result<(), Fault>) -> Result<(), Fault> {
        match cut {
            Cut::Whole => give(self.input),
            Cut::InItsOwnChunks => {
                let ends = self.cuts.iter().copied().chain([self.input.len()]);
                let starts = [0].into_iter().chain(self.cuts.iter().copied());
                starts.zip(ends).try_for_each(|(start, end)| give(self.input.get(start..end).unwrap_or_default()))
            }
            Cut::ByteByByte | Cut::Into(_) => self.input.chunks(1).try_for_each(give),
            Cut::At(at) => {
                let (head, tail) = self.input.split_at(at);
                give(head)?;
                give(tail)
            }
        }
    }
}

fn next<'a, 'c: 'a>(
    decoder: &'a mut Reader,
    items: bool,
    piece: &mut &'c [u8],
) -> Option<Result<Option<Event<'a>>, TooLong>> {
    if !items {
        return decoder.next_event(piece).map(|found| found.map(Some));
    }
    decoder
        .next_item(piece)
        .map(|found| found.map(|item| if let Item::Event(event) = item { Some(event) } else { None }))
}

type Reader = Decoder<Room, [u8; 2 * ID]>;

/// A buffer of which the decoder uses the first [`USED`] bytes.
struct Room([u8; ROOM]);

static USED: AtomicUsize = AtomicUsize::new(0);

impl AsRef<[u8]> for Room {
    fn as_ref(&self) -> &[u8] {
        self.0.get(..USED.load(Ordering::Relaxed)).unwrap_or_default()
    }
}

impl AsMut<[u8]> for Room {
    fn as_mut(&mut self) -> &mut [u8] {
        self.0.get_mut(..USED.load(Ordering::Relaxed)).unwrap_or_default()
    }
}

struct Single(RefCell<Reader>);

// SAFETY: there is only one thread, and no interrupt handler uses this.
unsafe impl Sync for Single {}

/// Returns whether a browser shows `text` for `bytes`.
fn shows(bytes: &[u8], text: &[u8]) -> bool {
    let mut rest = Rest(text);
    bytes == text || write!(rest, "{}", Lossy(bytes)).is_ok() && rest.0.is_empty()
}

/// The rest of a text that was not yet written.
struct Rest<'t>(&'t [u8]);

impl Write for Rest<'_> {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        self.0 = self.0.strip_prefix(part.as_bytes()).ok_or(fmt::Error)?;
        Ok(())
    }
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => f.write_str("whole"),
            Self::InItsOwnChunks => f.write_str("in its own chunks"),
            Self::ByteByByte => f.write_str("byte by byte"),
            Self::At(at) => write!(f, "split at {at}"),
            Self::Into(room) => write!(f, "byte by byte into {room} bytes"),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event(number) => write!(f, "event {number} differs"),
            Self::Missing(count) => write!(f, "the stream ended after {count} events"),
            Self::TooLong(field) => write!(f, "{field} too long"),
            Self::NotTooLong => f.write_str("one byte less is enough"),
            Self::ReconnectionTime => f.write_str("the reconnection time differs"),
            Self::LastEventId => f.write_str("the last event ID differs"),
            Self::Tokens => f.write_str("the tokens differ from those of the whole input"),
            Self::Rest => f.write_str("a chunk was not consumed"),
        }
    }
}

/// Returns a part of the input, so that it is stored in flash only once.
const fn cut(input: &'static [u8], start: usize, length: usize) -> &'static [u8] {
    input.split_at(start).1.split_at(length).0
}
