//! What the system says about a process: its processor time and its memory. Linux only.

use std::fs;
use std::process::Child;

use rustix::param::clock_ticks_per_second;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Allows this process, and those that it starts, to open this many files.
pub fn allow_files(count: u64) -> Result<(), String> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= count) {
        return Ok(());
    }
    let wanted = Rlimit { current: Some(count), maximum: limit.maximum };
    setrlimit(Resource::Nofile, wanted).map_err(|error| format!("{count} open files are not allowed: {error}"))
}

/// A process that is killed at the end.
pub struct Killed(pub Child);

impl Drop for Killed {
    fn drop(&mut self) {
        // Fails only if it has ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Returns the processor time of these processes so far, in seconds.
pub fn seconds(processes: &[u32]) -> Result<f64, String> {
    let mut ticks = 0;
    for id in processes {
        let stat = read(*id, "stat")?;
        // The name, in parentheses, may contain anything.
        let fields: Vec<_> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        for index in [11, 12] {
            let field = fields.get(index).and_then(|field| field.parse::<u64>().ok());
            ticks += field.ok_or_else(|| format!("/proc/{id}/stat has no times"))?;
        }
    }
    Ok(ticks as f64 / clock_ticks_per_second() as f64)
}

/// Returns the peak memory of these processes, in bytes.
pub fn peak(processes: &[u32]) -> Result<u64, String> {
    let mut sum = 0;
    for id in processes {
        let status = read(*id, "status")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        sum += kibibytes.ok_or_else(|| format!("/proc/{id}/status has no peak memory"))? * 1024;
    }
    Ok(sum)
}

/// Returns the processes that this one has started.
pub fn children(id: u32) -> Result<Vec<u32>, String> {
    let list = read(id, &format!("task/{id}/children"))?;
    Ok(list.split_whitespace().filter_map(|child| child.parse().ok()).collect())
}

fn read(id: u32, file: &str) -> Result<String, String> {
    fs::read_to_string(format!("/proc/{id}/{file}")).map_err(|error| format!("/proc/{id}/{file}: {error}"))
}
