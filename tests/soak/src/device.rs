//! A firmware in QEMU: its log, its serial line, its link and its power.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// The device. Dropped, it is gone, and its flash with it.
pub struct Device {
    elf: PathBuf,
    /// Where QEMU runs: the device's flash is a file there, and its monitor a socket.
    directory: PathBuf,
    arguments: Vec<String>,
    /// A port of this machine that is the device's port 80.
    port: Option<u16>,
    life: Mutex<Life>,
    log: Arc<Mutex<Vec<String>>>,
}

/// From one power-on to the next.
struct Life {
    qemu: Child,
    printer: Child,
    reader: Option<JoinHandle<()>>,
}

impl Device {
    /// Powers up.
    pub fn start(elf: &Path, arguments: &[&str], port: Option<u16>) -> Result<Self, String> {
        let elf =
            elf.canonicalize().map_err(|error| format!("{}: {error}; build the firmwares first", elf.display()))?;
        let name = elf.file_name().unwrap_or_default().to_string_lossy();
        let directory = std::env::temp_dir().join(format!("soak-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&directory).map_err(|error| format!("{}: {error}", directory.display()))?;
        std::fs::write(directory.join("flash.bin"), []).map_err(|error| format!("the flash: {error}"))?;
        let arguments: Vec<_> = arguments.iter().map(ToString::to_string).collect();
        let log = Arc::default();
        let life = Mutex::new(Life::begin(&elf, &directory, &arguments, port, &log)?);
        Ok(Self { elf, directory, arguments, port, life, log })
    }

    /// The power goes, and comes again. What was written to flash stays.
    pub fn cycle_power(&self) -> Result<(), String> {
        let mut life = locked(&self.life);
        life.end();
        *life = Life::begin(&self.elf, &self.directory, &self.arguments, self.port, &self.log)?;
        Ok(())
    }

    /// Pulls the plug of the network, or puts it back.
    pub fn set_link(&self, is_up: bool) -> Result<(), String> {
        let state = if is_up { "on" } else { "off" };
        let told = UnixStream::connect(self.directory.join("monitor")).and_then(|mut monitor| {
            monitor.set_read_timeout(Some(Duration::from_secs(5)))?;
            read_prompt(&mut monitor)?;
            monitor.write_all(format!("set_link network {state}\n").as_bytes())?;
            read_prompt(&mut monitor)
        });
        told.map_err(|error| format!("the monitor of QEMU: {error}"))
    }

    /// The wire into the device's serial port. There is one in each life.
    pub fn serial(&self) -> Option<ChildStdin> {
        locked(&self.life).qemu.stdin.take()
    }

    /// Waits until the firmware ends by itself.
    pub fn wait(&self, limit: Duration) -> Result<ExitStatus, String> {
        let start = Instant::now();
        while start.elapsed() < limit {
            let mut life = locked(&self.life);
            if let Some(status) = life.qemu.try_wait().map_err(|error| format!("QEMU: {error}"))? {
                life.end(); // all of the log is here then
                return Ok(status);
            }
            drop(life);
            thread::sleep(Duration::from_millis(50));
        }
        Err(format!("still running after {} s; the log ends with {:?}", limit.as_secs(), self.log().last()))
    }

    /// Waits until the log has a line with this text.
    pub fn wait_for(&self, text: &str, limit: Duration) -> Result<(), String> {
        let start = Instant::now();
        while start.elapsed() < limit {
            if self.log().iter().any(|line| line.contains(text)) {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(50));
        }
        Err(format!("the device has not said {text:?} within {} s", limit.as_secs()))
    }

    /// What the device has said, in all of its lives.
    pub fn log(&self) -> Vec<String> {
        locked(&self.log).clone()
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        locked(&self.life).end();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

impl Life {
    fn begin(
        elf: &Path,
        directory: &Path,
        arguments: &[String],
        port: Option<u16>,
        log: &Arc<Mutex<Vec<String>>>,
    ) -> Result<Self, String> {
        let mut network = "user,id=network,model=lan9118".to_string();
        if let Some(port) = port {
            network += &format!(",hostfwd=tcp:127.0.0.1:{port}-:80");
        }
        let mut semihosting = "enable=on,target=native,arg=firmware".to_string();
        for argument in arguments {
            semihosting += &format!(",arg={argument}");
        }
        let mut qemu = Command::new("qemu-system-arm")
            .args(["-M", "mps2-an386", "-display", "none", "-serial", "stdio"])
            .args(["-monitor", "unix:monitor,server=on,wait=off", "-nic", &network])
            .args(["-semihosting-config", &semihosting, "-kernel"])
            .arg(elf)
            .current_dir(directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("qemu-system-arm: {error}; install it"))?;
        let printer = Command::new("defmt-print")
            .args(["--log-format", "{t} {L} {s}", "-e"])
            .arg(elf)
            .stdin(qemu.stdout.take().map_or_else(Stdio::null, Stdio::from))
            .stdout(Stdio::piped())
            .spawn();
        let mut printer = match printer {
            Ok(printer) => printer,
            Err(error) => {
                let _ = qemu.kill().and_then(|()| qemu.wait());
                return Err(format!("defmt-print: {error}; cargo install defmt-print"));
            }
        };
        let name = elf.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let lines = printer.stdout.take();
        let log = Arc::clone(log);
        let reader = thread::spawn(move || {
            for line in lines.into_iter().flat_map(|lines| BufReader::new(lines).lines()).map_while(Result::ok) {
                println!("        {name}: {line}");
                locked(&log).push(line);
            }
        });
        Ok(Self { qemu, printer, reader: Some(reader) })
    }

    /// Both processes are ours; `kill` says no when one has ended by itself.
    fn end(&mut self) {
        let _ = self.qemu.kill();
        let _ = self.qemu.wait();
        // It ends with the frames.
        let _ = self.printer.wait();
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}

fn read_prompt(monitor: &mut UnixStream) -> std::io::Result<()> {
    let mut seen = Vec::new();
    let mut piece = [0; 256];
    while !seen.ends_with(b"(qemu) ") {
        let length = monitor.read(&mut piece)?;
        if length == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        seen.extend_from_slice(piece.get(..length).unwrap_or_default());
    }
    Ok(())
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
