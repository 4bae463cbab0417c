//! Stores the last event ID in a file. After a crash the file holds either the whole old ID or the whole new one.
//!
//! This module handles files. It must not depend on event streams: an ID is any line of bytes.
//!
//! Each update writes a new file and renames it to the old name, with the same owner and mode. The file itself is
//! locked: the new one is locked before the rename, and after locking a file the program checks that it still has its
//! name.

#[cfg_attr(unix, path = "state/unix.rs")]
#[cfg_attr(not(unix), path = "state/other.rs")]
mod system;

use std::ffi::OsString;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

/// The locked state file and its contents.
pub(crate) struct StateFile {
    /// The path of the file, with symbolic links resolved.
    path: PathBuf,
    /// The path of the new file before it is renamed.
    temporary: PathBuf,
    /// The open file, which holds the lock.
    file: File,
    stored: Vec<u8>,
}

/// The longest ID that is accepted in a file, in bytes.
const LONGEST: u64 = 64 * 1024;

impl StateFile {
    /// Opens and reads the file, or creates it. Follows links. Writes the file once, so that a file that cannot be
    /// written is reported at once.
    pub(crate) fn open(name: &Path) -> io::Result<Self> {
        let (path, file) = locked(name)?;
        let mut bytes = Vec::new();
        (&file).take(LONGEST + 1).read_to_end(&mut bytes)?;
        let stored = line(bytes)?;
        let temporary = temporary(&path)?;
        // It may be left from a run that was killed. No other run uses it while this one holds the lock.
        match fs::remove_file(&temporary) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut state = Self { path, temporary, file, stored };
        state.replace(&state.stored.clone())?;
        Ok(state)
    }

    /// Returns the stored ID. It is empty if there is none.
    pub(crate) fn stored(&self) -> &[u8] {
        &self.stored
    }

    /// Stores the ID if it has changed. It is on the disk when this returns.
    pub(crate) fn store(&mut self, last_event_id: &[u8]) -> io::Result<()> {
        if self.stored == last_event_id {
            return Ok(());
        }
        self.replace(last_event_id)?;
        last_event_id.clone_into(&mut self.stored);
        Ok(())
    }

    fn replace(&mut self, last_event_id: &[u8]) -> io::Result<()> {
        let new = system::private(OpenOptions::new().write(true).create_new(true)).open(&self.temporary)?;
        let written = fill(&new, last_event_id, &self.file).and_then(|()| fs::rename(&self.temporary, &self.path));
        if let Err(error) = written {
            // The first error matters more than this one.
            let _ = fs::remove_file(&self.temporary);
            return Err(error);
        }
        self.file = new;
        system::sync_folder(&self.path)
    }
}

/// Locks and writes the new file, with the owner and mode of the old one.
fn fill(mut new: &File, last_event_id: &[u8], old: &File) -> io::Result<()> {
    system::lock(new)?;
    new.write_all(&[last_event_id, b"\n"].concat())?;
    system::make_alike(new, &old.metadata()?)?;
    new.sync_all()
}

/// Returns the path of the new file. It is in the same folder, because a rename cannot cross file systems, and always
/// has the same name, so that the next run replaces a file that was left.
fn temporary(path: &Path) -> io::Result<PathBuf> {
    let mut name: OsString = path.file_name().ok_or(ErrorKind::InvalidInput)?.to_owned();
    name.push(".tail-tmp");
    Ok(path.with_file_name(name))
}

/// Opens and locks the file. Also returns its path with links resolved.
fn locked(name: &Path) -> io::Result<(PathBuf, File)> {
    loop {
        let file = open(name)?;
        let path = fs::canonicalize(name)?;
        system::lock(&file)?;
        // If not, another run has replaced the file since it was opened.
        if system::is_at(&file, &path)? {
            return Ok((path, file));
        }
    }
}

/// Opens or creates the file. Only regular files are opened: opening a pipe could block, and opening a device could
/// have effects.
fn open(name: &Path) -> io::Result<File> {
    let missing = match fs::metadata(name) {
        Ok(metadata) => {
            check(&metadata)?;
            false
        }
        Err(error) if error.kind() == ErrorKind::NotFound => true,
        Err(error) => return Err(error),
    };
    let file = OpenOptions::new().read(true).write(true).create(missing).truncate(false).open(name)?;
    check(&file.metadata()?)?;
    Ok(file)
}

fn check(metadata: &Metadata) -> io::Result<()> {
    let wrong = if !metadata.is_file() {
        "it is not a regular file"
    } else if system::has_other_names(metadata) {
        "it has hard links, which would keep the old ID"
    } else {
        return Ok(());
    };
    Err(io::Error::new(ErrorKind::InvalidInput, wrong))
}

/// Returns the ID in the contents of the file. Contents other than one line are an error, since the file may hold other
/// data.
fn line(mut bytes: Vec<u8>) -> io::Result<Vec<u8>> {
    let is_long = bytes.len() as u64 > LONGEST;
    if bytes.ends_with(b"\n") {
        bytes.pop();
    }
    match is_long || bytes.iter().any(|byte| b"\r\n\0".contains(byte)) {
        true => Err(io::Error::new(ErrorKind::InvalidData, "it does not contain a single last event ID")),
        false => Ok(bytes),
    }
}
