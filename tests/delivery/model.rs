//! Random runs of a server that forgets, restarts and repeats, against what is known to be true.

use embedded_sse::client::Instant;
use embedded_sse::delivery::SyncAction;

use crate::client::Client;
use crate::server::{Ids, Kind, Random, Server};

/// What a run has seen.
#[derive(Default)]
struct Seen {
    gaps: u32,
    syncs: u32,
    duplicates: u32,
    refused: u32,
    power_cuts: u32,
    restarts: u32,
    undisturbed: u32,
}

#[test]
fn every_gap_leads_to_one_full_sync_and_nothing_is_lost_or_handled_twice() {
    let mut seen = Seen::default();
    for seed in 0..10_000 {
        run(seed, &mut seen);
    }
    println!(
        "{} gaps, {} full syncs, {} duplicates dropped, {} events refused, {} power cuts, {} restarts, {} runs without a gap",
        seen.gaps, seen.syncs, seen.duplicates, seen.refused, seen.power_cuts, seen.restarts, seen.undisturbed
    );
    assert!(seen.gaps > 5_000 && seen.syncs > 5_000 && seen.duplicates > 10_000 && seen.refused > 1_000);
    assert!(seen.power_cuts > 1_000 && seen.restarts > 1_000 && seen.undisturbed > 100);
}

fn run(seed: u64, seen: &mut Seen) {
    let mut random = Random(seed);
    let kind = Kind::random(&mut random);
    let has_journal = random.one_in(2);
    let mut server = Server::new(kind);
    for _ in 0..random.below(4) {
        server.happens(false, &mut random);
    }
    let mut client = Client::new(kind, has_journal, &server);
    let mut now = Instant::ZERO;
    let is_calm = random.one_in(10);
    let (mut cuts, mut restarts, mut holes) = (0, 0, 0);
    let counts_holes = kind.ids != Ids::Millis && !is_calm;
    for _ in 0..random.range(20..120) {
        match random.below(if is_calm { 60 } else { 64 }) {
            0..16 => {
                let hole = counts_holes && server.connection.is_some() && random.one_in(12);
                holes += u32::from(hole);
                server.happens(hole, &mut random);
            }
            16..20 if server.connection.is_some() => server.notes(),
            20..38 => {
                client.reads(&mut server);
            }
            38..54 => {
                client.acts(now, &server, &mut random);
            }
            54..56 if server.connection.is_some() => server.connection = None,
            56..60 if server.connection.is_none() => client.connects(&mut server),
            60 => server.evicts(&mut random),
            61 if kind.ids != Ids::Decimal => {
                server.restarts();
                restarts += 1;
            }
            62..64 => client.is_cut = true,
            _ => now = Instant::from_millis(now.as_millis() + 700),
        }
        if client.is_cut {
            client.power_fails(&mut server);
            cuts += 1;
        }
    }

    // Peace. One more event shows what is missing at the end.
    if server.connection.is_none() {
        client.connects(&mut server);
    }
    server.happens(false, &mut random);
    let mut turns = 0;
    while !client.is_idle(&server) {
        turns += 1;
        assert!(turns < 3_000, "seed {seed}: {kind:?}, journal {has_journal}: never done");
        let acted = client.acts(now, &server, &mut random);
        if client.is_cut {
            client.power_fails(&mut server);
            cuts += 1;
        }
        if server.connection.is_none() {
            client.connects(&mut server);
            server.happens(false, &mut random);
        }
        let read = client.reads(&mut server);
        if let (false, false, SyncAction::WaitUntil(at)) = (acted, read, client.poll(now)) {
            now = at;
        }
    }
    let counts = client.counts();
    let at = format!("seed {seed}: {kind:?}, journal {has_journal}, {counts:?}, {cuts} power cuts");
    let all = (0..server.events()).collect();
    assert_eq!(client.application.events, all, "{at}: the state is not that of the server");
    if counts.gaps == 0 {
        assert_eq!(counts.syncs, 0, "{at}: a full sync without a gap");
        seen.undisturbed += 1;
    } else if cuts == 0 {
        assert!((1..=counts.gaps).contains(&counts.syncs), "{at}: each sync closes a gap");
    }
    let reasons = holes + restarts + server.cuts_told as u32;
    let has_reason = reasons > 0 || (kind.ids != Ids::Millis && !kind.tells);
    assert!(counts.gaps == 0 || has_reason, "{at}: a gap that nothing has caused");
    seen.gaps += counts.gaps;
    seen.syncs += counts.syncs;
    seen.duplicates += counts.duplicates;
    seen.refused += client.refused;
    seen.power_cuts += cuts;
    seen.restarts += restarts;
}
