//! nginx with nchan: the program, its configuration, and the requests that publish events.

use core::time::Duration;
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::thread::{sleep, spawn};
use std::time::Instant;

use crate::process::{Killed, children};
use crate::round::Load;
use crate::server::data;

/// A running nginx.
pub struct Nginx {
    pub port: u16,
    process: Killed,
}

impl Nginx {
    /// Starts nginx with one worker. Its files are in a folder of their own in the folder for temporary files.
    pub fn start() -> Result<Self, String> {
        let folder = std::env::temp_dir().join("embedded-sse-serving-nginx");
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let port = free_port().map_err(|error| error.to_string())?;
        let file = folder.join("nginx.conf");
        fs::write(&file, configuration(port)).map_err(|error| format!("{}: {error}", file.display()))?;
        let mut command = Command::new("nginx");
        command.arg("-p").arg(&folder).arg("-c").arg(&file).stdin(Stdio::null()).stdout(Stdio::null());
        let process = command.spawn().map_err(|error| format!("cannot start nginx: {error}"))?;
        let nginx = Self { port, process: Killed(process) };
        let end = Instant::now() + Duration::from_secs(10);
        // The master listens before there is a worker.
        while TcpStream::connect(("127.0.0.1", port)).is_err() || nginx.processes()?.len() < 2 {
            if Instant::now() > end {
                return Err("nginx does not start".into());
            }
            sleep(Duration::from_millis(20));
        }
        Ok(nginx)
    }

    /// Returns the master and the workers.
    pub fn processes(&self) -> Result<Vec<u32>, String> {
        let master = self.process.0.id();
        let mut processes = children(master)?;
        processes.push(master);
        Ok(processes)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // A master that is killed leaves its workers behind: ask it to stop, and wait until it does not listen any more.
        let master = i32::try_from(self.process.0.id()).ok().and_then(rustix::process::Pid::from_raw);
        if let Some(master) = master {
            let _ = rustix::process::kill_process(master, rustix::process::Signal::TERM);
        }
        let end = Instant::now() + Duration::from_secs(5);
        while matches!(self.process.0.try_wait(), Ok(None)) && Instant::now() < end {
            sleep(Duration::from_millis(20));
        }
    }
}

/// Publishes all events, in a thread of its own.
pub fn publish(port: u16, load: &Load) -> Result<(), String> {
    let mut socket = TcpStream::connect(("127.0.0.1", port)).map_err(|error| error.to_string())?;
    socket.set_nodelay(true).map_err(|error| error.to_string())?;
    let (events, pause) = (load.events, Duration::from_secs(1) / load.rate);
    spawn(move || {
        let begin = Instant::now();
        for number in 0..events {
            sleep((begin + pause * number).saturating_duration_since(Instant::now()));
            let data = data();
            let head = format!("POST /publish HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n", data.len());
            // After an error, the clients report that no events come.
            if socket.write_all((head + &data).as_bytes()).is_err() || socket.read(&mut [0; 1024]).is_err() {
                return;
            }
        }
    });
    Ok(())
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn configuration(port: u16) -> String {
    format!(
        "load_module /usr/lib/nginx/modules/ngx_nchan_module.so;
daemon off;
user root;
worker_processes 1;
pid nginx.pid;
error_log stderr error;
events {{ worker_connections 101000; }}
http {{
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    server {{
        listen 127.0.0.1:{port};
        keepalive_requests 2000000;
        location = /events {{ nchan_subscriber eventsource; nchan_channel_id events; }}
        location = /publish {{ nchan_publisher; nchan_channel_id events; nchan_message_buffer_length 1024; }}
    }}
}}
"
    )
}
