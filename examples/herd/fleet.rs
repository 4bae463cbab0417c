//! The clients of the simulations: their attempts, their random numbers and the peak of many attempts. Time is virtual,
//! in milliseconds.

use embedded_sse::client::{Action, Epoch, Instant, Jitter, Reconnect};

/// Starts the attempt that is due.
pub(crate) fn begin(machine: &mut Reconnect<Random>, at: u64) -> Epoch {
    let at = Instant::from_millis(at);
    let Action::Connect(epoch) = machine.poll(at) else { panic!("no attempt is due") };
    machine.connecting(epoch, at);
    epoch
}

/// Returns when the next attempt is due, or `None` if there is none.
pub(crate) fn next_attempt(machine: &Reconnect<Random>, now: u64) -> Option<u64> {
    match machine.poll(Instant::from_millis(now)) {
        Action::WaitUntil(due) => Some(due.as_millis()),
        Action::Connect(_) => Some(now),
        _ => None,
    }
}

/// SplitMix64. Each client has its own seed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Jitter for Random {
    fn next_u32(&mut self) -> u32 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed >> 32) as u32
    }
}

/// Returns the largest number of these times within any 100 ms. `times` must be sorted.
pub(crate) fn peak(times: &[u64]) -> usize {
    let within = |(first, begin): (usize, &u64)| times.partition_point(|at| *at < begin + 100) - first;
    times.iter().enumerate().map(within).max().unwrap_or(0)
}
