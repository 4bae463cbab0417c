//! A journal in a simulated flash whose image is a file of the host. The power fails in a write or an erase, and the next run
//! goes on from what that left.
//!
//! The arguments are the file, the number of the write or the erase, or `erase` for the next one, and the number of the way in
//! which it is torn. Without the last two the power does not fail, and all that is in the journal is handled. What is begun and what is done is printed, so
//! that the host knows what the next run may find.
#![no_std]
#![no_main]

extern crate alloc;

#[allow(dead_code, reason = "the tests of the host use the rest")]
#[path = "../../../../flash_journal/flash.rs"]
mod flash;

use alloc::ffi::CString;

use board::prelude::*;
use board::{heap, println};
use embedded_sse::Event;
use embedded_sse::delivery::{
    AsyncJournal, Decimal, Delivery, JournalError, JournalledAsync, Kept, Next, Record, Serial,
};
use embedded_sse::io::FlashJournal;
use semihosting::experimental::env::args;
use semihosting::fs::{self, File};
use semihosting::io::Read;

use flash::{Flash, PAGE, PAGES, PowerLost, Torn, now};

type Store = FlashJournal<Flash<4>, [u8; 160]>;
type Journal = JournalledAsync<Decimal, Store, [u8; 160]>;

board::main!(until_the_power_fails);

fn until_the_power_fails() -> i32 {
    heap::init();
    match go_on() {
        Ok(()) => 0,
        Err(fault) => {
            println!("{fault}");
            1
        }
    }
}

fn go_on() -> Result<(), String> {
    let arguments = args::<512>().map_err(|error| format!("there are no arguments: {error}"))?;
    let mut arguments = arguments.skip(1).map_while(Result::ok);
    let file = CString::new(arguments.next().unwrap_or_default()).map_err(|_| "the file has no name")?;
    let mut contents = vec![0; PAGE * PAGES];
    let read = File::open(&file).and_then(|mut image| image.read_exact(&mut contents));
    read.map_err(|error| format!("the image cannot be read: {error}"))?;
    let flash = Flash::with(contents);
    let (operation, way) = (arguments.next(), arguments.next());
    let way = way.and_then(|way| Torn::ALL.get(way.parse::<usize>().ok()?));
    match (operation, way) {
        (Some("erase"), Some(torn)) => flash.fail_in_erase(*torn),
        (Some(at), Some(torn)) => flash.fail(at.parse().map_err(|_| "the operation is no number")?, *torn),
        _ => {}
    }
    match now(run(&flash, way.is_none())) {
        Ok(()) => println!("done"),
        Err(JournalError::Store(PowerLost)) => println!("off {}", u8::from(flash.cut_an_erase())),
        Err(error) => return Err(error.to_string()),
    }
    fs::write(&file, flash.contents()).map_err(|error| format!("the image cannot be written: {error}"))
}

/// Says what is in the journal, and then receives and handles events.
async fn run(flash: &Flash<4>, is_last: bool) -> Result<(), JournalError<PowerLost>> {
    let mut store = FlashJournal::open(flash.clone(), 0..(PAGE * PAGES) as u32, [0; 160]).await?;
    let mut last = said(&mut store).await?;
    let mut journal = JournalledAsync::new(Delivery::new(Decimal), store, [0; 160]).await?;
    if is_last {
        return handle(&mut journal, u32::MAX).await;
    }
    loop {
        // Two events arrive for each that is handled, until there is no room.
        for _ in 0..2 {
            if receive(&mut journal, last + 1).await? {
                last += 1;
            } else {
                handle(&mut journal, 20).await?;
            }
        }
        handle(&mut journal, 1).await?;
    }
}

/// Says what is in the journal. Returns the last ID as a number.
async fn said(store: &mut Store) -> Result<u32, JournalError<PowerLost>> {
    let (mut after, mut buffer) = (Serial::START, [0; 160]);
    while let Some((serial, record)) = store.read(after, &mut buffer).await? {
        match record {
            Record::Event { event, .. } if event.data == data(to_number(event.last_event_id)).as_bytes() => {
                println!("holds {}", to_number(event.last_event_id));
            }
            other => println!("{other:?} was never written"),
        }
        after = serial;
    }
    let last = to_number(store.last_id(&mut buffer).await?);
    println!("last {last}");
    Ok(last)
}

/// An event arrives. Returns `false` if there is no room.
async fn receive(journal: &mut Journal, number: u32) -> Result<bool, JournalError<PowerLost>> {
    let (id, data) = (number.to_string(), data(number));
    let event = Event { event_type: b"message", data: data.as_bytes(), last_event_id: id.as_bytes() };
    println!("keeps {number}");
    let is_kept = journal.receive(&event).await? == Kept::Stored;
    println!("{} {number}", if is_kept { "kept" } else { "refused" });
    Ok(is_kept)
}

/// The application handles so many events, if there are.
async fn handle(journal: &mut Journal, most: u32) -> Result<(), JournalError<PowerLost>> {
    for _ in 0..most {
        let Next::Event(event, token) = journal.peek().await? else { break };
        let number = to_number(event.last_event_id);
        println!("commits {number}");
        journal.commit(token).await?;
        println!("committed {number}");
    }
    Ok(())
}

/// 0 stands for what is no number, and no event has it.
fn to_number(id: &[u8]) -> u32 {
    str::from_utf8(id).ok().and_then(|id| id.parse().ok()).unwrap_or(0)
}

fn data(number: u32) -> String {
    format!("{number} {}", "x".repeat(number as usize * 37 % 61))
}
