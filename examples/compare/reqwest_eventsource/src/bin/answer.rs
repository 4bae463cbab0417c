use std::{env, error::Error, fs, time::Duration};

use futures_util::StreamExt;
use reqwest_eventsource::{Event, RequestBuilderExt};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = env::args().nth(1).ok_or("usage: answer URL")?;
    let client = reqwest::Client::builder().read_timeout(Duration::from_secs(5)).build()?;
    let request = client.post(url).header("Authorization", fs::read_to_string("token")?);
    let body = r#"{"stream":true,"prompt":"Hello"}"#;
    let mut events = request.header("Content-Type", "application/json").body(body).eventsource()?;
    while let Some(event) = events.next().await {
        match event? {
            Event::Open => println!("open"),
            Event::Message(message) if message.data == "[DONE]" => return Ok(()),
            Event::Message(message) => println!("event {}", message.data),
        }
    }
    Err("the answer is incomplete".into())
}
