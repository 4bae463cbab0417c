//! Where a transport and the asynchronous driver meet: a response goes in, a verdict comes out, and a body is read.
//!
//! Without the driver's parameters, so that transports need not name them. Decides nothing.

use core::cell::RefMut;
use core::fmt;
use core::future::poll_fn;
use core::mem::replace;
use core::task::Poll;

use ::embedded_io_async::{Error, ErrorKind, Read};

use crate::client::{Epoch, Response, Verdict};

/// Where a transport hands over a response.
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
    /// Says what the response means, and lets the session know. The stream is read only after [`Verdict::Accept`].
    ///
    /// # Cancel safety
    ///
    /// End [`open`](super::Connect::open) then; nothing is lost.
    pub async fn respond(&self, response: &Response<'_>) -> Verdict {
        ready_when(|| self.stage.responded(self.epoch, response)).await
    }

    /// Reads the stream to its end: piece by piece, each when all events of the one before were taken and another is asked for.
    ///
    /// # Errors
    ///
    /// The body's own: return it.
    ///
    /// # Cancel safety
    ///
    /// What a read that had begun has got is lost, unless the body's `read` is cancel-safe; nothing else is. End
    /// [`open`](super::Connect::open) then.
    #[expect(clippy::await_holding_refcell_ref, reason = "the room is the right to read, and goes when the body goes")]
    pub async fn read<R: Read + ?Sized>(self, body: &mut R) -> Result<(), R::Error> {
        loop {
            let length = {
                let mut room = ready_when(|| self.stage.room(self.epoch)).await;
                match body.read(&mut room).await {
                    Ok(length) => length,
                    // By a signal; the connection is as good as before.
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

/// A driver without its parameters, for transports. `None`: the application has it just now.
pub(super) trait Stage {
    fn responded(&self, epoch: Epoch, response: &Response<'_>) -> Option<Verdict>;
    fn room(&self, epoch: Epoch) -> Option<RefMut<'_, [u8]>>;
    fn filled(&self, epoch: Epoch, length: usize) -> Option<()>;
    fn ended(&self, epoch: Epoch) -> Option<()>;
}

/// Waits until the application has given back what is looked for; it wakes this half by polling it.
async fn ready_when<T>(mut look: impl FnMut() -> Option<T>) -> T {
    poll_fn(|_| look().map_or(Poll::Pending, Poll::Ready)).await
}

/// Lets other tasks run first.
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
