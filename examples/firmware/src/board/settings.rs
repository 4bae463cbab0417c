//! What a device is told once: here on QEMU's command line, on a real one by constants or a page of its flash.

use core::str::FromStr;
use core::time::Duration;

use embedded_sse::client::{Backoff, Policy};
use heapless::String;

/// What an application needs to know before it can begin.
pub struct Settings {
    /// The stream to follow.
    pub url: String<128>,
    /// When to connect again, and how long a connection may be silent.
    pub policy: Policy,
    /// How often the cursor may go to flash, whose pages wear out.
    pub save_every: Duration,
    /// A rehearsal: it ends with the event of this number, and with a report.
    pub until: Option<u32>,
}

impl Settings {
    /// `URL`, and for a rehearsal, where all waits are short, a number. With `standard` after it the policy is
    /// [`Policy::standard`].
    ///
    /// # Panics
    ///
    /// When the command line says something else.
    #[must_use]
    pub fn read() -> Self {
        let arguments = semihosting::experimental::env::args::<256>().expect("the command line fits");
        let mut arguments = arguments.skip(1).map(|argument| argument.expect("the command line is text"));
        let url = arguments.next().map(String::from_str).expect("the first argument is a URL");
        let url = url.expect("a URL has 128 bytes at most");
        let Some(until) = arguments.next().map(u32::from_str) else {
            return Self {
                url,
                policy: Policy::standard().liveness(Some(Duration::from_secs(60))),
                save_every: Duration::from_secs(60),
                until: None,
            };
        };
        let policy = match arguments.next() {
            None => Policy::new(Backoff::exponential(Duration::from_millis(100), Duration::from_secs(1)))
                .connect_timeout(Some(Duration::from_secs(5)))
                .liveness(Some(Duration::from_secs(3))),
            Some("standard") => Policy::standard(),
            Some(_) => panic!("the third argument is `standard`"),
        };
        Self {
            url,
            policy,
            save_every: Duration::from_millis(250),
            until: Some(until.expect("the second argument is a number")),
        }
    }
}
