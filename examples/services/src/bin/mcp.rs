//! Calls a tool of an MCP server over streamable HTTP, and prints the result.
//!
//! The tool may do something, so the POST is sent once. A server that wants to be resumed begins its answer with an event
//! that has an ID and no data. When the connection is lost, the answer is continued from the last ID with a GET, not
//! earlier than the server asked with `retry`. Without an ID, nobody knows whether the tool has run, and this program
//! says so.
//!
//! A server may also answer with JSON instead of a stream. This program reports that as an error.
//!
//! cargo run --bin mcp -- http://localhost:3001/mcp echo '{"message": "hello"}'

use std::{env, time::Duration};

use embedded_sse::client::Policy;
use embedded_sse::io::event_source::{BoxError, EventSource, News};
use http::request::{Builder, Request};
use reqwest::{Client, redirect};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let [url, tool, arguments] = &env::args().skip(1).collect::<Vec<_>>()[..] else {
        return Err("usage: mcp URL TOOL ARGUMENTS".into());
    };
    let client = Client::builder().redirect(redirect::Policy::none()).build()?;
    let connect = |request| {
        EventSource::new(request, {
            let client = client.clone();
            move |request| client.execute(request)
        })
    };
    let info = json!({"name": "mcp", "version": "0"});
    let hello = json!({"protocolVersion": VERSION, "capabilities": {}, "clientInfo": info});
    let (_, session) = call(connect, url, "", "initialize", &hello).await?;
    let ready = head(Request::post(url), &session)
        .body(json!({"jsonrpc": "2.0", "method": "notifications/initialized"}).to_string())?;
    client.execute(ready.try_into()?).await?.error_for_status()?;
    let arguments: Value = serde_json::from_str(arguments)?;
    let (result, _) =
        call(connect, url, &session, "tools/call", &json!({"name": tool, "arguments": arguments})).await?;
    println!("{result:#}");
    Ok(())
}

const VERSION: &str = "2025-11-25";

fn head(request: Builder, session: &str) -> Builder {
    let request =
        request.header("Accept", "application/json, text/event-stream").header("Content-Type", "application/json");
    let request = request.header("MCP-Protocol-Version", VERSION);
    if session.is_empty() { request } else { request.header("Mcp-Session-Id", session) }
}

/// Makes a call, and returns its result and the session. `connect` makes an event source of a request.
pub async fn call(
    connect: impl Fn(Request<String>) -> EventSource,
    url: &str,
    session: &str,
    method: &str,
    params: &Value,
) -> Result<(Value, String), BoxError> {
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string();
    let post = head(Request::post(url), session).body(body)?;
    // Another attempt would be another POST.
    let mut events = connect(post).policy(Policy::standard().max_attempts(0)).reconnection_times();
    let (mut session, mut wait, mut resumed) = (session.to_owned(), Duration::from_secs(1), false);
    loop {
        match events.next().await {
            Some(News::Opened(response)) => {
                if let Some(id) = response.headers().get("Mcp-Session-Id") {
                    session = id.to_str()?.to_owned();
                }
            }
            Some(News::Retry(time)) => wait = time,
            // Requests and notifications of the server may come first. The first event of all has no data.
            Some(News::Event(event)) if !event.data().is_empty() => {
                let mut message: Value = serde_json::from_slice(event.data())?;
                match (message["id"].as_u64(), message.get("error")) {
                    (Some(1), Some(error)) => return Err(error.to_string().into()),
                    (Some(1), None) if message.get("method").is_none() => {
                        return Ok((message["result"].take(), session));
                    }
                    _ => {}
                }
            }
            Some(News::Stopped { reason, why }) if resumed || events.current_id().is_empty() => {
                let why = why.map_or(String::new(), |why| format!(": {why}"));
                return Err(format!("no answer, but the tool may have run: {reason}{why}").into());
            }
            Some(News::Stopped { .. }) => {
                tokio::time::sleep(wait).await;
                let get = head(Request::get(url), &session).body(String::new())?;
                events = connect(get).last_event_id(events.current_id())?;
                resumed = true;
            }
            Some(_) => {}
            None => return Err("the stream is over".into()),
        }
    }
}
