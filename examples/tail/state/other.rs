//! The counterpart of `state/unix.rs` for systems without owners and modes. Files are not locked here: you must make
//! sure that only one `tail` uses a file.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::path::Path;

pub(super) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

pub(super) fn lock(_file: &File) -> io::Result<()> {
    Ok(())
}

pub(super) fn make_alike(_new: &File, _old: &Metadata) -> io::Result<()> {
    Ok(())
}

pub(super) fn has_other_names(_metadata: &Metadata) -> bool {
    false
}

pub(super) fn is_at(_file: &File, _path: &Path) -> io::Result<bool> {
    Ok(true)
}

pub(super) fn sync_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}
