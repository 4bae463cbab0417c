use std::{env, error::Error, fs, time::Duration};

use embedded_sse::{client::Policy, io::event_source::EventSource, io::event_source::News};
use reqwest::{Client, header::AUTHORIZATION, header::HeaderMap, redirect};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let client = Client::builder().redirect(redirect::Policy::none()).build()?;
    let request = http::Request::get(env::args().nth(1).ok_or("usage: feed URL")?).body("")?;
    let mut events = EventSource::new(request, move |request| client.execute(request))
        .policy(Policy::standard().liveness(Some(Duration::from_secs(5))))
        .headers(|| async { Ok(HeaderMap::from_iter([(AUTHORIZATION, fs::read_to_string("token")?.parse()?)])) });
    while let Some(news) = events.next().await {
        match news {
            News::Event(event) => println!("event {}", event.data_lossy()),
            News::Lost { why, .. } => println!("lost: {why}"),
            News::Stopped { reason, .. } => println!("stopped: {reason}"),
            _ => {}
        }
    }
    Ok(())
}
