//! Calls of all methods of a decoder in any order, with very little memory: each step reports the right thing, nothing
//! is reported twice, and every loss is reported.

use crate::common::Said;
use crate::model::Model;
use crate::streams::{Bytes, streams};
use embedded_sse::{Buffer, Decoder, Event, Found, Item, SetIdError, TooLong};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// What the application does next.
#[derive(Clone, Debug)]
enum Operation {
    /// Calls one of four methods. If the last chunk is consumed, the next one has this many bytes.
    Ask(Way, usize),
    SetId(Bytes),
    /// Ends the connection at any point and begins the next one.
    Reset,
}

#[derive(Clone, Copy, Debug)]
enum Way {
    NextEvent,
    NextItem,
    Step,
    StepItem,
}

impl Way {
    const fn asks_for_items(self) -> bool {
        matches!(self, Self::NextItem | Self::StepItem)
    }

    /// Returns the report and the number of bytes of the chunk that it consumed.
    fn ask(self, decoder: &mut Decoder<Vec<u8>, impl Buffer>, chunk: &[u8]) -> (Option<Said>, usize) {
        let mut rest = chunk;
        match self {
            Self::NextEvent => {
                let said = decoder.next_event(&mut rest).map(|found| found.map_or_else(too_long, event));
                (said, chunk.len() - rest.len())
            }
            Self::NextItem => {
                let said = decoder.next_item(&mut rest).map(|found| match found {
                    Ok(Item::Event(found)) => event(found),
                    Ok(Item::Comment(text)) => Said::Comment(text.into()),
                    Ok(Item::Retry(time)) => Said::Retry(time),
                    Err(error) => too_long(error),
                    Ok(item) => unreachable!("unexpected item: {item:?}"),
                });
                (said, chunk.len() - rest.len())
            }
            Self::Step | Self::StepItem => {
                let step = if self.asks_for_items() { decoder.step_item(chunk) } else { decoder.step(chunk) };
                let said = step.found.map(|found| match found {
                    Found::Event => event(decoder.event(chunk)),
                    Found::Comment => Said::Comment(decoder.comment(chunk).into()),
                    Found::Retry => Said::Retry(decoder.reconnection_time().expect("it was set")),
                    Found::TooLong(error) => too_long(error),
                    found => unreachable!("unexpected report: {found:?}"),
                });
                (said, step.consumed)
            }
        }
    }
}

fn event(Event { event_type, data, last_event_id }: Event<'_>) -> Said {
    Said::event(event_type, data, last_event_id)
}

fn too_long(TooLong { field, .. }: TooLong) -> Said {
    Said::TooLong(field)
}

/// Runs the operations and checks each step with the model. After the operations the streams are read to their end.
fn run<const ID: usize>(connections: &[Bytes], operations: &[Operation], buffer: usize) {
    let mut decoder = Decoder::with_id_store(vec![0; buffer], vec![0; 2 * ID]);
    let mut model = Model::new(buffer, ID);
    let mut connections = connections.iter().map(|stream| &stream[..]);
    let mut stream = connections.next().unwrap_or_default();
    let mut chunk = &stream[..0];
    let last = [Operation::Ask(Way::Step, 3), Operation::Ask(Way::NextItem, 1), Operation::Ask(Way::StepItem, 5)];
    let mut operations = operations.iter().chain(last.iter().cycle());
    loop {
        match operations.next().expect("an endless iterator") {
            Operation::Ask(way, length) => {
                if chunk.is_empty() {
                    (chunk, stream) = stream.split_at_checked(*length).unwrap_or((stream, &[]));
                }
                let (said, taken) = way.ask(&mut decoder, chunk);
                model.judge(way.asks_for_items(), chunk, taken, said.as_ref());
                chunk = &chunk[taken..];
                if said.is_none() && chunk.is_empty() && stream.is_empty() {
                    let Some(next) = connections.next() else { break };
                    model.reset();
                    decoder.reset();
                    stream = next;
                }
            }
            Operation::SetId(id) => {
                let set = decoder.set_last_event_id(id);
                let expected = match id {
                    _ if id.iter().any(|byte| b"\r\n\0".contains(byte)) => Err(SetIdError::Forbidden),
                    _ if id.len() > ID => Err(SetIdError::TooLong),
                    _ => Ok(()),
                };
                assert_eq!(set, expected);
                if set.is_ok() {
                    model.last_event_id = id.to_vec();
                }
            }
            Operation::Reset => {
                model.reset();
                decoder.reset();
                stream = connections.next().unwrap_or_default();
                chunk = &stream[..0];
            }
        }
        model.agrees_with(&decoder);
    }
    model.reset();
}

fn operations() -> impl Strategy<Value = Vec<Operation>> {
    let way = select(vec![Way::NextEvent, Way::NextItem, Way::Step, Way::StepItem]);
    let length = prop_oneof![4 => 0..4_usize, 2 => 4..16_usize, 1 => 16..200_usize];
    let operation = prop_oneof![
        30 => (way, length).prop_map(|(way, length)| Operation::Ask(way, length)),
        2 => vec(select(b"ab7 \xFF\0\n".to_vec()), 0..4).prop_map(|id| Operation::SetId(Bytes(id))),
        1 => Just(Operation::Reset),
    ];
    vec(operation, 0..60)
}

/// Lines that are about as long as the memory here, and random streams.
fn connections() -> impl Strategy<Value = Vec<Bytes>> {
    let lines: &[&[u8]] = &[
        b"\n",
        b"\n",
        b"\r\n",
        b"data:a\n",
        b"data: abcd\r",
        b"data\n",
        b"event:t\n",
        b"event: type\r\n",
        b"event\n",
        b"id:1\n",
        b"id: 12\r\n",
        b"id: 12345678\n",
        b"id: 123456789\n",
        b"id\n",
        b"id: 1\0\n",
        b"id:12345\0\n",
        b":c\n",
        b": some text\r",
        b"retry:5\n",
        b"retry: 12x\n",
        b"nothing\n",
        b"\xEF\xBB\xBF",
    ];
    let lines = vec(select(lines), 0..16).prop_map(|lines| Bytes(lines.concat()));
    vec(prop_oneof![3 => lines, 1 => streams()], 1..4)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn calls_in_any_order_report_what_the_model_expects(
        connections in connections(), operations in operations(), buffer in 0..=8_usize,
    ) {
        run::<0>(&connections, &operations, buffer);
        run::<1>(&connections, &operations, buffer);
        run::<2>(&connections, &operations, buffer);
        run::<8>(&connections, &operations, buffer);
    }
}

/// The next call reports the id, even after a reset or a new id.
#[test]
fn an_id_that_is_too_long_is_reported_after_a_reset_or_a_new_id() {
    let connections = [Bytes(b"id: 123\ndata: a\n\ndata: b\n\n".into()), Bytes(b"data: c\n\n".into())];
    for way in [Way::NextEvent, Way::NextItem, Way::Step, Way::StepItem] {
        let ask = Operation::Ask(way, 16);
        run::<2>(&connections, &[ask.clone(), ask.clone()], 8);
        run::<2>(&connections, &[ask.clone(), Operation::Reset, ask.clone()], 8);
        run::<2>(&connections, &[ask.clone(), Operation::SetId(Bytes(b"7".into())), Operation::Reset, ask], 8);
    }
}
