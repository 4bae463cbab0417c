//! Accepts connections, and limits their number and the time that one may be idle.
//!
//! This module uses hyper and tokio's clock. It must not depend on what the routes serve.

use core::convert::Infallible;
use core::pin::{Pin, pin};
use core::task::{Context, Poll};
use core::time::Duration;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::serve::Listener;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;

pub(crate) struct Limits {
    /// The largest number of open connections. Further ones wait in the system's queue of connections that are not
    /// accepted yet.
    pub(crate) connections: usize,
    /// A connection is closed after it was without a response in progress for this long. A response starts only after
    /// the whole request, with its body, has arrived.
    pub(crate) patience: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connections: 1000, patience: Duration::from_secs(10) }
    }
}

/// Serves HTTP/1.1 or HTTP/2, whichever the client starts with.
pub(crate) async fn serve(mut listener: impl Listener, routes: Router, limits: Limits) -> Infallible {
    let places = Arc::new(Semaphore::new(limits.connections));
    loop {
        let place = places.clone().acquire_owned().await;
        let (io, _) = listener.accept().await;
        let routes = routes.clone();
        tokio::spawn(async move {
            serve_connection(io, routes, limits.patience).await;
            drop(place);
        });
    }
}

async fn serve_connection(
    io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    routes: Router,
    patience: Duration,
) {
    // How many responses are in progress.
    let responses = watch::Sender::new(0);
    let routes = TowerToHyperService::new(routes);
    let service = service_fn(|request: hyper::Request<Incoming>| {
        let (response, responses) = (routes.call(request), responses.clone());
        async { response.await.map(|response| response.map(|body| InProgress::new(body, responses))) }
    });
    let builder = Builder::new(TokioExecutor::new());
    let mut connection = pin!(builder.serve_connection(TokioIo::new(io), service));
    tokio::select! {
        // A connection error needs no report.
        _ = connection.as_mut() => {}
        () = idle(responses.subscribe(), patience) => {
            // HTTP/2 sends GOAWAY.
            connection.as_mut().graceful_shutdown();
            let _ = timeout(Duration::from_secs(1), connection).await;
        }
    }
}

/// Returns once no response has been in progress for this long.
async fn idle(mut responses: watch::Receiver<usize>, patience: Duration) {
    loop {
        let is_idle = *responses.borrow_and_update() == 0;
        let change = responses.changed();
        if !is_idle {
            let _ = change.await;
        } else if timeout(patience, change).await.is_err() {
            return;
        }
    }
}

/// The body of a response. The response is in progress until this is dropped.
struct InProgress {
    body: Body,
    responses: watch::Sender<usize>,
}

impl InProgress {
    fn new(body: Body, responses: watch::Sender<usize>) -> Self {
        responses.send_modify(|count| *count += 1);
        Self { body, responses }
    }
}

impl Drop for InProgress {
    fn drop(&mut self) {
        self.responses.send_modify(|count| *count -= 1);
    }
}

impl hyper::body::Body for InProgress {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
