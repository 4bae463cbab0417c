//! Prints the updates of a Mercure hub, with a fresh access token for each connection.
//!
//! A hub answers a resumed subscription with the ID from which it really continues. If that is not the one it was asked
//! for, its history does not reach back so far: updates are lost, and this program says so. Then load the resources again.
//! Hubs before version 1.0 take the topic from the parameter `topic` instead of `match`.
//!
//! cargo run --features tls --bin mercure -- 'https://hub.example/.well-known/mercure?match=https://example.com/books/1' token

use std::{env, fs};

use embedded_sse::io::event_source::{BoxError, EventSource, News};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use reqwest::{Client, redirect};

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let (url, file) = env::args().nth(1).zip(env::args().nth(2)).ok_or("usage: mercure URL TOKEN-FILE")?;
    let client = Client::builder().redirect(redirect::Policy::none()).build()?;
    let source = EventSource::new(http::Request::get(url).body("")?, move |request| client.execute(request));
    follow(source, move || Ok(fs::read_to_string(&file)?), |line| println!("{line}")).await
}

/// Shows the updates, until the hub refuses the token.
pub async fn follow(
    source: EventSource,
    mut token: impl FnMut() -> Result<String, BoxError> + Send + 'static,
    mut show: impl FnMut(&str),
) -> Result<(), BoxError> {
    // Access tokens live for minutes, subscriptions for days.
    let mut events = source.headers(move || {
        let token = token();
        async { Ok(HeaderMap::from_iter([(AUTHORIZATION, format!("Bearer {}", token?.trim()).parse()?)])) }
    });
    loop {
        match events.next().await {
            Some(News::Opened(response)) => {
                let headers = response.headers();
                // Hubs before version 1.0 use the other name.
                let from = headers.get("Mercure-Last-Event-ID").or(headers.get("Last-Event-ID"));
                match (events.current_id(), from) {
                    (b"", _) => {}
                    (asked, Some(from)) if from == asked => {}
                    _ => show("updates are lost: load the resources again"),
                }
            }
            Some(News::Event(event)) => show(&format!("{} {}", event.last_event_id_lossy(), event.data_lossy())),
            Some(News::Lost { why, .. }) => show(&format!("lost: {why}")),
            Some(News::Stopped { reason, .. }) => return Err(reason.to_string().into()),
            Some(_) => {}
            None => return Ok(()),
        }
    }
}
