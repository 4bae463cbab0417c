//! A transport that logs the result of each attempt of another transport. The driver itself does not report failures.

use embedded_sse::io::Request;
use embedded_sse::io::driver::{Connect, Exchange};

/// Logs the attempts of another transport.
pub struct Logged<C>(pub C);

impl<C: Connect<Error: core::fmt::Debug>> Connect for Logged<C> {
    type Error = C::Error;

    async fn open(&mut self, request: &Request<'_>, exchange: Exchange<'_>) -> Result<(), C::Error> {
        let last_event_id = request.headers.iter().find(|(name, _)| *name == "Last-Event-ID").map(|header| header.1);
        match last_event_id {
            Some(id) => defmt::info!("connecting, to resume after {=str}", id),
            None => defmt::info!("connecting, from the start"),
        }
        let closing = Closing;
        let opened = self.0.open(request, exchange).await;
        core::mem::forget(closing);
        match &opened {
            Ok(()) => defmt::info!("the stream has ended"),
            Err(error) => defmt::warn!("no connection: {}", defmt::Debug2Format(error)),
        }
        opened
    }
}

/// Logs when it is dropped with its attempt: after a timeout, when the server was silent, or when the network went
/// down.
struct Closing;

impl Drop for Closing {
    fn drop(&mut self) {
        defmt::warn!("gave up the connection");
    }
}
