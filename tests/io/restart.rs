//! A server that restarts and takes a new epoch: its clients fetch the full state once for each restart, and never otherwise.

use embedded_sse::delivery::{Delivery, EpochDecimal, Journalled, Kept, Next, RamRing};
use embedded_sse::io::http_body::Feed;
use embedded_sse::io::tokio::Clock;
use embedded_sse::server::{Next as NextFrame, Replay, Resume};
use embedded_sse::{Decoder, EventId, Frame, single_line};
use futures_util::{FutureExt, StreamExt};

/// A server whose history is in RAM.
struct Server {
    epoch: u64,
    number: u64,
    replay: Replay<[u8; 512]>,
    /// It tells a client with an unknown ID that events are missing. Otherwise it sends what it has.
    tells: bool,
}

impl Server {
    fn start(epoch: u64, tells: bool) -> Self {
        let mut this = Self { epoch, number: 0, replay: Replay::new([0; 512]), tells };
        this.push(&Frame::new());
        this
    }

    fn push(&mut self, frame: &Frame<'_>) {
        let mut text = [0; 41];
        let id = EventId::in_epoch(self.epoch, self.number, &mut text);
        self.replay.push(&frame.id(id)).expect("it fits");
    }

    fn happens(&mut self, count: u64) {
        for _ in 0..count {
            self.number += 1;
            self.push(&Frame::new().data("x"));
        }
    }

    fn newest_id(&self) -> String {
        String::from_utf8(self.replay.newest_id().expect("there is one from the start").into()).expect("text")
    }

    fn answer(&self, last_event_id: &[u8]) -> Vec<u8> {
        let mut cursor = self.replay.resume(last_event_id).unwrap_or(self.replay.start());
        if matches!(self.replay.after(last_event_id), Resume::Cut) {
            if self.tells {
                let newest = self.newest_id();
                let id = EventId::new(&newest).expect("an ID");
                return Frame::new().event_type(single_line!("cut")).id(id).data("").to_string().into();
            }
            cursor = self.replay.start();
        }
        let mut answer = Vec::new();
        while let NextFrame::Frame(kept) = self.replay.next(&mut cursor) {
            answer.extend(kept.frame);
        }
        answer
    }
}

struct Client {
    journal: Journalled<EpochDecimal, RamRing<[u8; 1024]>, [u8; 128]>,
    /// The IDs of the events that it has handled since the last sync.
    handled: Vec<String>,
    /// What its state contains.
    state: String,
    syncs: usize,
}

impl Client {
    fn new() -> Self {
        let delivery = Delivery::new(EpochDecimal).gap_event("cut");
        let journal = Journalled::new(delivery, RamRing::new([0; 1024]), [0; 128]).expect("it fits");
        Self { journal, handled: Vec::new(), state: String::new(), syncs: 0 }
    }

    fn last_event_id(&mut self) -> Vec<u8> {
        self.journal.resume_from().expect("it fits").into()
    }

    /// Reads a response, and then handles what came. `newest` is the ID of the state that it would fetch now.
    fn read(&mut self, response: &[u8], newest: &str) {
        let mut decoder = Decoder::new([0; 128]);
        let mut chunk = response;
        self.journal.connected(b"");
        while let Some(event) = decoder.next_event(&mut chunk) {
            let kept = self.journal.receive(&event.expect("it fits")).expect("it fits");
            assert!(matches!(kept, Kept::Stored | Kept::Announced), "{kept:?}");
        }
        loop {
            match self.journal.peek().expect("it fits") {
                Next::Event(event, token) => {
                    let id = event.last_event_id_lossy().to_string();
                    assert!(!self.handled.contains(&id), "{id} comes again");
                    self.handled.push(id.clone());
                    self.state = id;
                    self.journal.commit(token).expect("it fits");
                }
                Next::Sync { .. } => {
                    self.journal.fetching();
                    assert!(self.journal.synced(newest.as_bytes()).expect("it fits"));
                    (self.state, self.syncs) = (newest.into(), self.syncs + 1);
                    self.handled.clear();
                }
                Next::Nothing => break,
            }
        }
        assert_eq!(self.state, newest, "nothing is missing");
    }
}

#[test]
fn each_restart_of_a_server_leads_to_one_full_sync() {
    for tells in [false, true] {
        let mut client = Client::new();
        for (restarts, epoch) in [1_700_000_000, 1_700_086_400, 3, 4].into_iter().enumerate() {
            let mut server = Server::start(epoch, tells);
            // The first events are there before the client comes, and the numbers are those of an earlier epoch.
            for happens in [2, 3, 0, 1] {
                server.happens(happens);
                let answer = server.answer(&client.last_event_id());
                client.read(&answer, &server.newest_id());
                assert_eq!(client.syncs, restarts, "one for each restart, and none for a reconnect");
            }
        }
    }
}

#[test]
fn each_restart_of_a_feed_leads_to_one_full_sync() {
    let mut client = Client::new();
    for restarts in 0..4 {
        let feed = Feed::new(1 << 16, Clock::new()).history_for_new();
        for happens in [2, 3, 0, 1] {
            for _ in 0..happens {
                feed.publish(&Frame::new().data("x"));
            }
            let newest = feed.frames(b"a client with an unknown ID").next().now_or_never().flatten();
            let Some(Ok(told)) = newest else { panic!("it is told so at once") };
            let (mut decoder, mut told) = (Decoder::new([0; 128]), &told.as_bytes()[..]);
            let newest =
                decoder.next_event(&mut told).expect("an event").expect("it fits").last_event_id_lossy().to_string();

            let mut answer = Vec::new();
            let mut frames = feed.frames(&client.last_event_id());
            while let Some(Some(Ok(frame))) = frames.next().now_or_never() {
                answer.extend_from_slice(frame.as_bytes());
            }
            client.read(&answer, &newest);
            assert_eq!(client.syncs, restarts, "one for each restart, and none for a reconnect");
        }
    }
}
