//! The tests of the codec, against a library without features.

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/frames.rs"]
mod frames;
#[path = "../codec/streams.rs"]
mod streams;

#[path = "../codec/encode.rs"]
mod encode;
#[path = "../codec/fixed_event.rs"]
mod fixed_event;
#[path = "../codec/last_event_id.rs"]
mod last_event_id;
#[path = "../codec/messages.rs"]
mod messages;
#[path = "../codec/round_trip.rs"]
mod round_trip;
#[path = "../codec/round_trip_table.rs"]
mod round_trip_table;
mod text;
#[path = "../codec/too_long.rs"]
mod too_long;
#[path = "../codec/vectors.rs"]
mod vectors;

#[path = "../common/vectors.rs"]
mod vectors_in_files;

/// The vectors of the library's tests. Their folder is not below this package.
mod the_vectors {
    use std::path::Path;

    pub(crate) use crate::vectors_in_files::Vector;

    pub(crate) fn vectors() -> Vec<Vector> {
        crate::vectors_in_files::vectors_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors"))
    }
}

/// With the feature `alloc`, which every feature for hosts turns on, the library has an item of this name too. Then the
/// name is ambiguous, and this does not compile.
mod no_feature_is_on {
    mod names {
        pub(super) struct OwnedEvent;
    }

    #[allow(unused_imports, reason = "unused as long as the library has no such name")]
    use embedded_sse::*;
    use names::*;

    const _: OwnedEvent = OwnedEvent;
}
