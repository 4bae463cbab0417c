//! Follows an event stream with `reqwless`, and prints its events.
//!
//! ```text
//! cargo run --release --bin sse-client http://10.0.2.2:3000/events
//! ```

#![no_std]
#![no_main]

use embassy_executor::Spawner;
use embassy_net::dns::DnsSocket;
use embassy_net::tcp::client::{TcpClient, TcpClientState};
use embedded_sse_connect::{Reqwless, Target};
use embedded_sse_firmware::board::{Board, CURSOR, Settings};
use embedded_sse_firmware::follow::follow;
use embedded_sse_firmware::network;
use embedded_sse_firmware::random::Random;
use embedded_sse_firmware::saved::Saved;
use reqwless::client::HttpClient;
use static_cell::StaticCell;

/// One connection, with the sizes of its send and receive buffers in bytes.
type Tcp = TcpClientState<1, 512, 2048>;

#[embassy_executor::main]
async fn main(spawner: Spawner) {
    let board = Board::take();
    let settings = Settings::read();
    let target = Target::<128>::new(&settings.url).expect("the URL is valid");
    let mut random = Random::new(board.seed);
    let network_seed = u64::from(random.next()) << 32 | u64::from(random.next());
    let network = network::start(spawner, board.ethernet, network_seed).await;
    let saved = Saved::load(board.flash, CURSOR, settings.save_every).await;

    static TCP: StaticCell<Tcp> = StaticCell::new();
    static HEAD: StaticCell<[u8; 1024]> = StaticCell::new();
    let tcp = TcpClient::new(network, TCP.init_with(Tcp::new));
    let dns = DnsSocket::new(network);
    let connect = Reqwless::new(HttpClient::new(&tcp, &dns), target, HEAD.init([0; _]));
    follow(connect, network, saved, random, settings).await
}
