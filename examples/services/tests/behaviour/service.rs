//! A service in this process, whose connections carry what a script says, on a clock that stands still while it works.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use embedded_sse::io::event_source::EventSource;
use futures_util::stream::{self, BoxStream, StreamExt};
use http::{HeaderMap, Request, Response};
use http_body_util::StreamBody;
use tokio::time::{Instant, sleep};

/// What happens next on a connection. After the last step, the response ends.
pub(crate) enum Step {
    Send(&'static str),
    /// Seconds.
    Wait(u64),
    /// Nothing more, ever.
    Hang,
    /// The connection breaks.
    Cut,
}

/// A request as it arrived.
#[derive(Debug)]
pub(crate) struct Seen {
    /// When, since the start of the service.
    pub(crate) at: Duration,
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) body: String,
    headers: HeaderMap,
}

impl Seen {
    /// Returns the value of a header. Empty if there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("ASCII"))
    }
}

/// Returns a response that is a stream. `headers` are pairs of name and value.
pub(crate) fn stream(headers: &[(&str, &str)], steps: Vec<Step>) -> Response<Vec<Step>> {
    let response = Response::builder().header("Content-Type", "text/event-stream");
    let response = headers.iter().fold(response, |response, (name, value)| response.header(*name, *value));
    response.body(steps).expect("a response")
}

/// Returns a response with this status, and no body.
pub(crate) fn status(status: u16, headers: &[(&str, &str)]) -> Response<Vec<Step>> {
    let mut response = stream(headers, Vec::new());
    response.headers_mut().remove("Content-Type");
    *response.status_mut() = status.try_into().expect("a status");
    response
}

type Script = dyn Fn(usize, &Seen) -> Response<Vec<Step>> + Send + Sync;

/// A service. Clones are the same one.
#[derive(Clone)]
pub(crate) struct Service {
    seen: Arc<Mutex<Vec<Seen>>>,
    script: Arc<Script>,
    begun: Instant,
}

impl Service {
    /// Starts a service. `script` gets each request and its number, from 0.
    pub(crate) fn new(script: impl Fn(usize, &Seen) -> Response<Vec<Step>> + Send + Sync + 'static) -> Self {
        Self { seen: Arc::default(), script: Arc::new(script), begun: Instant::now() }
    }

    /// Returns an event source that sends its requests to this service, and waits as short as it may.
    pub(crate) fn connect(&self, request: Request<String>) -> EventSource {
        let service = self.clone();
        let send = move |request: Request<String>| {
            let response = service.answer(request);
            async move { io::Result::Ok(response) }
        };
        EventSource::new(request, send).jitter(|| 0)
    }

    /// Returns an event source for a GET.
    pub(crate) fn get(&self, url: &str) -> EventSource {
        self.connect(Request::get(url).body(String::new()).expect("a request"))
    }

    /// Returns an event source for a POST.
    pub(crate) fn post(&self, url: &str) -> EventSource {
        self.connect(Request::post(url).body("{}".into()).expect("a request"))
    }

    /// Looks at the requests so far.
    pub(crate) fn seen<R>(&self, look: impl FnOnce(&[Seen]) -> R) -> R {
        look(&self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn answer(&self, request: Request<String>) -> Response<StreamBody<BoxStream<'static, Frame>>> {
        let (head, body) = request.into_parts();
        let (at, method, url) = (self.begun.elapsed(), head.method.to_string(), head.uri.to_string());
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let number = seen.len();
        seen.push(Seen { at, method, url, body, headers: head.headers });
        (self.script)(number, &seen[number]).map(|steps| StreamBody::new(frames(steps).boxed()))
    }
}

type Frame = io::Result<http_body::Frame<&'static [u8]>>;

fn frames(steps: Vec<Step>) -> impl stream::Stream<Item = Frame> + Send {
    stream::unfold(steps.into_iter(), |mut steps| async move {
        loop {
            match steps.next()? {
                Step::Send(text) => return Some((Ok(http_body::Frame::data(text.as_bytes())), steps)),
                Step::Wait(seconds) => sleep(Duration::from_secs(seconds)).await,
                Step::Hang => std::future::pending().await,
                Step::Cut => return Some((Err(io::ErrorKind::ConnectionReset.into()), steps)),
            }
        }
    })
}
