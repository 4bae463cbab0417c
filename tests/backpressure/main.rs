//! An application that is slower than the stream: what waits between the server and the application is bounded, and
//! nothing is lost.

mod tcp;
mod virtual_time;

use core::fmt::Write;

/// How many events wait for the application at most.
const WAITING: usize = 64;

/// Returns an event with this number, as long as all others.
fn event(number: u32, length: usize) -> String {
    let mut event = format!("id: {number}\ndata: ");
    let _ = write!(event, "{number:0>0$}\n\n", length - event.len() - 2);
    event
}

#[test]
fn events_are_equally_long() {
    assert_eq!(event(7, 24), "id: 7\ndata: 0000000007\n\n");
    assert_eq!([1, 99, 4096].map(|number| event(number, 64).len()), [64; 3]);
}
