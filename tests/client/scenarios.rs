//! The connection-level scenarios of the Web Platform Tests (W), of other projects' tests (P) and of two browsers (S).
//! They run over a session here, over an `EventSource` in `tests/event_source`, and over both drivers in `tests/driver`.
//!
//! Each test names the rows that it covers. Both sets of rules are tested wherever they could differ.
//!
//! Rows without a test of their own:
//!
//! | row | why |
//! |---|---|
//! | W21 | only the application knows that it can never connect: see `by_hand.rs` |
//! | W22, W24 | cross-origin rules and cookies: browsers only |
//! | W25 | a URL that cannot be parsed: this crate does not parse URLs |
//! | P15 | the request body is the caller's; that a POST is not repeated blindly is tested below |
//! | P19 | the codec has its own tests |

use core::time::Duration;

use super::harness::{Does, LONGEST_ID, Order, STREAM, Seen, World, content_type, redirect, status, stream};
use embedded_sse::client::{Backoff, Policy, Repeat, Response, Resumption, Rules, StopReason};

#[cfg(target_os = "none")]
use board::prelude::*;

const MINUTE: u64 = 60_000;
const BOTH: [Rules; 2] = [Rules::Browser, Rules::Resilient];

/// Three seconds without spread, like a browser.
const BROWSER: Policy = Policy::new(Backoff::fixed(Duration::from_secs(3)));

fn browser(script: impl IntoIterator<Item = Vec<Does>>) -> World {
    World::new(BROWSER, script).rules(Rules::Browser)
}

/// Runs a test under both sets of rules.
fn both(script: &[Vec<Does>], test: impl Fn(World)) {
    for rules in BOTH {
        test(World::new(BROWSER, script.to_vec()).rules(rules));
    }
}

fn gone() -> Vec<Does> {
    vec![status(204), Does::End]
}

// The life of a stream.

/// W1, S44.
#[test]
fn it_opens_once_when_the_head_of_the_response_arrives() {
    let late = vec![status(200), Does::Wait(1200), Does::Send(b"data: x\n\n")];
    both(&[late], |world| {
        let begun = world.now;
        let world = world.drive_bounded(MINUTE);
        assert_eq!(world.story(), "attempt open <x>");
        assert_eq!(world.opens(), [begun]);
    });
}

/// W2, P3.
#[test]
fn closing_is_immediate_and_final() {
    both(&[stream(b"data: x\n\n")], |world| {
        let world = world.after(1, Order::Close).drive_bounded(MINUTE);
        assert_eq!(world.story(), "attempt open <x> lost Closed", "closed while waiting");
    });
    both(&[vec![status(200), Does::Wait(5), Does::Send(b"data: late\n\n")]], |world| {
        let world = world.after(1, Order::Close).drive_bounded(MINUTE);
        assert_eq!(world.story(), "attempt open Closed", "nothing is delivered after closing");
    });
}

/// W20.
#[test]
fn closing_before_the_response_means_no_open_and_no_event() {
    let late = vec![Does::Wait(500), status(200), Does::Send(b"data: x\n\n")];
    both(&[late], |world| {
        let world = world.after(100, Order::Close).drive_bounded(MINUTE);
        assert_eq!(world.story(), "attempt Closed");
    });
}

/// W3, P2, P20, S22.
#[test]
fn it_reconnects_until_the_server_answers_204() {
    let script = [stream(b"retry: 500\ndata: 1\n\n"), stream(b"data: 2\n\n"), gone(), stream(b"data: never\n\n")];
    both(&script, |world| {
        let world = world.drive_bounded(10 * MINUTE);
        assert_eq!(world.story(), "attempt open <1> lost attempt open <2> lost attempt NoContent");
        assert_eq!(world.waits(), [500, 500]);
    });
}

/// W4: `retry` applies immediately, without a blank line, and a stream without events is valid.
#[test]
fn a_stream_without_events_is_reconnected_after_its_retry() {
    both(&[stream(b"retry: 700\n"), stream(b"data: x\n\n"), gone()], |world| {
        let world = world.drive_bounded(MINUTE);
        assert_eq!(world.story(), "attempt open lost attempt open <x> lost attempt NoContent");
        assert_eq!(world.waits(), [700, 700]);
    });
}

/// W5, S1.
#[test]
fn events_come_before_the_loss_and_the_loss_before_the_next_events() {
    both(&[stream(b"data: ok\n\n"), stream(b"data: data\n\n"), gone()], |world| {
        let world = world.drive_bounded(MINUTE);
        assert_eq!(world.story(), "attempt open <ok> lost attempt open <data> lost attempt NoContent");
        assert_eq!(world.waits(), [3000, 3000]);
    });
}

/// W26: a page that is frozen and restored.
#[test]
fn a_closed_client_can_be_restarted_and_resumes_from_its_id() {
    let open = vec![status(200), Does::Send(b"id: 4\ndata: x\n\n")];
    both(&[open, vec![status(200), Does::Echo]], |world| {
        let world = world.after(1000, Order::Close).after(9000, Order::Restart).drive_bounded(MINUTE);
        assert_eq!(world.story(), "attempt open <x> attempt open <4>");
        assert_eq!(world.attempts()[1] - world.attempts()[0], 9000);
    });
}

/// W27: a byte stream instead of a URL.
#[test]
fn a_single_stream_stops_at_its_end() {
    let world = World::new(BROWSER.stop_at_end(), [stream(b"retry: 900\nid: 9\ndata: x\n\n")]).drive_bounded(MINUTE);
    assert_eq!(world.story(), "attempt open <x> lost Ended");
    assert_eq!(world.client.last_event_id(), b"9");
    let world = World::new(BROWSER.stop_at_end(), [vec![status(200), Does::Break], gone()]).drive_bounded(MINUTE);
    assert_eq!(
        world.story(),
        "attempt open lost attempt NoContent",
        "a broken connection is not the end of the stream"
    );
}

/// P1.
#[test]
fn ids_continue_after_a_reconnect_without_a_gap() {
    let first = stream(b"retry: 500\nid: 1\ndata: a\n\nid: 2\ndata: b\n\nid: 3\ndata: c\n\n");
    let second = stream(b"id: 4\ndata: d\n\nid: 5\ndata: e\n\nid: 6\ndata: f\n\n");
    both(&[first, second, gone()], |world| {
        let world = world.drive_bounded(MINUTE);
        assert_eq!(world.event_ids(), ["1", "2", "3", "4", "5", "6"]);
        assert_eq!(world.ids_sent(), ["-", "3", "6"]);
    });
}

/// P5.
#[test]
fn a_slow_first_response_is_waited_for() {
    let slow = vec![Does::Wait(200), status(200), Does::Send(b"data: x\n\n"), Does::End];
    both(&[slow, vec![]], |world| {
        let world = world.after(1000, Order::Close).drive_bounded(MINUTE);
        assert_eq!(world.story(), "attempt open <x> lost Closed");
        assert_eq!(world.opens()[0] - world.attempts()[0], 200);
    });
}

/// P6.
#[test]
fn a_character_cut_in_two_is_reassembled() {
    let cut = vec![status(200), Does::Send(b"data: \xC3"), Does::Wait(1000), Does::Send(b"\xA9\n\n")];
    both(&[cut], |world| assert_eq!(world.drive_bounded(MINUTE).data(), ["\u{E9}"]));
}

/// S43.
#[test]
fn an_event_is_delivered_with_the_last_byte_of_its_blank_line() {
    for ends in ["\n\n", "\r\r", "\n\r", "\r\n\r", "\r\n\r\n"] {
        let bytes: &'static [u8] = format!("data: x{ends}").leak().as_bytes();
        both(&[vec![status(200), Does::Wait(100), Does::Send(bytes)]], |world| {
            let world = world.drive_bounded(MINUTE);
            let at = world.times(|seen| matches!(seen, Seen::Event { .. }));
            assert_eq!(at, [world.attempts()[0] + 100], "{ends:?}");
        });
    }
}

// Responses.

/// W6, S2, S3, S4, S6, P7, P16.
#[test]
fn a_status_other_than_200_delivers_no_event_and_stops_unless_it_is_temporary() {
    let no_location = [300, 301, 302, 303, 304, 305, 307, 308];
    let statuses = [201, 202, 203, 204, 205, 206, 210, 299, 400, 401, 403, 404, 405, 406, 409, 410, 418, 425, 429, 431];
    for code in no_location.into_iter().chain(statuses).chain([500, 501, 502, 503, 504, 599]) {
        let script = [vec![status(code), Does::Send(b"data: no\n\n"), Does::End], stream(b"data: yes\n\n"), gone()];
        let stopped = browser(script.clone()).drive_bounded(MINUTE);
        assert_eq!(stopped.attempts().len(), 1, "{code}");
        assert!(stopped.data().is_empty() && stopped.stopped().is_some(), "{code}");

        let resilient = World::new(BROWSER, script).drive_bounded(MINUTE);
        if matches!(code, 425 | 429 | 500..) {
            assert_eq!(resilient.story(), "attempt lost attempt open <yes> lost attempt NoContent", "{code}");
        } else {
            assert_eq!((resilient.attempts().len(), resilient.data().len()), (1, 0), "{code}");
            let expected = match code {
                204 => StopReason::NoContent,
                401 | 403 => StopReason::Credentials(code),
                _ => StopReason::Status(code),
            };
            assert_eq!(resilient.stopped(), Some(expected));
        }
    }
}

/// S5: the HTTP layers of browsers repeat 408 and 421 by themselves.
#[test]
fn only_the_resilient_rules_repeat_after_a_request_timeout() {
    for code in [408, 421, 425] {
        let script = [vec![status(code)], gone()];
        assert_eq!(browser(script.clone()).drive_bounded(MINUTE).story(), format!("attempt Status({code})"));
        assert_eq!(World::new(BROWSER, script).drive_bounded(MINUTE).story(), "attempt lost attempt NoContent");
    }
}

/// S6, its `Retry-After`, which browsers ignore.
#[test]
fn retry_after_is_honoured_where_the_status_is_retried() {
    let busy = Does::Respond(Response { status: 503, retry_after: Some(b"7"), ..STREAM });
    let script = [vec![busy], gone()];
    assert_eq!(browser(script.clone()).drive_bounded(MINUTE).story(), "attempt Status(503)");
    assert_eq!(World::new(BROWSER, script).drive_bounded(MINUTE).waits(), [7000]);
}

/// S22, P16.
#[test]
fn the_rules_are_the_same_on_a_reconnect() {
    for answer in [status(500), status(503), status(204), content_type(Some(b"text/plain"))] {
        let script = [stream(b"data: x\n\n"), vec![answer], stream(b"data: y\n\n"), gone()];
        let world = browser(script).drive_bounded(MINUTE);
        assert_eq!(world.attempts().len(), 2);
        assert_eq!(world.data(), ["x"]);
        assert!(world.stopped().is_some());
    }
    let script = [stream(b"data: x\n\n"), vec![status(500)], stream(b"data: y\n\n"), gone()];
    assert_eq!(World::new(BROWSER, script).drive_bounded(MINUTE).data(), ["x", "y"]);
}

/// W8, W9, S10, P13.
#[test]
fn another_content_type_stops() {
    for bad in [
        Some(&b"x bogus"[..]),
        Some(b"text/x-bogus"),
        Some(b"text/event-streams"),
        Some(b"text/plain"),
        Some(b"text/html"),
        Some(b"application/json"),
        Some(b"*/*"),
        Some(b"application/event-stream"),
        Some(b""),
        None,
    ] {
        both(&[vec![content_type(bad), Does::Send(b"data: no\n\n"), Does::End], gone()], |world| {
            assert_eq!(world.drive_bounded(MINUTE).story(), "attempt ContentType", "{bad:?}");
        });
    }
}

/// W10, W11, S7, S8 (as in Firefox, D6), S9, P13, P17.
#[test]
fn the_content_type_may_be_written_in_many_ways() {
    for good in [
        &b"text/event-stream;"[..],
        b"TEXT/EVENT-STREAM",
        b"Text/Event-Stream ; charset=utf-8",
        b"text/event-stream; charset=utf-8",
        b"text/event-stream;charset=\"UTF-8\"",
        b"text/event-stream;charset=",
        b"text/event-stream;x=y",
        b"text/event-stream;charset=utf8",
        b"text/event-stream;charset=windows-1252",
        b"text/plain, text/event-stream",
    ] {
        both(&[vec![content_type(Some(good)), Does::Send("data: \u{E9}\n\n".as_bytes())]], |world| {
            assert_eq!(world.drive_bounded(MINUTE).story(), "attempt open <\u{E9}>");
        });
    }
    both(&[vec![content_type(Some(b"text/event-stream, text/plain"))]], |world| {
        assert_eq!(world.drive_bounded(MINUTE).story(), "attempt ContentType");
    });
}

/// P13, its 401.
#[test]
fn the_application_restarts_after_a_request_for_credentials() {
    let script = [vec![status(401)], stream(b"data: x\n\n"), gone()];
    let world = World::new(BROWSER, script).after(500, Order::Restart).drive_bounded(MINUTE);
    assert_eq!(world.story(), "attempt attempt open <x> lost attempt NoContent");
    assert_eq!(world.attempts()[1] - world.attempts()[0], 500);
    let world = World::new(BROWSER, [vec![status(401)]]).drive_bounded(MINUTE);
    assert_eq!(world.stopped(), Some(StopReason::Credentials(401)));
}

// Redirects.

/// W7, S11, W23 and S12 and P4 as far as URLs go: D7, as in Firefox.
#[test]
fn a_redirect_is_followed_and_a_permanent_one_moves_the_stream() {
    for code in [301, 302, 303, 307, 308] {
        let moved = vec![redirect(code, Some(b"/new")), status(200), Does::Send(b"data: x\n\n"), Does::End];
        both(&[moved, gone()], |world| {
            let world = world.drive_bounded(MINUTE);
            let later = if matches!(code, 301 | 308) { "/new" } else { "/" };
            assert_eq!(world.urls(), ["/", "/new", later], "{code}");
            assert_eq!(world.data(), ["x"]);
        });
    }
}

#[test]
fn a_permanent_redirect_after_a_temporary_one_moves_nothing() {
    let moved = vec![redirect(301, Some(b"/a")), redirect(302, Some(b"/b")), redirect(301, Some(b"/c"))];
    let script = [[moved, stream(b"data: x\n\n")].concat(), gone()];
    assert_eq!(browser(script).drive_bounded(MINUTE).urls(), ["/", "/a", "/b", "/c", "/a"]);
}

/// S3, S15 (as in Chromium), P8.
#[test]
fn a_redirect_to_nowhere_stops() {
    for code in [301, 302, 303, 307, 308] {
        for location in [None, Some(&b""[..])] {
            both(&[vec![redirect(code, location)], gone()], |world| {
                assert_eq!(world.drive_bounded(MINUTE).story(), format!("attempt Status({code})"));
            });
        }
    }
}

/// S13, S14 (as in Chromium).
#[test]
fn twenty_redirects_are_followed_and_one_more_is_a_network_error() {
    for (count, followed) in [(19, true), (20, true), (21, false)] {
        let loops = vec![redirect(302, Some(b"/again")); count];
        both(&[[loops, vec![status(200)]].concat(), gone()], |world| {
            let world = world.drive_bounded(MINUTE);
            assert_eq!(world.opens().len(), usize::from(followed), "{count}");
            assert_eq!(world.waits().is_empty(), followed, "{count}");
            assert_eq!(world.urls().iter().filter(|url| **url == "/again").count(), count.min(20));
        });
    }
}

#[test]
fn each_attempt_counts_and_judges_its_own_redirects() {
    let cut = [vec![redirect(302, Some(b"/again")); 15], vec![Does::Break]].concat();
    both(&[cut.clone(), cut, gone()], |world| {
        assert_eq!(world.drive_bounded(MINUTE).urls().iter().filter(|url| **url == "/again").count(), 30);
    });
    let temporary = vec![redirect(302, Some(b"/a")), Does::Break];
    let permanent = vec![redirect(301, Some(b"/b")), Does::Break];
    both(&[temporary, permanent, gone()], |world| {
        assert_eq!(world.drive_bounded(MINUTE).urls(), ["/", "/a", "/", "/b", "/b"]);
    });
}

/// S16 (as in Chromium).
#[test]
fn a_redirect_that_cannot_be_followed_is_a_network_error() {
    both(&[vec![redirect(302, Some(b"http://[")), Does::Break], gone()], |world| {
        let world = world.drive_bounded(MINUTE);
        assert!(world.story().ends_with("attempt lost attempt NoContent"));
        assert_eq!(world.waits(), [3000]);
    });
}

// Losses.

/// S17.
#[test]
fn an_empty_body_is_a_stream_that_ended() {
    both(&[vec![status(200), Does::End], gone()], |world| {
        assert_eq!(world.drive_bounded(MINUTE).story(), "attempt open lost attempt NoContent");
    });
}

/// S18, D4, S34, W18, S41.
#[test]
fn a_body_that_is_cut_loses_only_its_unfinished_block() {
    let cut = b"retry: 600\nid: 1\ndata: x\n\nid: 2\nevent: half\ndata: ha";
    for how in [Does::Break, Does::End] {
        let script = [vec![status(200), Does::Send(cut), how], stream(b"lf\ndata: y\n\n"), gone()];
        both(&script, |world| {
            let world = world.drive_bounded(MINUTE);
            assert_eq!(world.data(), ["x", "y"]);
            assert_eq!(world.ids_sent(), ["-", "1", "1"]);
            assert_eq!(world.waits(), [600, 600]);
        });
    }
    let unfinished = stream(b"retry: 1000\ndata: x\n\nid: test\ndata: y");
    both(&[unfinished.clone(), unfinished, gone()], |world| {
        let world = world.drive_bounded(MINUTE);
        assert_eq!(world.event_ids(), ["", ""]);
        assert_eq!(world.ids_sent(), ["-"; 3]);
    });
}

/// S19, S20, S21, S23: refused, closed without a response, not HTTP. P18: also at the first connect, but this is
/// reported, and the application can set a limit.
#[test]
fn network_errors_are_retried_forever() {
    both(&[vec![Does::Wait(5), Does::Break]], |world| {
        let world = world.drive_bounded(60 * MINUTE);
        assert!(world.waits().len() > 1000);
        assert!(world.waits().iter().all(|wait| *wait == 3000));
        assert_eq!(world.stopped(), None);
    });
    let once = World::new(BROWSER.max_attempts(0), [vec![Does::Break]]).drive_bounded(MINUTE);
    assert_eq!(once.story(), "attempt lost MaxAttempts");
}

/// P10.
#[test]
fn silence_counts_as_a_loss_and_any_byte_ends_it() {
    let policy = BROWSER.liveness(Some(Duration::from_secs(10)));
    let quiet = vec![status(200), Does::Wait(9000), Does::Send(b":"), Does::Wait(9000), Does::Send(b"\n")];
    let world = World::new(policy, [quiet, gone()]).drive_bounded(MINUTE);
    assert_eq!(world.story(), "attempt open lost attempt NoContent");
    assert_eq!(world.attempts()[1] - world.attempts()[0], 18_000 + 10_000 + 3000);
}

// Waits.

/// W14, S1: within the allowed 25 %, with the spread of `mobile`, and exact without spread.
#[test]
fn it_waits_for_the_reconnection_time_of_the_server() {
    both(&[stream(b"retry: 03000\ndata: x\n\n"), gone()], |world| {
        assert_eq!(world.drive_bounded(MINUTE).waits(), [3000]);
    });
    let spread = World::new(Policy::mobile(), [stream(b"retry: 03000\n"), gone()]).drive_bounded(MINUTE).waits();
    assert!((3000..4500).contains(&spread[0]), "{spread:?}");
}

/// W15, S28.
#[test]
fn an_invalid_reconnection_time_changes_nothing() {
    both(&[stream(b"retry: 3000\nretry: 1000x\ndata: x\n\n"), gone()], |world| {
        assert_eq!(world.drive_bounded(MINUTE).waits(), [3000]);
    });
    both(&[stream(b"retry: 800\n"), stream(b"retry: 1x\n"), gone()], |world| {
        assert_eq!(world.drive_bounded(MINUTE).waits(), [800, 800]);
    });
}

/// S24 (as in Firefox), R65.
#[test]
fn a_reconnection_time_of_zero_causes_no_hot_loop() {
    both(&[stream(b"retry: 0\n")], |world| {
        let world = world.drive_bounded(MINUTE);
        assert!(world.waits().iter().all(|wait| *wait == 500));
        assert_eq!(world.waits().len(), 120);
    });
}

/// S25, S26, S27 (D2: ignored).
#[test]
fn a_reconnection_time_applies_until_there_is_another() {
    let streams: [&'static [u8]; 5] = [b"retry: 600\n", b"data: x\n\n", b"retry: 900\n", b"retry\nretry:\n", b""];
    let script = streams.map(stream).into_iter().chain([gone()]).collect::<Vec<_>>();
    both(&script, |world| assert_eq!(world.drive_bounded(MINUTE).waits(), [600, 600, 900, 900, 900]));
}

/// D5.
#[test]
fn a_huge_reconnection_time_is_limited_to_an_hour() {
    for absurd in [&b"retry: 18446744073709551615\n"[..], b"retry: 4294967296\n", b"retry: 99999999999999999999999\n"] {
        both(&[stream(absurd), gone()], |world| assert_eq!(world.drive_bounded(120 * MINUTE).waits(), [3_600_000]));
    }
}

/// P9.
#[test]
fn waits_grow_to_a_cap_within_their_spread_and_restart_after_a_stable_hour() {
    let good = vec![status(200), Does::Send(b": x\n\n"), Does::Wait(60 * MINUTE), Does::End];
    let script = [vec![vec![Does::Break]; 12], vec![good], vec![vec![Does::Break]; 2], vec![gone()]].concat();
    let world = World::new(Policy::mobile(), script).drive_bounded(180 * MINUTE);
    let steps = [1, 2, 4, 8, 16, 30, 30, 30, 30, 30, 30, 30, 1, 2, 4];
    assert_eq!(world.waits().len(), steps.len());
    for (wait, step) in world.waits().iter().zip(steps) {
        assert!((step * 500..step * 1000).contains(wait), "{step}: {wait}");
    }
}

/// P12.
#[test]
fn the_application_can_end_a_wait() {
    let world = World::new(BROWSER, [vec![Does::Break], gone()]).after(100, Order::Restart).drive_bounded(MINUTE);
    assert_eq!(world.waits(), [100]);
}

// Requests.

/// W12, W13: the harness checks `Accept` and `Cache-Control` of every attempt.
#[test]
fn each_attempt_has_its_headers() {
    both(&[stream(b""), stream(b""), gone()], |world| {
        let world = world.drive_bounded(MINUTE);
        assert_eq!(world.attempts().len(), 3);
    });
}

/// W16, S29, S30, S35, S44: D1.
#[test]
fn the_last_event_id_is_kept_over_connections_that_do_not_mention_it() {
    let first = stream("id: \u{2026}\u{E9}\u{1F600}\nretry: 500\ndata: x\n\n".as_bytes());
    let script = [first, vec![status(200), Does::Echo, Does::End], stream(b": only\n\n"), stream(b""), gone()];
    both(&script, |world| {
        let world = world.drive_bounded(MINUTE);
        let id = "\u{2026}\u{E9}\u{1F600}";
        assert_eq!(world.data(), ["x", id]);
        assert_eq!(world.event_ids(), [id, id]);
        assert_eq!(world.ids_sent(), ["-", id, id, id, id]);
    });
}

/// W17, R42.
#[test]
fn an_id_with_nul_is_ignored() {
    both(&[stream(b"id: a\0b\ndata: x\n\n"), stream(b"id: \0\ndata: y\n\n"), gone()], |world| {
        let world = world.drive_bounded(MINUTE);
        assert_eq!(world.ids_sent(), ["-", "-", "-"]);
        assert_eq!(world.event_ids(), ["", ""]);
    });
}

/// W19, S37.
#[test]
fn the_last_event_id_is_sent_unchanged() {
    for id in ["abc", "<b>", "a\tb", "{\"a\": 1}", "%20", &"x".repeat(64)] {
        let bytes: &'static [u8] = format!("id: {id}\ndata: x\n\n").leak().as_bytes();
        both(&[stream(bytes), gone()], |world| assert_eq!(world.drive_bounded(MINUTE).ids_sent(), ["-", id]));
    }
}

/// S31 and S33 (as in Chromium: D9), S32, P14, R43.
#[test]
fn an_id_without_data_counts_and_an_empty_one_resets_it() {
    both(&[stream(b"id: X\n\n"), stream(b"id\n\n"), stream(b"id: Y\nid:\ndata: x\n\n"), gone()], |world| {
        assert_eq!(world.drive_bounded(MINUTE).ids_sent(), ["-", "X", "-", "-"]);
    });
    both(&[stream(b"id: 1\n\n"), stream(b"id: 2\n\n"), gone()], |world| {
        assert_eq!(world.drive_bounded(MINUTE).ids_sent(), ["-", "1", "2"]);
    });
}

/// S36: an id is sent with its blanks at the ends, although these are lost on the way. An id of blanks alone is not
/// sent.
#[test]
fn blanks_around_an_id_are_reported() {
    both(&[stream(b"id:  a b \ndata: x\n\n"), gone()], |world| {
        let world = world.drive_bounded(MINUTE);
        assert_eq!(world.event_ids(), [" a b "]);
        assert_eq!(world.ids_sent(), ["-", " a b "]);
        assert!(matches!(world.client.resumption(), Resumption::FromTrimmed(_)));
    });
    both(&[stream(b"id:  \t \ndata: x\n\n"), gone()], |world| {
        let world = world.drive_bounded(MINUTE);
        assert_eq!(world.event_ids(), [" \t "]);
        assert_eq!(world.ids_sent(), ["-", "-"]);
        assert_eq!(world.client.resumption(), Resumption::Unsendable(b" \t "));
    });
}

/// S38: browsers stop for good.
#[test]
fn an_id_that_no_header_can_carry_is_reported_and_the_stream_continues() {
    for id in [&b"a\x01"[..], b"\x7F", b"a\x1Bb", b"\x08"] {
        let bytes: &'static [u8] = [b"id: ", id, b"\ndata: x\n\n"].concat().leak();
        both(&[stream(bytes), stream(b"data: y\n\n"), gone()], |world| {
            let world = world.drive_bounded(MINUTE);
            assert_eq!(world.data(), ["x", "y"]);
            assert_eq!(world.ids_sent(), ["-"; 3]);
            assert_eq!(world.client.resumption(), Resumption::Unsendable(id));
        });
    }
}

/// S39.
#[test]
fn invalid_utf_8_in_an_id_is_sent_as_a_replacement_character() {
    both(&[stream(b"id: a\xFF\ndata: x\n\n"), gone()], |world| {
        let world = world.drive_bounded(MINUTE);
        assert_eq!(world.event_ids(), ["a\u{FFFD}"]);
        assert_eq!(world.ids_sent(), ["-", "a\u{FFFD}"]);
    });
}

/// S40: an id that does not fit its store is reported, and the one before it is kept. If the server rejects an id as
/// too long, the client stops.
#[test]
fn a_long_id_is_never_truncated() {
    let bytes: &'static [u8] =
        format!("id: 1\ndata: x\n\nid: {}\ndata: y\n\n", "x".repeat(LONGEST_ID + 1)).leak().as_bytes();
    both(&[stream(bytes), vec![status(431)]], |world| {
        let world = world.drive_bounded(MINUTE);
        assert_eq!(world.data(), ["x", "y"]);
        assert_eq!(world.ids_sent(), ["-", "1"]);
        assert_eq!(world.stopped(), Some(StopReason::Status(431)));
    });
}

/// S42.
#[test]
fn a_byte_order_mark_is_removed_from_each_stream() {
    let marked = b"\xEF\xBB\xBFdata: x\n\n";
    both(&[stream(marked), stream(marked), gone()], |world| {
        assert_eq!(world.drive_bounded(MINUTE).data(), ["x", "x"]);
    });
}

/// P11, R47.
#[test]
fn the_first_request_has_no_id_unless_the_application_sets_one() {
    both(&[gone()], |world| assert_eq!(world.drive_bounded(MINUTE).ids_sent(), ["-"]));
    both(&[gone()], |mut world| {
        world.client.set_last_event_id(b"kept").unwrap();
        assert_eq!(world.drive_bounded(MINUTE).ids_sent(), ["kept"]);
    });
}

// Requests with side effects.

/// Checks the log of a client for each of the three settings of `Repeat`, in this order.
#[track_caller]
fn repeats(connection: &[Does], stories: [&str; 3]) {
    for (repeat, story) in [Repeat::Always, Repeat::UntilAnswered, Repeat::Never].into_iter().zip(stories) {
        let mut world =
            World::new(BROWSER.connect_timeout(Some(Duration::from_secs(5))), [connection.to_vec(), gone()]);
        world.client.set_repeat(repeat);
        // An id that was set is not one of this response.
        world.client.set_last_event_id(b"stored").unwrap();
        assert_eq!(world.drive_bounded(MINUTE).story(), story, "{repeat:?} {connection:?}");
    }
}

#[test]
fn a_request_without_a_response_is_repeated_unless_that_is_forbidden() {
    let stories = ["attempt lost attempt NoContent", "attempt lost attempt NoContent", "attempt lost CannotResume"];
    repeats(&[Does::Break], stories);
    repeats(&[], stories); // a connect timeout
    repeats(&[status(503)], stories);
}

#[test]
fn a_request_with_a_response_is_repeated_only_from_an_id_of_this_response() {
    let always = "attempt open lost attempt NoContent";
    let cannot = "attempt open lost CannotResume";
    let delivered = "attempt open <x> lost attempt NoContent";
    let delivered_cannot = "attempt open <x> lost CannotResume";
    for how in [Does::End, Does::Break] {
        let cut = |bytes| [status(200), Does::Send(bytes), how.clone()];
        repeats(&cut(b""), [always, cannot, cannot]);
        repeats(&cut(b": nothing yet\n\n"), [always, cannot, cannot]);
        repeats(&cut(b"id: 1\ndata: half an ev"), [always, cannot, cannot]);
        repeats(&cut(b"data: x\n\n"), [delivered, delivered_cannot, delivered_cannot]);
        repeats(&cut(b"id: \x01\ndata: x\n\n"), [delivered, delivered_cannot, delivered_cannot]);
        repeats(&cut(b"id: 1\ndata: x\n\n"), [delivered; 3]);
        repeats(&cut(b"id: 1\n\n"), [always; 3]);
        repeats(&cut(b"id: 1\n\nid:\n\n"), [always, cannot, cannot]);
    }
}

/// The server closes the connection before a response, and the end of a stream is the end of all.
#[test]
fn a_request_without_a_response_has_not_ended_as_it_should() {
    let mut world = World::new(BROWSER.stop_at_end(), [vec![Does::End], gone()]);
    world.client.set_repeat(Repeat::Never);
    assert_eq!(world.drive_bounded(MINUTE).story(), "attempt lost CannotResume");
}

#[test]
fn a_request_that_was_redirected_was_sent() {
    let redirected = vec![redirect(303, Some(b"/elsewhere")), Does::Refuse];
    let mut world = World::new(BROWSER, [redirected, gone()]);
    world.client.set_repeat(Repeat::Never);
    assert_eq!(world.drive_bounded(MINUTE).story(), "attempt attempt lost CannotResume");
}

#[test]
fn a_resumed_response_must_have_an_id_of_its_own() {
    let first = stream(b"id: 1\ndata: x\n\n");
    let mut world = World::new(BROWSER, [first.clone(), vec![Does::Break], stream(b"data: y\n\n"), gone()]);
    world.client.set_repeat(Repeat::Never);
    let world = world.drive_bounded(MINUTE);
    assert_eq!(world.story(), "attempt open <x> lost attempt lost attempt open <y> lost CannotResume");
    assert_eq!(world.ids_sent(), ["-", "1", "1"]);
}

#[test]
fn a_request_that_was_not_sent_may_be_sent_with_every_setting() {
    for repeat in [Repeat::Always, Repeat::UntilAnswered, Repeat::Never] {
        let mut world = World::new(BROWSER, [vec![Does::Refuse], gone()]);
        world.client.set_repeat(repeat);
        assert_eq!(world.drive_bounded(MINUTE).story(), "attempt lost attempt NoContent");
    }
}

#[test]
fn a_post_is_not_repeated_after_its_network_was_lost() {
    for order in [Order::NetworkDown, Order::NetworkChanged] {
        let mut world = World::new(BROWSER, [vec![status(200), Does::Send(b"data: x\n\n")], gone()]);
        world.client.set_repeat(Repeat::Never);
        let world = world.after(100, order).drive_bounded(MINUTE);
        assert_eq!(world.story(), "attempt open <x> CannotResume");
    }
}

#[test]
fn restart_does_not_repeat_what_may_not_be_repeated() {
    let silent = vec![status(200), Does::Send(b"data: x\n\n")];
    let mut world = World::new(BROWSER, [silent, gone()]);
    world.client.set_repeat(Repeat::Never);
    let world = world.after(100, Order::Restart).drive_bounded(MINUTE);
    assert_eq!(world.story(), "attempt open <x>", "the response continues");

    let mut world = World::new(BROWSER, [stream(b"data: x\n\n"), stream(b"data: y\n\n")]);
    world.client.set_repeat(Repeat::Never);
    let mut world = world.after(500, Order::Restart).drive_bounded(MINUTE);
    assert_eq!(world.story(), "attempt open <x> lost CannotResume");
    world.client.set_repeat(Repeat::Never);
    let world = world.after(0, Order::Restart).drive_bounded(MINUTE);
    assert_eq!(world.story(), "attempt open <x> lost attempt open <y> lost CannotResume", "a new request");
}

#[test]
fn a_complete_response_to_a_post_is_not_a_failed_resumption() {
    let mut world = World::new(BROWSER.stop_at_end(), [stream(b"data: x\n\n")]);
    world.client.set_repeat(Repeat::Never);
    assert_eq!(world.drive_bounded(MINUTE).story(), "attempt open <x> lost Ended");
}

#[test]
fn a_terminal_event_stops_the_client_before_the_server_closes() {
    let done = vec![status(200), Does::Send(b"data: [DONE]\n\n"), Does::Wait(5), Does::Send(b"data: never\n\n")];
    both(&[done, gone()], |world| {
        let world = world.after(1, Order::Finished).drive_bounded(MINUTE);
        assert_eq!(world.story(), "attempt open <[DONE]> Finished");
    });
}

/// All scenarios, for a client that cannot express each of them.
#[allow(dead_code, reason = "only one client needs it")]
pub(crate) const TABLE: &[(&str, fn())] = &[
    ("it_opens_once_when_the_head_of_the_response_arrives", it_opens_once_when_the_head_of_the_response_arrives),
    ("closing_is_immediate_and_final", closing_is_immediate_and_final),
    ("closing_before_the_response_means_no_open_and_no_event", closing_before_the_response_means_no_open_and_no_event),
    ("it_reconnects_until_the_server_answers_204", it_reconnects_until_the_server_answers_204),
    ("a_stream_without_events_is_reconnected_after_its_retry", a_stream_without_events_is_reconnected_after_its_retry),
    (
        "events_come_before_the_loss_and_the_loss_before_the_next_events",
        events_come_before_the_loss_and_the_loss_before_the_next_events,
    ),
    (
        "a_closed_client_can_be_restarted_and_resumes_from_its_id",
        a_closed_client_can_be_restarted_and_resumes_from_its_id,
    ),
    ("a_single_stream_stops_at_its_end", a_single_stream_stops_at_its_end),
    ("ids_continue_after_a_reconnect_without_a_gap", ids_continue_after_a_reconnect_without_a_gap),
    ("a_slow_first_response_is_waited_for", a_slow_first_response_is_waited_for),
    ("a_character_cut_in_two_is_reassembled", a_character_cut_in_two_is_reassembled),
    (
        "an_event_is_delivered_with_the_last_byte_of_its_blank_line",
        an_event_is_delivered_with_the_last_byte_of_its_blank_line,
    ),
    (
        "a_status_other_than_200_delivers_no_event_and_stops_unless_it_is_temporary",
        a_status_other_than_200_delivers_no_event_and_stops_unless_it_is_temporary,
    ),
    (
        "only_the_resilient_rules_repeat_after_a_request_timeout",
        only_the_resilient_rules_repeat_after_a_request_timeout,
    ),
    ("retry_after_is_honoured_where_the_status_is_retried", retry_after_is_honoured_where_the_status_is_retried),
    ("the_rules_are_the_same_on_a_reconnect", the_rules_are_the_same_on_a_reconnect),
    ("another_content_type_stops", another_content_type_stops),
    ("the_content_type_may_be_written_in_many_ways", the_content_type_may_be_written_in_many_ways),
    (
        "the_application_restarts_after_a_request_for_credentials",
        the_application_restarts_after_a_request_for_credentials,
    ),
    (
        "a_redirect_is_followed_and_a_permanent_one_moves_the_stream",
        a_redirect_is_followed_and_a_permanent_one_moves_the_stream,
    ),
    (
        "a_permanent_redirect_after_a_temporary_one_moves_nothing",
        a_permanent_redirect_after_a_temporary_one_moves_nothing,
    ),
    ("a_redirect_to_nowhere_stops", a_redirect_to_nowhere_stops),
    (
        "twenty_redirects_are_followed_and_one_more_is_a_network_error",
        twenty_redirects_are_followed_and_one_more_is_a_network_error,
    ),
    ("each_attempt_counts_and_judges_its_own_redirects", each_attempt_counts_and_judges_its_own_redirects),
    ("a_redirect_that_cannot_be_followed_is_a_network_error", a_redirect_that_cannot_be_followed_is_a_network_error),
    ("an_empty_body_is_a_stream_that_ended", an_empty_body_is_a_stream_that_ended),
    ("a_body_that_is_cut_loses_only_its_unfinished_block", a_body_that_is_cut_loses_only_its_unfinished_block),
    ("network_errors_are_retried_forever", network_errors_are_retried_forever),
    ("silence_counts_as_a_loss_and_any_byte_ends_it", silence_counts_as_a_loss_and_any_byte_ends_it),
    ("it_waits_for_the_reconnection_time_of_the_server", it_waits_for_the_reconnection_time_of_the_server),
    ("an_invalid_reconnection_time_changes_nothing", an_invalid_reconnection_time_changes_nothing),
    ("a_reconnection_time_of_zero_causes_no_hot_loop", a_reconnection_time_of_zero_causes_no_hot_loop),
    ("a_reconnection_time_applies_until_there_is_another", a_reconnection_time_applies_until_there_is_another),
    ("a_huge_reconnection_time_is_limited_to_an_hour", a_huge_reconnection_time_is_limited_to_an_hour),
    (
        "waits_grow_to_a_cap_within_their_spread_and_restart_after_a_stable_hour",
        waits_grow_to_a_cap_within_their_spread_and_restart_after_a_stable_hour,
    ),
    ("the_application_can_end_a_wait", the_application_can_end_a_wait),
    ("each_attempt_has_its_headers", each_attempt_has_its_headers),
    (
        "the_last_event_id_is_kept_over_connections_that_do_not_mention_it",
        the_last_event_id_is_kept_over_connections_that_do_not_mention_it,
    ),
    ("an_id_with_nul_is_ignored", an_id_with_nul_is_ignored),
    ("the_last_event_id_is_sent_unchanged", the_last_event_id_is_sent_unchanged),
    ("an_id_without_data_counts_and_an_empty_one_resets_it", an_id_without_data_counts_and_an_empty_one_resets_it),
    ("blanks_around_an_id_are_reported", blanks_around_an_id_are_reported),
    (
        "an_id_that_no_header_can_carry_is_reported_and_the_stream_continues",
        an_id_that_no_header_can_carry_is_reported_and_the_stream_continues,
    ),
    (
        "invalid_utf_8_in_an_id_is_sent_as_a_replacement_character",
        invalid_utf_8_in_an_id_is_sent_as_a_replacement_character,
    ),
    ("a_long_id_is_never_truncated", a_long_id_is_never_truncated),
    ("a_byte_order_mark_is_removed_from_each_stream", a_byte_order_mark_is_removed_from_each_stream),
    (
        "the_first_request_has_no_id_unless_the_application_sets_one",
        the_first_request_has_no_id_unless_the_application_sets_one,
    ),
    (
        "a_request_without_a_response_is_repeated_unless_that_is_forbidden",
        a_request_without_a_response_is_repeated_unless_that_is_forbidden,
    ),
    (
        "a_request_with_a_response_is_repeated_only_from_an_id_of_this_response",
        a_request_with_a_response_is_repeated_only_from_an_id_of_this_response,
    ),
    (
        "a_request_without_a_response_has_not_ended_as_it_should",
        a_request_without_a_response_has_not_ended_as_it_should,
    ),
    ("a_request_that_was_redirected_was_sent", a_request_that_was_redirected_was_sent),
    ("a_resumed_response_must_have_an_id_of_its_own", a_resumed_response_must_have_an_id_of_its_own),
    (
        "a_request_that_was_not_sent_may_be_sent_with_every_setting",
        a_request_that_was_not_sent_may_be_sent_with_every_setting,
    ),
    ("a_post_is_not_repeated_after_its_network_was_lost", a_post_is_not_repeated_after_its_network_was_lost),
    ("restart_does_not_repeat_what_may_not_be_repeated", restart_does_not_repeat_what_may_not_be_repeated),
    (
        "a_complete_response_to_a_post_is_not_a_failed_resumption",
        a_complete_response_to_a_post_is_not_a_failed_resumption,
    ),
    (
        "a_terminal_event_stops_the_client_before_the_server_closes",
        a_terminal_event_stops_the_client_before_the_server_closes,
    ),
];
