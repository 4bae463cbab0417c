//! The last event ID in a file, from one run to the next: the whole old one or the whole new one, whatever happens meanwhile.
//!
//! Knows files; an id is any line of bytes to it.
//!
//! A new file takes the place of the old one under the old name, owner and mode. The lock is on the file itself: the new one is
//! locked before it gets the name, and who locks a file looks whether it still has its name.

#[cfg_attr(unix, path = "state/unix.rs")]
#[cfg_attr(not(unix), path = "state/other.rs")]
mod system;

use std::ffi::OsString;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

/// The file, which no other `tail` uses meanwhile, and what is in it.
pub(crate) struct StateFile {
    /// Not that of a link.
    path: PathBuf,
    /// What is written before it takes the place of the file.
    temporary: PathBuf,
    /// Holds the lock.
    file: File,
    stored: Vec<u8>,
}

/// What is longer is no id.
const LONGEST: u64 = 64 * 1024;

impl StateFile {
    /// Reads the file, or begins an empty one, where a link leads if it is one. Writes it once: what cannot be written later
    /// shows now.
    pub(crate) fn open(name: &Path) -> io::Result<Self> {
        let (path, file) = locked(name)?;
        let mut bytes = Vec::new();
        (&file).take(LONGEST + 1).read_to_end(&mut bytes)?;
        let stored = line(bytes)?;
        let temporary = temporary(&path)?;
        // A run that was killed may have left it. With the lock held it is nobody else's.
        match fs::remove_file(&temporary) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut state = Self { path, temporary, file, stored };
        state.replace(&state.stored.clone())?;
        Ok(state)
    }

    /// What was stored last; empty if there is nothing.
    pub(crate) fn stored(&self) -> &[u8] {
        &self.stored
    }

    /// Stores it, if it is another one. On the disk when this returns.
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
            // The first error says more than a second one.
            let _ = fs::remove_file(&self.temporary);
            return Err(error);
        }
        self.file = new;
        system::sync_folder(&self.path)
    }
}

/// Writes the new file, which is like the old one.
fn fill(mut new: &File, last_event_id: &[u8], old: &File) -> io::Result<()> {
    system::lock(new)?;
    new.write_all(&[last_event_id, b"\n"].concat())?;
    system::make_alike(new, &old.metadata()?)?;
    new.sync_all()
}

/// Beside the file, because it could not be renamed from elsewhere. Always the same name, so that none is left for long.
fn temporary(path: &Path) -> io::Result<PathBuf> {
    let mut name: OsString = path.file_name().ok_or(ErrorKind::InvalidInput)?.to_owned();
    name.push(".tail-tmp");
    Ok(path.with_file_name(name))
}

/// The file, locked, and its path without links.
fn locked(name: &Path) -> io::Result<(PathBuf, File)> {
    loop {
        let file = open(name)?;
        let path = fs::canonicalize(name)?;
        system::lock(&file)?;
        // Or else another one has taken its place since it was opened.
        if system::is_at(&file, &path)? {
            return Ok((path, file));
        }
    }
}

/// Opens or creates it. Nothing but a regular file is opened at all: a pipe would wait, and a device would do something.
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
        "it has other names too (hard links), which would keep the old id"
    } else {
        return Ok(());
    };
    Err(io::Error::new(ErrorKind::InvalidInput, wrong))
}

/// An id is one line. Anything else is a file that somebody else wants back.
fn line(mut bytes: Vec<u8>) -> io::Result<Vec<u8>> {
    let is_long = bytes.len() as u64 > LONGEST;
    if bytes.ends_with(b"\n") {
        bytes.pop();
    }
    match is_long || bytes.iter().any(|byte| b"\r\n\0".contains(byte)) {
        true => Err(io::Error::new(ErrorKind::InvalidData, "it holds something else than one last event ID")),
        false => Ok(bytes),
    }
}
