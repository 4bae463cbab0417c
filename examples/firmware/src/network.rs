//! Starts the TCP stack on the board's network, with an address from DHCP.

use embassy_executor::Spawner;
use embassy_net::{Config, Runner, Stack, StackResources};
use static_cell::StaticCell;

use crate::board::Ethernet;

/// The number of sockets, including those for DHCP and DNS.
const SOCKETS: usize = 5;

/// Starts the stack, and waits for an address. Call this once.
///
/// # Panics
///
/// Panics if it is called twice.
pub async fn start(spawner: Spawner, ethernet: Ethernet, seed: u64) -> Stack<'static> {
    static RESOURCES: StaticCell<StackResources<SOCKETS>> = StaticCell::new();
    let resources = RESOURCES.init_with(StackResources::new);
    let (stack, runner) = embassy_net::new(ethernet, Config::dhcpv4(Default::default()), resources, seed);
    spawner.spawn(run(runner).expect("the network is started once"));
    stack.wait_config_up().await;
    defmt::info!("the network is up: {}", stack.config_v4().map(|config| config.address.address().octets()));
    stack
}

#[embassy_executor::task]
async fn run(mut runner: Runner<'static, Ethernet>) -> ! {
    runner.run().await
}
