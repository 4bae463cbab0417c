//! Follows a stream in a thread, without a runtime, over the blocking HTTP client ureq.
//!
//! Each read ends after a second, and the source reads again. In between it sees to its deadlines and to its handle.
//!
//! cargo run --bin ureq -- http://localhost:8080/events

use std::{env, io, time::Duration};

use embedded_sse::io::event_source::{BoxError, EventSource, News};
use http::{Request, Response};
use ureq::{Agent, Body, BodyReader, Error, Timeout};

fn main() -> Result<(), BoxError> {
    let url = env::args().nth(1).ok_or("usage: ureq URL")?;
    let config = Agent::config_builder().http_status_as_error(false).max_redirects(0).max_redirects_will_error(false);
    let config = config.timeout_connect(Some(Duration::from_secs(10)));
    let agent = config.timeout_per_read(Some(Duration::from_secs(1))).build().new_agent();
    let send =
        move |request: Request<&str>| -> Result<Response<Reads>, Error> { Ok(agent.run(request)?.map(Reads::of)) };
    let mut events = EventSource::blocking(Request::get(url).body("")?, send);
    while let Some(news) = events.wait() {
        match news {
            News::Event(event) => println!("{}: {}", event.event_type_lossy(), event.data_lossy()),
            News::Lost { why, .. } => eprintln!("{why}"),
            News::Stopped { reason, .. } => return Err(reason.to_string().into()),
            _ => {}
        }
    }
    Ok(())
}

/// A body whose reads end with `WouldBlock` after a second. In ureq, that is an error of another kind.
struct Reads(BodyReader<'static>);

impl Reads {
    fn of(body: Body) -> Self {
        Self(body.into_reader())
    }
}

impl io::Read for Reads {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(|error| match Error::from(error) {
            Error::Timeout(Timeout::PerRead) => io::ErrorKind::WouldBlock.into(),
            error => error.into_io(),
        })
    }
}
