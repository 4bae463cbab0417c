//! The clients: each connects, and notes how long every event took. This module must not depend on what serves them.

use core::time::Duration;

use embedded_sse::Decoder;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::server::now;

/// The longest time without a byte.
const PATIENCE: Duration = Duration::from_secs(30);

/// Connects, says so, and returns the time that each of the events took, in microseconds.
pub async fn follow(port: u16, events: usize, is_open: mpsc::UnboundedSender<()>) -> Result<Vec<u32>, String> {
    let mut socket = TcpStream::connect(("127.0.0.1", port)).await.map_err(|error| error.to_string())?;
    let request = "GET /events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n";
    socket.write_all(request.as_bytes()).await.map_err(|error| error.to_string())?;
    let mut chunks = Chunks { socket, read: Vec::with_capacity(1 << 14), is_chunked: true };
    chunks.head().await?;
    // The other side is gone only if the measurement has failed.
    let _ = is_open.send(());
    let mut decoder = Decoder::boxed(1 << 12);
    let mut times = Vec::with_capacity(events);
    while times.len() < events {
        let chunk = chunks.next().await?;
        let mut input = &chunk[..];
        while let Some(event) = decoder.next_event(&mut input) {
            let event = event.map_err(|error| error.to_string())?;
            let sent: u64 =
                event.data_str().ok().and_then(|data| data.parse().ok()).ok_or("an event without a time")?;
            times.push(u32::try_from(now().saturating_sub(sent) / 1000).unwrap_or(u32::MAX));
        }
    }
    Ok(times)
}

/// The body of a response.
struct Chunks {
    socket: TcpStream,
    /// What was read and is not used yet.
    read: Vec<u8>,
    /// Whether the body is chunked. Otherwise it goes on until the connection is closed.
    is_chunked: bool,
}

impl Chunks {
    /// Reads the head of the response.
    async fn head(&mut self) -> Result<(), String> {
        let end = self.find(b"\r\n\r\n").await?;
        let head = String::from_utf8_lossy(&self.read[..end]).to_ascii_lowercase();
        if !head.starts_with("http/1.1 200") {
            return Err(format!("unexpected response: {head}"));
        }
        self.is_chunked = head.contains("transfer-encoding: chunked");
        self.read.drain(..end);
        Ok(())
    }

    /// Reads the next chunk.
    async fn next(&mut self) -> Result<Vec<u8>, String> {
        if !self.is_chunked {
            if self.read.is_empty() {
                self.more().await?;
            }
            return Ok(core::mem::take(&mut self.read));
        }
        let end = self.find(b"\r\n").await?;
        let line = String::from_utf8_lossy(&self.read[..end]);
        let length = usize::from_str_radix(line.trim(), 16).map_err(|error| format!("chunk {line:?}: {error}"))?;
        if length == 0 {
            return Err("the response has ended".into());
        }
        while self.read.len() < end + length + 2 {
            self.more().await?;
        }
        let chunk = self.read[end..end + length].to_vec();
        self.read.drain(..end + length + 2);
        Ok(chunk)
    }

    /// Reads until there is this text, and returns its end.
    async fn find(&mut self, text: &[u8]) -> Result<usize, String> {
        loop {
            if let Some(start) = self.read.windows(text.len()).position(|window| window == text) {
                return Ok(start + text.len());
            }
            self.more().await?;
        }
    }

    async fn more(&mut self) -> Result<(), String> {
        match timeout(PATIENCE, self.socket.read_buf(&mut self.read)).await {
            Ok(Ok(0)) => Err("the connection was closed".into()),
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!("nothing for {PATIENCE:?}")),
        }
    }
}
