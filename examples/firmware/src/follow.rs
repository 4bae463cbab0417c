//! The application of both asynchronous clients: handles each event, and reacts to changes of the network.
//!
//! This module must not depend on an HTTP client. Of the board it uses only the clock, the settings, the RAM figures
//! and the exit.

use core::pin::pin;

use embassy_futures::select::{Either3, select3};
use embassy_net::Stack;
use embedded_sse::client::{Reconnect, Session, StopReason};
use embedded_sse::io::EmbassyTimer;
use embedded_sse::io::driver::{Connect, Driver, NextError};
use embedded_sse::{Decoder, Event};
use embedded_storage_async::nor_flash::NorFlash;
use static_cell::StaticCell;

use crate::board::{self, Settings};
use crate::logged::Logged;
use crate::random::Random;
use crate::saved::Saved;
use crate::tally::Tally;

/// The longest event that can be split across chunks, in bytes.
const EVENT: usize = 2048;
/// The size of one read, in bytes.
const CHUNK: usize = 512;
/// The room for all headers of a request, in bytes.
const HEADERS: usize = 256;

/// Follows the stream forever, or to its end in a rehearsal. Call this once.
///
/// # Panics
///
/// Panics if it is called twice.
pub async fn follow<C, F>(
    connect: C,
    network: Stack<'_>,
    mut saved: Saved<F>,
    mut random: Random,
    settings: Settings,
) -> !
where
    C: Connect<Error: core::fmt::Debug>,
    F: NorFlash,
{
    static ROOM: StaticCell<[u8; EVENT]> = StaticCell::new(); // never on the stack
    let mut decoder = Decoder::new(ROOM.init_with(|| [0; _]).as_mut_slice());
    if decoder.set_last_event_id(saved.resume_from()).is_err() {
        defmt::warn!("the flash holds no valid ID");
    }
    let mut tally = Tally::after(saved.resume_from());
    let mut session = Session::new(decoder, Reconnect::new(settings.policy, move || random.next()));
    let mut chunk = [0; CHUNK];
    let driver = Driver::new(&mut session, &mut chunk, EmbassyTimer);
    let run = pin!(driver.run(Logged(connect), [0; HEADERS], async |_| Ok(())));
    let mut events = driver.events(run);

    loop {
        // The rare futures are polled first, because a stream that never pauses would starve them. `next` is
        // cancel-safe.
        match select3(network.wait_link_down(), saved.due(), events.next()).await {
            Either3::First(()) => {
                defmt::warn!("the network is down");
                events.network_down();
                network.wait_config_up().await;
                events.network_up();
                defmt::info!("the network is up");
            }
            Either3::Second(()) => saved.save().await,
            Either3::Third(Ok(event)) => {
                let token = saved.received(event.last_event_id);
                tally.take(&event);
                show(&event, &tally, &settings);
                saved.commit(token);
            }
            Either3::Third(Err(NextError::TooLong(too_long))) => {
                tally.take_too_long();
                defmt::warn!("{}", too_long);
                let token = events.session(|session| saved.received(session.last_event_id()));
                saved.commit(token.flatten());
            }
            Either3::Third(Err(NextError::Stopped(reason))) => {
                saved.save().await;
                stopped(reason)
            }
            Either3::Third(Err(error)) => defmt::warn!("{}", error),
        }
        if settings.until.is_some_and(|until| tally.last >= until) {
            saved.save().await;
            report(&tally)
        }
    }
}

/// Prints an event. In a rehearsal, which has thousands of events, prints the count from time to time.
pub fn show(event: &Event<'_>, tally: &Tally, settings: &Settings) {
    if settings.until.is_none() {
        let (event_type, data) = (event.event_type_lossy(), event.data_lossy());
        defmt::info!("{}: {}", defmt::Display2Format(&event_type), defmt::Display2Format(&data));
    } else if tally.last.is_multiple_of(500) {
        defmt::info!("{}", tally);
    }
}

/// Ends the program. A device would report the reason, or get a new token and then call `events.restart()`.
pub fn stopped(reason: StopReason) -> ! {
    defmt::error!("the session has stopped: {}", reason);
    board::exit(1)
}

/// Prints the result of a rehearsal and ends the program.
pub fn report(tally: &Tally) -> ! {
    defmt::info!("{}", tally);
    let (static_ram, stack) = (board::static_ram(), board::stack_high_water());
    defmt::info!("static RAM {} bytes, stack high water {} bytes", static_ram, stack);
    board::exit(if tally.is_clean() { 0 } else { 1 })
}
