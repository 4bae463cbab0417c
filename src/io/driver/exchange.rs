//! The interface from a transport to the asynchronous driver: judges a response and reads a body.
//!
//! It does not have the driver's type parameters, so that transports need not name them. It must not make decisions: it
//! passes the response to the session.

use core::cell::RefMut;
use core::fmt;
use core::future::poll_fn;
use core::mem::replace;
use core::task::Poll;

use ::embedded_io_async::{Error, ErrorKind, Read};

use crate::client::{Epoch, Response, Verdict};

/// Takes the response of one request from a transport. [`Connect::open`](super::Connect::open) receives it.
///
/// ```
/// use embedded_io_async::Read;
/// use embedded_sse::client::{Response, Verdict};
/// use embedded_sse::io::driver::Exchange;
///
/// /// The end of a `Connect::open`, after the response headers were parsed.
/// async fn finish<R: Read>(exchange: Exchange<'_>, response: &Response<'_>, mut body: R) -> Result<(), R::Error> {
///     match exchange.respond(response).await {
///         Verdict::Accept => exchange.read(&mut body).await,
///         _ => Ok(()), // the session decides what to do next
///     }
/// }
/// ```
#[derive(Clone, Copy)]
#[must_use = "without a response the connection counts as lost"]
pub struct Exchange<'x> {
    stage: &'x dyn Stage,
    epoch: Epoch,
}

impl<'x> Exchange<'x> {
    pub(super) const fn new(stage: &'x dyn Stage, epoch: Epoch) -> Self {
        Self { stage, epoch }
    }
}

impl Exchange<'_> {
    /// Passes the response to the session and returns what to do with it. [`read`](Self::read) the body only after
    /// [`Verdict::Accept`].
    ///
    /// # Cancel safety
    ///
    /// Cancel-safe, but return from [`open`](super::Connect::open) after cancelling it.
    pub async fn respond(&self, response: &Response<'_>) -> Verdict {
        ready_when(|| self.stage.responded(self.epoch, response)).await
    }

    /// Reads the body to its end. Each read waits until the application has taken all events of the one before and asks
    /// for another.
    ///
    /// # Errors
    ///
    /// The body's error: return it from [`open`](super::Connect::open).
    ///
    /// # Cancel safety
    ///
    /// Cancel-safe if the body's `read` is; otherwise the bytes of a read in progress are lost. Return from
    /// [`open`](super::Connect::open) after cancelling it.
    #[expect(
        clippy::await_holding_refcell_ref,
        reason = "the borrow is the permission to read, and ends when the body is dropped"
    )]
    pub async fn read<R: Read + ?Sized>(self, body: &mut R) -> Result<(), R::Error> {
        loop {
            let length = {
                let mut room = ready_when(|| self.stage.room(self.epoch)).await;
                match body.read(&mut room).await {
                    Ok(length) => length,
                    // A signal interrupted the read; the connection is still good.
                    Err(error) if error.kind() == ErrorKind::Interrupted => {
                        drop(room);
                        make_way().await;
                        continue;
                    }
                    Err(error) => return Err(error),
                }
            };
            if length == 0 {
                ready_when(|| self.stage.ended(self.epoch)).await;
                return Ok(());
            }
            ready_when(|| self.stage.filled(self.epoch, length)).await;
        }
    }
}

impl fmt::Debug for Exchange<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange").field("epoch", &self.epoch).finish_non_exhaustive()
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Exchange<'_> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Exchange {{ epoch: {}, .. }}", self.epoch);
    }
}

/// A driver without its type parameters. Its methods return `None` while the application's half holds what they need.
pub(super) trait Stage {
    fn responded(&self, epoch: Epoch, response: &Response<'_>) -> Option<Verdict>;
    fn room(&self, epoch: Epoch) -> Option<RefMut<'_, [u8]>>;
    fn filled(&self, epoch: Epoch, length: usize) -> Option<()>;
    fn ended(&self, epoch: Epoch) -> Option<()>;
}

/// Waits until `look` finds something, that is, until the application's half has released it. That half wakes this one
/// by polling it.
async fn ready_when<T>(mut look: impl FnMut() -> Option<T>) -> T {
    poll_fn(|_| look().map_or(Poll::Pending, Poll::Ready)).await
}

/// Yields to other tasks once.
pub(super) async fn make_way() {
    let mut asked = false;
    poll_fn(|context| {
        if replace(&mut asked, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
