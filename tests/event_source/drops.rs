//! Waits and whole sources that are dropped at any point, over a stream with cuts.

use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use embedded_sse::client::{Backoff, Instant, NoJitter, Policy, StopReason};
use embedded_sse::io::event_source::{EventSource, News};
use embedded_sse::io::http_body::Sleeper;
use http::{HeaderMap, Request, Response};
use http_body::{Body, Frame};

const EVENTS: usize = 100_000;

/// A generator that clones share.
#[derive(Clone)]
struct Random(Arc<AtomicU64>);

impl Random {
    /// Returns a number from 0 to `below`, exclusive.
    fn below(&self, below: usize) -> usize {
        let state = self.0.load(Ordering::Relaxed).wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(1);
        self.0.store(state, Ordering::Relaxed);
        (state >> 33) as usize % below
    }
}

/// Is pending once, sometimes.
async fn pause(random: Random) {
    if random.below(2) == 0 {
        tokio::task::yield_now().await;
    }
}

/// A clock on which the time of each wait has passed at its second poll.
struct Clock(Arc<AtomicU64>);

struct Sleep(Arc<AtomicU64>, u64, bool);

impl Sleeper for Clock {
    type Sleep = Sleep;

    fn now(&self) -> Instant {
        Instant::from_millis(self.0.load(Ordering::Relaxed))
    }

    fn sleep_until(&self, at: Instant) -> Sleep {
        Sleep(Arc::clone(&self.0), at.as_millis(), false)
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if !core::mem::replace(&mut self.2, true) {
            return Poll::Pending;
        }
        self.0.fetch_max(self.1, Ordering::Relaxed);
        Poll::Ready(())
    }
}

/// What follows the last event ID, cut at a random byte, in random pieces. Is pending before each of them.
struct Cut {
    bytes: Bytes,
    random: Random,
    breaks: bool,
    is_there: bool,
}

impl Body for Cut {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        self.is_there = !self.is_there;
        if self.is_there {
            return Poll::Pending;
        }
        let most = self.bytes.len().min(200);
        if most == 0 {
            let error = self.breaks.then(|| Err(io::ErrorKind::ConnectionReset.into()));
            return Poll::Ready(error);
        }
        let length = 1 + self.random.below(most);
        Poll::Ready(Some(Ok(Frame::data(self.bytes.split_to(length)))))
    }
}

#[test]
fn nothing_is_lost_or_repeated_if_waits_and_sources_are_dropped() {
    let random = Random(Arc::new(AtomicU64::new(5)));
    let (mut stream, mut starts) = (String::new(), vec![]);
    for number in 0..EVENTS {
        starts.push(stream.len());
        stream += &match random.below(4) {
            0 => format!("id: {number}\ndata: {number}\n\n"),
            1 => format!("data:{number}\rid:{number}\r\r"),
            2 => format!(": beat\r\n\r\nid: {number}\r\ndata: {number}\r\n\r\n"),
            _ => format!("{}\nid: {number}\ndata: {number}\n\n", ":".repeat(random.below(100))),
        };
    }
    let (stream, starts) = (Bytes::from(stream), Arc::new(starts));
    let time = Arc::new(AtomicU64::new(0));
    let requests = Arc::new(Mutex::new(0));
    let source = |after: &[u8]| {
        let (stream, starts, requests, of_send, of_headers) =
            (stream.clone(), Arc::clone(&starts), Arc::clone(&requests), random.clone(), random.clone());
        let send = move |request: Request<String>| {
            let id = request.headers().get("last-event-id").and_then(|id| id.to_str().ok()?.parse::<usize>().ok());
            let (stream, random) = (stream.clone(), of_send.clone());
            let start = starts.get(id.map_or(0, |id| id + 1)).copied();
            *requests.lock().unwrap() += 1;
            async move {
                pause(random.clone()).await;
                let Some(start) = start else {
                    let empty = Cut { bytes: Bytes::new(), random, breaks: false, is_there: false };
                    return Ok(Response::builder().status(204).body(empty).unwrap());
                };
                if random.below(10) == 0 {
                    return Err(io::Error::from(io::ErrorKind::ConnectionReset));
                }
                let bytes = stream.slice(start..stream.len().min(start + random.below(40_000)));
                let breaks = random.below(2) == 0;
                let body = Cut { bytes, random, breaks, is_there: false };
                Ok(Response::builder().header("content-type", "text/event-stream").body(body).unwrap())
            }
        };
        let request = Request::get("http://a.test/").body(String::new()).unwrap();
        EventSource::with_timer(request, send, Clock(Arc::clone(&time)))
            .policy(Policy::new(Backoff::fixed(core::time::Duration::from_secs(1))))
            .jitter(NoJitter)
            .max_event(1000)
            .headers(move || {
                let random = of_headers.clone();
                async {
                    pause(random).await;
                    Ok(HeaderMap::new())
                }
            })
            .last_event_id(after)
            .unwrap()
    };
    let mut context = Context::from_waker(Waker::noop());
    let (mut events, mut waits_dropped, mut sources_dropped, mut lost) = (0, 0, 0, 0);
    let mut current = source(b"");
    loop {
        let polled = {
            let mut next = pin!(current.next());
            let mut polls = random.below(3);
            loop {
                match next.as_mut().poll(&mut context) {
                    Poll::Pending if polls == 0 => break None,
                    Poll::Pending => polls -= 1,
                    Poll::Ready(news) => break Some(news),
                }
            }
        };
        match polled {
            None if random.below(30) == 0 => {
                sources_dropped += 1;
                current = source(current.current_id());
            }
            None => waits_dropped += 1,
            Some(Some(News::Event(event))) => {
                assert_eq!(event.data(), events.to_string().as_bytes(), "the next event, in order");
                events += 1;
            }
            Some(Some(News::Lost { .. })) => lost += 1,
            Some(Some(News::Stopped { reason, .. })) => {
                assert_eq!(reason, StopReason::NoContent);
                break;
            }
            Some(news) => assert!(matches!(news, Some(News::Opened(_))), "{news:?}"),
        }
    }
    assert_eq!(events, EVENTS);
    assert!(
        waits_dropped >= 10_000 && sources_dropped >= 100 && lost >= 100,
        "{waits_dropped} {sources_dropped} {lost}"
    );
}
