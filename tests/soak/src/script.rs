//! What a client has to live through: one step for each connection.

use std::time::Duration;

use crate::random::Random;

/// What becomes of one connection.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// So many events, then this.
    Events(u32, Ending),
    /// The request is read, and nothing comes back.
    NoAnswer,
    /// Status 503, with `Retry-After: 1`.
    Unavailable,
    /// Status 307, to another path.
    Redirect,
}

/// How a stream of events ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// In the middle of the next frame.
    InFrame,
    /// Behind a frame, as HTTP wants it.
    BetweenFrames,
    /// Nothing more comes, and nobody hangs up.
    Silence,
    /// In the middle of the next frame, and the server is gone for so long.
    Stopped(Duration),
    /// The device's link is down for so long.
    LinkDown(Duration),
    /// The device loses its power.
    PowerCut,
}

/// Every trouble that a client can have while it has power, and then so many connections that end early.
pub fn troubles(random: &mut Random, cuts: usize) -> Vec<Step> {
    let mut steps = vec![
        Step::Events(120, Ending::InFrame),
        Step::Events(120, Ending::BetweenFrames),
        Step::Events(120, Ending::Silence),
        Step::Events(120, Ending::Stopped(Duration::from_secs(3))),
        Step::Unavailable,
        Step::Events(120, Ending::LinkDown(Duration::from_secs(2))),
        Step::NoAnswer,
        Step::Redirect,
        Step::Events(0, Ending::InFrame),
        Step::Events(0, Ending::BetweenFrames),
        Step::Events(1, Ending::InFrame),
    ];
    for _ in 0..cuts {
        let ending = if random.between(0, 4) == 0 { Ending::BetweenFrames } else { Ending::InFrame };
        steps.push(Step::Events(random.between(120, 230) as u32, ending));
    }
    steps
}

/// The shorter one of a device that loses its power on the way.
pub fn power_cut(random: &mut Random) -> Vec<Step> {
    let mut steps = vec![
        Step::Events(300, Ending::InFrame),
        Step::Events(300, Ending::Silence),
        Step::Events(400, Ending::PowerCut),
        Step::Unavailable,
        Step::Events(100, Ending::LinkDown(Duration::from_secs(2))),
    ];
    for _ in 0..5 {
        steps.push(Step::Events(random.between(50, 150) as u32, Ending::InFrame));
    }
    steps
}
