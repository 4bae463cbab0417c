//! Prints the answer of a language model while it is written: chat completions as OpenAI and many others stream them.
//!
//! An answer that breaks off cannot be continued. Its events have no IDs, and to ask again means another answer, and to
//! pay for both. So the request is sent once. This program prints the part that arrived, says that it is incomplete, and
//! fails. Whether to ask again is up to you.
//!
//! OPENAI_API_KEY=... cargo run --features tls --bin openai -- https://api.openai.com/v1/chat/completions "Hello"

use std::{env, io, io::Write, time::Duration};

use embedded_sse::client::Policy;
use embedded_sse::io::event_source::{BoxError, EventSource};
use reqwest::{Client, redirect};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let (url, prompt) = env::args().nth(1).zip(env::args().nth(2)).ok_or("usage: openai URL PROMPT")?;
    let messages = json!([{"role": "user", "content": prompt}]);
    let request = http::Request::post(url)
        .header("Authorization", format!("Bearer {}", env::var("OPENAI_API_KEY")?))
        .header("Content-Type", "application/json")
        .body(json!({"model": "gpt-5-mini", "stream": true, "messages": messages}).to_string())?;
    let client = Client::builder().redirect(redirect::Policy::none()).build()?;
    answer(EventSource::new(request, move |request| client.execute(request)), io::stdout()).await
}

/// Writes the answer part by part. It is complete if there is no error.
pub async fn answer(source: EventSource, mut output: impl Write) -> Result<(), BoxError> {
    // A model may think for a while before the first token.
    let mut events = source.policy(Policy::standard().progress(Some(Duration::from_secs(120)))).events();
    while let Some(event) = events.next().await {
        let event = event.map_err(|error| format!("the answer is incomplete: {error}"))?;
        if event.data() == b"[DONE]" {
            return Ok(());
        }
        let chunk: Value = serde_json::from_slice(event.data())?;
        if let Some(error) = chunk.pointer("/error/message") {
            return Err(format!("the answer is incomplete: the service failed: {error}").into());
        }
        if let Some(text) = chunk.pointer("/choices/0/delta/content").and_then(Value::as_str) {
            write!(output, "{text}")?;
            output.flush()?;
        }
    }
    Err("the answer is incomplete".into())
}
