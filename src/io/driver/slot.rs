//! A place for a value that both halves of the asynchronous driver use in turn.
//!
//! A half takes a value out and puts it back, or copies it; it never holds a lock or a borrow while it waits. With `std`
//! a slot is a mutex, so that the driver can be used from any thread. Without `std` it is a [`Cell`](core::cell::Cell)
//! and costs nothing. This module must not depend on what is stored in it.

#[cfg(not(feature = "std"))]
pub(super) use core::cell::Cell as Slot;
#[cfg(feature = "std")]
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A [`Cell`](core::cell::Cell) for several threads, with the same methods.
#[cfg(feature = "std")]
pub(super) struct Slot<T>(Mutex<T>);

#[cfg(feature = "std")]
impl<T> Slot<T> {
    pub(super) const fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    pub(super) fn set(&self, value: T) {
        *self.lock() = value;
    }

    /// Never fails: the lock is held for one assignment only, which leaves the value whole.
    fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(feature = "std")]
impl<T: Copy> Slot<T> {
    pub(super) fn get(&self) -> T {
        *self.lock()
    }
}

#[cfg(all(feature = "std", feature = "embedded-io-async"))]
impl<T: Default> Slot<T> {
    pub(super) fn take(&self) -> T {
        core::mem::take(&mut self.lock())
    }
}

/// A value that was taken from its slot. Goes back when this is dropped.
#[cfg(feature = "embedded-io-async")]
pub(super) struct Taken<'s, T> {
    slot: &'s Slot<Option<T>>,
    value: Option<T>,
}

#[cfg(feature = "embedded-io-async")]
impl<'s, T> Taken<'s, T> {
    /// Takes the value. It is `None` if it is already taken.
    pub(super) fn from(slot: &'s Slot<Option<T>>) -> Self {
        Self { slot, value: slot.take() }
    }

    pub(super) const fn value(&mut self) -> Option<&mut T> {
        self.value.as_mut()
    }
}

#[cfg(feature = "embedded-io-async")]
impl<T> Drop for Taken<'_, T> {
    fn drop(&mut self) {
        // If another half has the value, it puts it back.
        if let Some(value) = self.value.take() {
            self.slot.set(Some(value));
        }
    }
}

#[cfg(all(test, feature = "embedded-io-async"))]
mod tests {
    use super::*;

    #[test]
    fn a_taken_value_goes_back() {
        let slot = Slot::new(Some(1));
        {
            let mut taken = Taken::from(&slot);
            assert_eq!(Taken::from(&slot).value(), None, "only one half has it");
            if let Some(value) = taken.value() {
                *value += 1;
            }
            assert_eq!(slot.get(), None);
        }
        assert_eq!(slot.get(), Some(2));
    }
}
