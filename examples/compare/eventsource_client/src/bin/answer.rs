use std::{env, error::Error, fs, time::Duration};

use eventsource_client::{Client, ClientBuilder, ReconnectOptions, SSE};
use futures::TryStreamExt;
use launchdarkly_sdk_transport::HyperTransport;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = env::args().nth(1).ok_or("usage: answer URL")?;
    let transport = HyperTransport::builder().read_timeout(Duration::from_secs(5)).build_http()?;
    let client = ClientBuilder::for_url(&url)?
        .method("POST".into())
        .header("Authorization", &fs::read_to_string("token")?)?
        .header("Content-Type", "application/json")?
        .body(r#"{"stream":true,"prompt":"Hello"}"#.into())
        .reconnect(ReconnectOptions::reconnect(false).build())
        .build_with_transport(transport);
    let mut events = client.stream();
    while let Some(event) = events.try_next().await? {
        match event {
            SSE::Connected(_) => println!("open"),
            SSE::Event(event) if event.data == "[DONE]" => return Ok(()),
            SSE::Event(event) => println!("event {}", event.data),
            SSE::Comment(_) => {}
        }
    }
    Err("the answer is incomplete".into())
}
