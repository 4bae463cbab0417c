//! The application's half of the asynchronous driver with a journal: each event is stored before the application gets it.
//! `journalled_blocking.rs` is the same for the blocking driver.
//!
//! It moves events from the driver to the journal. It must not decide which events are new and when a state is needed: the
//! delivery does.

use core::convert::Infallible;
use core::fmt;

use super::AnySession;
use super::asynchronous::Timer;
use super::events::Events;
use super::failure::Failure;
use super::journalled_news::{Heard, JournalledNews, Progress, Step, Then, unusable};
use super::news::News;
use super::reports::{AllNews, Told};
use crate::client::{Instant, Jitter};
use crate::codec::{Buffer, Found};
use crate::delivery::{AsyncJournal, Counts, JournalError, JournalledAsync, Next, Sequence, SyncAction};

/// The events of a driver, through a journal. [`Events::journalled`] creates it.
///
/// - Each event goes to the journal before you get it. After a loss of power, the event that was not committed comes first,
///   also without a connection, and the stream is resumed after the last event in the journal.
/// - Repeated events are dropped. Where events are missing, you are asked to fetch the full state, once for all gaps until
///   then, and again with longer waits if that fails. Meanwhile events are stored.
/// - When the journal is full, nothing is read, so that TCP makes the server wait. That is no silence of the server.
///
/// ```
/// # use embedded_sse::io::driver::{Connect, Timer};
/// use core::pin::pin;
/// use embedded_sse::{Decoder, Event};
/// use embedded_sse::client::{Policy, Reconnect, Session};
/// use embedded_sse::delivery::{AsyncJournal, Decimal, Delivery, JournalError, JournalledAsync};
/// use embedded_sse::io::HeaderList;
/// use embedded_sse::io::driver::{Driver, JournalledNews};
///
/// # fn handle(event: &Event<'_>) {}
/// # async fn fetch_state() -> Option<&'static [u8]> { Some(b"8") }
/// async fn follow<S: AsyncJournal>(
///     connect: impl Connect, timer: impl Timer, random: impl FnMut() -> u32, store: S,
/// ) -> Result<(), JournalError<S::Error>> {
///     let mut journal = JournalledAsync::new(Delivery::new(Decimal), store, [0; 512]).await?;
///     let mut session = Session::new(Decoder::new([0; 1024]), Reconnect::new(Policy::standard(), random));
///     let mut chunk = [0; 512];
///     let driver = Driver::with_news(&mut session, &mut chunk, timer);
///     let run = pin!(driver.run(connect, [0; HeaderList::room_for(64)], async |_| Ok(())));
///     let mut events = driver.events(run).journalled(&mut journal);
///     while let Some(news) = events.next().await? {
///         match news {
///             JournalledNews::Event(event) => {
///                 handle(&event);
///                 events.commit().await?;
///             }
///             JournalledNews::Sync { .. } => match fetch_state().await {
///                 Some(id) => _ = events.synced(id).await?, // the ID of the last event in the state
///                 None => events.failed(),                  // you are asked again later
///             },
///             JournalledNews::Connection(news) => println!("{news:?}"),
///         }
///     }
///     Ok(())
/// }
/// ```
#[must_use = "a driver does nothing until you wait for an event"]
pub struct JournalledEvents<'d, 'j, S, W, R, P, T, M> {
    events: Events<'d, S, W, R, AllNews>,
    journal: &'j mut JournalledAsync<P, T, M>,
    progress: Progress,
}

/// What `next` returns.
enum Due {
    /// The first record of the journal.
    Record,
    /// Something that was found in the stream.
    Found(Found),
    Told(Told),
}

impl<'d, B: Buffer, I: Buffer, J: Jitter, W: Timer, R> Events<'d, AnySession<B, I, J>, W, R, AllNews>
where
    R: Future<Output = Infallible> + Unpin,
{
    /// Puts a journal between the driver and the application; see [`JournalledEvents`].
    ///
    /// The stream is resumed after the last event in the journal; set no last event ID yourself.
    pub fn journalled<'j, P, T, M>(
        self,
        journal: &'j mut JournalledAsync<P, T, M>,
    ) -> JournalledEvents<'d, 'j, AnySession<B, I, J>, W, R, P, T, M> {
        JournalledEvents { events: self, journal, progress: Progress::new() }
    }
}

impl<'d, B: Buffer, I: Buffer, J: Jitter, W: Timer, R, P: Sequence, T: AsyncJournal, M: Buffer>
    JournalledEvents<'d, '_, AnySession<B, I, J>, W, R, P, T, M>
where
    R: Future<Output = Infallible> + Unpin,
{
    /// Waits for what the application has to do next. Returns `None` after [`News::Stopped`], once all events are
    /// committed; you may call it again after a [restart](Events::restart).
    ///
    /// If you call it before you have reported what became of the state, the fetch has [failed](Self::failed).
    ///
    /// # Errors
    ///
    /// The journal failed. Nothing is lost: what could not be stored is kept, and tried again with the next call.
    ///
    /// - [`JournalError::Full`]: there is no room although all events are committed. Provide a larger store.
    /// - [`JournalError::TooLong`]: an event does not fit, not even if the journal is empty. With the next call it counts as
    ///   missing, so that you are asked for the full state.
    ///
    /// # Cancel safety
    ///
    /// Cancel-safe for events with an ID: none is lost or stored twice. If you drop the future while the journal stores an
    /// event without an ID, that event may come twice.
    pub async fn next(&mut self) -> Result<Option<JournalledNews<'_>>, JournalError<T::Error>> {
        let due = self.due().await?;
        Ok(match due {
            Due::Told(told) => told.news().map(JournalledNews::Connection),
            Due::Found(found) => self.events.lent(found).map(JournalledNews::Connection),
            Due::Record => match self.journal.peek().await? {
                Next::Event(event, token) => {
                    self.progress.lent(token);
                    Some(JournalledNews::Event(event))
                }
                Next::Sync { since } => {
                    self.progress.fetching();
                    Some(JournalledNews::Sync { since })
                }
                Next::Nothing => None,
            },
        })
    }

    /// Reports that the event returned last is handled. Without such an event, does nothing.
    ///
    /// # Errors
    ///
    /// The journal failed. Whether the event is committed is not known; if not, it comes again.
    ///
    /// # Cancel safety
    ///
    /// If you drop the future, the event may be committed or come again.
    pub async fn commit(&mut self) -> Result<(), JournalError<T::Error>> {
        match self.progress.take_token() {
            Some(token) => self.journal.commit(token).await,
            None => Ok(()),
        }
    }

    /// Reports that the application has the state, which contains all events up to the one with this ID. Those of them that
    /// are in the journal do not come any more. With an empty ID, it is not known which ones the state contains, and none is
    /// dropped.
    ///
    /// Returns `false` if the state is too old to close the gap. You are asked for another one after a wait.
    ///
    /// # Errors
    ///
    /// The journal failed. You are asked for the state again.
    ///
    /// # Cancel safety
    ///
    /// If you drop the future, you may be asked for the state again.
    pub async fn synced(&mut self, id: &[u8]) -> Result<bool, JournalError<T::Error>> {
        if !self.journal.synced(id).await? {
            self.failed();
            return Ok(false);
        }
        let now = self.now();
        self.progress.synced(self.events.session(|session| session.poll(now)));
        Ok(true)
    }

    /// Reports that the state could not be fetched. You are asked again after a wait: 1 s at first, and at most 60 s.
    pub fn failed(&mut self) {
        self.progress.take_fetching();
        let (now, journal) = (self.now(), &mut *self.journal);
        self.events.session(|session| journal.failed(now, session.jitter()));
    }

    /// Returns what has been counted so far.
    #[must_use]
    pub const fn counts(&self) -> Counts {
        self.journal.counts()
    }

    /// Returns the events without the journal, for reports to the driver such as [`close`](Events::close) and
    /// [`network_down`](Events::network_down). Do not take events from it: they would not be stored.
    pub const fn events(&mut self) -> &mut Events<'d, AnySession<B, I, J>, W, R, AllNews> {
        &mut self.events
    }

    fn now(&self) -> Instant {
        self.events.timer().now()
    }

    async fn due(&mut self) -> Result<Due, JournalError<T::Error>> {
        if self.progress.take_fetching() {
            self.failed();
        }
        loop {
            let next = match self.journal.peek().await? {
                Next::Event(..) => return Ok(Due::Record),
                Next::Sync { .. } => self.journal.poll(self.now()),
                Next::Nothing => SyncAction::Deliver,
            };
            let wait = match next {
                SyncAction::Fetch | SyncAction::AwaitState => {
                    self.journal.fetching();
                    return Ok(Due::Record);
                }
                SyncAction::WaitUntil(at) => Some(at),
                SyncAction::Deliver => None,
            };
            if let Some(due) = self.fill(wait).await? {
                return Ok(due);
            }
        }
    }

    /// Moves events from the connection to the journal until there is something for the application, or until `wait`.
    async fn fill(&mut self, wait: Option<Instant>) -> Result<Option<Due>, JournalError<T::Error>> {
        loop {
            if let Some(found) = self.progress.unstored() {
                match self.store(found).await? {
                    Then::Deliver if wait.is_none() => return Ok(Some(Due::Record)),
                    Then::Deliver => {}
                    Then::Tell(found) => return Ok(Some(Due::Found(found))),
                    Then::Read => {}
                    Then::Wait => match wait {
                        Some(at) => {
                            self.events.timer().wait_until(at).await;
                            return Ok(None);
                        }
                        // Perhaps the gap before an event took the room.
                        None => match self.journal.peek().await? {
                            Next::Nothing => return Err(JournalError::Full),
                            _ => return Ok(Some(Due::Record)),
                        },
                    },
                    Then::Reconnect => self.give_up(),
                }
            }
            if self.progress.must_resume() {
                let id = self.journal.resume_from().await?;
                let set = self.events.session(|session| session.set_last_event_id(id));
                set.unwrap_or(Ok(())).map_err(|error| unusable(error, id))?;
                self.progress.resumed();
            }
            self.events.notes().set_alarm(wait);
            match self.events.found().await {
                Ok(found) => match self.progress.found(found) {
                    Step::Store => {}
                    Step::Tell => return Ok(Some(Due::Found(found))),
                },
                Err(Told::Due) => return Ok(None),
                Err(told) => match self.progress.heard(&told) {
                    Heard::Behind => self.give_up(),
                    Heard::Opened => {
                        // The request is sent. An event with its ID again is a repeated one, and not one without an ID.
                        self.events.session(|session| session.set_last_event_id(b""));
                        self.journal.connected(b"");
                        return Ok(Some(Due::Told(told)));
                    }
                    Heard::Other => return Ok(Some(Due::Told(told))),
                },
            }
        }
    }

    async fn store(&mut self, found: Found) -> Result<Then, JournalError<T::Error>> {
        if self.progress.storing() {
            // A future was dropped meanwhile. If the event is stored, it is a repeated one.
            self.journal.resume_from().await?;
        }
        let kept = match self.events.lent(found) {
            Some(News::Event(event)) => self.journal.receive(&event).await,
            _ => self.journal.missed().await,
        };
        let kept = kept.inspect_err(|error| self.progress.unkept(error))?;
        Ok(self.progress.kept(kept))
    }

    /// Closes the connection, for another attempt that resumes from elsewhere.
    fn give_up(&mut self) {
        self.events.notes().failed(Failure::Behind);
        let now = self.now();
        self.events.session(|session| {
            if let Some(epoch) = session.poll(now).epoch() {
                session.lost(epoch, now);
            }
        });
    }
}

impl<S, W, R, P, T, M> fmt::Debug for JournalledEvents<'_, '_, S, W, R, P, T, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JournalledEvents").finish_non_exhaustive()
    }
}

#[cfg(feature = "defmt")]
impl<S, W, R, P, T, M> defmt::Format for JournalledEvents<'_, '_, S, W, R, P, T, M> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "JournalledEvents {{ .. }}");
    }
}
