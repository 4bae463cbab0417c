//! The parts of delivery, each alone.

use embedded_sse::Event;
use embedded_sse::client::{Instant, NoJitter};
use embedded_sse::delivery::{
    Advice, Continuity, Cursor, CursorError, Decimal, Delivery, EpochDecimal, FullSync, Gap, Journal, JournalError,
    Journalled, Kept, MillisCounter, Next, RamRing, Reading, Record, Restart, Serial, SyncAction, Verdict,
};

fn event<'e>(id: &'e str, data: &'e str) -> Event<'e> {
    Event { event_type: b"message", data: data.as_bytes(), last_event_id: id.as_bytes() }
}

#[test]
fn each_policy_judges_as_its_ids_allow() {
    use Verdict::{Duplicate, First, InOrder, Restarted, Unknown};
    let gap = |missing| Verdict::Gap { missing };
    let decimal: Vec<_> = ["5", "6", "6", "", "4", "9", "7", "x", "9", "18446744073709551615"].into();
    let mut continuity = Continuity::new(Decimal);
    let verdicts: Vec<_> = decimal.iter().map(|id| continuity.observe(id.as_bytes())).collect();
    let last = gap(u64::MAX - 10);
    assert_eq!(verdicts, [First, InOrder, Unknown, Unknown, Duplicate, gap(2), Duplicate, Unknown, Duplicate, last]);

    let mut continuity = Continuity::new(EpochDecimal);
    let verdicts = ["a:5", "a:7", "b:1", "b-2", "c:9"].map(|id| continuity.observe(id.as_bytes()));
    assert_eq!(verdicts, [First, gap(1), Restarted, InOrder, Restarted]);

    let mut continuity = Continuity::new(MillisCounter);
    let verdicts = ["5-0", "5-1", "9-0", "9-0", "5-1", "5"].map(|id| continuity.observe(id.as_bytes()));
    assert_eq!(verdicts, [First, InOrder, InOrder, Unknown, Duplicate, Unknown]);
}

#[test]
fn an_event_without_an_id_is_never_a_duplicate() {
    let mut continuity = Continuity::new(Decimal);
    continuity.resume(b"7");
    // The decoder still holds the ID from before.
    continuity.connected(b"7");
    assert_eq!(continuity.observe(b"7"), Verdict::Unknown);
    // The server repeats, and an event without an ID comes in between.
    assert_eq!(continuity.observe(b"6"), Verdict::Duplicate);
    assert_eq!(continuity.observe(b"6"), Verdict::Unknown);
    assert_eq!(continuity.observe(b"8"), Verdict::InOrder);
}

#[test]
fn waits_between_attempts_to_fetch_the_state_double_up_to_a_minute() {
    let mut sync = FullSync::new();
    let mut now = Instant::ZERO;
    sync.failed(now, &mut NoJitter);
    assert_eq!(sync.poll(now), SyncAction::Deliver, "there is nothing to fail");
    assert!(sync.needed(None, None));
    let mut waits = Vec::new();
    for _ in 0..9 {
        sync.fetching();
        assert_eq!(sync.poll(now), SyncAction::AwaitState);
        sync.failed(now, &mut NoJitter);
        let SyncAction::WaitUntil(at) = sync.poll(now) else { panic!("{sync:?}") };
        waits.push(at.saturating_duration_since(now).as_millis());
        now = at;
    }
    assert_eq!(waits, [1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000, 60000]);
    assert!(!sync.needed(None, None), "a second gap joins the first");
    assert!(sync.synced(None));
    sync.needed(None, None);
    sync.failed(now, &mut || 0);
    assert_eq!(sync.poll(now), SyncAction::WaitUntil(Instant::from_millis(now.as_millis() + 500)), "shortest again");
}

#[test]
fn a_state_that_is_too_old_is_asked_for_again() {
    let mut delivery = Delivery::new(Decimal);
    delivery.resume(b"5");
    let Advice::Gap(gap) = delivery.received(&event("9", "")) else { panic!() };
    assert_eq!(gap, Gap { missing: Some(3), until: b"9", announced: false });
    delivery.sync_needed(&gap);
    assert_eq!(delivery.poll(Instant::ZERO), SyncAction::Fetch);
    assert_eq!(delivery.synced(b"4"), None, "the application was further");
    assert_eq!(delivery.synced(b"7"), None, "event 8 is missing");
    let state = delivery.synced(b"8").expect("event 9 comes next");
    assert!(delivery.resume_after(&state));
    assert_eq!(delivery.received(&event("9", "")), Advice::Deliver { id: b"9" });
    assert_eq!(delivery.synced(b"20"), None, "no state was needed");
    let counts = delivery.counts();
    assert_eq!((counts.gaps, counts.syncs, counts.duplicates), (1, 1, 0));
}

#[test]
fn a_state_without_an_id_closes_the_gap_and_drops_nothing() {
    let mut delivery = Delivery::new(Decimal);
    delivery.resume(b"5");
    let Advice::Gap(gap) = delivery.received(&event("9", "")) else { panic!() };
    delivery.sync_needed(&gap);
    let state = delivery.synced(b"").expect("it cannot be told to be too old");
    assert!(!delivery.resume_after(&state));
    assert_eq!(delivery.received(&event("9", "")), Advice::Deliver { id: b"9" });
}

#[test]
fn a_restart_leads_to_a_full_sync_unless_the_server_takes_care_of_it() {
    for (restart, id, is_gap) in [
        (Restart::Sync, "b:1", true),
        (Restart::Continue, "b:1", false),
        (Restart::Continue, "b:0", false),
        (Restart::Continue, "b:2", true), // the first event of the epoch is missing
    ] {
        let mut delivery = Delivery::new(EpochDecimal).restart(restart);
        delivery.resume(b"a:5");
        let advice = delivery.received(&event(id, ""));
        assert_eq!(matches!(advice, Advice::Gap(_)), is_gap, "{restart:?}, {id}: {advice:?}");
    }
}

#[test]
fn a_connection_that_is_behind_the_state_is_closed() {
    let mut delivery = Delivery::new(EpochDecimal);
    delivery.resume(b"a:5");
    let Advice::Gap(gap) = delivery.received(&event("b:1", "")) else { panic!() };
    delivery.sync_needed(&gap);
    let state = delivery.synced(b"c:4").expect("a newer one");
    assert!(delivery.resume_after(&state));
    assert_eq!(delivery.received(&event("b:2", "")), Advice::Reconnect);
    delivery.connected(b"");
    assert_eq!(delivery.received(&event("c:5", "")), Advice::Deliver { id: b"c:5" });
}

#[test]
fn a_gap_that_the_server_tells_is_not_delivered() {
    let mut delivery = Delivery::new(Decimal).gap_event("cut");
    delivery.resume(b"5");
    let cut = |id| Event { event_type: b"cut", ..event(id, "") };
    let told = |until| Advice::Gap(Gap { missing: None, until, announced: true });
    assert_eq!(delivery.received(&cut("9")), told(b"9"));
    assert_eq!(delivery.received(&cut("")), told(b""));
    assert_eq!(delivery.received(&cut("4")), Advice::Drop, "nothing up to there is missing");
    assert_eq!(Delivery::<Decimal>::gap_in_response(b"5", None), None);
    assert_eq!(Delivery::<Decimal>::gap_in_response(b"", Some(b"7")), None);
    let gap = Delivery::<Decimal>::gap_in_response(b"5", Some(b"earliest")).expect("they differ");
    delivery.sync_needed(&gap);
    assert_eq!(delivery.poll(Instant::ZERO), SyncAction::Fetch);
}

#[test]
fn the_cursor_takes_one_event_at_a_time() {
    let mut cursor = Cursor::new([0; 6]);
    assert_eq!(cursor.received(b"1234"), Err(CursorError::TooLong));
    for id in ["1", "22", "333", "4"] {
        let token = cursor.received(id.as_bytes()).expect("it fits");
        assert_eq!(cursor.received(b"9"), Err(CursorError::Busy));
        cursor.commit(token);
        assert_eq!(cursor.resume_from(), id.as_bytes());
    }
    let token = cursor.received(b"").expect("an event without an ID");
    cursor.commit(token);
    assert_eq!(cursor.resume_from(), b"4");
    assert_eq!(cursor.set(b"1234"), Err(CursorError::TooLong));
    assert_eq!(cursor.resume_from(), b"4");
}

#[test]
fn the_ring_keeps_records_in_order_wherever_it_wraps() {
    for size in 20..90 {
        let mut ring = RamRing::new([0; 96]);
        let (mut appended, mut committed) = (0u64, 0u64);
        let text = [b'x'; 96];
        for step in 0..400u64 {
            let length = (step * 7 % 31) as usize;
            let id = appended.to_string();
            let data = &text[..length.min(size)];
            let record =
                Record::Event { event: Event { event_type: b"m", data, last_event_id: id.as_bytes() }, has_id: true };
            match ring.append(&record) {
                Ok(()) => appended += 1,
                Err(error) => {
                    assert_eq!(error, JournalError::Full);
                    assert!(committed < appended, "an empty ring has room");
                    let mut buffer = [0; 96];
                    let (serial, record) = ring.read(Serial::START, &mut buffer).expect("it fits").expect("a record");
                    assert_eq!(serial, Serial(committed + 1));
                    assert_eq!(record.last_event_id(), committed.to_string().as_bytes());
                    ring.commit(serial, b"").expect("it cannot fail");
                    committed += 1;
                }
            }
        }
        let mut after = Serial(committed);
        while let Some((serial, record)) = ring.read(after, &mut [0; 96]).expect("it fits") {
            assert_eq!(record.last_event_id(), after.0.to_string().as_bytes());
            after = serial;
        }
        assert_eq!(after, Serial(appended));
        assert!(appended > 100, "{appended}");
    }
}

#[test]
fn an_event_that_did_not_fit_is_new_when_it_is_passed_again() {
    let mut journal = Journalled::new(Delivery::new(Decimal), RamRing::new([0; 48]), [0; 64]).expect("it fits");
    assert_eq!(journal.receive(&event("1", "a")), Ok(Kept::Stored));
    assert_eq!(journal.receive(&event("2", "b")), Ok(Kept::Stored));
    assert_eq!(journal.receive(&event("3", "c")), Ok(Kept::Full));
    assert_eq!(journal.receive(&event("3", "c")), Ok(Kept::Full));
    let Ok(Next::Event(first, token)) = journal.peek() else { panic!() };
    assert_eq!(first, event("1", "a"));
    journal.commit(token).expect("it cannot fail");
    assert_eq!(journal.receive(&event("3", "c")), Ok(Kept::Stored));
    assert_eq!(journal.receive(&event("2", "b")), Ok(Kept::Duplicate));
    assert_eq!(journal.resume_from(), Ok(&b"3"[..]));
}

#[test]
fn a_gap_that_arrives_while_the_state_is_fetched_needs_another_only_if_it_is_not_in_it() {
    for (state, syncs) in [("10", 2), ("14", 1), ("15", 1), ("20", 1)] {
        let mut journal = Journalled::new(Delivery::new(Decimal), RamRing::new([0; 512]), [0; 64]).expect("it fits");
        for id in ["5", "9"] {
            assert_eq!(journal.receive(&event(id, "")), Ok(Kept::Stored));
        }
        let Ok(Next::Event(_, token)) = journal.peek() else { panic!() };
        journal.commit(token).expect("it cannot fail");
        assert_eq!(journal.peek(), Ok(Next::Sync { since: b"5" }));
        journal.fetching();
        for id in ["10", "15", "16"] {
            assert_eq!(journal.receive(&event(id, "")), Ok(Kept::Stored));
        }
        assert_eq!(journal.synced(state.as_bytes()), Ok(true));
        let mut asked = 1;
        let mut handled = Vec::new();
        loop {
            match journal.peek().expect("it fits") {
                Next::Event(event, token) => {
                    handled.push(event.last_event_id.to_vec());
                    journal.commit(token).expect("it cannot fail");
                }
                Next::Sync { since } => {
                    assert_eq!(since, b"10");
                    asked += 1;
                    assert_eq!(journal.synced(b"15"), Ok(true));
                }
                Next::Nothing => break,
            }
        }
        assert_eq!(asked, syncs, "state {state}");
        let expected: &[&[u8]] = if state == "14" { &[b"15", b"16"] } else { &[b"16"] };
        assert_eq!(handled, if state == "20" { &[][..] } else { expected }, "state {state}");
        let resume_from: &[u8] = if state == "20" { b"20" } else { b"16" };
        assert_eq!(journal.resume_from(), Ok(resume_from));
    }
}

#[test]
fn reading_a_gap_asks_for_the_state_and_an_event_does_not() {
    let mut delivery = Delivery::new(Decimal);
    assert_eq!(delivery.read(&Record::Event { event: event("1", ""), has_id: true }), Reading::Deliver);
    assert_eq!(delivery.poll(Instant::ZERO), SyncAction::Deliver);
    assert_eq!(delivery.read(&Record::Gap { since: b"", until: b"", announced: true }), Reading::Sync);
    assert_eq!(delivery.poll(Instant::ZERO), SyncAction::Fetch);
}
