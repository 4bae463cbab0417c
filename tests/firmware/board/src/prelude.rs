//! The names from `alloc` that `std` has in its prelude. Test files import them under `cfg(target_os = "none")`.

pub use alloc::borrow::ToOwned;
pub use alloc::string::{String, ToString};
pub use alloc::vec::Vec;
pub use alloc::{format, vec};
