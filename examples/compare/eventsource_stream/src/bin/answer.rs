use std::{env, error::Error, fs, time::Duration};

use eventsource_stream::Eventsource;
use futures_util::TryStreamExt;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = env::args().nth(1).ok_or("usage: answer URL")?;
    let client = reqwest::Client::builder().read_timeout(Duration::from_secs(5)).build()?;
    let request = client.post(url).header("Authorization", fs::read_to_string("token")?);
    let body = r#"{"stream":true,"prompt":"Hello"}"#;
    let response = request.header("Content-Type", "application/json").body(body).send().await?;
    let mut events = response.error_for_status()?.bytes_stream().eventsource();
    while let Some(event) = events.try_next().await? {
        match &*event.data {
            "[DONE]" => return Ok(()),
            token => println!("event {token}"),
        }
    }
    Err("the answer is incomplete".into())
}
