//! Reads the settings from QEMU's command line. On a device, use constants or a page of flash.

use core::str::FromStr;
use core::time::Duration;

use embedded_sse::client::{Backoff, Policy};
use heapless::String;

/// The settings of the application.
pub struct Settings {
    /// The stream to follow.
    pub url: String<128>,
    /// When to reconnect, and how long a connection may be silent.
    pub policy: Policy,
    /// The shortest time between two writes of the cursor, because flash pages wear out.
    pub save_every: Duration,
    /// In a rehearsal, the number of the event after which to report and exit.
    pub until: Option<u32>,
}

impl Settings {
    /// Reads a URL and, for a rehearsal, a number. A rehearsal uses short waits, unless `standard` follows: then the policy is
    /// [`Policy::standard`].
    ///
    /// # Panics
    ///
    /// Panics if the command line is invalid.
    #[must_use]
    pub fn read() -> Self {
        let arguments = semihosting::experimental::env::args::<256>().expect("the command line fits");
        let mut arguments = arguments.skip(1).map(|argument| argument.expect("the command line is text"));
        let url = arguments.next().map(String::from_str).expect("the first argument is a URL");
        let url = url.expect("a URL has 128 bytes at most");
        let Some(until) = arguments.next().map(u32::from_str) else {
            return Self { url, policy: Policy::standard(), save_every: Duration::from_secs(60), until: None };
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
