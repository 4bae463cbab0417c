//! Prints the posts of a timeline on Mastodon.
//!
//! The server sends a comment every 15 s, and no IDs. What is posted while there is no connection is not sent later, so
//! this program says after which post to ask for the missing ones, with `since_id` of `/api/v1/timelines`.
//!
//! MASTODON_TOKEN=... cargo run --features tls --bin mastodon -- https://mastodon.example/api/v1/streaming/user

use std::{env, time::Duration};

use embedded_sse::client::Policy;
use embedded_sse::io::event_source::{BoxError, EventSource, News};
use reqwest::{Client, redirect};
use serde_json::Value;

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let url = env::args().nth(1).ok_or("usage: mastodon URL")?;
    let token = format!("Bearer {}", env::var("MASTODON_TOKEN")?);
    let client = Client::builder().redirect(redirect::Policy::none()).build()?;
    let request = http::Request::get(url).header("Authorization", token).body("")?;
    follow(EventSource::new(request, move |request| client.execute(request)), |line| println!("{line}")).await
}

/// Shows what happens on the timeline, until the server refuses the token.
pub async fn follow(source: EventSource, mut show: impl FnMut(&str)) -> Result<(), BoxError> {
    // Three comments. Events are rare on many timelines.
    let mut events = source.policy(Policy::standard().liveness(Some(Duration::from_secs(45))));
    let (mut newest, mut lost) = (String::new(), false);
    while let Some(news) = events.next().await {
        match news {
            News::Event(event) => match event.event_type() {
                b"update" => {
                    let post: Value = serde_json::from_slice(event.data())?;
                    let text = |pointer| post.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
                    show(&format!("{}: {}", text("/account/acct"), text("/content")));
                    newest = text("/id").to_owned();
                }
                // The data is the ID, and no JSON.
                b"delete" => show(&format!("deleted: {}", event.data_lossy())),
                // `status.update`, `notification`, `filters_changed`, and what may be added.
                _ => {}
            },
            News::Opened(_) if lost => show(&format!("posts may be missing: ask for those after {newest:?}")),
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
