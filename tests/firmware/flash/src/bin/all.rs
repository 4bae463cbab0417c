//! All parts in one firmware.
#![no_std]
#![no_main]

use parts::{Received, encoder, reconnect, session, tokenizer, whole_decoder};

fn all() -> impl FnMut(Received<'_>) {
    let (mut tokenizer, mut decoder, mut encoder) = (tokenizer(), whole_decoder(), encoder());
    let (mut reconnect, mut session) = (reconnect(), session());
    move |received| {
        tokenizer(received);
        decoder(received);
        encoder(received);
        reconnect(received);
        session(received);
    }
}

parts::firmware!(all());
