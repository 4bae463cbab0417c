//! The test service for the cross-language SSE contract tests: it starts clients for the harness and reports what they
//! receive.
//!
//! This file handles the harness's requests. The clients belong in `instance.rs`.
//!
//! ```sh
//! cargo run --release --example contract_service -- --listen 127.0.0.1:8000
//! sse-contract-tests --url http://127.0.0.1:8000
//! ```

#[path = "../tail/client.rs"]
mod client;
mod instance;

use core::net::SocketAddr;
use std::collections::HashMap;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use clap::Parser;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Notify;

use instance::{Instance, Start};

/// Run clients for the SSE contract tests.
///
/// Exit status:
///   0  ended by the harness
///   1  cannot serve
///   2  invalid arguments
#[derive(Parser)]
#[command(verbatim_doc_comment)]
struct Arguments {
    /// Address to listen on; port 0 chooses a free port
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8000")]
    listen: SocketAddr,
}

/// The capabilities that the harness may test: all that exist.
const CAPABILITIES: [&str; 10] = [
    "bom",
    "comments",
    "event-type-listeners",
    "headers",
    "last-event-id",
    "post",
    "read-timeout",
    "report",
    "restart",
    "server-directed-shutdown-request",
];

#[derive(Default)]
struct Service {
    instances: Mutex<Instances>,
    quit: Notify,
}

#[derive(Default)]
struct Instances {
    running: HashMap<u64, Instance>,
    started: u64,
}

#[tokio::main]
async fn main() -> ExitCode {
    match serve(Arguments::parse().listen).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("contract_service: {error}; choose another address with --listen");
            ExitCode::FAILURE
        }
    }
}

async fn serve(listen: SocketAddr) -> std::io::Result<()> {
    let listener = TcpListener::bind(listen).await?;
    println!("listening on http://{}/", listener.local_addr()?);
    let service = Arc::new(Service::default());
    let router = Router::new()
        .route("/", get(status).post(start).delete(quit))
        .route("/clients/{number}", post(command).delete(close))
        .layer(DefaultBodyLimit::disable())
        .with_state(Arc::clone(&service));
    tokio::select! {
        served = async { axum::serve(listener, router).await } => served,
        () = service.quit.notified() => Ok(()),
    }
}

async fn status() -> Response {
    let body = json!({ "name": "embedded-sse", "capabilities": CAPABILITIES });
    ([(CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

async fn quit(State(service): State<Arc<Service>>) -> StatusCode {
    service.quit.notify_one();
    StatusCode::NO_CONTENT
}

async fn start(State(service): State<Arc<Service>>, body: Bytes) -> Response {
    let instance = match Start::parse(&body).and_then(Instance::start) {
        Ok(instance) => instance,
        Err(error) => return (StatusCode::BAD_REQUEST, error).into_response(),
    };
    let mut instances = service.instances();
    instances.started += 1;
    let number = instances.started;
    instances.running.insert(number, instance);
    let Ok(location) = HeaderValue::from_str(&format!("/clients/{number}")) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    (StatusCode::CREATED, HeaderMap::from_iter([(LOCATION, location)])).into_response()
}

async fn command(State(service): State<Arc<Service>>, Path(number): Path<u64>, body: Bytes) -> StatusCode {
    let instances = service.instances();
    let Some(instance) = instances.running.get(&number) else { return StatusCode::NOT_FOUND };
    let command: Value = serde_json::from_slice(&body).unwrap_or_default();
    match command["command"].as_str() {
        Some("restart") => instance.restart(),
        // The client listens to all types anyway.
        Some("listen") => {}
        _ => return StatusCode::BAD_REQUEST,
    }
    StatusCode::ACCEPTED
}

async fn close(State(service): State<Arc<Service>>, Path(number): Path<u64>) -> StatusCode {
    match service.instances().running.remove(&number) {
        Some(_) => StatusCode::NO_CONTENT,
        None => StatusCode::NOT_FOUND,
    }
}

impl Service {
    fn instances(&self) -> MutexGuard<'_, Instances> {
        self.instances.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
