//! Tests of `Reconnect` alone: attempts, waits, watchdogs and networks. `scenarios.rs` tests a whole client.

use core::time::Duration;

use crate::harness::{Does, Order, Random, World, status};
use embedded_sse::client::{Action, Backoff, Epoch, Heard, Instant, NoJitter, Policy, Reconnect, Spread, StopReason};

#[cfg(target_os = "none")]
use board::prelude::*;

const SECOND: u64 = 1000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

/// One second without spread, and no watchdogs.
const PLAIN: Policy = Policy::new(Backoff::fixed(Duration::from_secs(1))).connect_timeout(None).liveness(None);

/// 1 s, 2 s, 4 s and so on: without randomness the waits have their upper bound.
const DOUBLING: Policy =
    PLAIN.backoff(Backoff::exponential(Duration::from_secs(1), Duration::from_secs(1000)).spread(Spread::None));

/// A machine and its clock.
struct Device {
    machine: Reconnect<NoJitter>,
    now: u64,
}

impl Device {
    fn new(policy: Policy) -> Self {
        Self { machine: Reconnect::new(policy, NoJitter), now: HOUR }
    }

    fn now(&self) -> Instant {
        Instant::from_millis(self.now)
    }

    fn poll(&self) -> Action {
        self.machine.poll(self.now())
    }

    fn after(&mut self, millis: u64) -> &mut Self {
        self.now += millis;
        self
    }

    /// Waits for the next attempt and begins it. Returns its epoch and the length of the wait in milliseconds.
    fn connect(&mut self) -> (Epoch, u64) {
        let mut waited = 0;
        if let Action::WaitUntil(due) = self.poll() {
            waited = due.as_millis() - self.now;
            self.now = due.as_millis();
        }
        let Action::Connect(epoch) = self.poll() else { panic!("{:?}", self.poll()) };
        self.machine.connecting(epoch, self.now());
        (epoch, waited)
    }

    fn open(&mut self) -> Epoch {
        let (epoch, _) = self.connect();
        self.machine.opened(epoch, self.now());
        epoch
    }

    fn hear(&mut self, epoch: Epoch, what: Heard) -> &mut Self {
        self.machine.heard(epoch, self.now(), what);
        self
    }

    fn lose(&mut self, epoch: Epoch) -> &mut Self {
        self.machine.lost(epoch, self.now());
        self
    }

    /// Returns the time in milliseconds after which the current attempt or connection is given up.
    fn gives_up_in(&self) -> Option<u64> {
        match self.poll() {
            Action::AwaitResponse { until, .. } | Action::Read { until, .. } => {
                until.map(|until| until.as_millis() - self.now)
            }
            other => panic!("{other:?}"),
        }
    }
}

// Attempts.

#[test]
fn the_first_attempt_is_immediate_whatever_the_clock_shows() {
    for now in [0, 1, u64::MAX] {
        let machine = Reconnect::new(Policy::standard(), NoJitter);
        assert!(matches!(machine.poll(Instant::from_millis(now)), Action::Connect(_)));
    }
}

/// 10,000 devices whose clocks start at the same moment.
#[test]
fn the_first_attempts_of_a_fleet_are_spread_after_a_power_cut() {
    for (limit, most) in [(0, 10_000), (60, 40)] {
        let mut attempts = [0_u16; 600];
        for device in 0..10_000 {
            let mut machine = Reconnect::new(Policy::standard(), Random(device));
            machine.start_within(Instant::ZERO, Duration::from_secs(limit));
            let due = match machine.poll(Instant::ZERO) {
                Action::WaitUntil(due) => due.as_millis(),
                Action::Connect(_) => 0,
                other => panic!("{other:?}"),
            };
            attempts[due as usize / 100] += 1;
        }
        let peak = attempts.iter().max().copied().unwrap_or_default();
        assert!(peak <= most && peak > most / 2, "within {limit} s: {peak}");
    }
}

#[test]
fn the_delay_of_the_first_attempt_ends_only_in_time_or_with_a_restart() {
    let (minute, delayed) = (Duration::from_secs(60), MINUTE - 1);
    let mut device = Device::new(PLAIN);
    device.machine.start_within(device.now(), minute);
    device.after(SECOND);
    device.machine.network_changed(device.now());
    assert_eq!(device.poll(), Action::WaitUntil(Instant::from_millis(HOUR + delayed)), "moved to another network");
    device.machine.network_down(device.now());
    device.machine.start_within(device.now(), minute);
    device.after(SECOND);
    device.machine.network_up(device.now());
    assert_eq!(device.connect().1, MINUTE - SECOND - 1 + 999, "delayed again without a network");

    let before = device.machine.clone();
    device.machine.start_within(device.now(), minute);
    assert_eq!(device.machine, before, "an attempt in progress");

    let mut device = Device::new(PLAIN);
    device.machine.start_within(device.now(), minute);
    device.machine.restart();
    assert_eq!(device.connect().1, 0);
    let epoch = device.poll().epoch().unwrap();
    device.machine.rejected(epoch, device.now(), Some(2 * minute));
    device.machine.start_within(device.now(), minute);
    assert_eq!(device.connect().1, 2 * MINUTE, "a longer wait stays as it is");
}

#[test]
fn an_attempt_that_takes_too_long_is_given_up() {
    let mut device = Device::new(PLAIN.connect_timeout(Some(Duration::from_secs(10))));
    let (epoch, _) = device.connect();
    assert_eq!(device.gives_up_in(), Some(10 * SECOND));
    device.after(10 * SECOND - 1);
    assert!(matches!(device.poll(), Action::AwaitResponse { .. }));
    device.after(1);
    assert_eq!(device.poll(), Action::Disconnect(epoch));
    device.lose(epoch);
    assert_eq!(device.connect().1, SECOND);
}

#[test]
fn late_reports_of_an_old_attempt_are_ignored() {
    let mut device = Device::new(PLAIN);
    let old = device.connect().0;
    device.machine.network_changed(device.now());
    let new = device.connect().0;
    assert_ne!(old, new);
    let before = device.machine.clone();
    let now = device.now();
    device.machine.connecting(old, now);
    device.machine.opened(old, now);
    device.machine.heard(old, now, Heard::Event);
    device.machine.ended(old, now);
    device.machine.lost(old, now);
    device.machine.rejected(old, now, Some(Duration::from_secs(9)));
    device.machine.refused(old, now, StopReason::ContentType);
    assert_eq!(device.machine, before);
    device.machine.opened(new, now);
    assert!(matches!(device.poll(), Action::Read { epoch, .. } if epoch == new));
}

#[test]
fn no_two_attempts_share_an_epoch() {
    let mut device = Device::new(PLAIN);
    let mut epochs = Vec::new();
    for _ in 0..10 {
        let epoch = device.connect().0;
        assert!(!epochs.contains(&epoch));
        epochs.push(epoch);
        device.lose(epoch);
    }
}

#[test]
fn an_attempt_cannot_begin_before_it_is_due() {
    let mut device = Device::new(PLAIN);
    let first = device.connect().0;
    device.lose(first);
    let Action::WaitUntil(due) = device.poll() else { panic!() };
    let Action::Connect(second) = device.machine.poll(due) else { panic!() };
    device.machine.connecting(second, device.now());
    assert_eq!(device.poll(), Action::WaitUntil(due));
}

#[test]
fn two_devices_do_not_draw_the_same_waits() {
    let waits = |seed| {
        let mut machine = Reconnect::new(Policy::standard(), Random(seed));
        let Action::Connect(epoch) = machine.poll(Instant::ZERO) else { panic!() };
        machine.connecting(epoch, Instant::ZERO);
        machine.lost(epoch, Instant::ZERO);
        machine.poll(Instant::ZERO)
    };
    assert_ne!(waits(1), waits(2));
}

// Consecutive failures.

#[test]
fn failures_reset_after_a_connection_that_was_stable_from_its_start() {
    let mut device = Device::new(DOUBLING);
    for step in [0, 1000, 2000, 4000] {
        let (epoch, waited) = device.connect();
        assert_eq!(waited, step);
        device.lose(epoch);
    }
    // A connection with traffic but without an event. Its last byte arrives just before the loss.
    let epoch = device.open();
    for _ in 0..59 {
        device.after(SECOND).hear(epoch, Heard::Bytes);
    }
    device.after(999).hear(epoch, Heard::Bytes).lose(epoch);
    assert_eq!(device.connect().1, 16 * SECOND, "one millisecond too short");
    let epoch = device.poll().epoch().unwrap();
    device.machine.opened(epoch, device.now());
    device.after(60 * SECOND).hear(epoch, Heard::Bytes).lose(epoch);
    assert_eq!(device.machine.failures(), 1);
    assert_eq!(device.connect().1, SECOND);
}

#[test]
fn a_connection_that_delivered_an_event_is_stable_sooner() {
    for (lived, what, failures) in [
        (19_999, Heard::Event, 2),
        (20_000, Heard::Event, 1),
        (59_999, Heard::Heartbeat, 2),
        (60_000, Heard::Heartbeat, 1),
    ] {
        let mut device = Device::new(DOUBLING);
        let epoch = device.connect().0;
        device.lose(epoch);
        let epoch = device.open();
        device.hear(epoch, what).after(lived).lose(epoch);
        assert_eq!(device.machine.failures(), failures, "{what:?}, lived for {lived} ms");
    }
    let mut device = Device::new(DOUBLING.stable_after(Duration::from_secs(5)));
    let epoch = device.connect().0;
    device.lose(epoch);
    let epoch = device.open();
    device.hear(epoch, Heard::Event).after(5 * SECOND).lose(epoch);
    assert_eq!(device.machine.failures(), 1, "not later than without an event");
}

/// A day with a server behind a proxy that ends each response after 55 s.
#[test]
fn a_stream_that_delivers_and_ends_every_minute_causes_no_backoff() {
    let mut device = Device::new(Policy::standard().max_elapsed(Duration::from_secs(3600)));
    let mut longest = 0; // a list of all of them is too large for a small board
    for _ in 0..1440 {
        let (epoch, waited) = device.connect();
        longest = longest.max(waited);
        device.machine.opened(epoch, device.now());
        device.after(100).hear(epoch, Heard::Event).after(54_900);
        device.machine.ended(epoch, device.now());
    }
    assert_eq!(longest, 7999);
}

#[test]
fn one_event_followed_by_a_close_causes_backoff() {
    let mut device = Device::new(DOUBLING);
    for step in [0, 1000, 2000, 4000, 8000] {
        let (epoch, waited) = device.connect();
        assert_eq!(waited, step);
        device.machine.opened(epoch, device.now());
        device.hear(epoch, Heard::Event).after(100);
        device.machine.ended(epoch, device.now());
    }
}

#[test]
fn a_clean_close_counts_as_a_failure_until_the_connection_was_stable() {
    let mut device = Device::new(DOUBLING.max_attempts(3));
    for step in [0, 1000, 2000, 4000] {
        let (epoch, waited) = device.connect();
        assert_eq!(waited, step);
        device.machine.opened(epoch, device.now());
        device.after(5 * SECOND).hear(epoch, Heard::Event);
        device.machine.ended(epoch, device.now());
    }
    assert_eq!(
        device.poll(),
        Action::Stop(StopReason::MaxAttempts),
        "the connection was too short, even with an event"
    );

    let mut device = Device::new(DOUBLING.max_attempts(1));
    for _ in 0..100 {
        let epoch = device.open();
        device.after(60 * SECOND);
        device.machine.ended(epoch, device.now());
    }
    assert!(matches!(device.poll(), Action::WaitUntil(_)), "stable connections may end any number of times");
}

#[test]
fn the_time_to_be_stable_can_be_set() {
    for (good_for, failures) in [(1999, 2), (2000, 1)] {
        let mut device = Device::new(PLAIN.stable_after(Duration::from_secs(2)));
        let epoch = device.connect().0;
        device.lose(epoch);
        let epoch = device.open();
        device.after(good_for).lose(epoch);
        assert_eq!(device.machine.failures(), failures, "stable for {good_for} ms");
    }
}

#[test]
fn elapsed_time_counts_from_the_first_consecutive_failure() {
    for (bound, expected) in [(3000, 3), (2999, 2)] {
        let mut device = Device::new(PLAIN.max_elapsed(Duration::from_millis(bound)));
        let mut waits = Vec::new();
        while !matches!(device.poll(), Action::Stop(_)) {
            let (epoch, waited) = device.connect();
            waits.extend((waited > 0).then_some(waited));
            device.machine.opened(epoch, device.now());
            device.machine.ended(epoch, device.now());
        }
        assert_eq!(waits, vec![SECOND; expected]);
        assert_eq!(device.poll(), Action::Stop(StopReason::MaxElapsed));
    }
}

#[test]
fn elapsed_time_counts_from_the_last_event() {
    let mut device = Device::new(DOUBLING.max_elapsed(Duration::from_secs(10)));
    for _ in 0..10 {
        let epoch = device.open();
        device.hear(epoch, Heard::Event).lose(epoch);
        if device.machine.failures() == 4 {
            break;
        }
    }
    // 1 + 2 + 4 s, and then 8 s after the last event.
    assert_eq!(device.connect().1, 8 * SECOND);
    let epoch = device.poll().epoch().unwrap();
    device.lose(epoch);
    assert_eq!(device.poll(), Action::Stop(StopReason::MaxElapsed), "8 + 16 s without an event");
}

#[test]
fn a_wait_that_the_server_asks_for_never_stops_the_client() {
    let hour = Duration::from_secs(3600);
    for preset in [Policy::standard(), Policy::mobile(), Policy::ktor(9), PLAIN] {
        // Also a time for attempts that is shorter than the longest wait.
        let policy = preset.max_elapsed(Duration::from_secs(9));
        let mut device = Device::new(policy);
        let epoch = device.open();
        device.machine.set_reconnection_time(Duration::from_secs(60));
        device.hear(epoch, Heard::Event).after(100 * SECOND).lose(epoch);
        assert!(matches!(device.poll(), Action::WaitUntil(_)), "{policy:?}");
        let policy = preset.max_elapsed(hour);
        for asked in [hour, 2 * hour, 24 * hour, Duration::MAX] {
            let mut device = Device::new(policy);
            let epoch = device.connect().0;
            device.machine.rejected(epoch, device.now(), Some(asked));
            assert!(matches!(device.poll(), Action::WaitUntil(_)), "Retry-After: {asked:?}");
        }
        for asked in [hour - Duration::from_secs(2), Duration::MAX] {
            for lived in [0, HOUR] {
                let mut device = Device::new(policy);
                let epoch = device.open();
                device.machine.set_reconnection_time(asked);
                device.hear(epoch, Heard::Event).after(lived).lose(epoch);
                for _ in 0..3 {
                    let epoch = device.connect().0;
                    device.lose(epoch);
                }
                assert!(matches!(device.poll(), Action::WaitUntil(_)), "retry: {asked:?}");
            }
        }
    }
}

#[test]
fn no_attempt_is_made_before_retry_after() {
    for (asked, expected) in [(7_200, 7_200), (86_400, 86_400), (1_000_000, 86_400)] {
        let mut device = Device::new(PLAIN);
        let epoch = device.connect().0;
        device.machine.rejected(epoch, device.now(), Some(Duration::from_secs(asked)));
        assert_eq!(device.connect().1, expected * SECOND, "the policy limits it to a day");
    }
}

#[test]
fn no_random_generator_causes_a_hot_loop() {
    for policy in [
        Policy::new(Backoff::exponential(Duration::from_secs(1), Duration::from_secs(30))),
        Policy::new(Backoff::exponential(Duration::ZERO, Duration::ZERO)),
        Policy::new(Backoff::fixed(Duration::ZERO)),
        Policy::standard(),
        Policy::mobile(),
    ] {
        let mut machine = Reconnect::new(policy, || 0);
        let mut now = Instant::ZERO;
        for _ in 0..1000 {
            let Action::Connect(epoch) = machine.poll(now) else { panic!("{:?}", machine.poll(now)) };
            machine.connecting(epoch, now);
            machine.lost(epoch, now);
            let Action::WaitUntil(due) = machine.poll(now) else { panic!("no wait") };
            now = due;
        }
        assert!(now >= Instant::from_millis(1000 * 500), "1000 attempts in {} ms", now.as_millis());
    }
}

#[test]
fn decorrelated_waits_restart_after_a_stable_connection() {
    let decorrelated =
        Backoff::exponential(Duration::from_secs(1), Duration::from_secs(1000)).spread(Spread::Decorrelated);
    let mut device = Device::new(PLAIN.backoff(decorrelated));
    for longest in [0, 2999, 8996, 26987] {
        let (epoch, waited) = device.connect();
        assert_eq!(waited, longest);
        device.lose(epoch);
    }
    let epoch = device.open();
    device.after(MINUTE).lose(epoch);
    assert_eq!(device.connect().1, 2999);
}

#[test]
fn a_connection_counts_as_stable_only_until_its_last_byte() {
    let policy = DOUBLING.liveness(Some(Duration::from_secs(90)));
    for (heard_after, expected) in [(59_999, 2), (60_000, 1)] {
        let mut device = Device::new(policy);
        let first = device.connect().0;
        device.lose(first);
        let epoch = device.open();
        device.after(heard_after).hear(epoch, Heard::Bytes).after(90 * SECOND);
        assert_eq!(device.poll(), Action::Disconnect(epoch));
        device.lose(epoch);
        assert_eq!(device.machine.failures(), expected);
    }
}

#[test]
fn the_presets_wait_as_documented() {
    let waits = |policy, seed| {
        let mut machine = Reconnect::new(policy, Random(seed));
        let (mut now, mut waits) = (Instant::ZERO, Vec::new());
        for _ in 0..9 {
            let Action::Connect(epoch) = machine.poll(now) else { break };
            machine.connecting(epoch, now);
            machine.lost(epoch, now);
            let Action::WaitUntil(due) = machine.poll(now) else { break };
            waits.push(due.saturating_duration_since(now).as_millis());
            now = due;
        }
        waits
    };
    let bounds = |policy, wait: usize| {
        let all = (0..2000).map(|seed| waits(policy, seed)[wait]);
        let (least, most) = all.fold((u128::MAX, 0), |(least, most), wait| (least.min(wait), most.max(wait)));
        (least / 100 * 100, most.div_ceil(100) * 100)
    };
    let standard = Policy::standard();
    assert_eq!(
        [0, 1, 2, 8].map(|wait| bounds(standard, wait)),
        [(3000, 8000), (3000, 23000), (3000, 63000), (3000, 63000)]
    );
    let mobile = Policy::mobile();
    let steps = [(500, 1000), (1000, 2000), (2000, 4000), (4000, 8000), (8000, 16000), (15000, 30000), (15000, 30000)];
    for (wait, step) in steps.into_iter().enumerate() {
        assert_eq!(bounds(mobile, wait), step);
    }
    assert_eq!(waits(Policy::ktor(4), 1), [3000; 4]);
    assert_eq!(waits(Policy::ktor(0), 1), []);
}

// Watchdogs.

#[test]
fn learned_liveness_does_not_suspect_a_server_without_heartbeats() {
    let mut device = Device::new(PLAIN.learned_liveness());
    let epoch = device.open();
    assert_eq!(device.gives_up_in(), None);
    for _ in 0..10 {
        device.after(SECOND).hear(epoch, Heard::Event).after(SECOND).hear(epoch, Heard::Bytes);
        device.after(SECOND).hear(epoch, Heard::Heartbeat);
        assert_eq!(device.gives_up_in(), None, "heartbeats between events do not bound the silences");
    }
}

/// Reports heartbeats with these gaps in milliseconds, after the time in which a server may greet. Returns the time after which
/// the connection is given up.
fn beats(device: &mut Device, epoch: Epoch, gaps: &[u64]) -> Option<u64> {
    device.after(10 * SECOND).hear(epoch, Heard::Bytes);
    for gap in gaps {
        device.after(*gap).hear(epoch, Heard::Heartbeat);
    }
    device.gives_up_in()
}

#[test]
fn learned_liveness_is_three_times_the_longest_of_several_gaps() {
    for (gaps, window) in [
        (&[7_000, 15_000, 15_000][..], None),
        (&[7_000, 15_000, 15_000, 15_000], Some(45_000)),
        // A silence that is longer than the gaps before it suggest.
        (&[0, 2_000, 2_000, 12_000, 12_000, 12_000], Some(36_000)),
        (&[0, 20_000, 12_000, 24_000], Some(72_000)),
        (&[0, 15_000, 15_000, 15_000, 40_000], Some(120_000)),
        (&[0, 15_000, 15_000, 15_000, 0, 15_000, 999], Some(45_000)),
        // Irregular gaps are no rhythm, and a burst counts as one heartbeat.
        (&[0, 3_000, 9_000, 2_000, 30_000, 2_000], None),
        (&[0, 10, 10, 10, 10, 999, 999, 999], None),
        // A rhythm is found however the connection starts.
        (&[0, 2_000, 2_000, 30_000, 30_000, 30_000], Some(90_000)),
        (&[0, 2_000, 3_000, 2_000, 10], Some(10_000)),
    ] {
        let mut device = Device::new(PLAIN.learned_liveness());
        let epoch = device.open();
        assert_eq!(beats(&mut device, epoch, gaps), window, "{gaps:?}");
    }
}

#[test]
fn comments_that_come_with_each_event_are_no_heartbeats() {
    // A job every minute: `: queued`, 2 s later `: running`, 2 s later its result.
    let mut device = Device::new(PLAIN.learned_liveness());
    let epoch = device.open();
    for _ in 0..100 {
        for what in [Heard::Heartbeat, Heard::Heartbeat, Heard::Event] {
            device.after(2 * SECOND).hear(epoch, what);
        }
        assert_eq!(device.gives_up_in(), None);
        device.after(54 * SECOND);
    }
}

#[test]
fn the_time_in_which_an_application_is_busy_makes_no_gap_shorter() {
    let mut device = Device::new(Policy::standard());
    let epoch = device.open();
    for _ in 0..20 {
        device.hear(epoch, Heard::Heartbeat);
        let since = device.now();
        device.after(12 * SECOND);
        device.machine.resumed(since, device.now());
        device.after(3 * SECOND);
        assert!(matches!(device.poll(), Action::Read { .. }));
    }
    assert_eq!(device.hear(epoch, Heard::Heartbeat).gives_up_in(), Some(45 * SECOND));
}

#[test]
fn the_connection_of_a_busy_application_becomes_stable() {
    let mut device = Device::new(DOUBLING.max_attempts(1));
    for _ in 0..10 {
        let epoch = device.open();
        for _ in 0..30 {
            device.hear(epoch, Heard::Event);
            let since = device.now();
            device.after(999);
            device.machine.resumed(since, device.now());
            device.after(1);
        }
        device.machine.ended(epoch, device.now());
    }
    assert_eq!(device.machine.failures(), 1);
}

#[test]
fn what_was_learned_applies_to_one_connection_and_any_byte_counts() {
    let mut device = Device::new(PLAIN.learned_liveness());
    let epoch = device.open();
    assert_eq!(beats(&mut device, epoch, &[0, 20_000, 20_000, 20_000]), Some(MINUTE));
    device.after(SECOND).hear(epoch, Heard::Event).after(59 * SECOND);
    assert_eq!(device.gives_up_in(), Some(SECOND));
    device.hear(epoch, Heard::Bytes).after(MINUTE);
    assert_eq!(device.poll(), Action::Disconnect(epoch));
    device.lose(epoch);
    device.open();
    assert_eq!(device.gives_up_in(), None, "each connection learns from the start");
}

#[test]
fn one_long_gap_does_not_widen_the_window_permanently() {
    // An application that did not report that it was busy, before and after the rhythm is known.
    for gaps in [&[0, HOUR, 15_000, 15_000, 15_000][..], &[0, 15_000, 15_000, 15_000, HOUR, 15_000]] {
        let mut device = Device::new(PLAIN.learned_liveness());
        let epoch = device.open();
        assert_eq!(beats(&mut device, epoch, gaps), Some(45_000), "{gaps:?}");
    }
}

#[test]
fn unattended_time_does_not_count_for_watchdogs() {
    let policy = PLAIN.connect_timeout(Some(Duration::from_secs(10)));
    let policy = policy.liveness(Some(Duration::from_secs(30))).progress(Some(Duration::from_secs(50)));
    let mut device = Device::new(policy);
    // The application is away for the minute after that.
    let away = |device: &mut Device| {
        let since = device.now();
        device.after(MINUTE);
        device.machine.resumed(since, device.now());
    };
    let (epoch, _) = device.connect();
    device.after(4 * SECOND);
    away(&mut device);
    away(&mut device);
    assert_eq!(device.gives_up_in(), Some(6 * SECOND), "while connecting");
    device.machine.opened(epoch, device.now());
    for _ in 0..4 {
        device.after(10 * SECOND);
        away(&mut device);
        device.hear(epoch, Heard::Bytes);
        away(&mut device);
    }
    assert_eq!(device.gives_up_in(), Some(10 * SECOND), "40 of the 50 s without an event have passed");
    device.hear(epoch, Heard::Event);
    assert_eq!(device.gives_up_in(), Some(30 * SECOND));
    device.after(20 * SECOND);
    away(&mut device);
    assert_eq!(device.gives_up_in(), Some(10 * SECOND), "the silence before it still counts");
    let before = device.machine.clone();
    device.machine.resumed(device.now(), device.now());
    device.machine.resumed(Instant::from_millis(device.now + 1), device.now());
    assert_eq!(device.machine, before, "no time has passed");
}

#[test]
fn only_events_count_as_progress() {
    let policy = PLAIN.liveness(Some(Duration::from_secs(30))).progress(Some(Duration::from_secs(100)));
    let mut device = Device::new(policy);
    let epoch = device.open();
    assert_eq!(device.gives_up_in(), Some(30 * SECOND));
    for _ in 0..4 {
        device.after(20 * SECOND).hear(epoch, Heard::Heartbeat);
    }
    assert_eq!(device.gives_up_in(), Some(20 * SECOND), "a stalled producer behind a proxy that sends heartbeats");
    device.after(10 * SECOND).hear(epoch, Heard::Bytes).after(10 * SECOND);
    assert_eq!(device.poll(), Action::Disconnect(epoch));
    device.hear(epoch, Heard::Event);
    assert_eq!(device.gives_up_in(), Some(30 * SECOND));
}

#[test]
fn a_client_learns_the_heartbeats_of_its_server() {
    let beat = [Does::Wait(15 * SECOND), Does::Send(b": hb\n\n")];
    let beats = beat.iter().cloned().cycle().take(8);
    let script = [status(200), Does::Send(b"data: x\n\n")].into_iter().chain(beats).collect::<Vec<_>>();
    let policy = PLAIN.learned_liveness();
    let world = World::new(policy, [script, vec![status(204)]]).drive_bounded(HOUR);
    assert_eq!(world.story(), "attempt open <x> lost attempt NoContent");
    assert_eq!(world.attempts()[1] - world.attempts()[0], 4 * 15 * SECOND + 45 * SECOND + SECOND);
}

#[test]
fn pieces_of_events_are_not_heartbeats() {
    let wait = || Does::Wait(20 * SECOND);
    let halves = [Does::Send(b": a\n"), wait(), Does::Send(b"data: y"), wait(), Does::Send(b"\n")].to_vec();
    let empty_block = [Does::Send(b"event: x\n"), wait(), Does::Send(b"\n"), wait(), Does::Send(b": b\n")].to_vec();
    for bytes in [halves, empty_block] {
        let script = [vec![status(200)], bytes].concat();
        let world = World::new(PLAIN.learned_liveness(), [script]).drive_bounded(HOUR);
        assert_eq!(world.story(), "attempt open", "nothing was learned");
    }
}

#[test]
fn an_empty_read_is_not_activity() {
    let reads = [Does::Wait(9 * SECOND), Does::Send(b"")];
    let script = [vec![status(200)], reads.iter().cloned().cycle().take(8).collect()].concat();
    let policy = PLAIN.liveness(Some(Duration::from_secs(10)));
    let world = World::new(policy, [script, vec![status(204)]]).drive_bounded(HOUR);
    assert_eq!(world.attempts()[1] - world.attempts()[0], 11 * SECOND);
}

// Networks.

#[test]
fn without_a_network_attempts_are_neither_made_nor_counted() {
    let mut device = Device::new(DOUBLING);
    for _ in 0..3 {
        let epoch = device.connect().0;
        device.lose(epoch);
    }
    device.machine.network_down(device.now());
    device.after(HOUR);
    assert_eq!(device.poll(), Action::WaitForNetwork);
    device.machine.network_up(device.now());
    assert_eq!(device.machine.failures(), 3, "the failures are kept");
    let (epoch, waited) = device.connect();
    assert_eq!(waited, 999, "one attempt within a second, with spread");
    device.lose(epoch);
    assert_eq!(device.connect().1, 8 * SECOND, "the next wait continues from the kept failures");
}

#[test]
fn a_network_that_goes_down_ends_the_connection() {
    let mut device = Device::new(DOUBLING);
    let epoch = device.open();
    device.after(SECOND);
    device.machine.network_down(device.now());
    assert_eq!(device.poll(), Action::WaitForNetwork);
    device.lose(epoch);
    assert_eq!(device.poll(), Action::WaitForNetwork);
    assert_eq!(device.machine.failures(), 0);
}

#[test]
fn another_network_causes_another_connection_soon() {
    let mut device = Device::new(DOUBLING);
    let epoch = device.open();
    device.after(SECOND);
    device.machine.network_changed(device.now());
    let (new, waited) = device.connect();
    assert_ne!(epoch, new);
    assert_eq!(waited, 500 + 999, "a network that flaps does not cause a hot loop");
    assert_eq!(device.machine.failures(), 0);
}

#[test]
fn another_network_shortens_a_wait_and_never_extends_it() {
    let mut device = Device::new(DOUBLING);
    for _ in 0..8 {
        let epoch = device.connect().0;
        device.lose(epoch);
    }
    device.after(2 * SECOND);
    device.machine.network_changed(device.now());
    assert_eq!(device.poll(), Action::WaitUntil(Instant::from_millis(device.now + 999)));
    device.after(998);
    device.machine.network_changed(device.now());
    assert_eq!(device.poll(), Action::WaitUntil(Instant::from_millis(device.now + 1)));
}

#[test]
fn a_network_does_not_shorten_a_wait_that_the_server_asked_for() {
    let mut device = Device::new(DOUBLING);
    let epoch = device.connect().0;
    device.machine.rejected(epoch, device.now(), Some(Duration::from_secs(120)));
    device.after(10 * SECOND);
    device.machine.network_down(device.now());
    device.after(10 * SECOND);
    device.machine.network_up(device.now());
    device.after(10 * SECOND);
    device.machine.network_changed(device.now());
    let Action::WaitUntil(due) = device.poll() else { panic!() };
    assert_eq!(due.as_millis() - device.now, 90 * SECOND + 999);

    let mut device = Device::new(DOUBLING);
    let epoch = device.open();
    device.machine.set_reconnection_time(Duration::from_secs(7));
    device.machine.network_changed(device.now());
    let _ = epoch;
    assert_eq!(device.connect().1, 7 * SECOND + 999);
}

#[test]
fn network_changed_after_network_down_ends_the_wait() {
    let mut device = Device::new(DOUBLING);
    device.machine.network_down(device.now());
    device.after(MINUTE);
    device.machine.network_changed(device.now());
    assert_eq!(device.connect().1, 999);
}

#[test]
fn network_up_without_network_down_changes_nothing() {
    let mut device = Device::new(DOUBLING);
    let epoch = device.connect().0;
    device.lose(epoch);
    let before = device.machine.clone();
    device.machine.network_up(device.now());
    assert_eq!(device.machine, before);
    let epoch = device.open();
    let before = device.machine.clone();
    device.machine.network_up(device.now());
    assert_eq!(device.machine, before);
    device.lose(epoch);
}

#[test]
fn time_without_a_network_does_not_count() {
    let mut device = Device::new(DOUBLING.max_elapsed(Duration::from_secs(10)));
    let epoch = device.connect().0;
    device.lose(epoch);
    device.machine.network_down(device.now());
    device.after(HOUR);
    device.machine.network_up(device.now());
    let epoch = device.connect().0;
    device.lose(epoch);
    assert!(matches!(device.poll(), Action::WaitUntil(_)));
}

#[test]
fn a_stable_connection_resets_failures_even_if_its_network_goes_down() {
    let mut device = Device::new(DOUBLING);
    let epoch = device.connect().0;
    device.lose(epoch);
    device.open();
    device.after(MINUTE);
    device.machine.network_down(device.now());
    assert_eq!(device.machine.failures(), 0);
}

// Commands of the application.

#[test]
fn restart_is_immediate_from_every_state() {
    let states: [fn(&mut Device); 6] = [
        |_| {},
        |device| _ = device.connect(),
        |device| _ = device.open(),
        |device| {
            let epoch = device.connect().0;
            device.machine.rejected(epoch, device.now(), Some(Duration::from_secs(3600)));
        },
        |device| device.machine.network_down(device.now()),
        |device| device.machine.close(),
    ];
    for reach in states {
        let mut device = Device::new(DOUBLING);
        reach(&mut device);
        let before = device.poll();
        device.machine.restart();
        let Action::Connect(epoch) = device.poll() else { panic!() };
        assert!(before == Action::Connect(epoch) || before.epoch() != Some(epoch));
        assert_eq!(device.machine.failures(), 0);
    }
}

#[test]
fn the_first_stop_reason_is_kept() {
    let mut device = Device::new(PLAIN);
    let epoch = device.open();
    device.machine.refused(epoch, device.now(), StopReason::Finished);
    device.machine.close();
    device.machine.network_down(device.now());
    device.machine.network_up(device.now());
    device.machine.network_changed(device.now());
    assert_eq!(device.poll(), Action::Stop(StopReason::Finished));
}

#[test]
fn a_client_resumes_after_its_network_returns() {
    let world =
        World::new(PLAIN, [vec![status(200), Does::Send(b"id: 1\ndata: x\n\n")], vec![status(200), Does::Echo]])
            .after(10 * SECOND, Order::NetworkDown)
            .after(70 * SECOND, Order::NetworkUp)
            .drive_bounded(HOUR);
    assert_eq!(world.story(), "attempt open <x> attempt open <1>");
    let gap = world.attempts()[1] - world.attempts()[0];
    assert!((70 * SECOND..71 * SECOND).contains(&gap), "{gap}");
}

// Clocks.

#[test]
fn a_clock_that_goes_back_extends_waits_and_one_that_jumps_ends_them() {
    let mut device = Device::new(PLAIN);
    let epoch = device.connect().0;
    device.lose(epoch);
    let Action::WaitUntil(due) = device.poll() else { panic!() };
    assert_eq!(device.machine.poll(Instant::ZERO), Action::WaitUntil(due));
    assert!(matches!(device.machine.poll(Instant::from_millis(u64::MAX)), Action::Connect(_)));

    let mut device = Device::new(PLAIN.liveness(Some(Duration::from_secs(5))).stable_after(Duration::from_secs(1)));
    let epoch = device.open();
    device.machine.heard(epoch, Instant::ZERO, Heard::Heartbeat);
    device.machine.heard(epoch, Instant::from_millis(u64::MAX), Heard::Heartbeat);
    assert!(matches!(device.machine.poll(Instant::from_millis(u64::MAX)), Action::Disconnect(_)), "the last instant");
    device.machine.lost(epoch, Instant::ZERO);
    assert_eq!(device.machine.failures(), 1);
    assert_eq!(device.machine.poll(Instant::ZERO), Action::WaitUntil(Instant::from_millis(1000)));
}
