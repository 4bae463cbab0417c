//! The application's HTTP client, body and timer, with their types erased, so that the event source has no type
//! parameters.
//!
//! This module calls and polls. It must not depend on the session.

use alloc::boxed::Box;
use core::error::Error;
use core::future::ready;
use core::pin::Pin;
use core::task::{Context, Poll};

use ::http_body::Body;
use bytes::Bytes;

use crate::client::Instant;
use crate::io::http_body::{Sleeper, poll_data};

/// An error of your HTTP client, of the body of a response, or of your function for headers.
///
/// ```
/// use embedded_sse::io::event_source::BoxError;
///
/// /// Any error becomes one with `?`.
/// async fn token() -> Result<String, BoxError> {
///     Ok(std::env::var("TOKEN")?)
/// }
/// ```
pub type BoxError = Box<dyn Error + Send + Sync>;

pub(super) type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The response to one request.
pub(super) type Sent = Boxed<Result<http::Response<Pin<Box<dyn Chunks>>>, SendError>>;

/// Sends a request with this head. The flag tells whether it has the application's body, or an empty one.
pub(super) type Link = Box<dyn FnMut(http::request::Parts, bool) -> Sent + Send>;

/// Why there is no response.
pub(super) enum SendError {
    /// The request cannot be converted to that of the client.
    Request(BoxError),
    /// The client failed.
    Client(BoxError),
}

pub(super) fn link<B, F, Q, S, R, E, T>(body: B, mut send: F) -> Link
where
    B: Clone + Default + Send + 'static,
    F: FnMut(Q) -> S + Send + 'static,
    Q: TryFrom<http::Request<B>, Error: Into<BoxError>>,
    S: Future<Output = Result<R, E>> + Send + 'static,
    R: Into<http::Response<T>>,
    E: Into<BoxError>,
    T: Body<Error: Into<BoxError>> + Send + 'static,
{
    Box::new(move |head, has_body| {
        let body = if has_body { body.clone() } else { B::default() };
        match Q::try_from(http::Request::from_parts(head, body)) {
            Ok(request) => {
                let sent = send(request);
                Box::pin(async {
                    let response: http::Response<T> =
                        sent.await.map_err(|error| SendError::Client(error.into()))?.into();
                    Ok(response.map(|body| Box::pin(body) as Pin<Box<dyn Chunks>>))
                })
            }
            Err(error) => Box::pin(ready(Err(SendError::Request(error.into())))),
        }
    })
}

/// A body of any type.
pub(super) trait Chunks: Send {
    fn poll_chunk(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, BoxError>>>;
}

impl<T: Body<Error: Into<BoxError>> + Send> Chunks for T {
    fn poll_chunk(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, BoxError>>> {
        poll_data(self, context).map_err(Into::into)
    }
}

/// A [`Sleeper`] of any type.
pub(super) trait Timer: Send {
    fn now(&self) -> Instant;
    fn sleep_until(&self, at: Instant) -> Boxed<()>;
}

impl<T: Sleeper<Sleep: Send + 'static> + Send> Timer for T {
    fn now(&self) -> Instant {
        Sleeper::now(self)
    }

    fn sleep_until(&self, at: Instant) -> Boxed<()> {
        Box::pin(Sleeper::sleep_until(self, at))
    }
}

/// A timer, and the wait that was set last.
pub(super) struct Alarm {
    timer: Box<dyn Timer>,
    set: Option<(Instant, Boxed<()>)>,
}

impl Alarm {
    pub(super) fn new(timer: impl Timer + 'static) -> Self {
        Self { timer: Box::new(timer), set: None }
    }

    pub(super) fn now(&self) -> Instant {
        self.timer.now()
    }

    /// Returns another wait, apart from the one that [`poll`](Self::poll) sets.
    pub(super) fn sleep_until(&self, at: Instant) -> Boxed<()> {
        self.timer.sleep_until(at)
    }

    /// Waits until `at`, or completes earlier. A wait that is too early is kept, so that a deadline that every chunk
    /// moves is set once for many chunks.
    pub(super) fn poll(&mut self, at: Instant, context: &mut Context<'_>) -> Poll<()> {
        let (_, sleep) = match &mut self.set {
            Some(set) if set.0 <= at => set,
            set => set.insert((at, self.timer.sleep_until(at))),
        };
        let polled = sleep.as_mut().poll(context);
        if polled.is_ready() {
            self.set = None;
        }
        polled
    }
}
