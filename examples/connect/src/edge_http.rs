//! The client of `edge-http`, over any `edge_nal::TcpConnect`, also one whose sockets speak TLS.

use core::net::SocketAddr;

use edge_http::Method;
use edge_http::io::client::Connection;
use edge_nal::{AddrType, Dns, TcpConnect};
use embedded_sse::client::{Response, Verdict};
use embedded_sse::io::Request;
use embedded_sse::io::driver::{Connect, Exchange};

use crate::target::{BadUrl, Parts, Target};

/// A `GET` of the target with each attempt, over a connection of its own.
pub struct EdgeHttp<'c, T, D, const N: usize = 128> {
    stack: &'c T,
    dns: &'c D,
    target: Target<N>,
    head: &'c mut [u8],
}

impl<'c, T: TcpConnect, D: Dns, const N: usize> EdgeHttp<'c, T, D, N> {
    /// `head` has to hold the longest head of a response. Whether the URL is one of `http` or of `https` does not matter here:
    /// what the sockets of `stack` speak, they speak.
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
            // Each attempt has its own. And where a connection is kept, the client takes a 204 without a length for an error.
            headers.push(("Connection", "close")).map_err(|_| BadUrl)?;
            // Or it sends a body of no chunks, and a server that closes before it has read that resets the connection.
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

/// Why there is no connection, or no longer.
#[derive(Debug)]
pub enum EdgeHttpError<E, D> {
    /// The client's own error.
    Client(edge_http::io::Error<E>),
    /// The host has no address.
    Dns(D),
    /// A redirect leads nowhere, or the request has too many headers.
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
