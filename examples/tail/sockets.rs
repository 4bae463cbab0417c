//! Detects a server that keeps the sockets busy without sending a response.
//!
//! The HTTP client silently reads any number of informational responses. `hyper::ext::on_informational` could count
//! them, but reqwest does not pass on the extensions of a request. Their processor time is measured instead.

use core::time::Duration;
use std::sync::Arc;
use std::thread;

use tokio::runtime::Handle;

/// The processor time after which an attempt is given up. A handshake and the head of a response take less.
const WORK: Duration = Duration::from_secs(2);

/// The time between two samples.
const SAMPLE: Duration = Duration::from_millis(50);

/// The runtime in which only the sockets are read.
#[derive(Clone)]
pub(crate) struct Sockets(Handle);

impl Sockets {
    pub(crate) const fn of(runtime: Handle) -> Self {
        Self(runtime)
    }

    /// Returns once the sockets have used [`WORK`] since the call.
    pub(crate) async fn overworked(&self) {
        let metrics = self.0.metrics();
        // The count is odd while a worker waits. Its busy time is only updated when it has finished.
        let is_busy =
            move || (0..metrics.num_workers()).any(|worker| metrics.worker_park_unpark_count(worker).is_multiple_of(2));
        let wanted = Arc::new(());
        let still = Arc::downgrade(&wanted);
        // The workers may be too busy to run a timer, so this needs its own thread.
        let watch = self.0.spawn_blocking(move || {
            let mut work = Duration::ZERO;
            while work < WORK && still.strong_count() > 0 {
                thread::sleep(SAMPLE);
                work += if is_busy() { SAMPLE } else { Duration::ZERO };
            }
        });
        // The thread does not panic.
        let _ = watch.await;
        drop(wanted);
    }
}
