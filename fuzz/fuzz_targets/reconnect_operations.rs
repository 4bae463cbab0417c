//! Reports any facts in any order, with any policy. The invariants are checked in `tests/harness/operations.rs`.

#![no_main]

use std::time::Duration;

use embedded_sse::client::{Backoff, Heard, Jitter, Policy, Spread};
use libfuzzer_sys::fuzz_target;

#[path = "../../tests/harness/operations.rs"]
mod operations;

use operations::{Bounds, Checked, Operation, Which};

fuzz_target!(|input: &[u8]| {
    let Some((head, facts)) = input.split_first_chunk::<14>() else { return };
    let (policy, bounds) = policy(head);
    let mut checked = Checked::new(policy, bounds, Random(head[13].into()));
    for fact in facts.chunks_exact(2) {
        checked.apply(operation(fact[0], fact[1]));
    }
});

/// Maps a byte to powers of two and numbers near them, to cover all magnitudes.
fn time(byte: u8) -> u64 {
    let power = 1_u64 << (byte & 63);
    match byte >> 6 {
        0 => power - 1,
        1 => power,
        2 => power + power / 2,
        _ => u64::MAX / power,
    }
}

fn duration(byte: u8) -> Duration {
    Duration::from_millis(time(byte))
}

/// Returns `None` for an even byte.
fn optional(byte: u8) -> Option<Duration> {
    (byte % 2 == 1).then(|| duration(byte / 2))
}

fn policy(head: &[u8; 14]) -> (Policy, Bounds) {
    let [kind, floor, first, cap, spread, least, most, attempts, elapsed, stable, connect, liveness, progress, _] =
        *head;
    let backoff = match kind % 3 {
        0 => Backoff::fixed(duration(floor)),
        1 => Backoff::exponential(duration(first), duration(cap)),
        _ => Backoff::above_floor(duration(floor), duration(first), duration(cap)),
    };
    let spread = [Spread::None, Spread::Full, Spread::Equal, Spread::Decorrelated][usize::from(spread % 4)];
    // These must be shorter than the times at which the state machine saturates.
    let least = time(least % 24).max(1);
    let (most_asked, most_retry_after) = (least + 1 + time(most % 24), least + time(most / 8 % 24));
    let millis = Duration::from_millis;
    let backoff = backoff
        .spread(spread)
        .min_wait(millis(least))
        .max_retry(millis(most_asked))
        .max_retry_after(millis(most_retry_after));
    let mut policy = Policy::new(backoff)
        .stable_after(duration(stable))
        .stable_after_event(duration(stable / 2))
        .connect_timeout(optional(connect))
        .liveness(optional(liveness))
        .progress(optional(progress));
    if liveness == 0 {
        policy = policy.learned_liveness();
    }
    if stable == 0 {
        policy = policy.stop_at_end();
    }
    if let Some(time) = optional(elapsed) {
        policy = policy.max_elapsed(time);
    }
    let max_attempts = (attempts % 2 == 1).then_some(u32::from(attempts / 2));
    if let Some(attempts) = max_attempts {
        policy = policy.max_attempts(attempts);
    }
    (policy, Bounds { least, most_asked, most_retry_after, max_attempts })
}

fn operation(kind: u8, argument: u8) -> Operation {
    let which = if kind & 0x80 == 0 { Which::Present } else { Which::Old };
    match kind & 0x7F {
        0 => Operation::Close,
        1 => Operation::Restart,
        2 => Operation::Refused(which),
        3..10 => Operation::NetworkDown,
        10..20 => Operation::NetworkUp,
        20..25 => Operation::NetworkChanged,
        25..30 => Operation::Earlier(time(argument)),
        30..40 => Operation::Later(time(argument)),
        40..60 => Operation::Due,
        60..80 => Operation::Connecting(which),
        80..95 => Operation::Opened(which),
        95..105 => Operation::Heard(which, [Heard::Bytes, Heard::Heartbeat, Heard::Event][usize::from(argument % 3)]),
        105..110 => Operation::Ended(which),
        110..118 => Operation::Lost(which),
        118..123 => Operation::Rejected(which, optional(argument).map(|_| time(argument / 2))),
        123..125 => Operation::Resumed(time(argument)),
        125 => Operation::StartWithin(time(argument)),
        _ => Operation::ReconnectionTime(time(argument)),
    }
}

/// SplitMix64.
#[derive(Clone, Debug, PartialEq)]
struct Random(u64);

impl Jitter for Random {
    fn next_u32(&mut self) -> u32 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        (mixed >> 32) as u32
    }
}
