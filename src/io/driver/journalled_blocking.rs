//! The blocking driver with a journal: each event is stored before the application gets it. `journalled.rs` is the same for
//! the asynchronous driver.
//!
//! It moves events from the driver to the journal. It must not decide which events are new and when a state is needed: the
//! delivery does.

use core::fmt;

use super::AnySession;
use super::blocking::{Connect, Events, Failure, News, Timer};
use super::journalled_news::{Heard, JournalledNews, Progress, Step, Then, unusable};
use super::reports::{AllNews, Told};
use crate::client::{Instant, Jitter};
use crate::codec::{Buffer, Found};
use crate::delivery::{Counts, Journal, JournalError, Journalled, Next, Sequence, SyncAction};

/// The events of a driver, through a journal. [`Events::journalled`] creates it.
///
/// - Each event goes to the journal before you get it. After a loss of power, the event that was not committed comes first,
///   also without a connection, and the stream is resumed after the last event in the journal.
/// - Repeated events are dropped. Where events are missing, you are asked to fetch the full state, once for all gaps until
///   then, and again with longer waits if that fails. Nothing is read meanwhile, so that TCP makes the server wait.
///
/// ```
/// use embedded_sse::{Decoder, Event};
/// use embedded_sse::client::{Policy, Reconnect, Session};
/// use embedded_sse::delivery::{Decimal, Delivery, Journal, JournalError, Journalled};
/// use embedded_sse::io::HeaderList;
/// use embedded_sse::io::driver_blocking::{Connect, Driver, JournalledNews, Timer};
///
/// # fn handle(event: &Event<'_>) {}
/// # fn fetch_state() -> Option<&'static [u8]> { Some(b"8") }
/// fn follow<S: Journal>(
///     connect: impl Connect, timer: impl Timer, random: impl FnMut() -> u32, store: S,
/// ) -> Result<(), JournalError<S::Error>> {
///     let mut journal = Journalled::new(Delivery::new(Decimal), store, [0; 512])?;
///     let session = Session::new(Decoder::new([0; 1024]), Reconnect::new(Policy::standard(), random));
///     let mut driver = Driver::with_news(session, [0; 512], timer);
///     let (mut room, mut headers) = ([0; HeaderList::room_for(64)], |_: &mut HeaderList<'_>| Ok(()));
///     let mut events = driver.events(connect, &mut room, &mut headers).journalled(&mut journal);
///     while let Some(news) = events.next()? {
///         match news {
///             JournalledNews::Event(event) => {
///                 handle(&event);
///                 events.commit()?;
///             }
///             JournalledNews::Sync { .. } => match fetch_state() {
///                 Some(id) => _ = events.synced(id)?, // the ID of the last event in the state
///                 None => events.failed(),            // you are asked again later
///             },
///             JournalledNews::Connection(news) => println!("{news:?}"),
///         }
///     }
///     Ok(())
/// }
/// ```
pub struct JournalledEvents<'d, 'j, S, C, W, T: Connect, P, Q, M> {
    events: Events<'d, S, C, W, T, AllNews>,
    journal: &'j mut Journalled<P, Q, M>,
    progress: Progress,
    /// Whether something was stored or committed since the journal was flushed.
    is_dirty: bool,
}

/// What `next` returns.
enum Due {
    Record,
    Found(Found),
    Told(Told),
}

impl<'d, B: Buffer, I: Buffer, J: Jitter, C: Buffer, W: Timer, T: Connect>
    Events<'d, AnySession<B, I, J>, C, W, T, AllNews>
{
    /// Puts a journal between the driver and the application; see [`JournalledEvents`].
    ///
    /// The stream is resumed after the last event in the journal; set no last event ID yourself.
    pub const fn journalled<'j, P, Q, M>(
        self,
        journal: &'j mut Journalled<P, Q, M>,
    ) -> JournalledEvents<'d, 'j, AnySession<B, I, J>, C, W, T, P, Q, M> {
        JournalledEvents { events: self, journal, progress: Progress::new(), is_dirty: false }
    }
}

impl<'d, B: Buffer, I: Buffer, J: Jitter, C: Buffer, W: Timer, T: Connect, P: Sequence, Q: Journal, M: Buffer>
    JournalledEvents<'d, '_, AnySession<B, I, J>, C, W, T, P, Q, M>
{
    /// Blocks until there is something for the application to do. Returns `None` after [`News::Stopped`], once all events
    /// are committed; you may call it again after a [restart](Events::restart).
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
    #[allow(clippy::should_implement_trait, reason = "the event is lent, which no iterator can do")]
    pub fn next(&mut self) -> Result<Option<JournalledNews<'_>>, JournalError<Q::Error>> {
        let due = self.due()?;
        let news = match due {
            Due::Told(told) => return Ok(told.news().map(JournalledNews::Connection)),
            Due::Found(found) => JournalledNews::Connection(self.events.lent(found)),
            Due::Record => match self.journal.peek()? {
                Next::Event(event, token) => {
                    self.progress.lent(token);
                    JournalledNews::Event(event)
                }
                Next::Sync { since } => {
                    self.progress.fetching();
                    JournalledNews::Sync { since }
                }
                Next::Nothing => return Ok(None),
            },
        };
        Ok(Some(news))
    }

    /// Reports that the event returned last is handled. Without such an event, does nothing.
    ///
    /// With a store that writes in batches, the event can come again after a loss of power until nothing more has arrived.
    ///
    /// # Errors
    ///
    /// The journal failed. Whether the event is committed is not known; if not, it comes again.
    pub fn commit(&mut self) -> Result<(), JournalError<Q::Error>> {
        self.is_dirty = true;
        self.progress.take_token().map_or(Ok(()), |token| self.journal.commit(token))
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
    pub fn synced(&mut self, id: &[u8]) -> Result<bool, JournalError<Q::Error>> {
        self.is_dirty = true;
        let is_synced = self.journal.synced(id)?;
        if is_synced {
            let now = self.now();
            self.progress.synced(Some(self.events.session().poll(now)));
        } else {
            self.failed();
        }
        Ok(is_synced)
    }

    /// Reports that the state could not be fetched. You are asked again after a wait: 1 s at first, and at most 60 s.
    pub fn failed(&mut self) {
        self.progress.take_fetching();
        let now = self.now();
        self.journal.failed(now, self.events.session().jitter());
    }

    /// Returns what has been counted so far.
    #[must_use]
    pub const fn counts(&self) -> Counts {
        self.journal.counts()
    }

    /// Returns the events without the journal, for reports to the driver such as [`close`](Events::close) and
    /// [`network_down`](Events::network_down). Do not take events from it: they would not be stored.
    pub const fn events(&mut self) -> &mut Events<'d, AnySession<B, I, J>, C, W, T, AllNews> {
        &mut self.events
    }

    fn now(&mut self) -> Instant {
        self.events.timer().now()
    }

    fn due(&mut self) -> Result<Due, JournalError<Q::Error>> {
        if self.progress.take_fetching() {
            self.failed();
        }
        loop {
            match self.journal.peek()? {
                Next::Event(..) => return Ok(Due::Record),
                Next::Nothing => match self.fill()? {
                    Some(due) => return Ok(due),
                    None => continue,
                },
                Next::Sync { .. } => {}
            }
            let now = self.now();
            match self.journal.poll(now) {
                SyncAction::WaitUntil(at) => self.events.timer().wait_until(at),
                _ => {
                    self.journal.fetching();
                    return Ok(Due::Record);
                }
            }
        }
    }

    /// Moves the next event from the connection to the journal.
    fn fill(&mut self) -> Result<Option<Due>, JournalError<Q::Error>> {
        if let Some(found) = self.progress.unstored() {
            match self.store(found)? {
                Then::Deliver => return Ok(Some(Due::Record)),
                Then::Tell(found) => return Ok(Some(Due::Found(found))),
                // Perhaps the gap before an event took the room.
                Then::Wait => match self.journal.peek()? {
                    Next::Nothing => return Err(JournalError::Full),
                    _ => return Ok(Some(Due::Record)),
                },
                Then::Reconnect => self.give_up(),
                Then::Read => {}
            }
        }
        if self.is_dirty && self.events.is_drained() {
            self.journal.store_mut().flush()?;
            self.is_dirty = false;
        }
        if self.progress.must_resume() {
            let id = self.journal.resume_from()?;
            self.events.session().set_last_event_id(id).map_err(|error| unusable(error, id))?;
            self.progress.resumed();
        }
        let told = match self.events.found() {
            Ok(found) => match self.progress.found(found) {
                Step::Store => return Ok(None),
                Step::Tell => return Ok(Some(Due::Found(found))),
            },
            Err(told) => told,
        };
        match self.progress.heard(&told) {
            Heard::Behind => {
                self.give_up();
                return Ok(None);
            }
            Heard::Opened => {
                // The request is sent. An event with its ID again is a repeated one, and not one without an ID.
                let _ = self.events.session().set_last_event_id(b"");
                self.journal.connected(b"");
            }
            Heard::Other => {}
        }
        Ok(Some(Due::Told(told)))
    }

    fn store(&mut self, found: Found) -> Result<Then, JournalError<Q::Error>> {
        // After an error, the event may be stored.
        if self.progress.storing() {
            self.journal.resume_from()?;
        }
        let kept = match self.events.lent(found) {
            News::Event(event) => self.journal.receive(&event),
            _ => self.journal.missed(),
        };
        self.is_dirty = true;
        let kept = kept.inspect_err(|error| self.progress.unkept(error))?;
        Ok(self.progress.kept(kept))
    }

    /// Closes the connection, for another attempt that resumes from elsewhere.
    fn give_up(&mut self) {
        self.events.notes().failed(Failure::Behind);
        let now = self.now();
        if let Some(epoch) = self.events.epoch() {
            self.events.session().lost(epoch, now);
        }
    }
}

impl<S, C, W, T: Connect, P, Q, M> fmt::Debug for JournalledEvents<'_, '_, S, C, W, T, P, Q, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JournalledEvents").finish_non_exhaustive()
    }
}

#[cfg(feature = "defmt")]
impl<S, C, W, T: Connect, P, Q, M> defmt::Format for JournalledEvents<'_, '_, S, C, W, T, P, Q, M> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "JournalledEvents {{ .. }}");
    }
}
