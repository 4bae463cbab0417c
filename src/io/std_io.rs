//! The transports of `std`.
//!
//! [`FromStd`] makes any `Read`, `BufRead` or `Write` a transport for the readers and writers in
//! [`embedded_io`](super::embedded_io) and for the [blocking driver](super::driver_blocking): a `TcpStream`, a file or
//! standard input. Its errors are those of `std`, so that a read timeout is an error like any other.
//!
//! ```
//! use embedded_sse::Decoder;
//! use embedded_sse::io::embedded_io::EventReader;
//! use embedded_sse::io::std_io::FromStd;
//!
//! let file = &b"data: light on\n\ndata: light off\n\n"[..]; // or std::io::stdin()
//! let mut events = EventReader::new(FromStd::new(file), vec![0; 8192], Decoder::boxed(1 << 20));
//! let mut seen = Vec::new();
//! while let Some(event) = events.next()? {
//!     seen.push(event.data_str()?.to_owned());
//! }
//! assert_eq!(seen, ["light on", "light off"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub use embedded_io_adapters::std::FromStd;
