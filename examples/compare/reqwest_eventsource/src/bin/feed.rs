use std::{env, error::Error, fs, time::Duration};

use futures_util::StreamExt;
use reqwest_eventsource::{Event, EventSource, retry::Never};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = env::args().nth(1).ok_or("usage: feed URL")?;
    let client = reqwest::Client::builder().read_timeout(Duration::from_secs(5)).build()?;
    let mut last_event_id = String::new();
    loop {
        // The event source repeats the request it was given: a new token takes a new one.
        let token = fs::read_to_string("token")?;
        let mut request = client.get(&url).header("Authorization", token);
        if !last_event_id.is_empty() {
            request = request.header("Last-Event-ID", &last_event_id);
        }
        let mut events = EventSource::new(request)?;
        events.set_retry_policy(Box::new(Never));
        while let Some(event) = events.next().await {
            match event {
                Ok(Event::Open) => println!("open"),
                Ok(Event::Message(message)) => println!("event {}", message.data),
                Err(error) => println!("error {error}"),
            }
        }
        if !events.last_event_id().is_empty() {
            last_event_id = events.last_event_id().to_owned();
        }
        tokio::time::sleep(Duration::from_secs(3)).await;
    }
}
