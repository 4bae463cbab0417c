//! Runs a firmware in QEMU, and controls its serial line, its network link and its power.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// The device. Dropping it ends QEMU and deletes the flash.
pub struct Device {
    elf: PathBuf,
    /// The working directory of QEMU, with the file of the flash and the socket of the monitor.
    directory: PathBuf,
    arguments: Vec<String>,
    /// The port on the host that is forwarded to the device's port 80.
    port: Option<u16>,
    life: Mutex<Life>,
    log: Arc<Mutex<Vec<String>>>,
}

/// The processes from one power-on to the next.
struct Life {
    qemu: Child,
    printer: Child,
    reader: Option<JoinHandle<()>>,
}

impl Device {
    /// Creates the device and switches it on.
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

    /// Switches the device off and on again. Its flash is kept.
    pub fn cycle_power(&self) -> Result<(), String> {
        let mut life = locked(&self.life);
        life.end();
        *life = Life::begin(&self.elf, &self.directory, &self.arguments, self.port, &self.log)?;
        Ok(())
    }

    /// Unplugs the network, or plugs it in again.
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

    /// Returns the input of the device's serial port. Only the first call after each power-on returns it.
    pub fn serial(&self) -> Option<ChildStdin> {
        locked(&self.life).qemu.stdin.take()
    }

    /// Waits until the firmware exits.
    pub fn wait(&self, limit: Duration) -> Result<ExitStatus, String> {
        let start = Instant::now();
        while start.elapsed() < limit {
            let mut life = locked(&self.life);
            if let Some(status) = life.qemu.try_wait().map_err(|error| format!("QEMU: {error}"))? {
                life.end(); // the log is complete after this
                return Ok(status);
            }
            drop(life);
            thread::sleep(Duration::from_millis(50));
        }
        Err(format!("still running after {} s; the log ends with {:?}", limit.as_secs(), self.log().last()))
    }

    /// Waits until a line of the log contains this text.
    pub fn wait_for(&self, text: &str, limit: Duration) -> Result<(), String> {
        let start = Instant::now();
        while start.elapsed() < limit {
            if self.log().iter().any(|line| line.contains(text)) {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(50));
        }
        Err(format!("the device has not logged {text:?} within {} s", limit.as_secs()))
    }

    /// Returns the log since the device was created.
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

    /// Ends both processes. `kill` fails if QEMU has already exited.
    fn end(&mut self) {
        let _ = self.qemu.kill();
        let _ = self.qemu.wait();
        // It exits at the end of its input.
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
