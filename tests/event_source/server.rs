//! A server that answers each request as a script says, in the virtual time of tokio, and keeps the requests.

use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use embedded_sse::io::event_source::EventSource;
use futures_util::{Stream, stream};
use http::{Request, Response};
use http_body::{Body, Frame};
use tokio::time::{Instant, sleep};

/// What the server sends in a body, one after another.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part {
    Bytes(&'static str),
    /// Nothing, for this many seconds.
    Wait(u64),
    /// Breaks the connection.
    Break,
    /// Sends nothing more.
    Hang,
}

/// How the server answers a request.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// Sends a response with these headers.
    Response(u16, Vec<(&'static str, &'static str)>, Vec<Part>),
    /// Never answers.
    Hang,
    /// Refuses the connection.
    Refuse,
    /// Breaks the connection before a response.
    Break,
}

/// A stream of these parts. It ends cleanly unless a part says otherwise.
pub(crate) fn events(parts: &[Part]) -> Answer {
    Answer::Response(200, vec![("content-type", "text/event-stream")], parts.to_vec())
}

/// A response without a body.
pub(crate) fn status(status: u16, headers: &[(&'static str, &'static str)]) -> Answer {
    Answer::Response(status, headers.to_vec(), vec![])
}

#[derive(Clone)]
pub(crate) struct Server(Arc<Mutex<State>>);

struct State {
    answers: VecDeque<Answer>,
    requests: Vec<Asked>,
}

/// A request, and the seconds after the start of the test in which it arrived.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) request: Request<String>,
    pub(crate) at: Instant,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.request.headers().get(name).map(|value| value.to_str().expect("visible ASCII"))
    }
}

impl Server {
    /// Answers in this order, and with status 204 after that.
    pub(crate) fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self(Arc::new(Mutex::new(State { answers: answers.into_iter().collect(), requests: vec![] })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns a source that sends this request to the server.
    pub(crate) fn source(&self, request: Request<String>) -> EventSource {
        let server = self.clone();
        EventSource::new(request, move |request: Request<String>| server.clone().answer(request))
    }

    /// Returns a source that sends a GET request to the server.
    pub(crate) fn get(&self) -> EventSource {
        self.source(Request::get("http://a.test/events").body(String::new()).expect("a request"))
    }

    /// Returns a source that sends a POST request to the server.
    pub(crate) fn post(&self) -> EventSource {
        let request = Request::post("http://a.test/ask").header("content-type", "application/json");
        self.source(request.body("{}".into()).expect("a request"))
    }

    async fn answer(self, request: Request<String>) -> io::Result<Response<Parts>> {
        let answer = {
            let mut state = self.state();
            state.requests.push(Asked { request, at: Instant::now() });
            state.answers.pop_front().unwrap_or(Answer::Response(204, vec![], vec![]))
        };
        match answer {
            Answer::Response(status, headers, parts) => {
                let response = headers
                    .iter()
                    .fold(Response::builder().status(status), |response, (name, value)| response.header(*name, *value));
                Ok(response.body(Parts::new(parts)).expect("valid headers"))
            }
            Answer::Hang => core::future::pending().await,
            Answer::Refuse => Err(io::ErrorKind::ConnectionRefused.into()),
            Answer::Break => Err(io::ErrorKind::ConnectionReset.into()),
        }
    }

    /// Calls `look` with the requests so far.
    pub(crate) fn requests<T>(&self, look: impl FnOnce(&[Asked]) -> T) -> T {
        look(&self.state().requests)
    }

    /// Returns the whole seconds between each request and the next one.
    pub(crate) fn gaps(&self) -> Vec<u64> {
        self.requests(|asked| asked.windows(2).map(|pair| (pair[1].at - pair[0].at).as_secs()).collect())
    }
}

/// The body of a response.
pub(crate) struct Parts(Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>);

impl Parts {
    fn new(parts: Vec<Part>) -> Self {
        Self(Box::pin(stream::unfold(parts.into_iter(), |mut parts| async {
            loop {
                match parts.next()? {
                    Part::Bytes(text) => return Some((Ok(Bytes::from_static(text.as_bytes())), parts)),
                    Part::Wait(seconds) => sleep(Duration::from_secs(seconds)).await,
                    Part::Break => return Some((Err(io::ErrorKind::ConnectionReset.into()), parts)),
                    Part::Hang => core::future::pending().await,
                }
            }
        })))
    }
}

impl Body for Parts {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        self.0.as_mut().poll_next(context).map_ok(Frame::data)
    }
}
