//! How many connections one client holds.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use tintype_testkit::wait;

use super::LIMIT_ALL;
use crate::support::Server;

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

/// Whether the server answers on this connection, which stays open.
fn answers(stream: &mut TcpStream) -> bool {
    let mut piece = [0; 4096];
    stream.write_all(b"GET /version HTTP/1.1\r\nHost: h\r\n\r\n").is_ok()
        && matches!(stream.read(&mut piece), Ok(1..))
}

#[test]
fn one_client_holds_so_many_and_the_next_is_closed() {
    let server = Server::with(&[&LIMIT_ALL[..], &["--server-connections-per-client", "3"]].concat());
    let mut held: Vec<_> = (0..3).map(|_| connect(&server)).collect();
    assert!(held.iter_mut().all(answers));
    assert!(!answers(&mut connect(&server)));
    assert!(held.iter_mut().all(answers), "those that were there stay");
    drop(held);
    wait::until("a place", Duration::from_secs(60), || answers(&mut connect(&server)));
}

#[test]
fn trusted_proxies_hold_those_of_many() {
    let server = Server::with(&["--server-connections-per-client", "2"]);
    let mut held: Vec<_> = (0..6).map(|_| connect(&server)).collect();
    assert!(held.iter_mut().all(answers));
}
