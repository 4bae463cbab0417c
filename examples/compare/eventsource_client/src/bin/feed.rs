use std::{env, error::Error, fs, io, time::Duration};

use bytes::Bytes;
use eventsource_client::{Client, ClientBuilder, ReconnectOptions, SSE};
use futures::{StreamExt, future};
use launchdarkly_sdk_transport::{HeaderValue, HttpTransport, HyperTransport, Request, ResponseFuture, TransportError};

/// Adds the token to each request.
#[derive(Clone)]
struct WithToken(HyperTransport);

impl HttpTransport for WithToken {
    fn request(&self, mut request: Request<Option<Bytes>>) -> ResponseFuture {
        match token() {
            Ok(token) => {
                request.headers_mut().insert("Authorization", token);
                self.0.request(request)
            }
            Err(error) => Box::pin(future::err(TransportError::new(error))),
        }
    }
}

fn token() -> io::Result<HeaderValue> {
    fs::read_to_string("token")?.parse().map_err(io::Error::other)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = env::args().nth(1).ok_or("usage: feed URL")?;
    let transport = WithToken(HyperTransport::builder().read_timeout(Duration::from_secs(5)).build_http()?);
    let client = ClientBuilder::for_url(&url)?
        .reconnect(ReconnectOptions::reconnect(true).retry_initial(true).build())
        .build_with_transport(transport);
    let mut events = client.stream();
    while let Some(event) = events.next().await {
        match event {
            Ok(SSE::Connected(_)) => println!("open"),
            Ok(SSE::Event(event)) => println!("event {}", event.data),
            Ok(SSE::Comment(_)) => {}
            Err(error) => println!("error {error}"),
        }
    }
    Ok(())
}
