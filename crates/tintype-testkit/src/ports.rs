//! Ports for programs that have to be told theirs.

use std::{
    net::TcpListener,
    process,
    sync::atomic::{AtomicU16, Ordering},
};

/// Above the ports of well-known programs, below those that Linux gives to whoever asks for any (`ip_local_port_range` begins
/// at 32768): no connection and no test that listens on port 0 takes one between its choice and its use.
const FIRST: u16 = 12_000;
const COUNT: u16 = 20_000;

/// How many this process has given out. No port is given twice before all others were.
static GIVEN: AtomicU16 = AtomicU16::new(0);

/// A port of 127.0.0.1 that nobody listens on.
///
/// # Panics
/// Where none of them is free.
pub fn free() -> u16 {
    // Processes that run side by side begin far from each other: 7919 is prime to the count.
    let own = u16::try_from(u64::from(process::id()) * 7919 % u64::from(COUNT)).unwrap_or_default();
    (0..COUNT)
        .map(|_| FIRST + (own + GIVEN.fetch_add(1, Ordering::Relaxed) % COUNT) % COUNT)
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("a free port")
}

/// Several at once, each another.
pub(crate) fn free_all<const SOME: usize>() -> [u16; SOME] {
    [(); SOME].map(|()| free())
}
