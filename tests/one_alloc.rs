//! Checks with a counting allocator that an owned event takes at most one allocation, and a stream of them no others.

use core::convert::Infallible;
use core::pin::pin;
use core::task::{Context, Poll, Waker};

use allocation_counter::measure;
use bytes::Bytes;
use embedded_sse::io::futures::EventStream;
use embedded_sse::{Decoder, Event, OwnedEvent};
use futures_util::{Stream, stream};

#[test]
fn an_event_takes_at_most_one_allocation() {
    let count = |event_type: &[u8], data: &[u8], last_event_id: &[u8]| {
        let mut kept = None;
        let info = measure(|| kept = Some(OwnedEvent::from(Event { event_type, data, last_event_id })));
        let kept = kept.expect("an event");
        assert_eq!(kept.as_event(), Event { event_type, data, last_event_id });
        info.count_total
    };
    assert_eq!(count(b"message", b"", b""), 0);
    assert_eq!(count(b"message", b"x", b""), 1);
    assert_eq!(count(b"tick", b"", b""), 1);
    assert_eq!(count(b"message", b"", b"7"), 1);
    assert_eq!(count(b"tick", &[b'x'; 100_000], b"7"), 1);
}

#[test]
fn a_stream_takes_at_most_one_allocation_for_each_event() {
    for (with_id, size) in [(false, 100), (false, 1460), (false, 1 << 20), (true, 100), (true, 1460), (true, 1 << 20)] {
        let mut stream = String::new();
        for number in 0..1000 {
            if with_id {
                stream.push_str(&format!("id: {number}\n"));
            }
            stream.push_str(&format!("event: tick\ndata: {}\n\n", "x".repeat(number % 300)));
        }
        let bytes = Bytes::from(stream);
        let shared: Vec<_> =
            (0..bytes.len()).step_by(size).map(|at| bytes.slice(at..bytes.len().min(at + size))).collect();
        let vectors: Vec<_> = shared.iter().map(|chunk| chunk.to_vec()).collect();
        let count = count(shared);
        if size == 1 << 20 && !with_id {
            assert_eq!(count, 256, "only events that are too short to share are copied");
        }
        assert!(count <= 1000, "{count} for shared chunks of {size}, ids: {with_id}");
        let count = self::count(vectors);
        assert_eq!(count, 1000, "for chunks of {size}, ids: {with_id}");
    }
}

/// Apart from the connection, and a deadline for each wait.
#[cfg(feature = "event-source")]
#[test]
fn an_event_source_takes_at_most_one_allocation_for_each_event() {
    use embedded_sse::client::{Instant, Policy};
    use embedded_sse::io::event_source::{EventSource, News};

    /// A body of 100 chunks.
    struct Body(std::vec::IntoIter<Bytes>);

    impl http_body::Body for Body {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: core::pin::Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<http_body::Frame<Bytes>, Infallible>>> {
            Poll::Ready(self.0.next().map(|chunk| Ok(http_body::Frame::data(chunk))))
        }
    }

    /// A clock that stands still.
    struct Still;

    impl embedded_sse::io::http_body::Sleeper for Still {
        type Sleep = core::future::Pending<()>;

        fn now(&self) -> Instant {
            Instant::ZERO
        }

        fn sleep_until(&self, _: Instant) -> Self::Sleep {
            core::future::pending()
        }
    }

    let chunk = Bytes::from(format!("id: 7\nevent: tick\ndata: {}\n\n", "x".repeat(200)).repeat(10));
    let send = move |_: http::Request<String>| {
        let body = Body(vec![chunk.clone(); 100].into_iter());
        let response = http::Response::builder().header("content-type", "text/event-stream").body(body);
        core::future::ready(response)
    };
    let policy = Policy::standard().liveness(Some(core::time::Duration::from_secs(30)));
    let request = http::Request::get("http://a.test/").body(String::new()).expect("a request");
    let mut events = EventSource::with_timer(request, send, Still).policy(policy);
    let mut context = Context::from_waker(Waker::noop());
    let mut next = || pin!(&mut events).poll_next(&mut context);
    assert!(matches!(next(), Poll::Ready(Some(News::Opened(_)))));
    let mut kept = Vec::with_capacity(1000);
    let info = measure(|| {
        while kept.len() < 1000 {
            match next() {
                Poll::Ready(Some(News::Event(event))) => kept.push(event),
                Poll::Ready(news) => panic!("{news:?}"),
                // It leaves other tasks their turn.
                Poll::Pending => {}
            }
        }
    });
    assert_eq!(info.count_total, 1000, "one for the ID of each event, and none for the data or the chunk");
}

/// Returns the number of allocations while 1000 events are read from these chunks.
fn count<C: AsRef<[u8]> + 'static>(chunks: Vec<C>) -> u64 {
    let mut events =
        pin!(EventStream::new(stream::iter(chunks.into_iter().map(Ok::<_, Infallible>)), Decoder::new([0; 512])));
    let mut kept = Vec::with_capacity(1000);
    let mut context = Context::from_waker(Waker::noop());
    let info = measure(|| {
        while let Poll::Ready(Some(event)) = events.as_mut().poll_next(&mut context) {
            kept.push(event.expect("an event that fits"));
        }
    });
    assert_eq!(kept.len(), 1000);
    info.count_total
}
