//! Random runs of a journalled source against a server that forgets, restarts and repeats, and an application that dies,
//! compared with what is known to be true. Each wait is dropped at any point.

use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use embedded_sse::client::{Backoff, Instant, Policy};
use embedded_sse::delivery::Counts;
use embedded_sse::io::event_source::{EventSource, JournalledNews, JournalledSource, News};
use embedded_sse::io::http_body::Sleeper;
use http::{HeaderMap, Request, Response};
use http_body::{Body, Frame};

use crate::journal::Disk;
use crate::model::application::{Application, delivery};
use crate::model::server::{Ids, Kind, Random, Server};

struct Net {
    server: Server,
    random: Random,
    now: u64,
    /// The number of the last connection.
    connection: u64,
    requests: u32,
}

type Shared = Arc<Mutex<Net>>;

fn lock(net: &Shared) -> MutexGuard<'_, Net> {
    net.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A clock that the run moves.
struct Clock(Shared);

struct Sleep(Shared, u64);

impl Sleeper for Clock {
    type Sleep = Sleep;

    fn now(&self) -> Instant {
        Instant::from_millis(lock(&self.0).now)
    }

    fn sleep_until(&self, at: Instant) -> Sleep {
        Sleep(Arc::clone(&self.0), at.as_millis())
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if lock(&self.0).now >= self.1 { Poll::Ready(()) } else { Poll::Pending }
    }
}

/// Is pending once, sometimes.
async fn pause(net: Shared) {
    if lock(&net).random.one_in(2) {
        tokio::task::yield_now().await;
    }
}

/// The bytes of one connection, in pieces.
struct Pipe(Shared, u64);

impl Body for Pipe {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let mut net = lock(&self.0);
        let Net { server, random, connection, .. } = &mut *net;
        let Some(bytes) = server.connection.as_mut().filter(|_| *connection == self.1) else {
            let breaks = random.one_in(2);
            return Poll::Ready(breaks.then(|| Err(io::ErrorKind::ConnectionReset.into())));
        };
        if bytes.is_empty() || random.one_in(4) {
            return Poll::Pending;
        }
        let length = (1 + random.below(60)).min(bytes.len());
        Poll::Ready(Some(Ok(Frame::data(bytes.drain(..length).collect::<Vec<_>>().into()))))
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        let mut net = lock(&self.0);
        if net.connection == self.1 {
            net.server.connection = None;
        }
    }
}

fn connects(net: &Shared, request: &Request<String>) -> io::Result<Pipe> {
    let mut locked = lock(net);
    locked.requests += 1;
    if locked.random.one_in(10) {
        return Err(io::ErrorKind::ConnectionReset.into());
    }
    locked.connection += 1;
    let id = request.headers().get("last-event-id").map_or(&b""[..], |id| id.as_bytes());
    locked.server.connects(id);
    Ok(Pipe(Arc::clone(net), locked.connection))
}

async fn answer(net: Shared, request: Request<String>) -> io::Result<Response<Pipe>> {
    pause(Arc::clone(&net)).await;
    let pipe = connects(&net, &request)?;
    pause(net).await;
    Ok(Response::builder().header("content-type", "text/event-stream").body(pipe).expect("a response"))
}

fn source(net: &Shared, begin: &str) -> EventSource {
    let (of_send, of_headers) = (Arc::clone(net), Arc::clone(net));
    let request = Request::get("http://a.test/").body(String::new()).expect("a request");
    EventSource::with_timer(request, move |request| answer(Arc::clone(&of_send), request), Clock(Arc::clone(net)))
        .policy(Policy::new(Backoff::fixed(Duration::from_secs(1))))
        .jitter(|| 7)
        .max_event(1000)
        .headers(move || {
            let net = Arc::clone(&of_headers);
            async {
                pause(net).await;
                Ok(HeaderMap::new())
            }
        })
        .last_event_id(begin)
        .expect("an ID")
}

/// The process, of which only what is saved outlives its death.
struct Process {
    net: Shared,
    kind: Kind,
    disk: Disk,
    ahead: usize,
    source: JournalledSource,
    application: Application,
    saved: Application,
    counts: Counts,
    deaths: u32,
}

impl Process {
    fn start(net: &Shared, kind: Kind, disk: Disk, ahead: usize, begin: &str) -> JournalledSource {
        source(net, begin).journalled(delivery(kind), disk).expect("it can be read").read_ahead(ahead)
    }

    fn dies(&mut self) {
        self.counts = self.counts();
        self.source = Self::start(&self.net, self.kind, self.disk.clone(), self.ahead, "");
        self.application = self.saved.clone();
        self.deaths += 1;
    }

    /// What was counted over all lives.
    fn counts(&self) -> Counts {
        let (Counts { gaps, syncs, duplicates }, now) = (self.counts, self.source.counts());
        Counts { gaps: gaps + now.gaps, syncs: syncs + now.syncs, duplicates: duplicates + now.duplicates }
    }

    /// Waits for up to so many polls, and does what has to be done. Returns whether anything was.
    fn acts(&mut self, polls: usize) -> bool {
        let mut context = Context::from_waker(Waker::noop());
        let done = {
            let mut next = pin!(self.source.next());
            let news = (0..polls).find_map(|_| match next.as_mut().poll(&mut context) {
                Poll::Ready(news) => Some(news.expect("the disk works").expect("the stream goes on")),
                Poll::Pending => None,
            });
            news.map(|news| self.application.does(&mut self.saved, news, self.kind, &self.net))
        };
        if done == Some(true) {
            self.dies();
        }
        done.is_some()
    }
}

/// What an application does with news. Returns whether the process dies before that is committed.
trait Does {
    fn does(&mut self, saved: &mut Self, news: JournalledNews<'_>, kind: Kind, net: &Shared) -> bool;
}

impl Does for Application {
    fn does(&mut self, saved: &mut Self, news: JournalledNews<'_>, kind: Kind, net: &Shared) -> bool {
        match news {
            JournalledNews::Event(event) => {
                self.handles(&event.as_event());
                let (dies, is_handled) = {
                    let random = &mut lock(net).random;
                    (random.one_in(40), !random.one_in(40))
                };
                if dies {
                    return true;
                }
                if is_handled {
                    event.commit().expect("the disk works");
                    saved.clone_from(self);
                } else {
                    self.clone_from(saved);
                }
            }
            JournalledNews::Sync(needed) => {
                let (events, id, fails) = fetch(kind, &mut lock(net));
                if fails {
                    needed.failed();
                } else if needed.synced(&id).expect("the disk works") {
                    self.events = (0..events).collect();
                    saved.clone_from(self);
                }
            }
            JournalledNews::Connection(News::Stopped { reason, .. }) => panic!("{reason}"),
            JournalledNews::Connection(_) => {}
        }
        false
    }
}

/// Fetches the state while the server goes on.
fn fetch(kind: Kind, net: &mut Net) -> (usize, String, bool) {
    let Net { server, random, .. } = net;
    // A replica may be behind, but not behind a restart. What it lacks cannot be told if the server names no ID.
    let lag = if kind.tells && !kind.tells_id { 0 } else { random.below(3) };
    let events = server.events().saturating_sub(lag).max(server.epoch_from());
    let id = server.id_after(events);
    for _ in 0..random.below(3) {
        server.happens(false, random);
    }
    (events, id, random.one_in(5))
}

#[derive(Default)]
struct Seen {
    gaps: u32,
    syncs: u32,
    duplicates: u32,
    deaths: u32,
    restarts: u32,
    requests: u32,
    events: usize,
}

#[test]
fn the_state_is_that_of_the_server_after_each_run() {
    let mut seen = Seen::default();
    for seed in 0..2_000 {
        run(seed, &mut seen);
    }
    let Seen { gaps, syncs, duplicates, deaths, restarts, requests, events } = seen;
    println!(
        "{events} events, {requests} requests, {gaps} gaps, {syncs} full syncs, {duplicates} duplicates dropped, \
         {deaths} deaths of the process, {restarts} restarts of the server"
    );
    assert!(gaps > 1_000 && syncs > 1_000 && duplicates > 2_000 && deaths > 1_000 && restarts > 500);
}

fn run(seed: u64, seen: &mut Seen) {
    let mut random = Random(seed);
    let kind = Kind::random(&mut random);
    let mut server = Server::new(kind);
    for _ in 0..random.below(4) {
        server.happens(false, &mut random);
    }
    let application = Application { events: (0..server.events()).collect(), ..Application::default() };
    let begin = server.id_after(server.events());
    let (disk, ahead) = (Disk::new(random.range(130..400)), random.range(1..20));
    let net = Arc::new(Mutex::new(Net { server, random: Random(seed + 1), now: 1_000, connection: 0, requests: 0 }));
    let source = Process::start(&net, kind, disk.clone(), ahead, &begin);
    let (saved, counts) = (application.clone(), Counts::default());
    let mut process =
        Process { net: Arc::clone(&net), kind, disk, ahead, source, application, saved, counts, deaths: 0 };
    let is_calm = random.one_in(10);
    let (mut restarts, mut holes) = (0, 0);
    for _ in 0..random.range(20..200) {
        match random.below(if is_calm { 60 } else { 64 }) {
            0..16 => {
                let mut net = lock(&net);
                let hole = kind.ids != Ids::Millis && !is_calm && net.server.connection.is_some() && random.one_in(12);
                holes += u32::from(hole);
                net.server.happens(hole, &mut random);
            }
            16..20 => {
                let mut net = lock(&net);
                if net.server.connection.is_some() {
                    net.server.notes();
                }
            }
            20..50 => _ = process.acts(1 + random.below(4)),
            50..54 => lock(&net).server.connection = None,
            60 => lock(&net).server.evicts(&mut random),
            61 if kind.ids != Ids::Decimal => {
                lock(&net).server.restarts();
                restarts += 1;
            }
            62 => process.dies(),
            _ => lock(&net).now += 700,
        }
    }

    // Peace. One more event on an open connection shows what is missing at the end.
    let mut turns = 0;
    let mut is_shown = false;
    loop {
        turns += 1;
        assert!(turns < 3_000, "seed {seed}: {kind:?}: never done");
        if process.acts(4) {
            continue;
        }
        let mut net = lock(&net);
        net.now += 300;
        let Net { server, random, .. } = &mut *net;
        match &server.connection {
            Some(bytes) if bytes.is_empty() && !is_shown => {
                server.happens(false, random);
                is_shown = true;
            }
            Some(bytes) if bytes.is_empty() && process.application.events.len() == server.events() => break,
            Some(_) => {}
            // It was lost in between.
            None => is_shown = false,
        }
    }
    let (counts, deaths) = (process.counts(), process.deaths);
    let net = lock(&net);
    let at = format!("seed {seed}: {kind:?}, {counts:?}, {deaths} deaths");
    assert!(process.application.events.iter().copied().eq(0..net.server.events()), "{at}: the state is another one");
    if counts.gaps == 0 {
        assert_eq!(counts.syncs, 0, "{at}: a full sync without a gap");
    } else if deaths == 0 {
        assert!((1..=counts.gaps).contains(&counts.syncs), "{at}: each sync closes a gap");
    }
    let reasons = holes + restarts + net.server.cuts_told as u32;
    let has_reason = reasons > 0 || (kind.ids != Ids::Millis && !kind.tells);
    assert!(counts.gaps == 0 || has_reason, "{at}: a gap that nothing has caused");
    seen.gaps += counts.gaps;
    seen.syncs += counts.syncs;
    seen.duplicates += counts.duplicates;
    seen.deaths += deaths;
    seen.restarts += restarts;
    seen.requests += net.requests;
    seen.events += net.server.events();
}
