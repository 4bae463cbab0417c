//! Prints what changes in a home: the event bus of Home Assistant.
//!
//! The bus sends the data `ping` every 50 s, and no IDs. What changes while there is no connection is not sent later, so
//! this program says when all states have to be read again, from `/api/states`.
//!
//! HA_TOKEN=... cargo run --bin home_assistant -- http://homeassistant.local:8123/api/stream?restrict=state_changed

use std::{env, time::Duration};

use embedded_sse::client::Policy;
use embedded_sse::io::event_source::{BoxError, EventSource, News};
use reqwest::{Client, redirect};
use serde_json::Value;

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let url = env::args().nth(1).ok_or("usage: home_assistant URL")?;
    let token = format!("Bearer {}", env::var("HA_TOKEN")?);
    let client = Client::builder().redirect(redirect::Policy::none()).build()?;
    let request = http::Request::get(url).header("Authorization", token).body("")?;
    follow(EventSource::new(request, move |request| client.execute(request)), |line| println!("{line}")).await
}

/// Shows the new states, until Home Assistant refuses the token.
pub async fn follow(source: EventSource, mut show: impl FnMut(&str)) -> Result<(), BoxError> {
    // Two pings and a little more.
    let mut events = source.policy(Policy::standard().progress(Some(Duration::from_secs(110))));
    let mut lost = false;
    while let Some(news) = events.next().await {
        match news {
            News::Event(event) if event.data() == b"ping" => {}
            News::Event(event) => {
                let event: Value = serde_json::from_slice(event.data())?;
                let text = |pointer| event.pointer(pointer).and_then(Value::as_str).unwrap_or("none");
                if event["event_type"] == "state_changed" {
                    show(&format!("{} {}", text("/data/entity_id"), text("/data/new_state/state")));
                }
            }
            News::Opened(_) if lost => show("changes may be lost: read all states"),
            News::Lost { why, .. } => {
                lost = true;
                show(&format!("lost: {why}"));
            }
            News::Stopped { reason, .. } => return Err(reason.to_string().into()),
            _ => {}
        }
    }
    Ok(())
}
