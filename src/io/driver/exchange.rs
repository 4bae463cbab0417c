//! The interface from a transport to the asynchronous driver: judges a response and reads a body.
//!
//! It must not make decisions: it passes the response to the session.

use core::fmt;
use core::future::poll_fn;
use core::mem::replace;
use core::task::Poll;

use ::embedded_io_async::{Error, ErrorKind, Read};

use super::super::chunk::Chunk;
use super::desk::{Desk, Report};
use crate::client::{Response, Verdict};

/// Takes the response of one request from a transport. [`Connect::open`](super::Connect::open) receives it.
///
/// Its futures do not wake the task; the driver polls the future of `open` when they can go on. You may `join` or
/// `select` them with others, but a set that polls only the futures that were woken, such as `FuturesUnordered`, would
/// wait forever.
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
    desk: &'x Desk<'x>,
}

impl<'x> Exchange<'x> {
    pub(super) const fn new(desk: &'x Desk<'x>) -> Self {
        Self { desk }
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
        let verdict = self.desk.judge(response);
        ready_when(|| self.desk.report(Report::Responded(verdict))).await;
        // The session may change the verdict.
        ready_when(|| self.desk.take_verdict()).await
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
    pub async fn read<R: Read + ?Sized>(self, body: &mut R) -> Result<(), R::Error> {
        loop {
            {
                // Goes back when the body is dropped.
                let mut chunk = ready_when(|| self.desk.room()).await;
                let room = chunk.value().map(Chunk::room).unwrap_or_default();
                match body.read(room).await {
                    Ok(0) => break,
                    Ok(length) => drop(chunk.value().map(|chunk| chunk.filled(length))),
                    // A signal interrupted the read; the connection is still good.
                    Err(error) if error.kind() == ErrorKind::Interrupted => {
                        drop(chunk);
                        make_way().await;
                        continue;
                    }
                    Err(error) => return Err(error),
                }
            }
            ready_when(|| self.desk.report(Report::Filled)).await;
        }
        ready_when(|| self.desk.report(Report::Ended)).await;
        Ok(())
    }
}

impl fmt::Debug for Exchange<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange").finish_non_exhaustive()
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Exchange<'_> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Exchange {{ .. }}");
    }
}

/// Waits until `look` finds something. Whoever leaves it polls this one afterwards, and wakes nothing.
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
