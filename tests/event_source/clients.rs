//! HTTP clients for which an event source needs no feature, each in a task of its own.

use std::io;

use axum::Router;
use axum::body::Body;
use embedded_sse::client::StopReason;
use embedded_sse::io::event_source::{EventSource, News};
use http::Request;
use hyper::service::Service;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Answers one request with two events, and the next one with status 204. Returns the URL.
async fn serve() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/events", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let stream = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n\
                      retry: 500\ndata: a\n\nid: 7\ndata: b\n\n";
        for answer in [stream, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"] {
            let (mut socket, _) = listener.accept().await?;
            let mut head = vec![];
            while !head.ends_with(b"\r\n\r\n") {
                head.push(socket.read_u8().await?);
            }
            let resumes = head
                .to_ascii_lowercase()
                .windows(19)
                .any(|window| window == b"\r\nlast-event-id: 7\r\n"[..19].as_ref());
            assert_eq!(resumes, answer.contains("204"));
            socket.write_all(answer.as_bytes()).await?;
        }
        Ok::<_, io::Error>(())
    });
    url
}

/// Follows the stream in another task.
async fn follow(mut source: EventSource) {
    let policy = embedded_sse::client::Policy::new(embedded_sse::client::Backoff::fixed(core::time::Duration::ZERO));
    source = source.policy(policy);
    let task = tokio::spawn(async move {
        let mut events = vec![];
        while let Some(news) = source.next().await {
            match news {
                News::Event(event) => events.push(event.data_lossy().to_string()),
                News::Stopped { reason, .. } => return (events, Some(reason)),
                _ => {}
            }
        }
        (events, None)
    });
    assert_eq!(task.await.unwrap(), (vec!["a".to_owned(), "b".to_owned()], Some(StopReason::NoContent)));
}

#[tokio::test]
async fn reqwest() {
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([]);
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = client.redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let request = Request::get(serve().await).body("").unwrap();
    follow(EventSource::new(request, move |request| client.execute(request))).await;
}

#[tokio::test]
async fn hyper_util() {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let request = Request::get(serve().await).body(String::new()).unwrap();
    follow(EventSource::new(request, move |request| client.request(request))).await;
}

/// A router without a socket.
#[tokio::test]
async fn a_service() {
    let router = Router::new().route(
        "/events",
        axum::routing::get(async |headers: http::HeaderMap| match headers.get("last-event-id") {
            None => Ok(([("content-type", "text/event-stream")], "retry: 500\ndata: a\n\nid: 7\ndata: b\n\n")),
            Some(_) => Err(http::StatusCode::NO_CONTENT),
        }),
    );
    let service = TowerToHyperService::new(router);
    let request = Request::get("http://a.test/events").body(String::new()).unwrap();
    follow(EventSource::new(request, move |request: Request<String>| service.call(request.map(Body::new)))).await;
}

/// The error of the client is the source, with the reason in the message.
#[tokio::test]
async fn an_error_of_the_client_is_kept() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/?token=secret", listener.local_addr().unwrap());
    drop(listener);
    let client = Client::builder(TokioExecutor::new()).build_http();
    let request = Request::get(url).body(String::new()).unwrap();
    let mut source = EventSource::new(request, move |request| client.request(request));
    let Some(News::Lost { why, .. }) = source.next().await else { panic!() };
    assert!(why.to_string().contains("refused"), "{why}");
    assert!(!why.to_string().contains("secret"), "{why}");
    let source = core::error::Error::source(&why).unwrap();
    assert!(source.downcast_ref::<hyper_util::client::legacy::Error>().is_some_and(|error| error.is_connect()));
}

#[test]
fn an_event_source_can_be_moved_and_held() {
    struct App {
        _source: EventSource,
    }

    fn is_send_and_static<T: Send + Unpin + 'static>() {}
    is_send_and_static::<EventSource>();
    is_send_and_static::<App>();
    is_send_and_static::<embedded_sse::io::event_source::Events>();
}
