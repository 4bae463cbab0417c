//! Calls of tools: none of them is made twice, and answers are continued where the server allows it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::mcp::call;
use crate::service::Step::{Cut, Send};
use crate::service::{Seen, Service, Step, status, stream};

const URL: &str = "http://tools.example/mcp";
const PRIME: &str = "retry: 500\nid: 7/0\ndata: \n\n";
const PROGRESS: &str = "event: message\nid: 7/1\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\
                        \"params\":{\"progress\":1,\"total\":2}}\n\n";
const RESULT: &str = "event: message\nid: 7/2\ndata: {\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[{\"type\":\"text\",\
                      \"text\":\"hello\"}]}}\n\n";

async fn run(service: &Service) -> Result<Value, String> {
    let called =
        call(|request| service.connect(request), URL, "session-1", "tools/call", &json!({"name": "echo"})).await;
    called.map(|(result, _)| result).map_err(|error| error.to_string())
}

fn methods(service: &Service) -> Vec<String> {
    service.seen(|seen| seen.iter().map(|request| request.method.clone()).collect())
}

fn result() -> Value {
    json!({"content": [{"type": "text", "text": "hello"}]})
}

#[tokio::test(start_paused = true)]
async fn an_answer_in_one_piece_takes_one_post() {
    let service = Service::new(|_, _| {
        stream(&[("Mcp-Session-Id", "session-1")], vec![Send(PRIME), Send(PROGRESS), Send(RESULT)])
    });
    assert_eq!(run(&service).await, Ok(result()));
    service.seen(|seen| {
        let [post] = seen else { panic!("{seen:?}") };
        assert_eq!(post.header("Accept"), "application/json, text/event-stream");
        assert_eq!((post.header("Mcp-Session-Id"), post.header("MCP-Protocol-Version")), ("session-1", "2025-11-25"));
        assert!(post.body.contains("tools/call"));
    });
}

/// Answers the first GET only, which the server sees after `retry`.
fn resumed(request: &Seen) -> http::Response<Vec<Step>> {
    let steps = match request.header("Last-Event-ID") {
        "7/0" => vec![Send(PROGRESS), Send(RESULT)],
        "7/1" => vec![Send(RESULT)],
        id => panic!("resumed after {id:?}"),
    };
    stream(&[], steps)
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_breaks_off_is_continued_by_get_after_the_time_that_the_server_asked_for() {
    let ended: fn() -> Vec<Step> = || vec![Send(PRIME)];
    let cut: fn() -> Vec<Step> = || vec![Send(PRIME), Send(PROGRESS), Cut];
    for first in [ended, cut] {
        let service =
            Service::new(move |number, request| if number == 0 { stream(&[], first()) } else { resumed(request) });
        assert_eq!(run(&service).await, Ok(result()));
        assert_eq!(methods(&service), ["POST", "GET"]);
        service.seen(|seen| {
            assert_eq!(seen[1].at - seen[0].at, Duration::from_millis(500));
            assert_eq!((seen[1].header("Mcp-Session-Id"), &*seen[1].body), ("session-1", ""));
        });
    }
}

#[tokio::test(start_paused = true)]
async fn the_continuation_may_break_off_too() {
    let service = Service::new(|number, request| match number {
        0 => stream(&[], vec![Send(PRIME), Cut]),
        1 => stream(&[], vec![Send("retry: 500\n\n"), Send(PROGRESS), Cut]),
        _ => resumed(request),
    });
    assert_eq!(run(&service).await, Ok(result()));
    assert_eq!(methods(&service), ["POST", "GET", "GET"]);
}

#[tokio::test(start_paused = true)]
async fn a_call_without_an_id_is_not_repeated() {
    let cut: fn() -> Vec<Step> = || vec![Cut];
    let ended: fn() -> Vec<Step> = Vec::new;
    for steps in [cut, ended] {
        let service = Service::new(move |_, _| stream(&[], steps()));
        let error = run(&service).await.expect_err("no answer");
        assert!(error.starts_with("no answer, but the tool may have run"), "{error}");
        assert_eq!(methods(&service), ["POST"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_cannot_continue_is_not_called_again() {
    let service =
        Service::new(
            |number, _| {
                if number == 0 { stream(&[], vec![Send(PRIME), Cut]) } else { status(405, &[("Allow", "POST")]) }
            },
        );
    let error = run(&service).await.expect_err("no answer");
    assert!(error.contains("405"), "{error}");
    assert_eq!(methods(&service), ["POST", "GET"]);
}

#[tokio::test(start_paused = true)]
async fn an_error_of_the_tool_is_reported() {
    let error = "data: {\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32602,\"message\":\"Unknown tool\"}}\n\n";
    let service = Service::new(move |_, _| stream(&[], vec![Send(error)]));
    assert!(run(&service).await.expect_err("an error").contains("Unknown tool"));
}
