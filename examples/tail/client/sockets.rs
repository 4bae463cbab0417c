//! How much work the sockets make before a response comes.
//!
//! The HTTP client reads any number of informational responses and tells nobody: `hyper::ext::on_informational` would count
//! them, but reqwest does not hand the extensions of a request on. What they cost does show.

use core::time::Duration;
use std::sync::Arc;
use std::thread;

use tokio::runtime::Handle;

/// More than any handshake and any head takes.
const WORK: Duration = Duration::from_secs(2);

/// How long one look at them is apart from the next.
const SAMPLE: Duration = Duration::from_millis(50);

/// The runtime in which the sockets are read, if nothing else runs there.
#[derive(Default)]
pub(crate) struct Sockets(Option<Handle>);

impl Sockets {
    pub(crate) fn of(runtime: Handle) -> Self {
        Self(Some(runtime))
    }

    /// Returns when they have made so much work since it was called.
    pub(crate) async fn overworked(&self) {
        let Some(runtime) = &self.0 else { return core::future::pending().await };
        let metrics = runtime.metrics();
        // The count of a worker that waits is odd. How long it was busy is only known when it is done.
        let is_busy =
            move || (0..metrics.num_workers()).any(|worker| metrics.worker_park_unpark_count(worker) % 2 == 0);
        let wanted = Arc::new(());
        let still = Arc::downgrade(&wanted);
        // In a thread of its own: the workers may be too busy to look at a clock.
        let watch = runtime.spawn_blocking(move || {
            let mut work = Duration::ZERO;
            while work < WORK && still.strong_count() > 0 {
                thread::sleep(SAMPLE);
                work += if is_busy() { SAMPLE } else { Duration::ZERO };
            }
        });
        // It does not panic.
        let _ = watch.await;
        drop(wanted);
    }
}
