//! TCP without an executor: `smoltcp` on any driver of `embassy-net`, polled while a call waits.
//!
//! Supports one connection at a time and gets its address from DHCP. This module must not depend on HTTP or events.

use core::cell::{RefCell, RefMut};
use core::net::SocketAddrV4;
use core::task::{Context, Waker};

use embassy_net_driver::{Driver, HardwareAddress};
use embedded_io::{ErrorKind, ErrorType, Read, Write};
use embedded_sse::client::Instant;
use smoltcp::iface::{Config, Interface, SocketHandle, SocketSet, SocketStorage};
use smoltcp::phy::{self, DeviceCapabilities, Medium};
use smoltcp::socket::{dhcpv4, tcp};
use smoltcp::wire::{EthernetAddress, IpCidr};
use static_cell::StaticCell;

use crate::board::{self, Ethernet};
use crate::random::Random;

/// Returns the time of `embassy-time`.
#[must_use]
pub fn now() -> Instant {
    embassy_time::Instant::now().into()
}

/// A network stack with one TCP socket.
pub struct Network(RefCell<Stack>);

struct Stack {
    device: Device,
    interface: Interface,
    sockets: SocketSet<'static>,
    dhcp: SocketHandle,
    tcp: SocketHandle,
    random: Random,
}

impl Network {
    /// Creates a stack that has no address yet. Call this once.
    ///
    /// # Panics
    ///
    /// Panics if it is called twice.
    #[must_use]
    pub fn new(ethernet: Ethernet, mut random: Random) -> Self {
        static SOCKETS: StaticCell<[SocketStorage<'static>; 2]> = StaticCell::new();
        static RECEIVED: StaticCell<[u8; 2048]> = StaticCell::new();
        static SENT: StaticCell<[u8; 512]> = StaticCell::new();
        let HardwareAddress::Ethernet(address) = ethernet.hardware_address() else { unreachable!("it is an Ethernet") };
        let mut device = Device(ethernet);
        let mut config = Config::new(EthernetAddress(address).into());
        config.random_seed = u64::from(random.next()) << 32 | u64::from(random.next());
        let interface = Interface::new(config, &mut device, smol(now()));
        let mut sockets = SocketSet::new(SOCKETS.init_with(Default::default).as_mut_slice());
        let received = tcp::SocketBuffer::new(RECEIVED.init_with(|| [0; _]).as_mut_slice());
        let sent = tcp::SocketBuffer::new(SENT.init_with(|| [0; _]).as_mut_slice());
        let dhcp = sockets.add(dhcpv4::Socket::new());
        let tcp = sockets.add(tcp::Socket::new(received, sent));
        Self(RefCell::new(Stack { device, interface, sockets, dhcp, tcp, random }))
    }

    /// Opens a connection. Drop the previous one first.
    ///
    /// # Errors
    ///
    /// The connection was refused, or was not open by `until`.
    pub fn connect(&self, to: SocketAddrV4, until: Option<Instant>) -> Result<Connection<'_>, ErrorKind> {
        let connection = Connection { network: self, until };
        connection.wait(|stack| stack.interface.ipv4_addr())?;
        {
            let mut stack = connection.stack();
            let Stack { interface, sockets, tcp, random, .. } = &mut *stack;
            let port = 49_152 + (random.next() % 16_384) as u16;
            let socket = sockets.get_mut::<tcp::Socket>(*tcp);
            socket.connect(interface.context(), to, port).map_err(|_| ErrorKind::InvalidInput)?;
        }
        connection.wait(|stack| match stack.tcp().state() {
            tcp::State::SynSent | tcp::State::SynReceived => None,
            tcp::State::Closed => Some(Err(ErrorKind::ConnectionRefused)),
            _ => Some(Ok(())),
        })??;
        Ok(connection)
    }
}

/// The open connection. Dropping it resets the connection.
pub struct Connection<'n> {
    network: &'n Network,
    /// The deadline of reads and writes.
    pub until: Option<Instant>,
}

impl Connection<'_> {
    /// Polls the network until `look` returns a value or the deadline passes.
    fn wait<T>(&self, mut look: impl FnMut(&mut Stack) -> Option<T>) -> Result<T, ErrorKind> {
        loop {
            let mut stack = self.stack();
            stack.poll();
            if let Some(found) = look(&mut stack) {
                return Ok(found);
            }
            if self.until.is_some_and(|until| until <= now()) {
                return Err(ErrorKind::TimedOut);
            }
            drop(stack);
            board::idle();
        }
    }

    fn stack(&self) -> RefMut<'_, Stack> {
        self.network.0.borrow_mut()
    }
}

impl ErrorType for Connection<'_> {
    type Error = ErrorKind;
}

impl Read for Connection<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        self.wait(|stack| match stack.tcp().recv_slice(buffer) {
            Ok(0) => None,
            Ok(length) => Some(Ok(length)),
            Err(tcp::RecvError::Finished) => Some(Ok(0)),
            Err(tcp::RecvError::InvalidState) => Some(Err(ErrorKind::ConnectionReset)),
        })?
    }
}

impl Write for Connection<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        self.wait(|stack| match stack.tcp().send_slice(bytes) {
            Ok(0) => None,
            Ok(length) => Some(Ok(length)),
            Err(_) => Some(Err(ErrorKind::ConnectionReset)),
        })?
    }

    /// Does nothing: everything is sent with the next poll.
    fn flush(&mut self) -> Result<(), ErrorKind> {
        Ok(())
    }
}

impl Drop for Connection<'_> {
    fn drop(&mut self) {
        let mut stack = self.stack();
        stack.tcp().abort();
        stack.poll();
    }
}

impl Stack {
    fn poll(&mut self) {
        self.interface.poll(smol(now()), &mut self.device, &mut self.sockets);
        match self.sockets.get_mut::<dhcpv4::Socket>(self.dhcp).poll() {
            None => {}
            Some(dhcpv4::Event::Deconfigured) => self.interface.update_ip_addrs(|addresses| addresses.clear()),
            Some(dhcpv4::Event::Configured(config)) => {
                self.interface.update_ip_addrs(|addresses| {
                    addresses.clear();
                    let _ = addresses.push(IpCidr::Ipv4(config.address)); // there is room for one
                });
                if let Some(router) = config.router {
                    let _ = self.interface.routes_mut().add_default_ipv4_route(router); // and for one route
                }
            }
        }
    }

    fn tcp(&mut self) -> &mut tcp::Socket<'static> {
        self.sockets.get_mut(self.tcp)
    }
}

fn smol(at: Instant) -> smoltcp::time::Instant {
    smoltcp::time::Instant::from_millis(at.as_millis().cast_signed())
}

/// Adapts a driver of `embassy-net`, with wakers that do nothing.
struct Device(Ethernet);

impl phy::Device for Device {
    type RxToken<'a> = Received<<Ethernet as Driver>::RxToken<'a>>;
    type TxToken<'a> = Room<<Ethernet as Driver>::TxToken<'a>>;

    fn receive(&mut self, _: smoltcp::time::Instant) -> Option<(Self::RxToken<'_>, Self::TxToken<'_>)> {
        let (received, room) = self.0.receive(&mut Context::from_waker(Waker::noop()))?;
        Some((Received(received), Room(room)))
    }

    fn transmit(&mut self, _: smoltcp::time::Instant) -> Option<Self::TxToken<'_>> {
        self.0.transmit(&mut Context::from_waker(Waker::noop())).map(Room)
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let driver = self.0.capabilities();
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ethernet;
        capabilities.max_transmission_unit = driver.max_transmission_unit;
        capabilities.max_burst_size = driver.max_burst_size;
        capabilities
    }
}

struct Received<T>(T);

impl<T: embassy_net_driver::RxToken> phy::RxToken for Received<T> {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, look: F) -> R {
        self.0.consume(|frame| look(frame))
    }
}

struct Room<T>(T);

impl<T: embassy_net_driver::TxToken> phy::TxToken for Room<T> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, fill: F) -> R {
        self.0.consume(length, fill)
    }
}
