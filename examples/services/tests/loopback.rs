//! Each program as a user starts it: a process with arguments and environment, and a service on the loopback interface.

use std::process::Stdio;
use std::time::Duration;

use scripted::{Request, Server, Step, chunk, empty, end, stream};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(30);

fn events(events: &'static str) -> impl Fn(usize, &Request) -> Vec<Step> {
    move |_, _| vec![stream(""), chunk(events), Step::Hold]
}

fn start(program: &str, arguments: &[&str]) -> Child {
    let path = match program {
        "anthropic" => env!("CARGO_BIN_EXE_anthropic"),
        "esphome" => env!("CARGO_BIN_EXE_esphome"),
        "firebase" => env!("CARGO_BIN_EXE_firebase"),
        "home_assistant" => env!("CARGO_BIN_EXE_home_assistant"),
        "mastodon" => env!("CARGO_BIN_EXE_mastodon"),
        "mcp" => env!("CARGO_BIN_EXE_mcp"),
        "mercure" => env!("CARGO_BIN_EXE_mercure"),
        "openai" => env!("CARGO_BIN_EXE_openai"),
        "ureq" => env!("CARGO_BIN_EXE_ureq"),
        _ => panic!("there is no program {program}"),
    };
    let keys = ["ANTHROPIC_API_KEY", "HA_TOKEN", "MASTODON_TOKEN", "OPENAI_API_KEY"].map(|name| (name, "key"));
    let mut command = Command::new(path);
    command.args(arguments).envs(keys).stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
    command.spawn().expect("cargo has built it")
}

/// Returns all that a program prints until it ends with success.
async fn output(mut child: Child) -> String {
    let mut text = String::new();
    let mut stdout = child.stdout.take().expect("a pipe");
    timeout(PATIENCE, stdout.read_to_string(&mut text)).await.expect("it ends").expect("text");
    let status = timeout(PATIENCE, child.wait()).await.expect("it ends").expect("a status");
    assert!(status.success(), "{status}");
    text
}

/// Returns the first line that a program prints, and ends it.
async fn first_line(mut child: Child) -> String {
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    timeout(PATIENCE, lines.next_line()).await.expect("in time").expect("text").expect("a line")
}

#[tokio::test]
async fn answers_are_printed_and_the_programs_end() {
    let openai = Server::start(events("data: {\"choices\":[{\"delta\":{\"content\":\"Hello\"}}]}\n\ndata: [DONE]\n\n"));
    let openai = openai.await.expect("a port");
    assert_eq!(output(start("openai", &[&openai.url("/v1/chat/completions"), "Hi"])).await, "Hello");
    let [request] = &openai.requests()[..] else { panic!("{:?}", openai.requests()) };
    assert_eq!((&*request.method, request.header("Authorization")), ("POST", Some("Bearer key")));
    assert!(request.body.contains("\"stream\":true") && request.body.contains("Hi"), "{}", request.body);

    let text =
        "event: content_block_delta\ndata: {\"delta\":{\"text\":\"Hello\"}}\n\nevent: message_stop\ndata: {}\n\n";
    let anthropic = Server::start(events(text)).await.expect("a port");
    assert_eq!(output(start("anthropic", &[&anthropic.url("/v1/messages"), "Hi"])).await, "Hello\n()\n");
    assert_eq!(anthropic.requests()[0].header("X-Api-Key"), Some("key"));
}

#[tokio::test]
async fn a_tool_is_called_in_a_session() {
    let server = Server::start(|number, _| match number {
        0 => vec![
            stream("Mcp-Session-Id: s1\r\n"),
            chunk("data: {\"id\":1,\"result\":{\"protocolVersion\":\"2025-11-25\"}}\n\n"),
            end(),
        ],
        1 => vec![empty(202, "")],
        2 => vec![stream(""), chunk("retry: 100\nid: 1\ndata:\n\n"), end()],
        _ => vec![stream(""), chunk("data: {\"id\":1,\"result\":\"hello\"}\n\n"), end()],
    });
    let server = server.await.expect("a port");
    assert_eq!(output(start("mcp", &[&server.url("/mcp"), "echo", "{}"])).await, "\"hello\"\n");
    let requests = server.requests();
    let seen: Vec<_> = requests.iter().map(|request| (&*request.method, request.header("Mcp-Session-Id"))).collect();
    assert_eq!(seen, [("POST", None), ("POST", Some("s1")), ("POST", Some("s1")), ("GET", Some("s1"))]);
    assert_eq!(requests[3].header("Last-Event-ID"), Some("1"));
}

#[tokio::test]
async fn feeds_are_printed() {
    let file = concat!(env!("CARGO_TARGET_TMPDIR"), "/token");
    std::fs::write(file, "key\n").expect("a file");
    let put = "event: put\ndata: {\"path\":\"/\",\"data\":7}\n\n";
    let change =
        "data: {\"event_type\":\"state_changed\",\"data\":{\"entity_id\":\"a\",\"new_state\":{\"state\":\"on\"}}}\n\n";
    let post = "event: update\ndata: {\"id\":\"1\",\"content\":\"hi\",\"account\":{\"acct\":\"ann\"}}\n\n";
    for (program, stream, expected, has_token) in [
        ("mercure", "id: 1\ndata: hi\n\n", "1 hi", true),
        ("firebase", put, "7", true),
        ("home_assistant", change, "a on", true),
        ("esphome", "event: state\ndata: {\"id\":\"a\",\"value\":1,\"state\":\"ON\"}\n\n", "a ON", false),
        ("mastodon", post, "ann: hi", true),
    ] {
        let server = Server::start(events(stream)).await.expect("a port");
        let line = first_line(start(program, &[&server.url("/"), file])).await;
        assert_eq!(line, expected, "{program}");
        let token = server.requests()[0].header("Authorization").map(str::to_owned);
        assert_eq!(token.as_deref(), has_token.then_some("Bearer key"), "{program}");
    }
}

#[tokio::test]
async fn a_thread_follows_a_stream_through_silence_a_cut_and_an_end() {
    let server = Server::start(|number, _| match number {
        // Longer than a read may take.
        0 => vec![
            stream(""),
            chunk("retry: 10\nid: 1\ndata: on\n\nid: 2\nda"),
            Step::Wait(Duration::from_millis(1500)),
            chunk("ta: off\n\nid: 3\ndata: lost\n"),
        ],
        1 => vec![stream(""), chunk("id: 4\ndata: again\n\n"), end()],
        _ => vec![empty(204, "")],
    });
    let server = server.await.expect("a port");
    let mut child = start("ureq", &[&server.url("/")]);
    let mut text = String::new();
    let mut stdout = child.stdout.take().expect("a pipe");
    timeout(PATIENCE, stdout.read_to_string(&mut text)).await.expect("it ends").expect("text");
    assert_eq!(text, "message: on\nmessage: off\nmessage: again\n");
    let requests = server.requests();
    let ids: Vec<_> = requests.iter().map(|request| request.header("Last-Event-ID")).collect();
    assert_eq!(ids, [None, Some("2"), Some("4")]);
}
