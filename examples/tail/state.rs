//! The last event ID in a file, from one run to the next: the whole old one or the whole new one, whatever happens meanwhile.
//!
//! Knows files; an id is any line of bytes to it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process;

/// The file, and what is in it.
pub(crate) struct StateFile {
    path: PathBuf,
    stored: Vec<u8>,
}

impl StateFile {
    /// Reads the file, or begins an empty one: what cannot be written later shows now.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        // A link stays one: what it leads to is replaced.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let stored = match fs::read(&path) {
            Ok(bytes) => line(bytes)?,
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        let file = Self { path, stored };
        file.write(&file.stored)?;
        Ok(file)
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
        self.write(last_event_id)?;
        last_event_id.clone_into(&mut self.stored);
        Ok(())
    }

    fn write(&self, last_event_id: &[u8]) -> io::Result<()> {
        let mut name = self.path.file_name().ok_or(ErrorKind::InvalidInput)?.to_owned();
        name.push(format!(".{}.tmp", process::id()));
        let temporary = self.path.with_file_name(name);
        let written = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&temporary)
            .and_then(|file| fill(file, last_event_id))
            .and_then(|()| fs::rename(&temporary, &self.path));
        if written.is_err() {
            // There may be nothing to remove; the first error says more.
            let _ = fs::remove_file(&temporary);
        }
        written
    }
}

fn fill(mut file: File, last_event_id: &[u8]) -> io::Result<()> {
    file.write_all(last_event_id)?;
    file.write_all(b"\n")?;
    file.sync_all()
}

/// An id is one line. Anything else is a file that somebody else wants back.
fn line(mut bytes: Vec<u8>) -> io::Result<Vec<u8>> {
    if bytes.ends_with(b"\n") {
        bytes.pop();
    }
    match bytes.iter().any(|byte| b"\r\n\0".contains(byte)) {
        true => Err(io::Error::new(ErrorKind::InvalidData, "it holds something else than one last event ID")),
        false => Ok(bytes),
    }
}
