//! Prints the answer of a language model while it is written: messages as Anthropic streams them, in named events.
//!
//! The event `message_stop` ends an answer. One that breaks off before cannot be continued: the events have no IDs. To
//! ask again means another answer, and to pay for both, so the request is sent once. This program prints the part that
//! arrived, says that it is incomplete, and fails. Whether to ask again is up to you.
//!
//! ANTHROPIC_API_KEY=... cargo run --features tls --bin anthropic -- https://api.anthropic.com/v1/messages "Hello"

use std::{env, io, io::Write, time::Duration};

use embedded_sse::client::Policy;
use embedded_sse::io::event_source::{BoxError, EventSource};
use reqwest::{Client, redirect};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let (url, prompt) = env::args().nth(1).zip(env::args().nth(2)).ok_or("usage: anthropic URL PROMPT")?;
    let messages = json!([{"role": "user", "content": prompt}]);
    let body = json!({"model": "claude-sonnet-4-5", "max_tokens": 1024, "stream": true, "messages": messages});
    let request = http::Request::post(url)
        .header("X-Api-Key", env::var("ANTHROPIC_API_KEY")?)
        .header("Anthropic-Version", "2023-06-01")
        .header("Content-Type", "application/json")
        .body(body.to_string())?;
    let client = Client::builder().redirect(redirect::Policy::none()).build()?;
    let source = EventSource::new(request, move |request| client.execute(request));
    let stop_reason = answer(source, io::stdout()).await?;
    println!("\n({stop_reason})");
    Ok(())
}

/// Writes the answer part by part. It is complete if there is no error. Returns why the model stopped.
pub async fn answer(source: EventSource, mut output: impl Write) -> Result<String, BoxError> {
    // The service sends `ping` while the model is busy.
    let mut events = source.policy(Policy::standard().progress(Some(Duration::from_secs(120)))).events();
    let mut stop_reason = String::new();
    while let Some(event) = events.next().await {
        let event = event.map_err(|error| format!("the answer is incomplete: {error}"))?;
        let data: Value = serde_json::from_slice(event.data())?;
        let text = |pointer| data.pointer(pointer).and_then(Value::as_str);
        match event.event_type() {
            b"content_block_delta" => {
                write!(output, "{}", text("/delta/text").unwrap_or_default())?;
                output.flush()?;
            }
            b"message_delta" => stop_reason = text("/delta/stop_reason").unwrap_or_default().to_owned(),
            b"message_stop" => return Ok(stop_reason),
            // The status was 200 before the service found that it is overloaded.
            b"error" => return Err(format!("the answer is incomplete: {}", data["error"]).into()),
            // `message_start`, `content_block_start`, `content_block_stop`, `ping`, and what may be added.
            _ => {}
        }
    }
    Err("the answer is incomplete".into())
}
