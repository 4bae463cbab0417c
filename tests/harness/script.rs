//! What a server does, what an application orders, and what was seen. All clients of the scenarios share this.

#![allow(dead_code, reason = "each test file uses its own part")]

use embedded_sse::client::{Response, StopReason};

#[cfg(target_os = "none")]
use board::prelude::*;

/// What the server or the network does next, on one connection.
#[derive(Clone, Debug)]
pub(crate) enum Does {
    /// Nothing, for this many milliseconds.
    Wait(u64),
    /// Sends a head.
    Respond(Response<'static>),
    /// Sends bytes that arrive as one chunk.
    Send(&'static [u8]),
    /// Sends an event without `retry` whose data is the received `Last-Event-ID`.
    Echo,
    /// Ends the body cleanly.
    End,
    /// Breaks the connection.
    Break,
    /// Refuses the connection, so that no request is sent.
    Refuse,
}

/// A command of the application, or a change of the network.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Order {
    Close,
    Restart,
    Finished,
    NetworkDown,
    NetworkUp,
    NetworkChanged,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Attempt { url: &'static str, last_event_id: Option<String> },
    Open,
    Event { data: String, id: String },
    Lost,
    Stop(StopReason),
}

/// What happened, with its time in milliseconds.
#[derive(Default)]
pub(crate) struct Log(pub(crate) Vec<(u64, Seen)>);

impl Log {
    pub(crate) fn times(&self, wanted: impl Fn(&Seen) -> bool) -> Vec<u64> {
        self.0.iter().filter(|(_, seen)| wanted(seen)).map(|(at, _)| *at).collect()
    }

    pub(crate) fn attempts(&self) -> Vec<u64> {
        self.times(|seen| matches!(seen, Seen::Attempt { .. }))
    }

    pub(crate) fn opens(&self) -> Vec<u64> {
        self.times(|seen| matches!(seen, Seen::Open))
    }

    pub(crate) fn urls(&self) -> Vec<&'static str> {
        let url = |seen: &Seen| if let Seen::Attempt { url, .. } = seen { Some(*url) } else { None };
        self.0.iter().filter_map(|(_, seen)| url(seen)).collect()
    }

    /// Returns the `Last-Event-ID` of each attempt, `-` for none.
    pub(crate) fn ids_sent(&self) -> Vec<&str> {
        self.each(|seen| match seen {
            Seen::Attempt { last_event_id, .. } => Some(last_event_id.as_deref().unwrap_or("-")),
            _ => None,
        })
    }

    pub(crate) fn data(&self) -> Vec<&str> {
        self.each(|seen| if let Seen::Event { data, .. } = seen { Some(data.as_str()) } else { None })
    }

    pub(crate) fn event_ids(&self) -> Vec<&str> {
        self.each(|seen| if let Seen::Event { id, .. } = seen { Some(id.as_str()) } else { None })
    }

    fn each(&self, wanted: impl Fn(&Seen) -> Option<&str>) -> Vec<&str> {
        self.0.iter().filter_map(|(_, seen)| wanted(seen)).collect()
    }

    pub(crate) fn stopped(&self) -> Option<StopReason> {
        match self.0.last() {
            Some((_, Seen::Stop(reason))) => Some(*reason),
            _ => None,
        }
    }

    /// Returns the milliseconds between each loss and the attempt after it.
    pub(crate) fn waits(&self) -> Vec<u64> {
        let mut lost = None;
        let mut waits = Vec::new();
        for (at, seen) in &self.0 {
            match seen {
                Seen::Lost => lost = Some(*at),
                Seen::Attempt { .. } => waits.extend(lost.take().map(|lost| at - lost)),
                _ => {}
            }
        }
        waits
    }

    /// Returns a summary of the log: attempt, open, the data of events, lost, stop.
    pub(crate) fn story(&self) -> String {
        let word = |(_, seen): &(u64, Seen)| match seen {
            Seen::Attempt { .. } => "attempt".to_string(),
            Seen::Open => "open".to_string(),
            Seen::Event { data, .. } => format!("<{data}>"),
            Seen::Lost => "lost".to_string(),
            Seen::Stop(reason) => format!("{reason:?}"),
        };
        self.0.iter().map(word).collect::<Vec<_>>().join(" ")
    }
}

pub(crate) const STREAM: Response<'static> = Response {
    status: 200,
    content_type: Some(b"text/event-stream"),
    location: None,
    retry_after: None,
    date: None,
    unix_time: None,
};

pub(crate) const fn status(status: u16) -> Does {
    Does::Respond(Response { status, ..STREAM })
}

pub(crate) const fn content_type(content_type: Option<&'static [u8]>) -> Does {
    Does::Respond(Response { content_type, ..STREAM })
}

pub(crate) const fn redirect(status: u16, location: Option<&'static [u8]>) -> Does {
    Does::Respond(Response { status, location, ..STREAM })
}

/// Returns the script of a whole connection: head, bytes and a clean end.
pub(crate) fn stream(bytes: &'static [u8]) -> Vec<Does> {
    vec![status(200), Does::Send(bytes), Does::End]
}
