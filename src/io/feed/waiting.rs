//! The tasks that wait for the next frame, one place for each, so that a task that is polled often is woken once.
//!
//! This module must not depend on what they wait for. It never drops a waker: that may run any code, and the feed is
//! locked.

use alloc::vec::Vec;
use core::task::Waker;

#[derive(Default)]
pub(super) struct Waiting {
    /// The waker of each place, unless it is free or its task does not wait.
    wakers: Vec<Option<Waker>>,
    free: Vec<usize>,
}

/// The place of one task, once it has waited.
#[derive(Default)]
pub(super) struct Place(Option<usize>);

impl Waiting {
    /// Keeps the waker at this place. Returns the waker that it replaces.
    #[must_use]
    pub(super) fn wait(&mut self, place: &mut Place, waker: &Waker) -> Option<Waker> {
        let index = *place.0.get_or_insert_with(|| {
            self.free.pop().unwrap_or_else(|| {
                self.wakers.push(None);
                self.wakers.len() - 1
            })
        });
        let kept = self.wakers.get_mut(index)?;
        if kept.as_ref().is_some_and(|kept| kept.will_wake(waker)) {
            return None;
        }
        kept.replace(waker.clone())
    }

    /// Frees this place. Returns its waker.
    #[must_use]
    pub(super) fn leave(&mut self, place: &mut Place) -> Option<Waker> {
        let index = place.0.take()?;
        self.free.push(index);
        self.wakers.get_mut(index)?.take()
    }

    /// Returns the wakers of all tasks that wait.
    #[must_use]
    pub(super) fn take(&mut self) -> Vec<Waker> {
        self.wakers.iter_mut().filter_map(Option::take).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_used_again() {
        let mut waiting = Waiting::default();
        for _ in 0..100 {
            let mut places = [(); 3].map(|()| Place::default());
            for place in &mut places {
                assert!(waiting.wait(place, Waker::noop()).is_none());
            }
            assert!(waiting.leave(&mut places[1]).is_some());
            assert_eq!(waiting.take().len(), 2);
            for place in &mut places {
                assert!(waiting.leave(place).is_none());
            }
        }
        assert_eq!(waiting.wakers.len(), 3);
    }
}
