//! How responses are judged under both sets of rules, including unusual headers.

use core::time::Duration;

use embedded_sse::client::{Response, Rules, StopReason, Verdict};

#[cfg(target_os = "none")]
use board::prelude::*;

const BOTH: [Rules; 2] = [Rules::Browser, Rules::Resilient];

fn stream() -> Response<'static> {
    Response { status: 200, content_type: Some(b"text/event-stream"), ..Response::default() }
}

fn opens(content_type: &[u8]) -> bool {
    let response = Response { content_type: Some(content_type), ..stream() };
    let verdicts = BOTH.map(|rules| rules.judge(&response));
    assert_eq!(verdicts[0], verdicts[1]);
    assert!(matches!(verdicts[0], Verdict::Accept | Verdict::Stop(StopReason::ContentType)));
    verdicts[0] == Verdict::Accept
}

/// Returns the wait that a 503 with these headers asks for.
fn asks(retry_after: &[u8], date: Option<&[u8]>) -> Option<Duration> {
    let response = Response { status: 503, retry_after: Some(retry_after), date, ..Response::default() };
    match Rules::Resilient.judge(&response) {
        Verdict::Retry { after } => after,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_status_has_its_verdict() {
    for status in 0..=u16::MAX {
        // Like a stream in every other respect, as in W6.
        let response = Response { status, ..stream() };
        let [browser, resilient] = BOTH.map(|rules| rules.judge(&response));
        let expected = match status {
            200 => Verdict::Accept,
            204 => Verdict::Stop(StopReason::NoContent),
            _ => Verdict::Stop(StopReason::Status(status)),
        };
        assert_eq!(browser, expected, "{status}");
        let expected = match status {
            401 | 403 => Verdict::Stop(StopReason::Credentials(status)),
            408 | 421 | 425 | 429 | 500..=599 => Verdict::Retry { after: None },
            _ => expected,
        };
        assert_eq!(resilient, expected, "{status}");
    }
}

#[test]
fn a_date_counts_from_the_clock_of_the_application_if_there_is_no_other() {
    let wait = |date, unix_time| {
        let retry_after = Some(&b"Thu, 29 Feb 2024 12:01:40 GMT"[..]);
        match Rules::Resilient.judge(&Response { status: 503, retry_after, date, unix_time, ..Response::default() }) {
            Verdict::Retry { after } => after.map(|after| after.as_secs()),
            other => panic!("{other:?}"),
        }
    };
    let noon = 1_709_208_000; // 2024-02-29T12:00:00Z
    assert_eq!(wait(None, Some(noon)), Some(100));
    assert_eq!(wait(Some(b"yesterday"), Some(noon)), Some(100));
    assert_eq!(
        wait(Some(b"Thu, 29 Feb 2024 12:01:00 GMT"), Some(noon)),
        Some(40),
        "the clock of the server takes precedence"
    );
    assert_eq!(wait(None, Some(noon + 3600)), Some(0), "the date has passed");
    assert_eq!(wait(None, Some(0)), Some(noon + 100));
    assert_eq!(wait(None, Some(u64::MAX)), None, "the clock is out of range");
    assert_eq!(wait(None, None), None);
}

#[test]
fn redirects_need_a_location() {
    for rules in BOTH {
        for status in [301, 302, 303, 307, 308] {
            let permanent = matches!(status, 301 | 308);
            let response = Response { status, location: Some(b"/elsewhere"), ..Response::default() };
            assert_eq!(rules.judge(&response), Verdict::Redirect { permanent }, "{status}");
            for location in [None, Some(&b""[..]), Some(b" \t")] {
                let response = Response { location, ..response };
                assert_eq!(rules.judge(&response), Verdict::Stop(StopReason::Status(status)), "{status} {location:?}");
            }
        }
        for status in [300, 304, 305, 306, 309] {
            let response = Response { status, location: Some(b"/elsewhere"), ..Response::default() };
            assert_eq!(rules.judge(&response), Verdict::Stop(StopReason::Status(status)), "{status}");
        }
    }
}

#[test]
fn the_content_type_ignores_parameters_and_case() {
    for good in [
        &b"text/event-stream"[..],
        b"TEXT/EVENT-STREAM",
        b"Text/Event-Stream",
        b"text/event-stream;",
        b"text/event-stream ;",
        b" \ttext/event-stream\t ",
        b"text/event-stream; charset=utf-8",
        b"text/event-stream;charset=\"UTF-8\"",
        b"text/event-stream;charset=",
        b"text/event-stream;charset=utf8",
        b"text/event-stream;charset=windows-1252",
        b"text/event-stream; x=y; ;;",
        b"text/event-stream; \xFF",
    ] {
        assert!(opens(good), "{}", good.escape_ascii());
    }
    for bad in [
        &b""[..],
        b" ",
        b";",
        b"/",
        b"text",
        b"text/",
        b"/event-stream",
        b"text/event-streams",
        b"text/event-strea",
        b"text /event-stream",
        b"text/ event-stream",
        b"text/plain",
        b"text/html",
        b"application/json",
        b"application/event-stream",
        b"x bogus",
        b"text/x-bogus",
        b"*/*",
        b"text/event-stream x",
        b"text/event\0-stream",
        b"\xFFtext/event-stream",
        b"text/event-stream/",
        b"text//event-stream",
    ] {
        assert!(!opens(bad), "{}", bad.escape_ascii());
    }
    for rules in BOTH {
        let response = Response { content_type: None, ..stream() };
        assert_eq!(rules.judge(&response), Verdict::Stop(StopReason::ContentType));
    }
}

#[test]
fn the_last_valid_one_of_several_content_types_counts() {
    for good in [
        &b"text/plain, text/event-stream"[..],
        b"text/plain,text/event-stream;charset=utf-8",
        b"text/event-stream, */*",
        b"text/event-stream, bogus",
        b"text/event-stream, text/pl ain",
        b"text/event-stream, te xt/plain",
        b"text/event-stream, /plain",
        b"text/event-stream, text/",
        b"text/event-stream,",
        b",text/event-stream",
        br#"text/event-stream; x="a, text/plain""#,
        br#"text/event-stream; x="a\", text/plain""#,
        br#"text/event-stream; x="a, text/plain"#,
        br#"text/event-stream; x="a\", text/plain; y=\"z""#,
        br#"text/plain; x="a\\", text/event-stream"#,
    ] {
        assert!(opens(good), "{}", good.escape_ascii());
    }
    for bad in [
        &b"text/event-stream, text/plain"[..],
        b"*/*, bogus",
        br#"text/plain; x="a, text/event-stream""#,
        br#"text/event-stream; x="a\\", text/plain"#,
    ] {
        assert!(!opens(bad), "{}", bad.escape_ascii());
    }
}

#[test]
fn retry_after_in_seconds() {
    assert_eq!(asks(b"120", None), Some(Duration::from_secs(120)));
    assert_eq!(asks(b" 0120\t", None), Some(Duration::from_secs(120)));
    assert_eq!(asks(b"0", None), Some(Duration::ZERO));
    assert_eq!(asks(b"99999999999999999999999999", None), Some(Duration::from_secs(u32::MAX.into())), "saturates");
    assert_eq!(asks(&[b'0'; 4096], None), Some(Duration::ZERO));
    assert_eq!(asks(&[b'9'; 4096], None), Some(Duration::from_secs(u32::MAX.into())));
}

#[test]
fn retry_after_as_a_date_counts_from_the_date_of_the_response() {
    let forms: [&[u8]; 3] =
        [b"Sun, 06 Nov 1994 08:49:37 GMT", b"Sunday, 06-Nov-94 08:49:37 GMT", b"Sun Nov  6 08:49:37 1994"];
    let later: [&[u8]; 3] =
        [b"Mon, 07 Nov 1994 08:50:40 GMT", b"Monday, 07-Nov-94 08:50:40 GMT", b"Mon Nov  7 08:50:40 1994"];
    for date in forms {
        for retry_after in later {
            assert_eq!(asks(retry_after, Some(date)), Some(Duration::from_secs(86_400 + 63)));
            assert_eq!(asks(date, Some(retry_after)), Some(Duration::ZERO), "a date that has passed asks for nothing");
        }
        assert_eq!(asks(date, Some(date)), Some(Duration::ZERO));
        assert_eq!(asks(date, None), None, "there is no clock");
        assert_eq!(asks(date, Some(b"yesterday")), None);
        assert_eq!(asks(b"5", Some(b"yesterday")), Some(Duration::from_secs(5)));
    }
}

#[test]
fn dates_follow_the_calendar() {
    let days = |from: &str, to: &str| {
        let [from, to] = [from, to].map(|day| format!("Day, {day} 00:00:00 GMT"));
        asks(to.as_bytes(), Some(from.as_bytes())).map(|wait| wait.as_secs() / 86_400)
    };
    assert_eq!(days("28 Feb 2027", "01 Mar 2027"), Some(1));
    assert_eq!(days("28 Feb 2028", "01 Mar 2028"), Some(2), "a leap year");
    assert_eq!(days("28 Feb 2000", "01 Mar 2000"), Some(2), "a leap year");
    assert_eq!(days("28 Feb 2100", "01 Mar 2100"), Some(1), "not a leap year");
    assert_eq!(days("31 Dec 2026", "01 Jan 2027"), Some(1));
    assert_eq!(days("01 Jan 2026", "01 Jan 2027"), Some(365));
    assert_eq!(days("01 Jan 0000", "01 Jan 9999"), Some(3_652_060));
    for (month, length) in [
        ("Jan", 31),
        ("Feb", 28),
        ("Mar", 31),
        ("Apr", 30),
        ("May", 31),
        ("Jun", 30),
        ("Jul", 31),
        ("Aug", 31),
        ("Sep", 30),
        ("Oct", 31),
        ("Nov", 30),
    ] {
        let next = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let next = next[next.iter().position(|name| *name == month).unwrap() + 1];
        assert_eq!(days(&format!("01 {month} 2026"), &format!("01 {next} 2026")), Some(length), "{month}");
    }
    let two_digits = asks(b"Day, 01-Jan-69 00:00:00 GMT", Some(b"Day, 01-Jan-70 00:00:00 GMT"));
    assert_eq!(two_digits, Some(Duration::from_secs(86_400 * 36_160)), "2069 and 1970");
    let hours = asks(b"Day, 01 Jan 2026 12:34:56 GMT", Some(b"Day, 01 Jan 2026 02:03:04 GMT"));
    assert_eq!(hours, Some(Duration::from_secs(10 * 3600 + 31 * 60 + 52)));
    let leap_second = asks(b"Sat, 31 Dec 2016 23:59:60 GMT", Some(b"Sat, 31 Dec 2016 23:59:59 GMT"));
    assert_eq!(leap_second, Some(Duration::from_secs(1)));
}

#[test]
fn an_invalid_retry_after_is_ignored() {
    let date = Some(&b"Sun, 06 Nov 1994 08:49:37 GMT"[..]);
    let long = [b'x'; 4096];
    let long_date = [&b"Sun, 06 Nov 1994 08:49:37"[..], &[b' '; 4096], b"GMT"].concat();
    for odd in [
        &b""[..],
        b" ",
        b"-1",
        b"+5",
        b"1.5",
        b"1e3",
        b"120, 60",
        b"0x10",
        b"5 s",
        b"soon",
        b"\xFF",
        &long,
        &long_date,
        b"Sun, 6 Nov 1994 08:49:37 GMT",
        b"Sun, 06 Nov 1994 8:49:37 GMT",
        b"Sun, 06 Nov 1994 08:49 GMT",
        b"Sun, 06 Nov 1994 24:00:00 GMT",
        b"Sun, 06 Nov 1994 08:60:00 GMT",
        b"Sun, 06 Nov 1994 08:00:61 GMT",
        b"Sun, 00 Nov 1994 08:49:37 GMT",
        b"Sun, 32 Nov 1994 08:49:37 GMT",
        b"Sun, 06 Nix 1994 08:49:37 GMT",
        b"Sun, 06 Nov 19x4 08:49:37 GMT",
        b"Sun, 06 Nov 1994 08:49:37 UTC",
        b"Sun, 06 Nov 1994 08:49:37 +0000",
        b"Sun, 06 Nov 1994 08:49:37",
        b"06 Nov 1994 08:49:37 GMT",
        b"Sunday, 06-Nov-1994 08:49:37 GMT",
        b"Sun Nov 6 08:49:37 1994",
        b"1994-11-06T08:49:37Z",
    ] {
        assert_eq!(asks(odd, date), None, "{}", odd.escape_ascii());
    }
}

#[test]
fn a_session_reports_unfinished_events_and_failures() {
    use embedded_sse::client::{Instant, NoJitter, Policy, Reconnect, Session};
    use embedded_sse::{Decoder, Item};
    let mut session = Session::new(Decoder::new([0; 8]), Reconnect::new(Policy::standard(), NoJitter));
    let mut now = Instant::ZERO;
    for failures in 0..3 {
        assert_eq!(session.failures(), failures);
        let epoch = session.poll(now).epoch().expect("an attempt is due");
        session.connecting(epoch, now);
        assert_eq!(session.responded(epoch, now, &stream()), Verdict::Accept);
        assert!(!session.is_mid_event());
        assert!(session.next_event(epoch, now, &mut &b"data: x\n"[..]).is_none());
        assert!(session.is_mid_event());
        let mut rest = &b":c\nretry: 7\n\n"[..];
        assert_eq!(session.next_item(epoch, now, &mut rest), Some(Ok(Item::Comment(b"c"))));
        assert_eq!(session.next_item(epoch, now, &mut rest), Some(Ok(Item::Retry(Duration::from_millis(7)))));
        let Some(Ok(Item::Event(event))) = session.next_item(epoch, now, &mut rest) else { panic!("an event") };
        assert_eq!((event.data, rest), (&b"x"[..], &b""[..]));
        session.lost(epoch, now);
        now = now.saturating_add(Duration::from_secs(3600));
    }
}

#[test]
fn an_id_with_a_blank_at_either_end_is_reported_as_trimmed() {
    use embedded_sse::Decoder;
    use embedded_sse::client::{NoJitter, Policy, Reconnect, Resumption, Session};
    let mut session = Session::new(Decoder::new([0; 8]), Reconnect::new(Policy::standard(), NoJitter));
    for id in [" 1", "1 ", "\t1", "1\t", " 1 "] {
        session.set_last_event_id(id.as_bytes()).expect("an id");
        assert!(matches!(session.resumption(), Resumption::FromTrimmed(_)), "{id:?}");
    }
    session.set_last_event_id(b"1 2").expect("an id");
    assert!(matches!(session.resumption(), Resumption::From(_)));
}
