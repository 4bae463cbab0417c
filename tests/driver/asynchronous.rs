//! The scenarios over the asynchronous driver.

use core::future::poll_fn;
use core::pin::pin;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::{Context, Poll};
use std::sync::Arc;
use std::task::Wake;

use embedded_io::{ErrorKind, ErrorType};
use embedded_sse::client::{Instant, Verdict};
use embedded_sse::io::driver::{Connect, Driver, Exchange, Timer};
use embedded_sse::io::{HeaderList, Request};

use crate::reference::{Client, LONGEST_ID, Order};
use crate::world::{Connected, Drive, Stage, moved};

/// What the scenarios need.
mod harness {
    pub(crate) use crate::reference::{Does, LONGEST_ID, Order, STREAM, Seen, content_type, redirect, status, stream};

    pub(crate) type World = crate::world::World<super::Asynchronous>;
}

#[path = "../client/scenarios.rs"]
mod scenarios;

pub(crate) struct Asynchronous;

impl Drive for Asynchronous {
    fn drive(client: &mut Client, stage: &Stage, end: u64) -> bool {
        let mut chunk = [0; 16];
        let driver = Driver::with_news(client, &mut chunk, stage);
        let headers = async |_: &mut HeaderList<'_>| Ok(());
        let run = pin!(driver.run(Transport(stage), [0; HeaderList::room_for(LONGEST_ID)], headers));
        let mut events = driver.events(run);
        loop {
            match stage.take_order() {
                Some(Order::Close) => events.close(),
                Some(Order::Restart) => events.restart(),
                Some(Order::Finished) => events.finished(),
                Some(Order::NetworkDown) => events.network_down(),
                Some(Order::NetworkUp) => events.network_up(),
                Some(Order::NetworkChanged) => events.network_changed(),
                None => {}
            }
            // Is dropped at each order, as in a `select`.
            let mut next = pin!(events.next());
            while stage.ordered().is_none_or(|at| at > stage.now.get()) {
                stage.next.set(None);
                let woken = Arc::new(Woken::default());
                let wait = match next.as_mut().poll(&mut Context::from_waker(&woken.clone().into())) {
                    Poll::Ready(Some(news)) => {
                        stage.hear(news);
                        break;
                    }
                    Poll::Pending if woken.0.load(Ordering::Relaxed) => continue,
                    Poll::Ready(None) if stage.ordered().is_none() => return true,
                    Poll::Ready(None) => None,
                    Poll::Pending => stage.next.get(),
                };
                let is_over = wait.is_none();
                match [wait, stage.ordered()].into_iter().flatten().min().filter(|at| *at <= end) {
                    Some(at) => stage.now.set(at),
                    None => return true,
                }
                if is_over {
                    break;
                }
            }
        }
    }

    fn cannot() {
        unreachable!("every order is given in time");
    }
}

impl Timer for Stage {
    fn now(&self) -> Instant {
        self.instant()
    }

    async fn wait_until(&self, at: Instant) {
        poll_fn(|_| {
            if self.instant() >= at {
                return Poll::Ready(());
            }
            Self::wait_until(self, at.as_millis());
            Poll::Pending
        })
        .await;
    }
}

struct Transport<'s>(&'s Stage);

impl Connect for Transport<'_> {
    type Error = ErrorKind;

    async fn open(&mut self, request: &Request<'_>, exchange: Exchange<'_>) -> Result<(), ErrorKind> {
        let connected = self.0.connect(request);
        let response = loop {
            if let Some(answer) = self.0.answer(poll_fn(|_| self.0.does()).await) {
                break answer?;
            }
        };
        let verdict = exchange.respond(&response).await;
        self.0.redirect(&response, verdict);
        match verdict {
            Verdict::Accept => exchange.read(&mut Body { connected, bytes: vec![] }).await,
            _ => Ok(()),
        }
    }

    fn not_sent(&self, error: &ErrorKind) -> bool {
        *error == ErrorKind::ConnectionRefused
    }
}

struct Body<'s> {
    connected: Connected<'s>,
    /// What has arrived and was not read.
    bytes: Vec<u8>,
}

impl ErrorType for Body<'_> {
    type Error = ErrorKind;
}

impl embedded_io_async::Read for Body<'_> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        while self.bytes.is_empty() {
            let does = poll_fn(|_| self.connected.0.does()).await;
            if let Some(bytes) = self.connected.0.bytes(does) {
                self.bytes = bytes?;
                break;
            }
        }
        Ok(moved(&mut self.bytes, buffer))
    }
}

/// Whether a future has woken itself.
#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}
