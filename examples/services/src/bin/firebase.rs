//! Mirrors a place in a Firebase Realtime Database, and prints it whenever it changes.
//!
//! The database sends `keep-alive` about every 30 s, so that a connection with 40 s of silence is dead. It sends no IDs:
//! a new connection begins with the whole value. It redirects to another host, which has to get the access token too.
//!
//! cargo run --features tls --bin firebase -- https://PROJECT.firebaseio.com/rooms.json token

use std::{env, fs, time::Duration};

use embedded_sse::client::Policy;
use embedded_sse::io::event_source::{BoxError, EventSource, News};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use reqwest::{Client, redirect};
use serde_json::{Map, Value};

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let (url, file) = env::args().nth(1).zip(env::args().nth(2)).ok_or("usage: firebase URL TOKEN-FILE")?;
    let client = Client::builder().redirect(redirect::Policy::none()).build()?;
    let source = EventSource::new(http::Request::get(url).body("")?, move |request| client.execute(request));
    mirror(source, move || Ok(fs::read_to_string(&file)?), |value| println!("{value}")).await
}

/// Shows the value after each change, until the database does not allow to read it.
pub async fn mirror(
    source: EventSource,
    mut token: impl FnMut() -> Result<String, BoxError> + Send + 'static,
    mut show: impl FnMut(&Value),
) -> Result<(), BoxError> {
    let policy = Policy::standard().progress(Some(Duration::from_secs(40)));
    let mut events = source.policy(policy).trust_redirects().headers(move || {
        let token = token();
        async { Ok(HeaderMap::from_iter([(AUTHORIZATION, format!("Bearer {}", token?.trim()).parse()?)])) }
    });
    let mut value = Value::Null;
    while let Some(news) = events.next().await {
        let event = match news {
            News::Event(event) => event,
            News::Stopped { reason, .. } => return Err(reason.to_string().into()),
            _ => continue,
        };
        match event.event_type() {
            kind @ (b"put" | b"patch") => {
                let mut change: Value = serde_json::from_slice(event.data())?;
                let path = change["path"].as_str().unwrap_or_default().to_owned();
                match change["data"].take() {
                    Value::Object(children) if kind == b"patch" => {
                        children
                            .into_iter()
                            .for_each(|(name, child)| set(&mut value, &format!("{path}/{name}"), child));
                    }
                    data => set(&mut value, &path, data),
                }
                show(&value);
            }
            // The token has expired. Connect again, with another one.
            b"auth_revoked" => events.restart(),
            b"cancel" => return Err("the rules of the database do not allow to read this any more".into()),
            // `keep-alive`: the policy has seen it.
            _ => {}
        }
    }
    Ok(())
}

/// Sets the value at a path such as `/rooms/1`. `null` removes it.
fn set(value: &mut Value, path: &str, data: Value) {
    let (name, rest) = path.trim_start_matches('/').split_once('/').unwrap_or((path.trim_start_matches('/'), ""));
    if name.is_empty() {
        *value = data;
        return;
    }
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    if let Some(children) = value.as_object_mut() {
        let child = children.entry(name).or_insert(Value::Null);
        set(child, rest, data);
        if child.is_null() {
            children.remove(name);
        }
    }
}
