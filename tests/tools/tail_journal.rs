//! Tests of the journal of the `tail` tool: what was not printed is not lost, and what is missing is replaced by the state.

use std::fs;

use crate::common::script::{END, STREAM, Script, answer, chunk, send, send_and_stay};
use crate::common::tail::{S, finish, folder, interrupt, run, start, text};

/// Returns one chunk, which arrives whole.
fn events(ids: impl IntoIterator<Item = u32>) -> String {
    chunk(&ids.into_iter().map(|id| format!("id: {id}\ndata: {id}\n\n")).collect::<String>())
}

/// Returns what `--json` prints for [`events`].
fn printed(ids: impl IntoIterator<Item = u32>) -> String {
    ids.into_iter()
        .map(|id| format!("{{\"type\":\"message\",\"data\":\"{id}\",\"last_event_id\":\"{id}\"}}\n"))
        .collect()
}

fn summary(events: u32, reconnects: u32, rest: &str) -> String {
    format!("tail: {events} events, {reconnects} reconnects, {rest}")
}

#[test]
fn what_was_not_printed_comes_first_and_repeated_events_are_dropped() {
    let folder = folder("journal");
    let script = Script::new([
        send_and_stay(STREAM.to_owned() + &events(1..=3)),
        send_and_stay(STREAM.to_owned() + &events([3, 4, 6, 7])),
    ]);
    let arguments = ["--json", "--journal", text(&folder), "--events", "2", &script.url()];
    let first = run(&arguments);
    first.assert_ends(0, &summary(2, 0, "gaps 0, full syncs 0, duplicates dropped 0"));
    assert_eq!(first.stdout, printed(1..=2));
    let mut arguments = arguments;
    arguments[4] = "4";
    let second = run(&arguments);
    assert_eq!(second.stdout, printed([3, 4, 6, 7]));
    assert_eq!(second.stderr[0], "tail: events are missing after event \"4\"; going on without them");
    second.assert_ends(0, &summary(4, 0, "gaps 1, full syncs 0, duplicates dropped 1"));
    assert!(!script.request().contains("last-event-id"));
    assert!(script.request().contains("\r\nlast-event-id: 3\r\n"));
    // An interrupt, and all that was printed is committed.
    let script = Script::new([send_and_stay(STREAM)]);
    let child = start(&["--json", "--journal", text(&folder), &script.url()]);
    assert!(script.request().contains("\r\nlast-event-id: 7\r\n"));
    interrupt(&child);
    finish(child, 5 * S).assert_ends(0, &summary(0, 0, "gaps 0, full syncs 0, duplicates dropped 0"));
}

#[test]
fn a_state_is_fetched_for_a_new_journal_and_for_a_gap_until_it_is_new_enough() {
    let folder = folder("journal-sync");
    let state = |id: u32, body: &str| {
        let head = format!("HTTP/1.1 200 OK\r\nLast-Event-ID: {id}\r\nContent-Length: {}\r\n\r\n", body.len());
        send(head + body)
    };
    let states = Script::new([state(3, "three"), answer("503 Busy", ""), state(5, "five"), state(8, "eight")]);
    let script = Script::new([
        send(STREAM.to_owned() + &events([4]) + &chunk("event: cut\nid: 6\ndata\n\n") + &events([7, 8, 9]) + END),
        send(STREAM.to_owned() + &events([9, 10])),
    ]);
    let url = states.url();
    let arguments = ["--json", "--journal", text(&folder), "--sync", &url, "-H", "Authorization: x", "--events", "3"];
    let run = run(&[&arguments[..], &[&script.url()]].concat());
    let state = |data, id| format!("{{\"type\":\"state\",\"data\":\"{data}\",\"last_event_id\":\"{id}\"}}\n");
    let expected = [state("three", 3), printed([4]), state("eight", 8), printed([9, 10])].concat();
    assert_eq!(run.stdout, expected, "{:?}", run.stderr);
    let said = |text: &str| assert!(run.stderr.iter().any(|line| line == text), "{text} in {:?}", run.stderr);
    said("tail: events are missing from the start; the state after event \"3\" replaces them");
    said("tail: no state: the server answered 503 Service Unavailable; fetching it again soon");
    said("tail: the state after event \"5\" is too old; fetching it again soon");
    said("tail: events are missing after event \"4\"; the state after event \"8\" replaces them");
    run.assert_ends(0, &summary(3, 1, "gaps 2, full syncs 2, duplicates dropped 1"));
    assert!(script.request().contains("\r\nlast-event-id: 3\r\n"));
    assert!((0..4).all(|_| states.request().contains("\r\nauthorization: x\r\n")));
}

#[test]
fn ids_with_an_epoch_are_compared_when_asked_for() {
    let stream = "id: a:1\ndata: 1\n\nid: b:1\ndata: 2\n\nid: b:3\ndata: 3\n\n";
    for (ids, gaps) in [("epoch", 2), ("decimal", 0)] {
        let folder = folder(&format!("journal-{ids}"));
        let script = Script::new([send_and_stay(STREAM.to_owned() + &chunk(stream))]);
        let run = run(&["--journal", text(&folder), "--ids", ids, "--events", "3", &script.url()]);
        run.assert_ends(0, &summary(3, 0, &format!("gaps {gaps}, full syncs 0, duplicates dropped 0")));
    }
}

#[test]
fn a_folder_that_cannot_be_used_is_named() {
    let folder = folder("journal-faults");
    let file = folder.join("file");
    fs::write(&file, "text").expect("a file");
    let faults = run(&["--journal", text(&file), "http://127.0.0.1:1/"]);
    faults.assert_ends(2, &format!("tail: {}: File exists (os error 17); name another folder", file.display()));
    fs::write(folder.join("journal.redb"), "text").expect("a file");
    let faults = run(&["--journal", text(&folder), "http://127.0.0.1:1/"]);
    let why = "the journal is damaged: make it empty and fetch the full state";
    faults.assert_ends(2, &format!("tail: {}: {why}; name another folder", folder.display()));
    assert_eq!(faults.stderr.len(), 1, "{:?}", faults.stderr);

    let folder = folder.join("new");
    let script = Script::new([send_and_stay(STREAM.to_owned() + &events([1]))]);
    let child = start(&["--journal", text(&folder), &script.url()]);
    script.request();
    let faults = run(&["--journal", text(&folder), "http://127.0.0.1:1/"]);
    let why = "another tail is using it";
    faults.assert_ends(2, &format!("tail: {}: {why}; name another folder", folder.display()));
    interrupt(&child);
    finish(child, 5 * S);
    for arguments in [&["--sync", "http://127.0.0.1:1/"][..], &["--journal", "x", "--state", "y"]] {
        assert_eq!(run(&[arguments, &["http://127.0.0.1:1/"]].concat()).status, Some(2));
    }
    let faults = run(&["--journal", text(&folder), "--sync", "x", "http://127.0.0.1:1/"]);
    assert!(faults.stderr[0].starts_with("tail: --sync: "), "{:?}", faults.stderr);
    assert_eq!(faults.status, Some(2));
}
