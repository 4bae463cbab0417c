//! Tests of `Feed`: one stream of events for any number of clients, in virtual time.

use core::convert::Infallible;
use core::pin::Pin;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::{Context, Poll};
use core::time::Duration;
use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::task::{Wake, Waker};

use embedded_sse::io::http_body::{EncodedFrame, Feed, FeedBody, Subscription};
use embedded_sse::io::tokio::Clock;
use embedded_sse::{Decoder, Event, EventId, Frame, OwnedEvent, event_id, single_line};
use futures_util::{FutureExt, Stream, StreamExt};
use http_body::Body;
use proptest::prelude::*;

const S: Duration = Duration::from_secs(1);

fn publish(feed: &Feed<Clock>, number: u32) {
    feed.publish(&Frame::new().data(&number.to_string()));
}

/// Returns the frames that are there, and whether the stream has ended.
fn ready(frames: &mut Subscription) -> (Vec<EncodedFrame>, bool) {
    let mut ready = Vec::new();
    loop {
        match frames.next().now_or_never() {
            Some(Some(Ok(frame))) => ready.push(frame),
            Some(None) => return (ready, true),
            None => return (ready, false),
        }
    }
}

/// Decodes the events that are there.
fn events(frames: &mut Subscription) -> Vec<OwnedEvent> {
    let mut decoder = Decoder::boxed(1 << 16);
    let mut events = Vec::new();
    for frame in ready(frames).0 {
        let mut bytes = &frame.as_bytes()[..];
        while let Some(event) = decoder.next_event(&mut bytes) {
            events.push(event.unwrap().into());
        }
    }
    events
}

/// Returns the data of the events that are there.
fn data(frames: &mut Subscription) -> Vec<String> {
    events(frames).iter().map(|event| event.data_lossy().to_string()).collect()
}

/// Returns the last event ID of a client that reads everything that is there.
fn last_id(frames: &mut Subscription) -> Vec<u8> {
    let mut decoder = Decoder::new([0; 1024]);
    for frame in ready(frames).0 {
        let mut bytes = &frame.as_bytes()[..];
        while decoder.next_event(&mut bytes).is_some() {}
    }
    decoder.last_event_id().to_vec()
}

/// Counts how often it is woken.
#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Count {
    fn taken(&self) -> usize {
        self.0.swap(0, Ordering::Relaxed)
    }
}

fn poll(frames: &mut Subscription, waker: &Waker) -> Poll<Option<Result<EncodedFrame, Infallible>>> {
    Pin::new(frames).poll_next(&mut Context::from_waker(waker))
}

#[test]
fn a_client_that_comes_back_receives_what_it_missed() {
    let feed = Feed::new(1 << 16, Clock::new());
    let mut client = feed.frames(b"");
    assert_eq!(data(&mut client), [""; 0]);
    (1..=3).for_each(|number| publish(&feed, number));
    let seen = events(&mut client);
    assert_eq!(seen.iter().map(OwnedEvent::data).collect::<Vec<_>>(), [b"1", b"2", b"3"]);
    for (last, missed) in [(&seen[0], &["2", "3"][..]), (&seen[1], &["3"]), (&seen[2], &[])] {
        assert_eq!(data(&mut feed.frames(last.last_event_id())), missed);
    }
    let ids: HashSet<_> = seen.iter().map(OwnedEvent::last_event_id).collect();
    assert_eq!(ids.len(), 3, "each event has an ID of its own");
}

#[test]
fn a_new_client_knows_its_place_before_the_first_event() {
    for published in 0..3 {
        let feed = Feed::new(1 << 16, Clock::new());
        (0..published).for_each(|number| publish(&feed, number));
        let id = last_id(&mut feed.frames(b""));
        publish(&feed, 7);
        publish(&feed, 8);
        assert_eq!(data(&mut feed.frames(&id)), ["7", "8"], "after {published} events");
    }
}

#[test]
fn a_new_client_is_sent_the_history_if_asked_for() {
    let feed = Feed::new(1 << 16, Clock::new()).history_for_new().retry(2 * S);
    publish(&feed, 1);
    publish(&feed, 2);
    let mut client = feed.frames(b"");
    let (frames, _) = ready(&mut client);
    assert_eq!(frames[0].as_bytes(), "retry: 2000\n\n".as_bytes());
    assert_eq!(frames.len(), 3);
    assert_eq!(data(&mut feed.frames(b"")), ["1", "2"]);
}

#[test]
fn a_slow_client_is_told_that_events_are_missing() {
    let feed = Feed::new(2000, Clock::new()).cut_event(single_line!("reload"), "all of it");
    let (mut slow, mut fast) = (feed.frames(b""), feed.frames(b""));
    for number in 1..=100 {
        publish(&feed, number);
        assert_eq!(data(&mut fast), [number.to_string()], "the slow one costs the others nothing");
    }
    let id = last_id(&mut feed.frames(b""));
    let cut = OwnedEvent::from(Event { event_type: b"reload", data: b"all of it", last_event_id: &id });
    assert_eq!(events(&mut slow), [cut], "with the ID of the newest event");
    publish(&feed, 101);
    assert_eq!(data(&mut slow), ["101"]);
    assert_eq!(data(&mut feed.frames(&id)), ["101"]);
}

#[test]
fn an_id_of_another_start_of_the_server_is_recognized() {
    let (before, after) = (Feed::new(1 << 16, Clock::new()), Feed::new(1 << 16, Clock::new()));
    let first = last_id(&mut before.frames(b""));
    publish(&before, 1);
    for feed in [&before, &after] {
        publish(feed, 2);
    }
    for id in [&first, &last_id(&mut before.frames(b"")), &b"x".to_vec()] {
        let told = events(&mut after.frames(id));
        assert_eq!(told.iter().map(OwnedEvent::event_type).collect::<Vec<_>>(), [b"cut"]);
        let id = told[0].last_event_id().to_vec();
        publish(&after, 3);
        assert_eq!(data(&mut after.frames(&id)), ["3"], "it continues after the newest event");
    }
    let unused = Feed::new(1 << 16, Clock::new());
    let told = events(&mut unused.frames(&first));
    publish(&unused, 1);
    assert_eq!(data(&mut unused.frames(told[0].last_event_id())), ["1"], "even before the first event");
}

#[test]
fn ids_of_the_application_are_kept() {
    let feed = Feed::new(1 << 16, Clock::new());
    for id in [event_id!("a"), event_id!("b"), event_id!("a"), event_id!("c")] {
        feed.publish(&Frame::new().id(id).data(id.as_str()));
    }
    assert_eq!(data(&mut feed.frames(b"a")), ["c"], "after its last use");
    assert_eq!(data(&mut feed.frames(b"b")), ["a", "c"]);
    feed.publish(&Frame::new().id(EventId::EMPTY).data("x"));
    assert_eq!(data(&mut feed.frames(b"c")), ["x"]);
    assert_ne!(events(&mut feed.frames(b"c"))[0].last_event_id(), b"");
}

#[test]
fn the_newest_frame_is_kept_whatever_its_length() {
    let feed = Feed::new(1000, Clock::new());
    let mut client = feed.frames(b"");
    ready(&mut client);
    publish(&feed, 1);
    let id = last_id(&mut feed.frames(b""));
    let long = "x".repeat(5000);
    feed.publish(&Frame::new().data(&long));
    assert_eq!(events(&mut client)[0].event_type(), b"cut", "1 had not been sent, and is gone");
    feed.publish(&Frame::new().data(&long));
    assert_eq!(data(&mut client), [&*long]);
    assert_eq!(events(&mut feed.frames(&id))[0].event_type(), b"cut");
}

#[test]
fn the_history_takes_no_more_memory_than_its_limit() {
    let limit = 50_000;
    let feed = Feed::new(limit, Clock::new()).history_for_new();
    for number in 0..10_000 {
        publish(&feed, number);
    }
    let (kept, _) = ready(&mut feed.frames(b""));
    let bytes: usize = kept.iter().map(|frame| frame.as_bytes().len()).sum();
    assert!(bytes < limit && kept.len() * size_of::<EncodedFrame>() < limit, "{} frames, {bytes} bytes", kept.len());
    assert!(bytes > limit / 10, "{bytes}");
}

#[test]
fn bodies_end_after_what_they_still_have_to_send() {
    let feed = Feed::new(1 << 16, Clock::new());
    let count = Arc::new(Count::default());
    let waker = count.clone().into();
    let (mut behind, mut waiting) = (feed.frames(b""), feed.frames(b""));
    publish(&feed, 1);
    ready(&mut waiting);
    assert!(poll(&mut waiting, &waker).is_pending());
    feed.close();
    assert_eq!(count.taken(), 1, "a waiting client is woken");
    assert!(matches!(poll(&mut waiting, &waker), Poll::Ready(None)));
    publish(&feed, 2);
    let (frames, is_ended) = ready(&mut behind);
    assert_eq!((frames.len(), is_ended), (2, true), "its ID, and event 1");
    assert!(ready(&mut feed.frames(b"")).1, "a client that comes later");
    let feed = Feed::new(1 << 16, Clock::new());
    let mut client = feed.frames(b"");
    drop(feed);
    assert!(ready(&mut client).1, "dropping the feed ends it too");
}

#[test]
fn a_client_is_woken_once_for_an_event_and_only_if_it_waits() {
    let feed = Feed::new(1 << 16, Clock::new());
    let (count, other) = (Arc::new(Count::default()), Arc::new(Count::default()));
    let (waker, other_waker) = (count.clone().into(), other.clone().into());
    let mut client = feed.frames(b"");
    ready(&mut client);
    publish(&feed, 1);
    assert_eq!(count.taken(), 0, "it has not waited");
    ready(&mut client);
    (0..10).for_each(|_| assert!(poll(&mut client, &waker).is_pending()));
    publish(&feed, 2);
    assert_eq!(count.taken(), 1, "however often it was polled");
    publish(&feed, 3);
    assert_eq!(count.taken(), 0, "it has not read event 2 yet");
    ready(&mut client);
    assert!(poll(&mut client, &waker).is_pending() && poll(&mut client, &other_waker).is_pending());
    publish(&feed, 4);
    assert_eq!((count.taken(), other.taken()), (0, 1), "the task that polled last");
    ready(&mut client);
    assert!(poll(&mut client, &waker).is_pending());
    drop(client);
    publish(&feed, 5);
    assert_eq!((count.taken(), other.taken()), (0, 0), "it has left");
}

#[test]
fn no_waker_of_a_client_that_left_is_kept() {
    let feed = Feed::new(1 << 16, Clock::new());
    let count = Arc::new(Count::default());
    let waker: Waker = count.clone().into();
    for _ in 0..1000 {
        let mut clients: Vec<_> = (0..3).map(|_| feed.frames(b"")).collect();
        clients.iter_mut().for_each(|client| drop(ready(client)));
        clients.iter_mut().for_each(|client| assert!(poll(client, &waker).is_pending()));
        drop(clients.remove(1));
        publish(&feed, 1);
        assert_eq!(count.taken(), 2);
    }
    assert_eq!(Arc::strong_count(&count), 2, "here, and in `waker`");
}

/// Publishes and leaves when it is woken.
struct Reentrant(Mutex<Option<(Arc<Feed<Clock>>, Subscription)>>);

impl Wake for Reentrant {
    fn wake(self: Arc<Self>) {
        let taken = self.0.lock().unwrap().take();
        if let Some((feed, _)) = taken {
            publish(&feed, 2);
        }
    }
}

#[test]
fn a_waker_may_use_the_feed() {
    let feed = Arc::new(Feed::new(1 << 16, Clock::new()));
    let task = Arc::new(Reentrant(Mutex::new(None)));
    let mut client = feed.frames(b"");
    ready(&mut client);
    assert!(poll(&mut client, &task.clone().into()).is_pending());
    *task.0.lock().unwrap() = Some((feed.clone(), client));
    let mut other = feed.frames(b"");
    publish(&feed, 1);
    assert_eq!(data(&mut other), ["1", "2"]);
    assert!(task.0.lock().unwrap().is_none());
}

#[test]
fn a_body_can_be_sent_to_any_task() {
    const fn is_send<T: Send + 'static>() {}
    const fn is_sync<T: Send + Sync + 'static>() {}
    is_send::<FeedBody<Clock>>();
    is_sync::<Feed<Clock>>();
}

/// Returns the text of the next frame of a body, and when it came, in seconds.
async fn next(body: &mut Pin<Box<FeedBody<Clock>>>, clock: &Clock) -> Option<(String, u64)> {
    let Ok(frame) = core::future::poll_fn(|context| body.as_mut().poll_frame(context)).await?;
    let text = String::from_utf8(frame.into_data().unwrap().into()).unwrap();
    Some((text, clock.now().as_millis() / 1000))
}

#[tokio::test(start_paused = true)]
async fn a_body_is_kept_alive_and_ends_after_its_lifetime() {
    let clock = Clock::new();
    let feed = Feed::new(1 << 16, clock).lifetime(40 * S, 10 * S);
    let mut body = Box::pin(feed.subscribe(b""));
    assert!(next(&mut body, &clock).await.is_some_and(|(hello, at)| hello.starts_with("id: ") && at == 0));
    assert_eq!(next(&mut body, &clock).await, Some((":\n\n".into(), 15)));
    tokio::time::advance(5 * S).await;
    publish(&feed, 1);
    assert!(next(&mut body, &clock).await.is_some_and(|(event, at)| event.ends_with("\ndata: 1\n\n") && at == 20));
    assert_eq!(next(&mut body, &clock).await, Some((":\n\n".into(), 35)));
    assert_eq!(next(&mut body, &clock).await, None);
    assert!((40_000..50_000).contains(&clock.now().as_millis()), "{:?}", clock.now());
    let mut body = Box::pin(Feed::new(1 << 16, clock).keep_alive(S).subscribe(b""));
    assert!(next(&mut body, &clock).await.is_some() && next(&mut body, &clock).await.is_none(), "the feed is gone");
}

#[tokio::test(start_paused = true)]
async fn a_thousand_clients_share_the_bytes_of_each_event() {
    let clock = Clock::new();
    let feed = Arc::new(Feed::new(1 << 16, clock));
    let bodies: Vec<_> = (0..1000).map(|_| Box::pin(feed.subscribe(b""))).collect();
    let clients: Vec<_> = bodies
        .into_iter()
        .map(|mut body| {
            tokio::spawn(async move {
                let mut seen = Vec::new();
                while let Some(Ok(frame)) = core::future::poll_fn(|context| body.as_mut().poll_frame(context)).await {
                    seen.push(frame.into_data().unwrap());
                }
                seen
            })
        })
        .collect();
    for number in 0..100 {
        tokio::task::yield_now().await;
        publish(&feed, number);
    }
    feed.close();
    let mut first: Option<Vec<_>> = None;
    for client in clients {
        let seen = client.await.unwrap();
        let texts: Vec<_> = seen[1..].iter().map(|bytes| bytes.as_ptr()).collect();
        assert_eq!(texts.len(), 100);
        assert_eq!(first.get_or_insert_with(|| texts.clone()), &texts, "the same memory for every client");
    }
}

proptest! {
    /// Clients at different speeds, which leave and come back, are sent every event in order, or a cut where one is
    /// missing.
    #[test]
    fn each_client_is_sent_all_events_or_told_of_a_cut(
        limit in 0_usize..3000,
        steps in prop::collection::vec((0_usize..8, 0_usize..4, 0_usize..300), 0..200),
    ) {
        let feed = Feed::new(limit, Clock::new());
        // For each client the events so far when it last read, and its last event ID.
        let mut clients: Vec<_> = (0..8).map(|_| (feed.frames(b""), 0_u32, Vec::new())).collect();
        let mut published = 0;
        for (index, action, length) in steps {
            let (frames, seen, id) = &mut clients[index];
            match action {
                0 => {
                    published += 1;
                    let data = format!("{published} {}", "x".repeat(length));
                    feed.publish(&Frame::new().data(&data));
                }
                1 if !id.is_empty() => *frames = feed.frames(id),
                _ => {
                    let mut decoder = Decoder::boxed(4096);
                    let mut was_cut = false;
                    for frame in ready(frames).0 {
                        let mut bytes = &frame.as_bytes()[..];
                        while let Some(event) = decoder.next_event(&mut bytes) {
                            let event = event.unwrap();
                            if event.event_type == b"cut" {
                                prop_assert!(!was_cut && *seen < published, "cut without a loss");
                                (was_cut, *seen) = (true, published);
                            } else {
                                let number = event.data_lossy().to_string();
                                *seen += 1;
                                prop_assert_eq!(number.split(' ').next(), Some(&*seen.to_string()));
                            }
                        }
                        if !decoder.last_event_id().is_empty() {
                            *id = decoder.last_event_id().to_vec();
                        }
                    }
                    prop_assert_eq!(*seen, published, "everything up to now");
                }
            }
        }
    }
}
