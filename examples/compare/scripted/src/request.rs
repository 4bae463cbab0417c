//! Reads one request. This module knows HTTP/1.1, and no script.

use std::io::{self, ErrorKind};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::Instant;

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Request {
    /// When its head was complete, since the start of the server.
    pub at: Duration,
    /// For example `GET`.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// The body as text. A body in chunks is kept with its framing.
    pub body: String,
    /// Names and values, as they were sent.
    pub headers: Vec<(String, String)>,
}

/// The most bytes of a head, and of a body.
const LIMIT: usize = 64 << 10;

impl Request {
    /// Returns the value of the first header of this name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(of, _)| of.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub(crate) async fn read(source: &mut (impl AsyncRead + Unpin), begun: Instant) -> io::Result<Self> {
        let mut bytes = Vec::new();
        let head = loop {
            if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
                break at;
            }
            more(source, &mut bytes).await?;
        };
        let at = begun.elapsed();
        let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
        let mut body = bytes.split_off(head + 4);
        let mut lines = text.split("\r\n");
        let mut words = lines.next().unwrap_or_default().split(' ');
        let (Some(method), Some(target), Some("HTTP/1.1"), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(ErrorKind::InvalidData.into());
        };
        let header = |line: &str| {
            let (name, value) = line.split_once(':').ok_or(ErrorKind::InvalidData)?;
            Ok((name.to_owned(), value.trim().to_owned()))
        };
        let headers = lines.map(header).collect::<Result<Vec<_>, ErrorKind>>()?;
        let mut request = Self { at, method: method.into(), target: target.into(), body: String::new(), headers };
        let length = request.header("Content-Length").map_or(Ok(0), str::parse);
        let length: usize = length.map_err(|_| ErrorKind::InvalidData)?;
        while body.len() < length {
            more(source, &mut body).await?;
        }
        request.body = String::from_utf8_lossy(&body).into_owned();
        Ok(request)
    }
}

async fn more(source: &mut (impl AsyncRead + Unpin), bytes: &mut Vec<u8>) -> io::Result<()> {
    match source.read_buf(bytes).await? {
        0 => Err(ErrorKind::UnexpectedEof.into()),
        _ if bytes.len() > LIMIT => Err(ErrorKind::InvalidData.into()),
        _ => Ok(()),
    }
}
