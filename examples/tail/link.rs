//! Sends the requests of the event source, reports them, and reads along which events have IDs.
//!
//! This module handles URLs and headers. It must not decide whether to follow a redirect: the event source does.

use core::error::Error;
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::header::{AUTHORIZATION, HeaderValue};
use http_body::{Body, Frame};
use reqwest::Url;

use crate::failure::Failure;
use crate::ids::Ids;
use crate::messages::say;
use crate::shown::{public, shown};
use crate::sockets::Sockets;

/// The HTTP client, and what it needs for each request.
pub(crate) struct Link {
    http: reqwest::Client,
    /// The URL of the application, and the user name and password in it as a header. Only its origin gets them.
    home: Url,
    credentials: Option<HeaderValue>,
    sockets: Sockets,
    verbose: bool,
    progress: Progress,
}

/// What the requests and the reports of the event source share.
#[derive(Clone, Default)]
pub(crate) struct Progress(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// The URL of the request before in the same attempt.
    previous: Option<Url>,
    /// Whether every redirect so far has kept the origin of the application's URL.
    is_home: bool,
    ids: Ids,
}

impl Progress {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reports that an attempt has ended or has opened the stream: the next request is no redirect.
    pub(crate) fn over(&self) {
        self.state().previous = None;
    }

    /// Returns whether the next event that is reported has an ID of its own.
    pub(crate) fn next_event(&self) -> bool {
        self.state().ids.next_event()
    }
}

impl Link {
    /// Creates a link for this URL. Fails if no request with it can be built.
    pub(crate) fn new(http: reqwest::Client, mut url: Url, sockets: Sockets, verbose: bool) -> Result<Self, Failure> {
        // This moves user name and password from the URL to a header.
        let mut request = http.get(url.clone()).build()?;
        let credentials = request.headers_mut().remove(AUTHORIZATION);
        url.clone_from(request.url());
        let link = Self { http, home: url, credentials, sockets, verbose, progress: Progress::default() };
        link.check(&link.home)?;
        Ok(link)
    }

    /// Returns the application's URL without user name and password.
    pub(crate) const fn url(&self) -> &Url {
        &self.home
    }

    pub(crate) fn progress(&self) -> Progress {
        self.progress.clone()
    }

    fn check(&self, url: &Url) -> Result<(), SendError> {
        match url.username().is_empty() && url.password().is_none() {
            true => Ok(()),
            false => Err(SendError::Request("user name and password in the URL are not UTF-8".into())),
        }
    }

    /// Sends a request.
    pub(crate) fn send(
        &self,
        request: http::Request<String>,
    ) -> impl Future<Output = Result<http::Response<Watched>, SendError>> + Send + use<> {
        let (request, http, sockets) = (self.request(request), self.http.clone(), self.sockets.clone());
        let progress = self.progress();
        async move {
            let response = tokio::select! {
                biased;
                response = http.execute(request?) => response.map_err(SendError::Http)?,
                () = sockets.overworked() => return Err(SendError::Informational),
            };
            progress.state().ids = Ids::default();
            Ok(http::Response::from(response).map(|body| Watched { body, progress }))
        }
    }

    /// Converts a request, and reports it.
    fn request(&self, request: http::Request<String>) -> Result<reqwest::Request, SendError> {
        let (head, body) = request.into_parts();
        let url = Url::parse(&head.uri.to_string()).map_err(|error| SendError::Request(error.to_string()))?;
        // This moves user name and password of a redirect to a header.
        let mut request = self.http.request(head.method, url).build().map_err(SendError::Http)?;
        self.check(request.url())?;
        let mut credentials = request.headers_mut().remove(AUTHORIZATION);
        let shown_target = format!("{} {}", request.method(), public(request.url()));
        {
            let mut state = self.progress.state();
            let origin = request.url().origin();
            match state.previous.replace(request.url().clone()) {
                None => state.is_home = origin == self.home.origin(),
                Some(previous) if previous.origin() != origin => {
                    state.is_home = false;
                    say(format_args!("a redirect leads to another server: {shown_target}"));
                }
                Some(_) => {}
            }
            if state.is_home {
                credentials = credentials.or_else(|| self.credentials.clone());
            }
        }
        *request.headers_mut() = head.headers;
        if let Some(credentials) = credentials {
            request.headers_mut().entry(AUTHORIZATION).or_insert(credentials);
        }
        if self.verbose {
            let last_event_id = request.headers().get("Last-Event-ID").map(|id| shown(id.as_bytes()));
            let after = last_event_id.map_or(String::new(), |id| format!(" after event {id}"));
            say(format_args!("{shown_target}{after}"));
        }
        *request.body_mut() = (!body.is_empty()).then(|| body.into());
        Ok(request)
    }
}

/// Why there is no response, or no more of its body.
#[derive(Debug)]
pub(crate) enum SendError {
    Http(reqwest::Error),
    /// The request cannot be built.
    Request(String),
    /// The server keeps sending informational responses.
    Informational,
}

impl SendError {
    /// Returns whether no part of the request was sent.
    pub(crate) fn is_not_sent(&self) -> bool {
        match self {
            Self::Http(error) => error.is_connect(),
            Self::Request(_) => true,
            Self::Informational => false,
        }
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http(error) => error.fmt(f),
            Self::Request(detail) => f.write_str(detail),
            Self::Informational => f.write_str("only informational responses"),
        }
    }
}

impl Error for SendError {}

/// The body of a response, which is read along.
pub(crate) struct Watched {
    body: reqwest::Body,
    progress: Progress,
}

impl Body for Watched {
    type Data = Bytes;
    type Error = SendError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, SendError>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            self.progress.state().ids.read(frame.data_ref().map_or(&[][..], |data| data));
        }
        polled.map_err(SendError::Http)
    }
}
