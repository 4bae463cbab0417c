//! Runs one client for the harness, and posts what it receives to the harness's callback URL.
//!
//! This module handles the harness's JSON. It must not change what the event source does.

use core::time::Duration;
use std::sync::Arc;

use embedded_sse::Lossy;
use embedded_sse::client::{Backoff, Policy, Repeat, StopReason};
use embedded_sse::io::event_source::{EventSource, Failure, Handle, News};
use http::Request;
use reqwest::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use serde_json::{Value, json};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;

use crate::client::http;

/// The size of the largest event, in bytes. The longest event of the tests has 14 MB.
const BUFFER: usize = 16 << 20;

/// A client as requested by the harness.
pub(crate) struct Start {
    request: Request<String>,
    callbacks: String,
    policy: Policy,
    last_event_id: String,
}

impl Start {
    pub(crate) fn parse(body: &[u8]) -> Result<Self, String> {
        let body: Value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        let text = |name: &str| body[name].as_str();
        let mut request = Request::builder()
            .method(text("method").unwrap_or("GET"))
            .uri(text("streamUrl").unwrap_or_default())
            .body(text("body").unwrap_or_default().to_owned())
            .map_err(|error| error.to_string())?;
        if !matches!(request.uri().scheme_str(), Some("http" | "https")) {
            return Err("streamUrl is not an HTTP URL".into());
        }
        let headers = request.headers_mut();
        for (name, value) in body["headers"].as_object().into_iter().flatten() {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|error| error.to_string())?;
            let value = HeaderValue::from_str(value.as_str().unwrap_or_default()).map_err(|error| error.to_string())?;
            headers.append(name, value);
        }
        if text("body").is_some() {
            headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json; charset=utf-8"));
        }
        Ok(Self {
            request,
            callbacks: text("callbackUrl").ok_or("callbackUrl is missing")?.to_owned(),
            policy: policy(millis(&body["initialDelayMs"]), millis(&body["readTimeoutMs"])),
            last_event_id: text("lastEventId").unwrap_or_default().to_owned(),
        })
    }
}

fn millis(value: &Value) -> Option<Duration> {
    value.as_u64().map(Duration::from_millis)
}

/// Creates a policy that reconnects quickly, as the tests need it, but never without a pause.
fn policy(initial_delay: Option<Duration>, read_timeout: Option<Duration>) -> Policy {
    let delay = initial_delay.unwrap_or(Duration::from_secs(1));
    let policy = Policy::new(Backoff::above_floor(delay, Duration::from_millis(50), Duration::from_secs(30)));
    match read_timeout {
        Some(time) => policy.liveness(Some(time)),
        None => policy,
    }
}

/// A running client. Dropping it ends the client.
pub(crate) struct Instance {
    restart: Arc<Notify>,
    client: JoinHandle<()>,
    callbacks: JoinHandle<()>,
    handle: Handle,
}

impl Instance {
    pub(crate) fn start(start: Start) -> Result<Self, String> {
        let http = http(false).map_err(|error| error.to_string())?;
        let client = http.clone();
        let source = EventSource::new(start.request, move |request| client.execute(request))
            .policy(start.policy)
            .repeat(Repeat::Always)
            .max_event(BUFFER)
            .comments()
            .last_event_id(start.last_event_id)
            .map_err(|error| error.to_string())?;
        let (sender, receiver) = mpsc::unbounded_channel();
        let restart = Arc::new(Notify::new());
        Ok(Self {
            handle: source.handle(),
            client: tokio::spawn(follow(source, Arc::clone(&restart), sender)),
            callbacks: tokio::spawn(post(http, start.callbacks, receiver)),
            restart,
        })
    }

    pub(crate) fn restart(&self) {
        self.handle.restart();
        self.restart.notify_one();
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.client.abort();
        self.callbacks.abort();
    }
}

/// Follows the stream. After it has stopped, waits for a restart.
async fn follow(mut source: EventSource, restart: Arc<Notify>, callbacks: mpsc::UnboundedSender<Value>) {
    loop {
        while let Some(news) = source.next().await {
            if let Some(callback) = callback(news) {
                // Without a receiver, the instance is being dropped.
                let _ = callbacks.send(callback);
            }
        }
        restart.notified().await;
    }
}

/// Returns the callback for the news, if the harness expects one. It expects none for a lost connection, unless it
/// timed out.
fn callback(news: News) -> Option<Value> {
    match news {
        News::Event(event) => Some(json!({
            "kind": "event",
            "event": {
                "type": event.event_type_lossy().to_string(),
                "data": event.data_lossy().to_string(),
                "id": event.last_event_id_lossy().to_string(),
            },
        })),
        News::Comment(text) => Some(json!({ "kind": "comment", "comment": Lossy(&text).to_string() })),
        News::TooLong(too_long) => Some(error(&too_long.to_string())),
        News::Lost { why: why @ Failure::Silent(_), .. } => Some(error(&why.to_string())),
        // 204 is not an error: the server asks the client to stop.
        News::Stopped { reason: StopReason::NoContent, .. } => None,
        News::Stopped { reason, why } => Some(error(&why.map_or(reason.to_string(), |why| why.to_string()))),
        _ => None,
    }
}

fn error(text: &str) -> Value {
    json!({ "kind": "error", "error": text })
}

/// Posts the callbacks one after another, each with its number.
async fn post(http: reqwest::Client, url: String, mut callbacks: mpsc::UnboundedReceiver<Value>) {
    let mut number = 0_u64;
    while let Some(callback) = callbacks.recv().await {
        number += 1;
        let request = http.post(format!("{url}/{number}")).header(CONTENT_TYPE, "application/json");
        if let Err(error) = request.body(callback.to_string()).send().await {
            eprintln!("contract_service: callback {number}: {error}");
        }
    }
}
