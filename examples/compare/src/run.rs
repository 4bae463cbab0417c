//! Runs one program in one case: starts its servers, watches it, and ends it.
//!
//! This module must not depend on what a case is about.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use scripted::Server;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::Command;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use crate::case::{Case, Run, Scene};
use crate::cost::programs;
use crate::error::Error;
use crate::feed;
use crate::way::{Job, Way};

/// How often a program is looked at.
const INTERVAL: Duration = Duration::from_millis(100);

/// Runs the program, and returns what it did wrong, if it did.
pub async fn run(way: &Way, job: &Job, case: &'static Case) -> Result<Result<(), &'static str>, Error> {
    let name = way.program(job);
    let folder = Folder::new(&format!("{name} {}", case.name))?;
    let elsewhere = Server::start(feed::elsewhere).await.map_err(Error::Server)?;
    let scene = Scene { token: folder.0.join("token"), elsewhere: elsewhere.url("/") };
    scene.set_token(0).map_err(|error| Error::File("token".into(), error))?;
    let server = Server::start(move |number, request| (case.script)(&scene, number, request));
    let server = server.await.map_err(Error::Server)?;

    let mut child = Command::new(programs()?.join(&name))
        .arg(server.url("/"))
        .current_dir(&folder.0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| Error::Start(name.clone(), error))?;
    let lines = Arc::default();
    let mut outputs = JoinSet::new();
    if let (Some(out), Some(err)) = (child.stdout.take(), child.stderr.take()) {
        outputs.spawn(collect(out, Arc::clone(&lines)));
        outputs.spawn(collect(err, Arc::clone(&lines)));
    }

    let begun = Instant::now();
    loop {
        let status = child.try_wait().map_err(|error| Error::Start(name.clone(), error))?;
        if status.is_some() {
            // The end of its output may come after the end of the program.
            let _ = timeout(Duration::from_secs(1), async { while outputs.join_next().await.is_some() {} }).await;
        }
        let lines = lines.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let run = Run { requests: server.requests(), elsewhere: elsewhere.requests(), lines, status };
        let result = (case.judge)(&run);
        let is_over = begun.elapsed() >= case.limit || (result.is_ok() && begun.elapsed() >= case.at_least);
        if status.is_some() || is_over {
            return Ok(result);
        }
        sleep(INTERVAL).await;
    }
}

/// Adds the lines of an output.
async fn collect(output: impl AsyncRead + Unpin, lines: Arc<Mutex<Vec<String>>>) {
    let mut reader = BufReader::new(output).lines();
    while let Ok(Some(line)) = reader.next_line().await {
        lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }
}

/// A folder that a program runs in. It is removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Result<Self, Error> {
        let name: String = name.chars().filter(|char| char.is_alphanumeric()).collect();
        let path = env::temp_dir().join(format!("compare-{}-{name}", std::process::id()));
        fs::create_dir(&path).map_err(|error| Error::File(path.display().to_string(), error))?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A folder that stays does no harm.
        let _ = fs::remove_dir_all(&self.0);
    }
}
