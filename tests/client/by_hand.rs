//! Scenarios that report facts to the session by hand, which no script can express.

use embedded_sse::client::{Instant, Policy, StopReason, Verdict};

use crate::harness::{World, status, stream};

/// W21: the application knows that it can never connect to the URL.
#[test]
fn a_network_error_known_to_be_futile_stops() {
    let mut world = World::new(Policy::standard(), [vec![]]);
    world.step(world.now);
    let now = Instant::from_millis(world.now);
    let epoch = world.client.poll(now).epoch().unwrap();
    world.client.judged(epoch, now, Verdict::Stop(StopReason::Closed));
    assert_eq!(world.drive_bounded(60_000).story(), "attempt Closed");
}

/// W12, W13.
#[test]
fn the_first_request_has_two_headers_of_the_session() {
    let world = World::new(Policy::standard(), [stream(b"")]);
    let names: Vec<_> = world.client.headers().map(|(name, _)| name).collect();
    assert_eq!(names, ["Accept", "Cache-Control"]);
}

#[test]
fn what_follows_the_last_event_is_discarded() {
    let mut world = World::new(Policy::standard(), [vec![status(200)]]);
    while world.opens().is_empty() {
        world.step(u64::MAX);
    }
    let now = Instant::from_millis(world.now);
    let epoch = world.client.poll(now).epoch().unwrap();
    let mut chunk = &b"data: [DONE]\n\ndata: never\n\n"[..];
    let done = world.client.next_event(epoch, now, &mut chunk).is_some_and(|event| event.unwrap().data == b"[DONE]");
    assert!(done);
    world.client.finished(epoch, now);
    assert!(world.client.next_event(epoch, now, &mut chunk).is_none(), "what was already read is discarded");
    assert_eq!(world.drive_bounded(60_000).story(), "attempt open Finished");
}
