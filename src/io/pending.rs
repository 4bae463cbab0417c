//! What a reader has found and not returned yet.
//!
//! This module must not depend on a transport.

use crate::codec::Found;

/// An `Option<Found>` without errors, of which the first is all zeros. A `static` reader whose initial value is not all
/// zeros would have a copy in flash, its buffers included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(super) enum Pending {
    Nothing,
    Event,
    Comment,
    Retry,
}

impl Pending {
    /// An error is returned at once and is never pending.
    pub(super) const fn new(found: Option<Found>) -> Self {
        match found {
            None | Some(Found::TooLong(_)) => Self::Nothing,
            Some(Found::Event) => Self::Event,
            Some(Found::Comment) => Self::Comment,
            Some(Found::Retry) => Self::Retry,
        }
    }

    pub(super) const fn found(self) -> Option<Found> {
        match self {
            Self::Nothing => None,
            Self::Event => Some(Found::Event),
            Self::Comment => Some(Found::Comment),
            Self::Retry => Some(Found::Retry),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_comes_back() {
        for found in [None, Some(Found::Event), Some(Found::Comment), Some(Found::Retry)] {
            assert_eq!(Pending::new(found).found(), found);
        }
    }
}
