use std::{env, error::Error, fs, time::Duration};

use eventsource_stream::Eventsource;
use futures_util::TryStreamExt;
use reqwest::Client;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = env::args().nth(1).ok_or("usage: feed URL")?;
    let client = Client::builder().read_timeout(Duration::from_secs(5)).build()?;
    let mut last_event_id = String::new();
    loop {
        match follow(&client, &url, &mut last_event_id).await {
            Ok(()) => println!("end"),
            Err(error) => println!("error {error}"),
        }
        tokio::time::sleep(Duration::from_secs(3)).await;
    }
}

async fn follow(client: &Client, url: &str, last_event_id: &mut String) -> Result<(), Box<dyn Error>> {
    let mut request =
        client.get(url).header("Authorization", fs::read_to_string("token")?).header("Accept", "text/event-stream");
    if !last_event_id.is_empty() {
        request = request.header("Last-Event-ID", &*last_event_id);
    }
    let response = request.send().await?.error_for_status()?;
    println!("open");
    let mut events = response.bytes_stream().eventsource();
    while let Some(event) = events.try_next().await? {
        println!("event {}", event.data);
        if !event.id.is_empty() {
            *last_event_id = event.id;
        }
    }
    Ok(())
}
