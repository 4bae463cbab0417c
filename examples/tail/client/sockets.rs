//! How much work the sockets make before a response comes.
//!
//! The HTTP client reads any number of informational responses and tells nobody: `hyper::ext::on_informational` would count
//! them, but reqwest does not hand extensions of a request on. What they cost does show.

use core::time::Duration;

use tokio::runtime::Handle;

/// More than any handshake and any head takes.
const WORK: Duration = Duration::from_secs(2);

/// The runtime in which the sockets are read, if nothing else runs there.
#[derive(Default)]
pub(crate) struct Sockets(Option<Handle>);

impl Sockets {
    /// To know in time, the runtime needs an `event_interval` of 1.
    pub(crate) fn of(runtime: Handle) -> Self {
        Self(Some(runtime))
    }

    /// Returns when they have made so much work since it was called.
    pub(crate) async fn overworked(&self) {
        let Some(runtime) = &self.0 else { return core::future::pending().await };
        let metrics = runtime.metrics();
        let work =
            || (0..metrics.num_workers()).map(|worker| metrics.worker_total_busy_duration(worker)).sum::<Duration>();
        let until = work() + WORK;
        while work() < until {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}
