//! Orders of the application to an event source in another task.
//!
//! This module passes them on. It must not depend on the session.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::mem::take;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::Waker;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Controls an [`EventSource`](super::EventSource) from anywhere, also while another task waits for its events.
/// [`EventSource::handle`](super::EventSource::handle) creates it; clones control the same source.
///
/// Each call wakes the task that waits, and takes effect when the source is polled next. After the source was dropped,
/// calls do nothing.
///
/// ```
/// # use embedded_sse::io::event_source::EventSource;
/// /// Closes the stream at Ctrl-C.
/// fn close_at_interrupt(events: &EventSource) {
///     let handle = events.handle();
///     tokio::spawn(async move {
///         if tokio::signal::ctrl_c().await.is_ok() {
///             handle.close();
///         }
///     });
/// }
/// ```
#[derive(Clone)]
pub struct Handle {
    orders: Arc<Orders>,
}

/// The orders that were not yet obeyed.
#[derive(Default)]
pub(super) struct Orders {
    /// Whether there are any, so that polling does not need to lock.
    are_some: AtomicBool,
    inbox: Mutex<Inbox>,
}

#[derive(Default)]
struct Inbox {
    orders: Vec<Order>,
    waker: Option<Waker>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Close,
    Restart,
    SendAgain,
    Finished,
    NetworkDown,
    NetworkUp,
    NetworkChanged,
}

impl Handle {
    pub(super) const fn new(orders: Arc<Orders>) -> Self {
        Self { orders }
    }

    /// Stops the stream and closes the connection: [`Session::close`](crate::client::Session::close).
    pub fn close(&self) {
        self.orders.give(Order::Close);
    }

    /// Asks for a connection now, also after a stop: [`Session::restart`](crate::client::Session::restart). If the
    /// request must not be [repeated](crate::client::Repeat), nothing changes.
    pub fn restart(&self) {
        self.orders.give(Order::Restart);
    }

    /// Sends the request again as a new one, also if it must not be [repeated](crate::client::Repeat). Call it only if
    /// you know that the server has not carried out the request, for example after status 401 or 429.
    pub fn send_again(&self) {
        self.orders.give(Order::SendAgain);
    }

    /// Reports that the event returned last is the last one of the stream, such as `[DONE]`. The stream stops:
    /// [`Session::finished`](crate::client::Session::finished).
    pub fn finished(&self) {
        self.orders.give(Order::Finished);
    }

    /// Reports that the network is down: [`Session::network_down`](crate::client::Session::network_down).
    pub fn network_down(&self) {
        self.orders.give(Order::NetworkDown);
    }

    /// Reports that the network is up again: [`Session::network_up`](crate::client::Session::network_up).
    pub fn network_up(&self) {
        self.orders.give(Order::NetworkUp);
    }

    /// Reports that the device has moved to another network:
    /// [`Session::network_changed`](crate::client::Session::network_changed).
    pub fn network_changed(&self) {
        self.orders.give(Order::NetworkChanged);
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").finish_non_exhaustive()
    }
}

impl Orders {
    fn give(&self, order: Order) {
        let waker = {
            let mut inbox = self.inbox();
            // The same order twice in a row is one.
            if inbox.orders.last() != Some(&order) {
                inbox.orders.push(order);
            }
            self.are_some.store(true, Ordering::Release);
            inbox.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Returns the new orders, the oldest first.
    pub(super) fn take(&self) -> Vec<Order> {
        if !self.are_some.load(Ordering::Acquire) {
            return Vec::new();
        }
        let mut inbox = self.inbox();
        self.are_some.store(false, Ordering::Release);
        take(&mut inbox.orders)
    }

    /// Wakes `waker` at the next order. Returns `false` if there is one already.
    pub(super) fn wake(&self, waker: &Waker) -> bool {
        let mut inbox = self.inbox();
        match &mut inbox.waker {
            Some(known) => known.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
        inbox.orders.is_empty()
    }

    fn inbox(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
