//! Follows an event stream with `edge-http`, and prints its events. Only the transport differs from `sse-client`.

#![no_std]
#![no_main]

use edge_nal_embassy::{Dns, Tcp, TcpBuffers};
use embassy_executor::Spawner;
use embedded_sse_connect::{EdgeHttp, Target};
use embedded_sse_firmware::board::{Board, CURSOR, Settings};
use embedded_sse_firmware::follow::follow;
use embedded_sse_firmware::network;
use embedded_sse_firmware::random::Random;
use embedded_sse_firmware::saved::Saved;
use static_cell::StaticCell;

/// One connection, with the sizes of its send and receive buffers in bytes.
type Buffers = TcpBuffers<1, 512, 2048>;

#[embassy_executor::main]
async fn main(spawner: Spawner) {
    let board = Board::take();
    let settings = Settings::read();
    let target = Target::<128>::new(&settings.url).expect("the URL is valid");
    let mut random = Random::new(board.seed);
    let network_seed = u64::from(random.next()) << 32 | u64::from(random.next());
    let network = network::start(spawner, board.ethernet, network_seed).await;
    let saved = Saved::load(board.flash, CURSOR, settings.save_every).await;

    static BUFFERS: StaticCell<Buffers> = StaticCell::new();
    static HEAD: StaticCell<[u8; 1024]> = StaticCell::new();
    let tcp = Tcp::new(network, BUFFERS.init_with(Buffers::new));
    let dns = Dns::new(network);
    let connect = EdgeHttp::new(&tcp, &dns, target, HEAD.init([0; _]));
    follow(connect, network, saved, random, settings).await
}
