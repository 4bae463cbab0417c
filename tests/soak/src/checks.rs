//! What a device has said of itself, and whether a rehearsal went as it should.

use crate::device::Device;

/// What is to be said of a run, or why it failed.
pub type Verdict = Result<String, String>;

/// Fails with `otherwise`.
pub fn require(is_so: bool, otherwise: impl Into<String>) -> Result<(), String> {
    if is_so { Ok(()) } else { Err(otherwise.into()) }
}

/// How many lines of the log have this text.
pub fn count(device: &Device, text: &str) -> usize {
    device.log().iter().filter(|line| line.contains(text)).count()
}

/// The last line of the log that counts events.
pub fn last_tally(device: &Device) -> Result<String, String> {
    let tally = said(device, "Tally {");
    if tally.is_empty() { Err("the device has counted nothing".to_string()) } else { Ok(tally) }
}

/// What the device says of its memory. When too little is left between its static memory and its stack, nothing else that it
/// says is worth much.
pub fn memory(device: &Device) -> Result<String, String> {
    const RAM: usize = 64 * 1024;
    let line = said(device, "static RAM");
    let mut numbers = line.split_whitespace().filter_map(|word| word.parse::<usize>().ok());
    let taken = numbers.next().zip(numbers.next()).map(|(ram, stack)| ram + stack);
    require(taken.is_some_and(|taken| taken + 4096 <= RAM), format!("of 64 KiB of RAM the device takes {line:?}"))?;
    Ok(line)
}

/// What the device has said last that begins with this.
pub fn said(device: &Device, text: &str) -> String {
    let log = device.log();
    let line = log.iter().rev().find_map(|line| line.find(text).and_then(|at| line.get(at..)));
    line.unwrap_or_default().to_string()
}

/// The time of the device's last line, in seconds by its own clock.
pub fn clock(device: &Device) -> String {
    device.log().last().and_then(|line| line.split_whitespace().next()).unwrap_or_default().to_string()
}

/// What an error says.
pub fn text(error: impl ToString) -> String {
    error.to_string()
}
