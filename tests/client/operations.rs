//! Applies operations in any order and checks the rules of `harness/operations.rs` after each: at random, and
//! exhaustively up to a depth.

use std::collections::HashSet;
use std::time::Duration;

use crate::harness::Random;
use crate::harness::operations::{Bounds, Checked, Operation, Which};
use embedded_sse::client::{Backoff, Heard, NoJitter, Policy, Spread};
use proptest::prelude::*;

fn spread() -> impl Strategy<Value = Spread> {
    prop::sample::select(vec![Spread::None, Spread::Full, Spread::Equal, Spread::Decorrelated])
}

/// Returns usual times, and times at the ends of the ranges.
fn time() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), Just(1), 0..100_u64, 100..100_000_u64, Just(u64::from(u32::MAX)), Just(u64::MAX), any::<u64>()]
}

fn duration() -> impl Strategy<Value = Duration> {
    prop_oneof![time().prop_map(Duration::from_millis), Just(Duration::MAX)]
}

/// Returns any policy and its bounds.
fn policy() -> impl Strategy<Value = (Policy, Bounds)> {
    let backoff =
        (0..3, duration(), duration(), duration(), spread(), 0..1000_u64, 0..10_000_000_u64, 0..10_000_000_u64);
    let limits = (prop::option::of(0..5_u32), prop::option::of(duration()), duration(), duration(), any::<bool>());
    let watchdogs =
        (prop::option::of(duration()), prop::option::of(duration()), any::<bool>(), prop::option::of(duration()));
    (backoff, limits, watchdogs).prop_map(|(backoff, limits, watchdogs)| {
        let (kind, floor, first, cap, spread, least, more, even_more) = backoff;
        let backoff = match kind {
            0 => Backoff::fixed(floor),
            1 => Backoff::exponential(first, cap),
            _ => Backoff::above_floor(floor, first, cap),
        };
        let least = least.max(1);
        let (most_asked, most_retry_after) = (least + more, least + even_more);
        let backoff = backoff
            .spread(spread)
            .min_wait(Duration::from_millis(least))
            .max_retry(Duration::from_millis(most_asked))
            .max_retry_after(Duration::from_millis(most_retry_after));
        let (max_attempts, max_elapsed, stable_after, stable_after_event, stop_at_end) = limits;
        let (connect, liveness, learned, progress) = watchdogs;
        let mut policy = Policy::new(backoff)
            .stable_after(stable_after)
            .stable_after_event(stable_after_event)
            .connect_timeout(connect)
            .progress(progress);
        policy = if learned { policy.learned_liveness() } else { policy.liveness(liveness) };
        policy = max_attempts.map_or(policy, |attempts| policy.max_attempts(attempts));
        policy = max_elapsed.map_or(policy, |elapsed| policy.max_elapsed(elapsed));
        policy = if stop_at_end { policy.stop_at_end() } else { policy };
        (policy, Bounds { least, most_asked, most_retry_after, max_attempts })
    })
}

fn which() -> impl Strategy<Value = Which> {
    prop_oneof![5 => Just(Which::Present), 1 => Just(Which::Old)]
}

fn heard() -> impl Strategy<Value = Heard> {
    prop::sample::select(vec![Heard::Bytes, Heard::Heartbeat, Heard::Event])
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        4 => time().prop_map(Operation::Later),
        1 => time().prop_map(Operation::Earlier),
        8 => Just(Operation::Due),
        8 => which().prop_map(Operation::Connecting),
        6 => which().prop_map(Operation::Opened),
        6 => (which(), heard()).prop_map(|(which, heard)| Operation::Heard(which, heard)),
        2 => which().prop_map(Operation::Ended),
        4 => which().prop_map(Operation::Lost),
        2 => (which(), prop::option::of(time())).prop_map(|(which, after)| Operation::Rejected(which, after)),
        1 => which().prop_map(Operation::Refused),
        2 => time().prop_map(Operation::Resumed),
        2 => time().prop_map(Operation::ReconnectionTime),
        1 => Just(Operation::NetworkDown),
        2 => Just(Operation::NetworkUp),
        1 => Just(Operation::NetworkChanged),
        1 => Just(Operation::Close),
        2 => Just(Operation::Restart),
        2 => time().prop_map(Operation::StartWithin),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_operations_in_any_order_keep_the_rules(
        (policy, bounds) in policy(),
        seed in any::<u64>(),
        operations in prop::collection::vec(operation(), 0..120),
    ) {
        let mut checked = Checked::new(policy, bounds, Random(seed));
        for operation in operations {
            checked.apply(operation);
        }
    }
}

/// Applies every sequence of operations up to a depth, with times so small that they coincide. Prints the number of
/// states.
#[test]
fn every_state_up_to_a_depth_keeps_the_rules() {
    let ms = Duration::from_millis;
    let backoff = Backoff::exponential(ms(2), ms(8)).min_wait(ms(3)).max_retry(ms(20)).max_retry_after(ms(12));
    let policy = Policy::new(backoff)
        .stable_after(ms(6))
        .stable_after_event(ms(3))
        .connect_timeout(Some(ms(4)))
        .liveness(Some(ms(5)));
    let limited = policy.max_attempts(2).max_elapsed(ms(9)).progress(Some(ms(7))).learned_liveness();
    let present = Which::Present;
    let operations = [
        Operation::Later(1),
        Operation::Earlier(2),
        Operation::Due,
        Operation::Connecting(present),
        Operation::Opened(present),
        Operation::Heard(present, Heard::Heartbeat),
        Operation::Heard(present, Heard::Event),
        Operation::Ended(present),
        Operation::Lost(present),
        Operation::Lost(Which::Old),
        Operation::Rejected(present, Some(15)),
        Operation::Refused(present),
        Operation::Resumed(2),
        Operation::ReconnectionTime(5),
        Operation::NetworkDown,
        Operation::NetworkUp,
        Operation::NetworkChanged,
        Operation::Close,
        Operation::Restart,
        Operation::StartWithin(6),
    ];
    const DEPTH: usize = 8;
    for (name, policy, max_attempts) in [("unlimited", policy, None), ("limited", limited, Some(2))] {
        let bounds = Bounds { least: 3, most_asked: 20, most_retry_after: 12, max_attempts };
        let start = Checked::new(policy, bounds, NoJitter);
        let mut seen = HashSet::from([start.clone()]);
        let mut newest = vec![start];
        for _ in 0..DEPTH {
            let mut next = Vec::new();
            for state in &newest {
                for operation in operations {
                    let mut state = state.clone();
                    state.apply(operation);
                    if seen.insert(state.clone()) {
                        next.push(state);
                    }
                }
            }
            newest = next;
        }
        println!("{name}: {} states within {DEPTH} facts, {} of them the last", seen.len(), newest.len());
        assert!(seen.len() > 10_000, "too few states were reached");
    }
}
