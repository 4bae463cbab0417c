//! The newest frames of a feed, each with its ID and its number.
//!
//! Unlike the ring of `server`, it shares the bytes of a frame with those who send it. It must not depend on who they are.

use alloc::collections::VecDeque;

use bytes::Bytes;

use super::EncodedFrame;
use crate::codec::{EventId, Frame};

pub(super) struct History {
    kept: VecDeque<Kept>,
    /// The memory that the kept frames take, and the limit to it, in bytes.
    size: usize,
    limit: usize,
    /// The number of frames so far.
    published: u64,
    /// The first part of the IDs that the feed gives.
    epoch: u32,
    /// The ID of a client that was there before the first frame.
    first_id: Bytes,
}

struct Kept {
    frame: EncodedFrame,
    id: Bytes,
}

/// What to send to a client that has been sent a number of frames.
pub(super) enum Next {
    Frame(EncodedFrame),
    UpToDate,
    /// Frames are missing.
    Cut,
}

impl History {
    pub(super) fn new(limit: usize, epoch: u32) -> Self {
        let first_id = Bytes::copy_from_slice(EventId::in_epoch(epoch.into(), 0, &mut [0; 41]).as_str().as_bytes());
        Self { kept: VecDeque::new(), size: 0, limit, published: 0, epoch, first_id }
    }

    /// Adds a frame, with an ID if it has none, and forgets the oldest ones.
    pub(super) fn push(&mut self, frame: &Frame<'_>) {
        self.published += 1;
        let mut buffer = [0; 41];
        let own = frame.id.filter(|id| !id.as_str().is_empty());
        let id = own.unwrap_or_else(|| EventId::in_epoch(self.epoch.into(), self.published, &mut buffer));
        let frame = frame.id(id);
        // One allocation for the frame and its ID.
        let (length, id) = (frame.encoded_len(), id.as_str().as_bytes());
        let mut bytes = alloc::vec![0; length + id.len()];
        if let Some((place, rest)) = bytes.split_at_mut_checked(length) {
            // It always fits: the buffer has the frame's length.
            let _ = frame.encode(place);
            rest.copy_from_slice(id);
        }
        let mut frame = Bytes::from(bytes);
        let id = frame.split_off(length);
        self.size += size_of::<Kept>() + frame.len() + id.len();
        self.kept.push_back(Kept { frame: EncodedFrame::from_bytes(frame), id });
        while self.size > self.limit && self.kept.len() > 1 {
            if let Some(oldest) = self.kept.pop_front() {
                self.size -= size_of::<Kept>() + oldest.frame.as_bytes().len() + oldest.id.len();
            }
        }
    }

    /// Returns the next frame for a client that has been sent this many frames, in constant time.
    pub(super) fn next(&self, passed: Option<u64>) -> Next {
        let Some(index) = passed.and_then(|passed| passed.checked_sub(self.start())) else { return Next::Cut };
        match usize::try_from(index).ok().and_then(|index| self.kept.get(index)) {
            Some(kept) => Next::Frame(kept.frame.clone()),
            None => Next::UpToDate,
        }
    }

    /// Returns how many frames a client with this ID has received, or `None` if that is unknown.
    pub(super) fn after(&self, id: &[u8]) -> Option<u64> {
        // Most clients come back soon.
        if let Some(index) = self.kept.iter().rposition(|kept| kept.id == id) {
            return Some(self.start() + index as u64 + 1);
        }
        (self.start() == 0 && self.first_id == id).then_some(0)
    }

    /// Returns the number of frames that are no longer kept.
    pub(super) fn start(&self) -> u64 {
        self.published - self.kept.len() as u64
    }

    /// Returns the number of frames so far.
    pub(super) const fn end(&self) -> u64 {
        self.published
    }

    /// Returns the ID of the newest frame, or the one of a client before the first frame.
    pub(super) fn newest_id(&self) -> EventId<'_> {
        let id = self.kept.back().map_or(&self.first_id, |kept| &kept.id);
        str::from_utf8(id).ok().and_then(|id| EventId::new(id).ok()).unwrap_or(EventId::EMPTY)
    }
}
