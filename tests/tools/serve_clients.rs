//! Tests of the memory and connections that many clients of the `serve` tool take.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::common::server::{Server, file};
use crate::common::tool::{run, text};

/// Connects a client and reads the start of its stream.
fn follow(server: &Server) -> TcpStream {
    let mut socket = TcpStream::connect(server.address).expect("a connection");
    socket.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
    socket.write_all(b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n").expect("a request");
    let mut head = vec![0; 256];
    let length = socket.read(&mut head).expect("a head");
    assert!(text(&head[..length]).starts_with("HTTP/1.1 200 "), "{}", text(&head[..length]));
    socket
}

/// Returns the peak memory of the server in bytes.
fn peak(server: &Server) -> usize {
    let status = fs::read_to_string(format!("/proc/{}/status", server.child.id())).expect("a process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    let kilobytes: usize = line.trim().trim_end_matches(" kB").parse().expect("a number");
    kilobytes * 1024
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "it asks /proc")]
fn clients_share_one_recording() {
    const CLIENTS: usize = 20;
    // Both few large events and many small ones.
    for (name, data, events) in [("large", "x".repeat(1 << 20), 10), ("small", "x".repeat(90), 100_000)] {
        let stream = format!("data: {data}\n\n").repeat(events);
        let server = Server::start(&["--replay", &file(name, &stream), "--every", "60000"]);
        let before = peak(&server);
        let clients: Vec<_> = (0..CLIENTS).map(|_| follow(&server)).collect();
        let grown = peak(&server).saturating_sub(before);
        assert!(grown < stream.len() * CLIENTS / 10, "{} clients of {} bytes: {grown}", clients.len(), stream.len());
    }
}

#[tokio::test]
async fn one_http_2_connection_has_many_streams() {
    // The server allows one connection. A second one would wait forever.
    let server = Server::start(&["--every", "5", "--connections", "1"]);
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder().http2_prior_knowledge().no_proxy().tls_certs_only([]);
    let client = builder.timeout(Duration::from_secs(30)).build().expect("a client");
    let mut streams = Vec::new();
    for _ in 0..5 {
        let stream = client.get(format!("http://{}/events", server.address)).send().await.expect("a response");
        assert_eq!((stream.version(), stream.status().as_u16()), (reqwest::Version::HTTP_2, 200));
        streams.push(stream);
    }
    for stream in &mut streams {
        assert_eq!(stream.chunk().await.expect("a stream").as_deref(), Some(&b"retry: 300\n\n"[..]));
    }
    let page = client.get(format!("http://{}/", server.address)).send().await.expect("a response");
    assert!(page.text().await.expect("a page").ends_with("</script>\n"));
}

#[test]
fn wrong_limits_are_refused() {
    for arguments in [["--connections", "0"], ["--history", "1000001"], ["--every", "0"]] {
        let output = run("serve", &arguments, "");
        assert!(text(&output.stderr).contains(arguments[0]), "{}", text(&output.stderr));
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
}
