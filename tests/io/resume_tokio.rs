//! A client on tokio, and a server whose connections are cut two hundred times at any byte: no event is lost or
//! repeated, and the order is kept. Uses virtual time and in-memory connections.

use embedded_sse::client::{Action, Policy, Reconnect, Response, Session, Verdict};
use embedded_sse::io::tokio::Clock;
use embedded_sse::{Decoder, EventId, Frame};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::timeout_at;

const EVENTS: u32 = 100_000;
const CUTS: u32 = 200;

#[tokio::test(start_paused = true)]
async fn a_hundred_thousand_events_through_two_hundred_cuts() {
    for seed in [1, 2] {
        let (mut random, mut jitter) = (Random(seed), Random(seed + 100));
        let policy = Policy::standard();
        let mut session =
            Session::new(Decoder::new([0; 1024]), Reconnect::new(policy, move || jitter.below(1 << 32) as u32));
        let clock = Clock::new();
        let (mut pipe, mut chunk) = (None, [0; 700]);
        let (mut seen, mut cuts, mut cut_in_event) = (0, 0, 0);
        while seen < EVENTS {
            match session.poll(clock.now()) {
                Action::Connect(epoch) => {
                    session.connecting(epoch, clock.now());
                    let last =
                        session.headers().find(|(name, _)| *name == "Last-Event-ID").map(|(_, id)| id.to_string());
                    pipe = Some(connect(last.map_or(0, |id| id.parse().expect("a number")), CUTS - cuts, &mut random));
                    let head =
                        Response { status: 200, content_type: Some(b"text/event-stream"), ..Response::default() };
                    assert_eq!(session.responded(epoch, clock.now(), &head), Verdict::Accept);
                }
                Action::Read { epoch, until } => {
                    assert_eq!(until, None, "this policy does not suspect a server that sends no heartbeats");
                    let length = pipe.as_mut().expect("a connection").read(&mut chunk).await.expect("a pipe");
                    let mut input = &chunk[..length];
                    while let Some(event) = session.next_event(epoch, clock.now(), &mut input) {
                        let event = event.expect("an event that fits");
                        seen += 1;
                        assert_eq!(event.last_event_id, seen.to_string().as_bytes());
                        assert_eq!(event.data, data(seen).as_bytes());
                    }
                    if length == 0 {
                        pipe = None;
                        cuts += 1;
                        cut_in_event += u32::from(session.is_mid_event());
                        // It does not matter whether the transport can distinguish a cut from an end.
                        if cuts % 2 == 0 { session.ended(epoch, clock.now()) } else { session.lost(epoch, clock.now()) }
                    }
                }
                Action::WaitUntil(at) => clock.sleep_until(at).await,
                action => panic!("{action:?}"),
            }
        }
        assert_eq!(cuts, CUTS, "seed {seed}");
        assert!(cut_in_event > CUTS / 2, "{cut_in_event} cuts fell into an event, seed {seed}");
        let mut pipe = pipe.expect("the last connection");
        assert!(
            timeout_at(tokio::time::Instant::now(), pipe.read(&mut chunk)).await.is_err(),
            "nothing follows the last event"
        );
    }
}

/// Connects a client that has received the events up to `last`. The connection breaks at any byte, or stays open if no
/// cut is left.
fn connect(last: u32, cuts_left: u32, random: &mut Random) -> DuplexStream {
    let (client, mut server) = duplex(2000);
    let mut stream = Vec::new();
    // The cuts must be used up before the events are.
    let most = (EVENTS - last).checked_div(cuts_left).map(|mean| 2 * mean - 1);
    let events = most.map_or(EVENTS, |most| random.below(u64::from(most)) as u32);
    for number in last + 1..=EVENTS.min(last.saturating_add(events)) {
        let (id, data) = (number.to_string(), data(number));
        let frame = Frame::new().id(EventId::new(&id).expect("an id")).data(&data);
        let frame = if number % 97 == 0 { frame.comment("still here").retry_ms(1000) } else { frame };
        stream.extend_from_slice(frame.to_string().as_bytes());
    }
    if cuts_left > 0 {
        stream.truncate(random.below(stream.len() as u64 + 1) as usize);
    }
    let mut pieces = Random(random.below(u64::MAX));
    tokio::spawn(async move {
        let mut rest = &stream[..];
        while !rest.is_empty() {
            let (piece, behind) = rest.split_at(rest.len().min(1 + pieces.below(3000) as usize));
            server.write_all(piece).await.expect("the client reads");
            rest = behind;
        }
        if cuts_left == 0 {
            core::future::pending::<()>().await;
        }
    });
    client
}

fn data(number: u32) -> String {
    "a line\n".repeat(number as usize % 5) + &number.to_string()
}

/// Splitmix64.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % end
    }
}
