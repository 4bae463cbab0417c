use std::{env, error::Error, fs, time::Duration};

use embedded_sse::{client::Policy, io::event_source::EventSource};
use reqwest::{Client, header::AUTHORIZATION, header::CONTENT_TYPE, redirect};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let client = Client::builder().redirect(redirect::Policy::none()).build()?;
    let request = http::Request::post(env::args().nth(1).ok_or("usage: answer URL")?)
        .header(AUTHORIZATION, fs::read_to_string("token")?)
        .header(CONTENT_TYPE, "application/json")
        .body(r#"{"stream":true,"prompt":"Hello"}"#)?;
    let source = EventSource::new(request, move |request| client.execute(request));
    let mut events = source.policy(Policy::standard().progress(Some(Duration::from_secs(5)))).events();
    while let Some(event) = events.next().await {
        match &*event?.data_lossy().to_string() {
            "[DONE]" => return Ok(()),
            token => println!("event {token}"),
        }
    }
    Err("the answer is incomplete".into())
}
