//! A wait for the next item, which tells the event source when the application gives it up.

use core::pin::Pin;
use core::task::{Context, Poll};

use futures_core::Stream;

/// Waits for the next item.
pub(super) struct Next<'s, S: Leave>(pub(super) &'s mut S);

pub(super) trait Leave {
    /// Records that the application does not wait from now on: that time is not a silence of the server.
    fn leave(&mut self);
}

impl<S: Stream + Leave + Unpin> Future for Next<'_, S> {
    type Output = Option<S::Item>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut *self.0).poll_next(context)
    }
}

impl<S: Leave> Drop for Next<'_, S> {
    fn drop(&mut self) {
        self.0.leave();
    }
}
