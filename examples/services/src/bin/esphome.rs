//! Prints the states and the log of a device with ESPHome.
//!
//! The device sends `ping` every 10 s, and asks for 30 s between two connections. After each connect it sends all states,
//! so that nothing stays lost. Its IDs are times since it was switched on; it does not look at them.
//!
//! cargo run --bin esphome -- http://livingroom.local/events

use std::{collections::HashMap, env, time::Duration};

use embedded_sse::client::Policy;
use embedded_sse::io::event_source::{BoxError, EventSource, News};
use reqwest::{Client, redirect};
use serde_json::Value;

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let url = env::args().nth(1).ok_or("usage: esphome URL")?;
    let client = Client::builder().redirect(redirect::Policy::none()).build()?;
    let request = http::Request::get(url).body("")?;
    follow(EventSource::new(request, move |request| client.execute(request)), |line| println!("{line}")).await
}

/// Shows the states that have changed, and the log.
pub async fn follow(source: EventSource, mut show: impl FnMut(&str)) -> Result<(), BoxError> {
    // Three pings. A device that lost its power does not close its connections.
    let mut events = source.policy(Policy::standard().progress(Some(Duration::from_secs(30))));
    let mut states = HashMap::new();
    while let Some(news) = events.next().await {
        match news {
            News::Event(event) if event.event_type() == b"state" => {
                let data: Value = serde_json::from_slice(event.data())?;
                // Before 2026, an entity has no `name_id`.
                let id = data["name_id"].as_str().or(data["id"].as_str()).unwrap_or_default();
                let state = data["state"].as_str().map_or(data["value"].to_string(), str::to_owned);
                let line = format!("{id} {state}");
                if states.insert(id.to_owned(), state.clone()) != Some(state) {
                    show(&line);
                }
            }
            News::Event(event) if event.event_type() == b"log" => show(&event.data_lossy().to_string()),
            News::Lost { why, .. } => show(&format!("lost: {why}")),
            News::Stopped { reason, .. } => return Err(reason.to_string().into()),
            _ => {}
        }
    }
    Ok(())
}
