//! Which silent servers a session gives up, and how it behaves during a day with one server: random servers in virtual
//! time.

use std::time::Duration;

use embedded_sse::Decoder;
use embedded_sse::client::{Action, Epoch, Instant, Policy, Reconnect, Response, Session, Verdict};
use proptest::prelude::*;

use crate::harness::Random;

const SECOND: u64 = 1000;
const HOUR: u64 = 3600 * SECOND;

type Client = Session<Decoder<[u8; 64]>, Random>;

fn client(policy: Policy, seed: u64) -> Client {
    Session::new(Decoder::new([0; 64]), Reconnect::new(policy, Random(seed)))
}

fn at(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

fn open(client: &mut Client, now: u64) -> Epoch {
    let Action::Connect(epoch) = client.poll(at(now)) else { panic!("{:?}", client.poll(at(now))) };
    client.connecting(epoch, at(now));
    let response = Response { status: 200, content_type: Some(b"text/event-stream"), ..Response::default() };
    assert_eq!(client.responded(epoch, at(now), &response), Verdict::Accept);
    epoch
}

/// Reads a chunk and returns the number of events in it.
fn read(client: &mut Client, epoch: Epoch, now: u64, mut chunk: &[u8]) -> u64 {
    let mut events = 0;
    while let Some(event) = client.next_event(epoch, at(now), &mut chunk) {
        events += u64::from(event.is_ok());
    }
    events
}

fn is_suspected(client: &Client, now: u64) -> bool {
    matches!(client.poll(at(now)), Action::Disconnect(_))
}

/// What servers send first.
const GREETINGS: [&[u8]; 8] = [
    b"retry: 3000\n: connected\n\n",
    b":\n\n",
    b": connected\n\n: two\n\n",
    b"\xEF\xBB\xBF: hello\r\n\r\nretry: 100\r\n\r\n",
    b"\n\n: x\n: y\n\n",
    b"event: open\nretry: 1\n\n: ready\n\n",
    b": padding padding padding padding\nunknown: 1\n\nretry: 7\n\n",
    b"\r\r: a\r\rretry: 5\rid: 7\r\r",
];

/// Cuts the greeting at the offsets for which `is_cut` returns true, and delivers the pieces with `gap` milliseconds
/// between them.
fn greet(client: &mut Client, epoch: Epoch, now: &mut u64, greeting: &[u8], is_cut: impl Fn(usize) -> bool, gap: u64) {
    let mut start = 0;
    for end in 1..=greeting.len() {
        if end == greeting.len() || is_cut(end) {
            assert!(!is_suspected(client, *now), "{} at byte {end}, {gap} ms", greeting.escape_ascii());
            read(client, epoch, *now, &greeting[start..end]);
            (start, *now) = (end, *now + gap);
        }
    }
}

/// Every pair of cuts and every single byte, with gaps from zero to a minute. After that, one event a day.
#[test]
fn no_greeting_makes_a_server_without_heartbeats_look_dead() {
    for greeting in GREETINGS {
        for gap in [0, 1, 999, 1000, 2000, 3000, 15 * SECOND, 60 * SECOND] {
            let length = greeting.len();
            let pairs = (1..length).flat_map(|first| (first..length).map(move |second| (first, second)));
            // At one place or two, after every byte, and after every line, unless the lines are as slow as heartbeats.
            const BYTES: (usize, usize) = (0, 0);
            const LINES: (usize, usize) = (0, 1);
            let all = pairs.chain([BYTES]).chain((gap <= 3000).then_some(LINES));
            for (first, second) in all {
                let mut client = client(Policy::standard(), 1);
                let mut now = HOUR;
                let epoch = open(&mut client, now);
                let is_cut = |place: usize| match (first, second) {
                    BYTES => true,
                    LINES => b"\r\n".contains(&greeting[place - 1]),
                    _ => place == first || place == second,
                };
                greet(&mut client, epoch, &mut now, greeting, is_cut, gap);
                for _ in 0..3 {
                    now += 24 * HOUR;
                    assert!(!is_suspected(&client, now), "{} cut at {first} and {second}", greeting.escape_ascii());
                    assert_eq!(read(&mut client, epoch, now, b"data: x\n\n"), 1);
                }
            }
        }
    }
}

#[derive(Clone, Debug)]
struct Server {
    greeting: usize,
    /// Milliseconds between two heartbeats, and the variation in percent.
    beat: u64,
    varies: u64,
    /// The most milliseconds between two events.
    events: u64,
    /// A blank line, or comments.
    heartbeat: usize,
    /// The most bytes in a read, and the milliseconds between two pieces of one message.
    piece: usize,
    delay: u64,
}

fn server() -> impl Strategy<Value = Server> {
    let times = (1_000..60_000_u64, 0..30_u64, 1_000..200_000_u64);
    // This excludes the last greeting: its CR and the LF of a heartbeat form one line end.
    (0..GREETINGS.len() - 1, times, 0..4_usize, 1..40_usize, 0..50_u64).prop_map(
        |(greeting, (beat, varies, events), heartbeat, piece, delay)| Server {
            greeting,
            beat,
            varies,
            events,
            heartbeat,
            piece,
            delay,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    /// A server with heartbeats is never suspected, even if they vary a little and arrive in random pieces. When it
    /// falls silent, it is suspected in time if its heartbeats arrived whole.
    #[test]
    fn heartbeats_are_trusted_and_their_end_is_noticed(server in server(), seed in any::<u64>()) {
        let mut random = Random(seed);
        let mut below = |end: u64| u64::from(embedded_sse::client::Jitter::next_u32(&mut random)) % end.max(1);
        let mut client = client(Policy::standard(), seed);
        let mut now = HOUR;
        let epoch = open(&mut client, now);
        greet(&mut client, epoch, &mut now, GREETINGS[server.greeting], |place| below_bit(seed, place as u64), 10);
        let heartbeat: &[u8] = [&b"\n"[..], b":\n\n", b": heartbeat\r\n\r\n", b": beat\n"][server.heartbeat];
        let mut next_event = now + below(server.events);
        // An event replaces the heartbeat that would have been sent.
        for _ in 0..60 {
            let span = server.beat * server.varies / 100;
            let next_beat = now + server.beat - span / 2 + below(span);
            let (due, bytes) = if next_event < next_beat { (next_event, &b"data: x\n\n"[..]) } else { (next_beat, heartbeat) };
            if next_event < next_beat {
                next_event += 1 + below(server.events);
            }
            now = now.max(due);
            for piece in bytes.chunks(server.piece) {
                prop_assert!(!is_suspected(&client, now), "after {} ms", now - HOUR);
                read(&mut client, epoch, now, piece);
                now += below(server.delay);
            }
        }
        // Only heartbeats follow, so that there is a rhythm, and then nothing.
        for _ in 0..5 {
            now += server.beat;
            prop_assert!(!is_suspected(&client, now));
            read(&mut client, epoch, now, heartbeat);
        }
        // The first gap starts within the greeting.
        let longest = server.beat + server.beat * server.varies / 100 + 50 * server.delay + 30;
        let in_time = now + (3 * longest).max(10 * SECOND) + 1;
        prop_assert!(is_suspected(&client, in_time), "silent since {} ms", in_time - now);
    }

    /// An application that is busy at random and reports it never makes a server look silent or stalled.
    #[test]
    fn no_busy_application_makes_a_server_look_dead(
        steps in prop::collection::vec((1..9_000_u64, 0..HOUR, 0..3_usize), 1..200),
    ) {
        let policy = Policy::standard().liveness(Some(Duration::from_secs(10))).progress(Some(Duration::from_secs(10)));
        let mut client = client(policy, 1);
        let mut now = HOUR;
        let epoch = open(&mut client, now);
        let mut without_event = 0;
        for (waited, busy, what) in steps {
            without_event += waited;
            let waited = if without_event < 10_000 { waited } else { 0 };
            now += waited;
            prop_assert!(!is_suspected(&client, now));
            let bytes: &[u8] = if without_event >= 9_000 { b"data: x\n\n" } else { [&b"data: x\n\n"[..], b": c\n\n", b"un"][what] };
            let line_end: &[u8] = if bytes == b"un" { b"known: 1\n" } else { b"" };
            if read(&mut client, epoch, now, bytes) + read(&mut client, epoch, now, line_end) > 0 {
                without_event = 0;
            }
            client.resumed(at(now), at(now + busy));
            now += busy;
            prop_assert!(!is_suspected(&client, now), "busy for {busy} ms");
        }
    }
}

/// Returns one pseudo-random bit for an offset.
fn below_bit(seed: u64, place: u64) -> bool {
    (seed ^ place).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 63 == 0
}

/// How a server behaves during a day.
#[derive(Clone, Copy, Debug)]
struct Habits {
    /// The lifetime of a connection in milliseconds.
    lives: u64,
    /// Milliseconds between events. The first one is sent immediately.
    every: u64,
    /// The percentage of attempts that are refused.
    refused: u64,
    /// How the connection ends: cleanly, in the middle of an event, or by falling silent after heartbeats.
    end: usize,
}

#[derive(Debug, Default)]
struct Day {
    attempts: u64,
    connected: u64,
    events: u64,
    missed: u64,
    longest_wait: u64,
}

/// Simulates 24 hours with such a server, which numbers its events and resumes.
fn day(habits: Habits, seed: u64) -> Day {
    let mut random = Random(seed);
    let mut below = |end: u64| u64::from(embedded_sse::client::Jitter::next_u32(&mut random)) % end.max(1);
    let mut client = client(Policy::standard(), seed);
    let (mut day, mut now, mut last) = (Day::default(), HOUR, 0);
    let end = now + 24 * HOUR;
    while now < end {
        if let Action::WaitUntil(due) = client.poll(at(now)) {
            day.longest_wait = day.longest_wait.max(due.as_millis() - now);
            now = due.as_millis();
        }
        day.attempts += 1;
        if below(100) < habits.refused {
            let Action::Connect(epoch) = client.poll(at(now)) else { panic!("no attempt is due") };
            client.connecting(epoch, at(now));
            client.lost(epoch, at(now));
            continue;
        }
        let epoch = open(&mut client, now);
        let opened = now;
        while now < opened + habits.lives {
            let sent = std::str::from_utf8(client.last_event_id()).unwrap().parse().unwrap_or(0);
            last += 1;
            day.missed += u64::from(sent + 1 != last);
            let event = format!("id: {last}\ndata: {last}\n\n");
            day.events += read(&mut client, epoch, now, event.as_bytes());
            now = (now + habits.every).min(opened + habits.lives);
        }
        match habits.end {
            0 => client.ended(epoch, at(now)),
            1 => {
                read(&mut client, epoch, now, b"id: 0\ndata: half");
                client.lost(epoch, at(now));
            }
            _ => {
                for _ in 0..5 {
                    read(&mut client, epoch, now, b": beat\n\n");
                    now += SECOND;
                }
                let Action::Read { until: Some(until), .. } = client.poll(at(now)) else {
                    panic!("no heartbeat interval was learned")
                };
                assert!(until.as_millis() - now <= 10 * SECOND, "at most three intervals");
                now = until.as_millis();
                assert!(is_suspected(&client, now));
                client.lost(epoch, at(now));
            }
        }
        day.connected += now - opened;
    }
    day
}

#[test]
fn a_day_with_a_server_stays_within_bounds() {
    println!("lives       refused  end     connected  attempts  events  longest wait");
    for (lives, refused, share) in [
        (55 * SECOND, 0, 88..=93),
        (25 * SECOND, 0, 77..=88),
        (600 * SECOND, 0, 98..=100),
        (55 * SECOND, 20, 80..=92),
        // One event followed by a close causes backoff.
        (0, 0, 0..=1),
        (SECOND, 0, 1..=5),
    ] {
        for end in 0..3 {
            if end == 2 && lives < 20 * SECOND {
                // Five heartbeats would make its lifetime longer.
                continue;
            }
            for seed in 0..5 {
                let habits = Habits { lives: lives.max(1), every: 10 * SECOND, refused, end };
                let day = day(habits, seed);
                let connected = day.connected / (24 * HOUR / 100);
                if seed == 0 {
                    println!(
                        "{:>7} ms  {refused:>5} %  {}  {connected:>7} %  {:>8}  {:>6}  {:>9} ms",
                        lives,
                        ["ended ", "cut   ", "silent"][end],
                        day.attempts,
                        day.events,
                        day.longest_wait
                    );
                }
                assert!(share.contains(&connected), "{habits:?}: {day:?}, connected {connected} %");
                assert_eq!(day.missed, 0, "{habits:?}: {day:?}");
                let worst = if refused == 0 && lives >= 20 * SECOND { 8_000 } else { 63_000 };
                assert!(day.longest_wait <= worst, "{habits:?}: {day:?}");
            }
        }
    }
}
