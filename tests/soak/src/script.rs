//! The scripts of the server: one step for each connection.

use std::time::Duration;

use crate::random::Random;

/// What the server does with one connection.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// Sends this many events, and then ends the stream in this way.
    Events(u32, Ending),
    /// Reads the request, and sends no response.
    NoAnswer,
    /// Responds with status 503 and `Retry-After: 1`.
    Unavailable,
    /// Responds with status 307 and another path.
    Redirect,
}

/// How a stream of events ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// In the middle of the next frame.
    InFrame,
    /// After a frame, with a proper end of the HTTP response.
    BetweenFrames,
    /// Nothing more is sent, but the connection stays open.
    Silence,
    /// In the middle of the next frame, and the server is down for this long.
    Stopped(Duration),
    /// The device's link is down for this long.
    LinkDown(Duration),
    /// The device loses its power.
    PowerCut,
}

/// Returns a script with every failure except a power cut, followed by `cuts` connections that end early.
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

/// Returns a shorter script with a power cut.
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
