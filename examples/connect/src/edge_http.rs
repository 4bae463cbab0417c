//! A transport over the client of `edge-http`, with any `edge_nal::TcpConnect`, including one whose sockets use TLS.
//!
//! This file must only depend on this client, not on the others.

use core::net::SocketAddr;

use edge_http::Method;
use edge_http::io::client::Connection;
use edge_nal::{AddrType, Dns, TcpConnect};
use embedded_sse::client::{Response, Verdict};
use embedded_sse::io::Request;
use embedded_sse::io::driver::{Connect, Exchange};

use crate::target::{BadUrl, Parts, Target};

/// Sends a `GET` request for the target in each attempt, each on a new connection.
pub struct EdgeHttp<'c, T, D, const N: usize = 128> {
    stack: &'c T,
    dns: &'c D,
    target: Target<N>,
    head: &'c mut [u8],
}

impl<'c, T: TcpConnect, D: Dns, const N: usize> EdgeHttp<'c, T, D, N> {
    /// Creates a transport. `head` must have room for the longest head of a response.
    ///
    /// The scheme of the URL, `http` or `https`, only sets the default port: whether TLS is used depends on the sockets
    /// of `stack`.
    pub fn new(stack: &'c T, dns: &'c D, target: Target<N>, head: &'c mut [u8]) -> Self {
        Self { stack, dns, target, head }
    }
}

impl<T: TcpConnect, D: Dns, const N: usize> Connect for EdgeHttp<'_, T, D, N> {
    type Error = EdgeHttpError<T::Error, D::Error>;

    async fn open(&mut self, request: &Request<'_>, exchange: Exchange<'_>) -> Result<(), Self::Error> {
        self.target.begin(request.redirected);
        let redirect = {
            let here = Parts::of(self.target.url()).ok_or(BadUrl)?;
            let (host, port) = here.host_and_port().ok_or(BadUrl)?;
            let address = match host.parse() {
                Ok(address) => address,
                Err(_) => self.dns.get_host_by_name(host, AddrType::Either).await.map_err(EdgeHttpError::Dns)?,
            };
            let mut headers = self.target.headers(request)?;
            headers.push(("Host", here.authority)).map_err(|_| BadUrl)?;
            // Each attempt uses its own connection. On a kept connection the client treats a 204 without a length as an
            // error.
            headers.push(("Connection", "close")).map_err(|_| BadUrl)?;
            // Without it the client sends an empty chunked body, and a server that closes before reading that resets
            // the connection.
            headers.push(("Content-Length", "0")).map_err(|_| BadUrl)?;
            let resource = if here.resource.is_empty() { "/" } else { here.resource };

            let address = SocketAddr::new(address, port);
            let mut connection = Connection::<_, 32>::new(self.head, self.stack, address);
            connection.initiate_request(true, Method::Get, resource, &headers).await?;
            connection.initiate_response().await?;
            let (head, body) = connection.split();
            let location = head.headers.get_raw("Location");
            let verdict = exchange
                .respond(&Response {
                    status: head.code,
                    content_type: head.headers.get_raw("Content-Type"),
                    location,
                    retry_after: head.headers.get_raw("Retry-After"),
                    date: head.headers.get_raw("Date"),
                    ..Response::default()
                })
                .await;
            match verdict {
                Verdict::Accept => return Ok(exchange.read(body).await?),
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
pub enum EdgeHttpError<E, D> {
    /// An error of the HTTP client.
    Client(edge_http::io::Error<E>),
    /// The name of the host could not be resolved.
    Dns(D),
    /// A URL, for example that of a redirect, cannot be used, or the request has too many headers.
    Target(BadUrl),
}

impl<E, D> From<edge_http::io::Error<E>> for EdgeHttpError<E, D> {
    fn from(error: edge_http::io::Error<E>) -> Self {
        Self::Client(error)
    }
}

impl<E, D> From<BadUrl> for EdgeHttpError<E, D> {
    fn from(error: BadUrl) -> Self {
        Self::Target(error)
    }
}
