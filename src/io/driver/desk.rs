//! What a transport and the asynchronous driver exchange during an attempt.
//!
//! The transport reports, and the driver answers and grants reads. A desk does not have the driver's type parameters, so
//! that transports need not name them, and can be used from any thread whenever the driver can. This module must not
//! make decisions: the session does.

use super::super::chunk::Chunk;
use super::slot::{Slot, Taken};
use crate::client::{Epoch, Instant, Response, Rules, Verdict};

/// The memory and the messages that both sides share.
pub(super) struct Desk<'d> {
    /// Taken by the body that is being read into it, or by the events that are lent from it.
    pub(super) chunk: Slot<Option<Chunk<&'d mut [u8]>>>,
    /// Set while the chunk holds bytes that were not decoded.
    pub(super) filled: Slot<Option<Filled>>,
    terms: Slot<Terms>,
    report: Slot<Option<Report>>,
    /// The status of the last response.
    pub(super) status: Slot<u16>,
    verdict: Slot<Option<Verdict>>,
}

/// The attempt and the time at which a chunk was read.
#[derive(Clone, Copy)]
pub(super) struct Filled {
    pub(super) epoch: Epoch,
    pub(super) at: Instant,
}

/// What the session says before the transport is polled.
#[derive(Clone, Copy)]
pub(super) struct Terms {
    /// How it judges a response.
    pub(super) rules: Rules,
    /// Whether it wants the body to be read.
    pub(super) may_read: bool,
}

/// What the transport has done.
#[derive(Clone, Copy)]
pub(super) enum Report {
    /// It has received a response, which the rules judge so.
    Responded(Verdict),
    /// It has read some bytes into the chunk.
    Filled,
    /// It has read the body to its end.
    Ended,
}

impl<'d> Desk<'d> {
    pub(super) const fn new(chunk: &'d mut [u8]) -> Self {
        Self {
            chunk: Slot::new(Some(Chunk::new(chunk))),
            filled: Slot::new(None),
            terms: Slot::new(Terms { rules: Rules::Resilient, may_read: false }),
            report: Slot::new(None),
            status: Slot::new(0),
            verdict: Slot::new(None),
        }
    }

    /// Forgets what an earlier attempt has left.
    pub(super) fn clear(&self) {
        self.report.set(None);
        self.verdict.set(None);
    }

    pub(super) fn set_terms(&self, terms: Terms) {
        self.terms.set(terms);
    }

    pub(super) fn take_report(&self) -> Option<Report> {
        self.report.take()
    }

    pub(super) fn answer(&self, verdict: Verdict) {
        self.verdict.set(Some(verdict));
    }

    /// Leaves a report. Returns `None` if the driver has not taken the one before.
    pub(super) fn report(&self, report: Report) -> Option<()> {
        if self.report.get().is_some() {
            return None;
        }
        self.report.set(Some(report));
        Some(())
    }

    pub(super) fn judge(&self, response: &Response<'_>) -> Verdict {
        self.status.set(response.status);
        self.terms.get().rules.judge(response)
    }

    pub(super) fn take_verdict(&self) -> Option<Verdict> {
        self.verdict.take()
    }

    /// Takes the chunk for a read, if the session wants one and the application has taken all events of the one before.
    pub(super) fn room(&self) -> Option<Taken<'_, Chunk<&'d mut [u8]>>> {
        if !self.terms.get().may_read || self.report.get().is_some() || self.filled.get().is_some() {
            return None;
        }
        let mut chunk = Taken::from(&self.chunk);
        chunk.value()?;
        Some(chunk)
    }
}
