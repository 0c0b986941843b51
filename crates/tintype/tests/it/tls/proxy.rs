//! The PROXY protocol before plain HTTP and before TLS.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    sync::Arc,
};

use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use tintype_testkit::engine::{Authority, PATIENCE};

use super::support::{ONE, Ports, Secure, folder, skipped};
use crate::support::{Raw, Server};

const REQUEST: &str = "GET /version HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 198.51.100.66\r\n\r\n";

/// Version 2 of the header, for 203.0.113.9.
fn second() -> Vec<u8> {
    [b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c".as_slice(), &[203, 0, 113, 9, 10, 0, 0, 1], &[1, 2, 3, 4]].concat()
}

fn serving(flags: &[&str]) -> (Server, String) {
    let server = Server::with(&[&["--server-proxy-protocol", "on"], flags].concat());
    let address = server.address().to_owned();
    (server, address)
}

#[test]
fn trusted_proxies_say_for_whom_they_speak() {
    let (server, address) = serving(&[]);
    for (header, client) in [
        (b"PROXY TCP4 203.0.113.8 10.0.0.1 4711 443\r\n".to_vec(), "203.0.113.8"),
        (second(), "203.0.113.9"),
        (b"PROXY TCP6 2001:db8::1 ::1 4711 443\r\n".to_vec(), "2001:db8::1"),
        // For itself, the proxy is trusted as ever.
        (b"PROXY UNKNOWN\r\n".to_vec(), "198.51.100.66"),
    ] {
        let mut raw = Raw::connect_to(&address);
        raw.send(&[&header, REQUEST.as_bytes()].concat());
        raw.reply().expect(200);
        let line = format!("\"client\":\"{client}\"");
        let seen = || server.access_log().contains(&line);
        tintype_testkit::wait::until("the client in the log", PATIENCE, seen);
    }
    // Without a header it is closed, and told.
    let mut raw = Raw::connect_to(&address);
    raw.send(REQUEST.as_bytes());
    assert!(raw.closed());
    assert!(server.log().contains("closed a proxy's connection that does not begin with the PROXY protocol"));
    // Commands of this machine find the server all the same.
    let output = server.run(&["token", "create", "--name", "t", "--scope", "admin"]);
    assert!(output.status.success());
    assert!(server.run(&["ban", "add", "192.0.2.77"]).status.success());
    server.assert_clean();
}

#[test]
fn nobody_else_is_believed() {
    let (server, address) = serving(&["--server-trusted-proxies", "192.0.2.1"]);
    for header in [b"PROXY TCP4 203.0.113.8 10.0.0.1 4711 443\r\n".to_vec(), second()] {
        let mut raw = Raw::connect_to(&address);
        raw.send(&[&header, REQUEST.as_bytes()].concat());
        raw.reply().expect(400);
    }
    let mut raw = Raw::connect_to(&address);
    raw.send(REQUEST.as_bytes());
    raw.reply().expect(200);
    assert!(!server.access_log().contains("203.0.113."));
}

#[test]
fn a_proxy_that_says_nothing_is_cut() {
    let (_server, address) = serving(&["--server-header-timeout", "1s"]);
    for sent in [&b""[..], b"PROXY TCP4 203.0"] {
        let mut raw = Raw::connect_to(&address);
        raw.send(sent);
        assert!(raw.closed());
    }
}

#[test]
fn it_comes_before_tls() {
    if skipped("it_comes_before_tls") {
        return;
    }
    let dir = folder();
    let authority = Authority::new(dir.path());
    let pair = authority.issue("own", &[&format!("DNS:{ONE}")]);
    let (certificate, key) = (pair.certificate.to_str().unwrap(), pair.key.to_str().unwrap());
    let flags = ["--server-proxy-protocol", "on", "--tls-certificate", certificate, "--tls-key", key];
    let secure = Secure::on(folder(), Ports::free(), &flags);
    let curl = secure.curl(&authority.root(), ONE);
    // curl's own header names curl as the client, which is on this machine.
    assert_eq!(curl.ask(&["--haproxy-protocol"], "/version").expect(200).header(":version"), "2");
    assert!(curl.try_ask(&[], "/version").is_none());
    // As somebody else.
    let mut stream = TcpStream::connect(("127.0.0.1", secure.ports.https)).unwrap();
    stream.write_all(&second()).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(authority.root()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = Arc::new(config.with_root_certificates(roots).with_no_client_auth());
    let connection = ClientConnection::new(config, ONE.try_into().unwrap()).unwrap();
    let mut stream = StreamOwned::new(connection, stream);
    stream.write_all(REQUEST.as_bytes()).unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
    let seen = || secure.server.access_log().contains("203.0.113.9");
    tintype_testkit::wait::until("the client in the log", PATIENCE, seen);
}
