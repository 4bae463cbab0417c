#![no_std]
#![no_main]
use embedded_sse_firmware as _;
#[cortex_m_rt::entry]
fn main() -> ! {
    loop {}
}
