//! A transport over the client of `reqwless`, which also supports TLS with its own features.
//!
//! This file must only depend on this client, not on the others.

use embedded_nal_async::{Dns, TcpConnect};
use embedded_sse::client::{Response, Verdict};
use embedded_sse::io::Request;
use embedded_sse::io::driver::{Connect, Exchange};
use reqwless::client::HttpClient;
use reqwless::request::{Method, RequestBuilder};

use crate::target::{BadUrl, Target};

/// Sends a `GET` request for the target in each attempt, each on a new connection.
///
/// `reqwless` 0.14 sends `Host` without the port.
pub struct Reqwless<'c, T: TcpConnect, D: Dns, const N: usize = 128> {
    client: HttpClient<'c, T, D>,
    target: Target<N>,
    head: &'c mut [u8],
}

impl<'c, T: TcpConnect, D: Dns, const N: usize> Reqwless<'c, T, D, N> {
    /// Creates a transport. `head` must have room for the longest head of a response.
    pub fn new(client: HttpClient<'c, T, D>, target: Target<N>, head: &'c mut [u8]) -> Self {
        Self { client, target, head }
    }
}

impl<T: TcpConnect, D: Dns, const N: usize> Connect for Reqwless<'_, T, D, N> {
    type Error = ReqwlessError;

    async fn open(&mut self, request: &Request<'_>, exchange: Exchange<'_>) -> Result<(), ReqwlessError> {
        self.target.begin(request.redirected);
        let headers = self.target.headers(request)?;
        let redirect = {
            let mut handle = self.client.request(Method::GET, self.target.url()).await?.headers(&headers);
            let response = handle.send(self.head).await?;
            let header = |name: &str| {
                response.headers().find(|header| header.0.eq_ignore_ascii_case(name)).map(|header| header.1)
            };
            let location = header("Location");
            let verdict = exchange
                .respond(&Response {
                    status: response.status.0,
                    content_type: header("Content-Type"),
                    location,
                    retry_after: header("Retry-After"),
                    date: header("Date"),
                    ..Response::default()
                })
                .await;
            match verdict {
                Verdict::Accept => return Ok(exchange.read(&mut response.body().reader()).await?),
                Verdict::Redirect { permanent } => (self.target.resolve(location.unwrap_or_default())?, permanent),
                _ => return Ok(()),
            }
        };
        self.target.go_to(redirect.0, redirect.1);
        Ok(())
    }
}

/// Why an attempt or a connection failed.
#[derive(Debug)]
pub enum ReqwlessError {
    /// An error of the HTTP client.
    Client(reqwless::Error),
    /// A URL, for example that of a redirect, cannot be used, or the request has too many headers.
    Target(BadUrl),
}

impl From<reqwless::Error> for ReqwlessError {
    fn from(error: reqwless::Error) -> Self {
        Self::Client(error)
    }
}

impl From<BadUrl> for ReqwlessError {
    fn from(error: BadUrl) -> Self {
        Self::Target(error)
    }
}
