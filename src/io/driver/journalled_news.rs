//! What a driver with a journal reports, and what both drivers remember about the two.
//!
//! This module must not depend on transports and stores. Which events are new and when a state is needed, the delivery
//! decides.

use super::news::News;
use super::reports::Told;
use crate::client::Action;
use crate::codec::{Event, Field, Found, SetIdError, TooLong};
use crate::delivery::{JournalError, Kept, Token};

/// What the application has to do next, as returned by a driver with a journal.
///
/// ```
/// use embedded_sse::io::driver::JournalledNews;
///
/// fn show(news: &JournalledNews<'_>) {
///     match news {
///         JournalledNews::Event(event) => println!("{}", event.data_lossy()), // and commit it
///         JournalledNews::Sync { since } => println!("events after {} are missing", since.escape_ascii()),
///         JournalledNews::Connection(news) => println!("{news:?}"),
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum JournalledNews<'a> {
    /// Handle this event, and then report it with `commit`. Until then, it is the next one.
    Event(Event<'a>),
    /// Events are missing: fetch the full state, and report it with `synced`, or with `failed`.
    Sync {
        /// The ID of the last event before the gap. Empty if there is none.
        since: &'a [u8],
    },
    /// Something has happened to the connection, after all events before. Never [`News::Event`].
    Connection(News<'a>),
}

/// What a driver remembers about its journal and its connection.
pub(super) struct Progress {
    /// The next attempt has to resume from the journal.
    must_resume: bool,
    /// The stream is open.
    is_open: bool,
    /// The application has fetched a state since the request was sent.
    is_behind: bool,
    /// What was found in the chunk and is not in the journal yet.
    unstored: Option<Found>,
    /// An event was passed to the journal, and it is not known whether it is stored.
    is_storing: bool,
    /// The application was asked for the state.
    is_fetching: bool,
    /// The event returned last.
    token: Option<Token>,
}

/// What to do with what a driver has found.
pub(super) enum Step {
    /// Store it.
    Store,
    /// Tell it.
    Tell,
}

/// What to do with an event that was passed to the journal.
pub(super) enum Then {
    /// There is a record for the application.
    Deliver,
    /// Also tell that something was too long.
    Tell(Found),
    /// Go on.
    Read,
    /// There is no room.
    Wait,
    /// Close the connection.
    Reconnect,
}

/// What to do with what the transport's half told.
pub(super) enum Heard {
    /// The connection is open: clear the last event ID, and report it to the delivery.
    Opened,
    /// The connection is open, and behind the state.
    Behind,
    /// Nothing else.
    Other,
}

impl Progress {
    pub(super) const fn new() -> Self {
        Self {
            must_resume: true,
            is_open: false,
            is_behind: false,
            unstored: None,
            is_storing: false,
            is_fetching: false,
            token: None,
        }
    }

    /// Whether the next attempt has to resume from the journal.
    pub(super) const fn must_resume(&self) -> bool {
        self.must_resume
    }

    pub(super) const fn resumed(&mut self) {
        self.must_resume = false;
    }

    pub(super) const fn found(&mut self, found: Found) -> Step {
        match found {
            Found::Event | Found::TooLong(TooLong { field: Field::Data | Field::Event, .. }) => {
                self.unstored = Some(found);
                Step::Store
            }
            _ => Step::Tell,
        }
    }

    pub(super) const fn unstored(&self) -> Option<Found> {
        self.unstored
    }

    /// Returns whether it is unknown what became of an event, and notes that another one is passed to the journal.
    pub(super) const fn storing(&mut self) -> bool {
        core::mem::replace(&mut self.is_storing, true)
    }

    /// Reports what became of an event.
    pub(super) const fn kept(&mut self, kept: Kept) -> Then {
        self.is_storing = false;
        if matches!(kept, Kept::Full) {
            return Then::Wait;
        }
        match (kept, self.unstored.take()) {
            (Kept::Reconnect, _) => Then::Reconnect,
            (_, Some(found @ Found::TooLong(_))) => Then::Tell(found),
            (Kept::Stored | Kept::Announced, _) => Then::Deliver,
            _ => Then::Read,
        }
    }

    /// Reports that the journal failed. An event that can never be stored counts as one that is missing.
    pub(super) const fn unkept<E>(&mut self, error: &JournalError<E>) {
        if let (JournalError::TooLong { .. }, Some(Found::Event)) = (error, self.unstored) {
            self.unstored = Some(Found::TooLong(TooLong { field: Field::Data }));
        }
    }

    pub(super) const fn heard(&mut self, told: &Told) -> Heard {
        match told {
            Told::News(News::Opened) if core::mem::replace(&mut self.is_behind, false) => Heard::Behind,
            Told::News(News::Opened) => {
                self.is_open = true;
                Heard::Opened
            }
            Told::News(News::Lost { .. } | News::Stopped { .. }) => {
                self.is_open = false;
                self.is_behind = false;
                self.unstored = None;
                self.must_resume = true;
                Heard::Other
            }
            _ => Heard::Other,
        }
    }

    /// Notes that the application has this event now.
    pub(super) fn lent(&mut self, token: Token) {
        self.token = Some(token);
    }

    pub(super) const fn take_token(&mut self) -> Option<Token> {
        self.token.take()
    }

    /// Notes that the application is asked for the state.
    pub(super) const fn fetching(&mut self) {
        self.is_fetching = true;
    }

    /// Returns whether the application has not reported what became of the state.
    pub(super) const fn take_fetching(&mut self) -> bool {
        core::mem::replace(&mut self.is_fetching, false)
    }

    /// Notes that the application has the state, while the session orders this. An attempt in progress resumes from before
    /// the state.
    pub(super) const fn synced(&mut self, action: Option<Action>) {
        self.is_fetching = false;
        match action {
            Some(Action::AwaitResponse { .. } | Action::Read { .. } | Action::Disconnect(_)) => {
                self.is_behind = !self.is_open;
            }
            _ => self.must_resume = true,
        }
    }
}

/// Says why the stream cannot be resumed from an ID of the journal.
pub(super) fn unusable<E>(error: SetIdError, id: &[u8]) -> JournalError<E> {
    match error {
        SetIdError::TooLong => JournalError::TooLong { needed: id.len() },
        SetIdError::Forbidden => JournalError::Damaged,
    }
}
