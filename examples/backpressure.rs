//! Handles events more slowly than they come. At most 64 wait, and then the server does.
//!
//! ```text
//! cargo run --release --example serve -- --every 10 &
//! cargo run --release --example backpressure -- http://127.0.0.1:3000/events
//! ```

use std::error::Error;
use std::time::Duration;

use embedded_sse::io::event_source::{EventSource, News};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::sync::mpsc;
use tokio::time::sleep;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1).ok_or("usage: backpressure http://HOST/PATH")?;
    let client = Client::builder(TokioExecutor::new()).build_http();
    let request = http::Request::get(url).body(String::new())?;
    let mut source = EventSource::new(request, move |request| client.request(request));
    let (sender, mut waiting) = mpsc::channel(64);

    tokio::spawn(async move {
        while let Some(news) = source.next().await {
            match news {
                // Waits for room. Meanwhile nothing is read, and TCP makes the server wait too.
                News::Event(event) => {
                    let Ok(()) = sender.send(event).await else { return };
                }
                News::Lost { why, wait, .. } => eprintln!("{why}; next attempt in {wait:?}"),
                News::Stopped { reason, .. } => eprintln!("{reason}"),
                _ => {}
            }
        }
    });

    while let Some(event) = waiting.recv().await {
        sleep(Duration::from_secs(1)).await; // a database that is slow
        println!("{}, and {} wait", event.data_lossy(), waiting.len());
    }
    Ok(())
}
