//! Tests of `Schedule`, which times keep-alives and the end of a connection, and of `Replay`, which keeps events for
//! clients that come back.

mod common;

use core::time::Duration;

use common::{Said, decoded_events};
use embedded_sse::client::{Instant, NoJitter};
use embedded_sse::server::{Cursor, Kept, Next, PushError, Replay, Resume, Schedule, Turn};
use embedded_sse::{Decoder, EventId, Frame, event_id};
use proptest::prelude::*;

const S: Duration = Duration::from_secs(1);

fn at(seconds: u64) -> Instant {
    Instant::from_millis(seconds * 1000)
}

#[test]
fn an_empty_schedule_waits_forever() {
    assert_eq!(Schedule::new(at(5)).poll(Instant::from_millis(u64::MAX)), Turn::Wait);
}

#[test]
fn any_write_postpones_the_keep_alive() {
    let mut schedule = Schedule::new(at(100)).keep_alive(15 * S);
    assert_eq!(schedule.poll(at(100)), Turn::WaitUntil(at(115)));
    assert_eq!(schedule.poll(at(114)), Turn::WaitUntil(at(115)));
    schedule.wrote(at(114));
    assert_eq!(schedule.poll(at(115)), Turn::WaitUntil(at(129)));
    assert_eq!(schedule.poll(at(129)), Turn::KeepAlive);
    assert_eq!(schedule.poll(at(129)), Turn::KeepAlive, "asking changes nothing");
    schedule.wrote(at(131));
    assert_eq!(schedule.poll(at(131)), Turn::WaitUntil(at(146)));
}

#[test]
fn a_keep_alive_interval_of_zero_causes_no_hot_loop() {
    let mut schedule = Schedule::new(at(0)).keep_alive(Duration::ZERO);
    schedule.wrote(at(1));
    assert_eq!(schedule.poll(at(1)), Turn::WaitUntil(Instant::from_millis(1_001)));
}

#[test]
fn a_lifetime_ends_within_its_spread() {
    let close = |random| {
        let mut schedule = Schedule::new(at(10)).lifetime(60 * S, 20 * S, &mut || random);
        schedule.wrote(at(60));
        let Turn::WaitUntil(close) = schedule.poll(at(60)) else { panic!("a time") };
        assert_eq!(schedule.poll(close), Turn::Close, "writes do not extend the lifetime");
        close
    };
    assert_eq!(close(0), at(70));
    assert_eq!(close(1 << 31), at(80));
    assert_eq!(close(u32::MAX), Instant::from_millis(89_999));
}

#[test]
fn the_end_takes_precedence_over_the_keep_alive() {
    let schedule = Schedule::new(at(0)).keep_alive(15 * S).lifetime(20 * S, Duration::ZERO, &mut NoJitter);
    assert_eq!(schedule.poll(at(0)), Turn::WaitUntil(at(15)));
    assert_eq!(schedule.poll(at(15)), Turn::KeepAlive);
    let mut written = schedule;
    written.wrote(at(15));
    assert_eq!(written.poll(at(15)), Turn::WaitUntil(at(20)));
    assert_eq!(schedule.poll(at(40)), Turn::Close);
}

#[test]
fn huge_times_saturate() {
    let schedule = Schedule::new(Instant::from_millis(u64::MAX)).keep_alive(Duration::MAX).lifetime(
        Duration::MAX,
        Duration::MAX,
        &mut NoJitter,
    );
    assert_eq!(schedule.poll(at(0)), Turn::WaitUntil(Instant::from_millis(u64::MAX)));
}

/// Pushes an event with this number as its id and this many bytes of data.
fn push<B: AsRef<[u8]> + AsMut<[u8]>>(replay: &mut Replay<B>, number: u32, length: usize) -> Result<(), PushError> {
    let (id, data) = (number.to_string(), "x".repeat(length));
    replay.push(&Frame::new().id(EventId::new(&id).expect("an id")).data(&data))
}

/// Returns the numbers of the events that a client receives, decoded from the bytes that are written to it.
fn numbers<'r>(frames: impl IntoIterator<Item = Kept<'r>>) -> Vec<u32> {
    let mut decoder = Decoder::new([0; 512]);
    let said = frames.into_iter().flat_map(|kept| {
        let said = decoded_events(&mut decoder, [kept.frame]).said;
        assert_eq!(kept.id, decoder.last_event_id(), "the ID of each frame is the one in its bytes");
        said
    });
    let number = |said: Said| match said {
        Said::Event { last_event_id, .. } => str::from_utf8(&last_event_id).unwrap().parse().unwrap(),
        said => panic!("{said:?}"),
    };
    said.map(number).collect()
}

/// The answer to a client that has this last event ID.
#[derive(Debug, PartialEq, Eq)]
enum Told {
    Missed(Vec<u32>),
    UpToDate,
    New,
    Cut,
}

fn told<B: AsRef<[u8]> + AsMut<[u8]>>(replay: &Replay<B>, last_event_id: &str) -> Told {
    match replay.after(last_event_id.as_bytes()) {
        Resume::Events(events) => Told::Missed(numbers(events)),
        Resume::UpToDate => Told::UpToDate,
        Resume::New => Told::New,
        Resume::Cut => Told::Cut,
        answer => panic!("unexpected answer: {answer:?}"),
    }
}

#[test]
fn later_events_are_replayed_in_order() {
    let mut replay = Replay::new([0; 1024]);
    assert_eq!(told(&replay, ""), Told::New, "nothing was ever sent");
    assert_eq!(told(&replay, "1"), Told::Cut, "an id from before a restart");
    for number in 1..=5 {
        push(&mut replay, number, 10).unwrap();
    }
    assert_eq!(told(&replay, "3"), Told::Missed(vec![4, 5]));
    assert_eq!(told(&replay, "5"), Told::UpToDate);
    assert_eq!(told(&replay, "6"), Told::Cut);
    assert_eq!(told(&replay, ""), Told::New, "a new client has missed nothing");
    assert_eq!(numbers(replay.all()), [1, 2, 3, 4, 5]);
}

#[test]
fn the_oldest_events_are_dropped_and_that_is_reported() {
    let mut replay = Replay::new([0; 256]);
    for number in 1..=50 {
        push(&mut replay, number, 20).unwrap();
    }
    let held = numbers(replay.all());
    assert_eq!(held.last(), Some(&50));
    assert!(held.len() >= 4, "{held:?}");
    let first = held[0];
    assert_eq!(told(&replay, &first.to_string()), Told::Missed(held[1..].to_vec()));
    assert_eq!(told(&replay, &(first - 1).to_string()), Told::Cut);
    assert_eq!(told(&replay, ""), Told::New, "even after the first events were dropped");
}

#[test]
fn a_frame_that_is_too_long_is_reported_as_a_cut() {
    let mut replay = Replay::new([0; 100]);
    push(&mut replay, 1, 10).unwrap();
    assert_eq!(
        push(&mut replay, 2, 200).unwrap_err().to_string(),
        "the buffer is too short: the frame needs 223 bytes"
    );
    assert_eq!(told(&replay, "1"), Told::Cut, "2 is missing");
    push(&mut replay, 3, 10).unwrap();
    assert_eq!(told(&replay, "1"), Told::Cut);
    assert_eq!(told(&replay, "2"), Told::Cut);
    assert_eq!(told(&replay, "3"), Told::UpToDate);
    let mut none = Replay::new([0; 0]);
    assert!(matches!(push(&mut none, 1, 0), Err(PushError::TooLong { .. })));
}

#[test]
fn a_frame_that_has_only_the_id_lets_those_resume_who_received_the_long_one() {
    let mut replay = Replay::new([0; 100]);
    push(&mut replay, 1, 10).unwrap();
    push(&mut replay, 2, 200).unwrap_err();
    assert_eq!((told(&replay, "2"), replay.newest_id()), (Told::Cut, None), "even one that has received 2");
    replay.push(&Frame::new().id(event_id!("2"))).unwrap();
    assert_eq!((told(&replay, "2"), replay.newest_id()), (Told::UpToDate, Some(&b"2"[..])));
    assert_eq!(told(&replay, "1"), Told::Cut, "2 is missing");
    push(&mut replay, 3, 10).unwrap();
    assert_eq!(told(&replay, "2"), Told::Missed(vec![3]));
}

#[test]
fn a_client_that_was_cut_continues_after_the_newest_event() {
    let mut replay = Replay::new([0; 256]);
    assert_eq!(replay.newest_id(), None);
    replay.push(&Frame::new().id(event_id!("boot-0"))).unwrap();
    assert_eq!(told(&replay, "from before the restart"), Told::Cut);

    // The state, with the ID of the newest frame.
    let id = EventId::new(str::from_utf8(replay.newest_id().unwrap()).unwrap()).unwrap();
    let mut client = Decoder::new([0; 64]);
    client.set_last_event_id(b"from before the restart").unwrap();
    let state = Frame::new().id(id).data("the light is on").to_string();
    assert_eq!(decoded_events(&mut client, [state.as_bytes()]).said.len(), 1);
    assert!(matches!(replay.after(client.last_event_id()), Resume::UpToDate));
    replay.push(&Frame::new().id(event_id!("boot-1")).data("light off")).unwrap();
    let Resume::Events(missed) = replay.after(client.last_event_id()) else { panic!("boot-1") };
    assert_eq!(missed.map(|kept| kept.id).collect::<Vec<_>>(), [b"boot-1"]);
}

#[test]
fn a_frame_that_has_only_an_id_moves_a_client_without_an_event() {
    let mut replay = Replay::new([0; 256]);
    replay.push(&Frame::new().id(event_id!("boot-0"))).unwrap();
    let outcome = decoded_events(&mut Decoder::new([0; 64]), replay.all().map(|kept| kept.frame));
    assert_eq!((outcome.said.len(), &outcome.last_event_id[..]), (0, &b"boot-0"[..]));
}

#[test]
fn a_slow_client_needs_only_the_id_of_the_last_frame_it_was_sent() {
    let mut replay = Replay::new([0; 256]);
    replay.push(&Frame::new().id(event_id!("start"))).unwrap();
    let (mut place, mut received) = (b"start".to_vec(), Vec::new());
    for (number, id) in ["b", "a", "z", "m", "k", "c"].into_iter().enumerate() {
        replay.push(&Frame::new().id(EventId::new(id).unwrap()).data("x")).unwrap();
        // One frame for each two that are pushed.
        if number % 2 == 0 {
            let Resume::Events(mut missed) = replay.after(&place) else { panic!("{id} is new") };
            place = missed.next().unwrap().id.to_vec();
            received.push(place.clone());
        }
    }
    assert_eq!(received, [b"b", b"a", b"z"]);
}

/// Returns the numbers of the frames up to the newest one, as this client is sent them, with 0 for a cut.
fn taken<B: AsRef<[u8]> + AsMut<[u8]>>(replay: &Replay<B>, cursor: &mut Cursor) -> Vec<u32> {
    let mut taken = Vec::new();
    loop {
        match replay.next(cursor) {
            Next::Frame(kept) => taken.extend(numbers([kept])),
            Next::Cut => taken.push(0),
            Next::UpToDate => return taken,
            next => panic!("unexpected answer: {next:?}"),
        }
        assert!(taken.len() < 100, "{taken:?}");
    }
}

#[test]
fn a_cursor_begins_where_the_last_event_id_says() {
    let mut replay = Replay::new([0; 130]);
    assert_eq!(taken(&replay, &mut replay.start()), [0_u32; 0]);
    assert_eq!(taken(&replay, &mut replay.resume(b"from before a restart").unwrap()), [0]);
    for number in 1..=9 {
        push(&mut replay, number, 20).unwrap();
    }
    assert_eq!(numbers(replay.all()), [7, 8, 9]);
    assert_eq!(replay.resume(b""), None, "a new client has missed nothing");
    for (id, expected) in [("6", &[0, 7, 8, 9][..]), ("7", &[8, 9]), ("8", &[9]), ("9", &[]), ("10", &[0, 7, 8, 9])] {
        assert_eq!(taken(&replay, &mut replay.resume(id.as_bytes()).unwrap()), expected, "after {id}");
    }
    assert_eq!(taken(&replay, &mut replay.start()), [7, 8, 9]);
    assert_eq!(taken(&replay, &mut replay.end()), [0_u32; 0]);
}

#[test]
fn a_client_is_cut_once_and_may_skip_to_the_end() {
    let mut replay = Replay::new([0; 130]);
    let mut slow = replay.end();
    for number in 1..=5 {
        push(&mut replay, number, 20).unwrap();
    }
    let mut skips = slow;
    assert_eq!(replay.next(&mut slow), Next::Cut);
    assert_eq!(taken(&replay, &mut slow), [3, 4, 5], "all that is kept follows");
    assert_eq!(replay.next(&mut skips), Next::Cut);
    skips = replay.end();
    push(&mut replay, 6, 20).unwrap();
    assert_eq!((taken(&replay, &mut slow), taken(&replay, &mut skips)), (vec![6], vec![6]));
}

#[test]
fn an_unknown_id_stays_unknown_while_events_come() {
    let mut replay = Replay::new([0; 1024]);
    let mut unknown = replay.resume(b"from before a restart").unwrap();
    for number in 1..=5 {
        push(&mut replay, number, 1).unwrap();
    }
    assert_eq!(taken(&replay, &mut unknown), [0, 1, 2, 3, 4, 5]);
}

#[test]
fn a_frame_that_is_too_long_cuts_every_cursor_before_it() {
    let mut replay = Replay::new([0; 100]);
    let mut cursor = replay.end();
    push(&mut replay, 1, 10).unwrap();
    assert_eq!(taken(&replay, &mut cursor), [1]);
    push(&mut replay, 2, 200).unwrap_err();
    let mut late = cursor;
    assert_eq!(taken(&replay, &mut cursor), [0]);
    push(&mut replay, 3, 10).unwrap();
    assert_eq!((taken(&replay, &mut cursor), taken(&replay, &mut late)), (vec![3], vec![0, 3]));
}

#[test]
fn a_cursor_is_copied_to_look_ahead() {
    let mut replay = Replay::new([0; 128]);
    let mut cursor = replay.end();
    push(&mut replay, 1, 1).unwrap();
    let mut ahead = cursor;
    assert_eq!(replay.next(&mut ahead), replay.next(&mut cursor));
    assert_eq!(ahead, cursor);
}

#[test]
fn a_cursor_of_another_replay_is_no_danger() {
    let mut other = Replay::new([0; 4096]);
    for number in 0..100 {
        push(&mut other, number, 10).unwrap();
    }
    let mut replay = Replay::new([0xFF; 64]);
    assert_eq!(replay.next(&mut other.end()), Next::Cut);
    push(&mut replay, 1, 1).unwrap();
    push(&mut replay, 2, 1).unwrap();
    let mut foreign = other.start();
    while let Next::Frame(_) = other.next(&mut foreign) {
        let mut cursor = foreign;
        let answers = (0..1000).take_while(|_| replay.next(&mut cursor) != Next::UpToDate).count();
        assert!(answers <= 3, "{answers}");
    }
}

#[test]
fn what_is_kept_is_shown_as_text() {
    let mut replay = Replay::new([0; 64]);
    push(&mut replay, 7, 1).unwrap();
    let kept = replay.all().next().unwrap();
    assert_eq!(format!("{kept:?}"), r#"Kept { id: "7", frame: "id: 7\ndata: x\n\n" }"#);
}

#[test]
fn a_buffer_of_the_size_of_one_frame_holds_it() {
    let Err(PushError::TooLong { needed, .. }) = push(&mut Replay::new([0; 0]), 7, 30) else { panic!("too long") };
    let mut replay = Replay::new(vec![0; needed]);
    for number in 7..10 {
        push(&mut replay, number, 30).unwrap();
        assert_eq!(numbers(replay.all()), [number]);
    }
    assert!(push(&mut Replay::new(vec![0; needed - 1]), 7, 30).is_err());
}

#[test]
fn a_frame_needs_an_id() {
    let mut replay = Replay::new([0; 100]);
    push(&mut replay, 1, 1).unwrap();
    assert_eq!(replay.push(&Frame::new().data("x")), Err(PushError::NoId));
    assert_eq!(replay.push(&Frame::new().id(EventId::EMPTY).data("x")), Err(PushError::NoId));
    assert_eq!(told(&replay, "1"), Told::UpToDate, "an error changes nothing");
}

#[test]
fn replay_starts_after_the_first_use_of_an_id() {
    let mut replay = Replay::new([0; 512]);
    for number in [1, 2, 1, 3] {
        push(&mut replay, number, 1).unwrap();
    }
    assert_eq!(told(&replay, "1"), Told::Missed(vec![2, 1, 3]));
}

proptest! {
    /// Compared with a list that drops nothing, the answer is either exactly the later events or `Cut`.
    #[test]
    fn a_replay_is_complete_or_cut(size in 0_usize..400, lengths in prop::collection::vec(0_usize..120, 0..60)) {
        let mut replay = Replay::new(vec![0; size]);
        // Events from `begin` on can be replayed.
        let (mut begin, mut sent) = (0, 0);
        for length in lengths {
            sent += 1;
            if push(&mut replay, sent, length).is_err() {
                begin = sent;
            }
            let held = numbers(replay.all());
            let first = held.first().copied().unwrap_or(sent + 1);
            prop_assert!(first > begin);
            prop_assert_eq!(&held, &(first..=sent).collect::<Vec<_>>());
            for seen in 1..=sent {
                let expected = match seen {
                    _ if seen < first => Told::Cut,
                    _ if seen == sent => Told::UpToDate,
                    _ => Told::Missed((seen + 1..=sent).collect()),
                };
                prop_assert_eq!(told(&replay, &seen.to_string()), expected);
            }
            prop_assert_eq!(told(&replay, ""), Told::New);
            let newest = (!held.is_empty()).then(|| sent.to_string());
            prop_assert_eq!(replay.newest_id(), newest.as_ref().map(String::as_bytes));
            // At most the length of one frame is unused at the end.
            let longest = 30 + 120;
            let used: usize = replay.all().map(|kept| kept.frame.len() + 10).sum();
            prop_assert!(held.len() == sent as usize || used + 2 * longest >= size, "{} of {}", used, size);
        }
    }

    /// 64 clients at different speeds on one ring of 8 KiB, compared with a list that drops nothing. Each is sent all
    /// events in order, or is told that some are missing, and is told so only if they are.
    #[test]
    fn each_of_64_clients_is_sent_all_events_or_told_of_a_cut(
        steps in prop::collection::vec((0_usize..600, any::<u64>()), 1..400),
    ) {
        let mut replay = Replay::new([0; 8192]);
        // The cursor of each client, and the number of the last event before it.
        let mut clients = [(replay.end(), 0_u32); 64];
        let lengths: Vec<_> = steps.iter().map(|(length, _)| *length).collect();
        for (sent, (length, readers)) in (1_u32..).zip(steps) {
            // Every 50th frame is longer than the ring.
            let length = if sent % 50 == 49 { 9000 } else { length };
            prop_assert_eq!(push(&mut replay, sent, length).is_ok(), length < 9000);
            let oldest = replay.all().next().map_or(sent + 1, |kept| number_of(kept.id));
            for (index, (cursor, passed)) in clients.iter_mut().enumerate() {
                if readers >> index & 1 == 0 {
                    continue;
                }
                // The first clients read up to 64 frames at a time, the last ones a single frame.
                for _ in 0..64 / (index + 1) {
                    match replay.next(cursor) {
                        Next::Frame(kept) => {
                            prop_assert_eq!(number_of(kept.id), *passed + 1);
                            let length = lengths[*passed as usize];
                            let expected = frame_of(*passed + 1, length);
                            prop_assert_eq!(kept.frame, expected.as_bytes());
                            *passed += 1;
                        }
                        Next::UpToDate => {
                            prop_assert_eq!(*passed, sent);
                            break;
                        }
                        Next::Cut => {
                            prop_assert!(*passed + 1 < oldest, "{} is kept", *passed + 1);
                            *passed = oldest - 1;
                        }
                        next => panic!("unexpected answer: {next:?}"),
                    }
                }
            }
        }
    }
}

fn frame_of(number: u32, length: usize) -> String {
    format!("id: {number}\ndata: {}\n\n", "x".repeat(length))
}

fn number_of(id: &[u8]) -> u32 {
    str::from_utf8(id).unwrap().parse().unwrap()
}
