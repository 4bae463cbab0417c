//! Helpers for tests of decoding: reports as owned values, and several ways to obtain them. Boards and fuzz targets use
//! this module too, so it needs no more than `alloc`.
#![allow(dead_code, reason = "each test binary uses its own part")]

use core::time::Duration;

use embedded_sse::{Buffer, Decoder, Event, Field, Item, Token, Tokenizer, TooLong};

#[cfg(target_os = "none")]
use board::prelude::*;

/// One report about a stream, with owned values.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Said {
    Event { event_type: Vec<u8>, data: Vec<u8>, last_event_id: Vec<u8> },
    Comment(Vec<u8>),
    Retry(Duration),
    TooLong(Field),
}

impl Said {
    pub(crate) fn event(event_type: &[u8], data: &[u8], last_event_id: &[u8]) -> Self {
        Self::Event { event_type: event_type.into(), data: data.into(), last_event_id: last_event_id.into() }
    }

    pub(crate) const fn is_event(&self) -> bool {
        matches!(self, Self::Event { .. })
    }
}

/// Shows bytes as text, so that a failed comparison is readable.
impl core::fmt::Debug for Said {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Event { event_type, data, last_event_id } => {
                write!(f, "{} ", event_type.escape_ascii())?;
                write!(f, "\"{}\" #{}", data.escape_ascii(), last_event_id.escape_ascii())
            }
            Self::Comment(text) => write!(f, ": \"{}\"", text.escape_ascii()),
            Self::Retry(time) => write!(f, "retry {time:?}"),
            Self::TooLong(field) => write!(f, "{field} too long"),
        }
    }
}

/// All reports about a stream, and the state after it.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) said: Vec<Said>,
    pub(crate) last_event_id: Vec<u8>,
    pub(crate) reconnection_time: Option<Duration>,
}

impl Outcome {
    /// Keeps what `next_event` reports: the events.
    pub(crate) fn events(mut self) -> Self {
        self.said.retain(Said::is_event);
        self
    }
}

impl core::fmt::Debug for Outcome {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{:#?}, id \"{}\", ", self.said, self.last_event_id.escape_ascii())?;
        write!(f, "reconnection time {:?}", self.reconnection_time)
    }
}

/// Cuts `input` at the ascending offsets in `cuts`. Equal offsets make empty pieces.
pub(crate) fn pieces<'i>(input: &'i [u8], cuts: &'i [usize]) -> impl Iterator<Item = &'i [u8]> + Clone {
    let starts = [0].into_iter().chain(cuts.iter().copied());
    let ends = cuts.iter().copied().chain([input.len()]);
    starts.zip(ends).map(|(start, end)| &input[start..end])
}

/// Returns what `next_event` reports about a stream that arrives in these pieces.
pub(crate) fn decoded_events<'i>(
    decoder: &mut Decoder<impl Buffer, impl Buffer>,
    pieces: impl IntoIterator<Item = &'i [u8]>,
) -> Outcome {
    let mut said = Vec::new();
    for mut piece in pieces {
        while let Some(found) = decoder.next_event(&mut piece) {
            said.push(of_event(found));
        }
        assert!(piece.is_empty(), "`None` means that the whole input was consumed");
    }
    outcome(decoder, said)
}

/// Returns what `next_item` reports about a stream that arrives in these pieces.
pub(crate) fn decoded_items<'i>(
    decoder: &mut Decoder<impl Buffer, impl Buffer>,
    pieces: impl IntoIterator<Item = &'i [u8]>,
) -> Outcome {
    let mut said = Vec::new();
    for mut piece in pieces {
        while let Some(found) = decoder.next_item(&mut piece) {
            said.push(match found {
                Ok(Item::Event(event)) => of_event(Ok(event)),
                Ok(Item::Comment(text)) => Said::Comment(text.into()),
                Ok(Item::Retry(time)) => Said::Retry(time),
                Err(too_long) => of_event(Err(too_long)),
                Ok(item) => unreachable!("unexpected item: {item:?}"),
            });
        }
        assert!(piece.is_empty(), "`None` means that the whole input was consumed");
    }
    outcome(decoder, said)
}

fn of_event(found: Result<Event<'_>, TooLong>) -> Said {
    match found {
        Ok(event) => Said::event(event.event_type, event.data, event.last_event_id),
        Err(TooLong { field, .. }) => Said::TooLong(field),
    }
}

fn outcome(decoder: &Decoder<impl Buffer, impl Buffer>, said: Vec<Said>) -> Outcome {
    Outcome { said, last_event_id: decoder.last_event_id().into(), reconnection_time: decoder.reconnection_time() }
}

/// Assembles tokens into events with unlimited memory: section 9.2.6 of the Standard, implemented once more over
/// tokens.
pub(crate) fn reassembled<'i>(last_event_id: &[u8], pieces: impl IntoIterator<Item = &'i [u8]>) -> Outcome {
    let mut outcome = Outcome { last_event_id: last_event_id.into(), ..Outcome::default() };
    let mut tokenizer = Tokenizer::new();
    let (mut value, mut event_type, mut data, mut id) = (Vec::new(), Vec::new(), None::<Vec<u8>>, None);
    for mut piece in pieces {
        while let Some(token) = tokenizer.next_token(&mut piece) {
            match token {
                Token::Value(_, part) => {
                    assert!(!part.is_empty(), "a piece of a value is never empty");
                    value.extend_from_slice(part);
                }
                Token::EndOfField(field) => {
                    let value = core::mem::take(&mut value);
                    match field {
                        Field::Comment => outcome.said.push(Said::Comment(value)),
                        Field::Data => match &mut data {
                            Some(data) => data.extend(b"\n".iter().chain(&value)),
                            None => data = Some(value),
                        },
                        Field::Event => event_type = value,
                        Field::Id if value.contains(&0) => {}
                        Field::Id => id = Some(value),
                        Field::Retry if value.is_empty() || !value.iter().all(u8::is_ascii_digit) => {}
                        Field::Retry => {
                            let millis = str::from_utf8(&value).unwrap().parse().unwrap_or(u64::MAX);
                            outcome.reconnection_time = Some(Duration::from_millis(millis));
                            outcome.said.push(Said::Retry(Duration::from_millis(millis)));
                        }
                        _ => unreachable!("unexpected field: {field}"),
                    }
                }
                Token::EndOfEvent => {
                    outcome.last_event_id = id.take().unwrap_or(outcome.last_event_id);
                    let event_type = core::mem::take(&mut event_type);
                    let event_type = if event_type.is_empty() { b"message".into() } else { event_type };
                    if let Some(data) = data.take() {
                        let last_event_id = outcome.last_event_id.clone();
                        outcome.said.push(Said::Event { event_type, data, last_event_id });
                    }
                }
                _ => unreachable!("unexpected token: {token:?}"),
            }
        }
        assert!(piece.is_empty(), "`None` means that the whole input was consumed");
    }
    outcome
}

/// Returns what the grammar reports.
#[cfg(all(feature = "nom", not(target_os = "none")))]
pub(crate) fn specified(last_event_id: &[u8], input: &[u8]) -> Outcome {
    use embedded_sse::codec::grammar::{Item, Stream};

    let mut stream = Stream::new(input).interpret(last_event_id);
    let mut said = Vec::new();
    for item in stream.by_ref() {
        said.push(match item {
            Item::Event(event) => {
                Said::event(event.event_type, &event.data.collect::<Vec<_>>().join(&b'\n'), event.last_event_id)
            }
            Item::Comment(text) => Said::Comment(text.into()),
            Item::Retry(time) => Said::Retry(time),
        });
    }
    Outcome { said, last_event_id: stream.last_event_id().into(), reconnection_time: stream.reconnection_time() }
}
