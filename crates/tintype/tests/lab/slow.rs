//! Clients that are slow on purpose, from other addresses than those who are not.

use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddrV4, TcpStream},
    time::{Duration, Instant},
};

use rustix::{
    net::{AddressFamily, SocketType},
    process::{Resource, Rlimit},
};
use tintype_testkit::{build, wait};

use crate::{
    support::{Client, Server, picture},
    turn, wanted,
};

/// Rounds of reads, in turn with a server that nobody slows down: whatever the machine does besides meets both.
const ROUNDS: usize = 11;
/// How many addresses the slow ones have: so many that none meets its own limit before they are all there.
const ADDRESSES: usize = 60;

/// Connects as a slow client, the `number`th.
fn connect(server: &Server, number: usize) -> TcpStream {
    let from = Ipv4Addr::new(127, 1, 0, u8::try_from(1 + number % ADDRESSES).unwrap());
    let socket = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    rustix::net::bind(&socket, &SocketAddrV4::new(from, 0)).unwrap();
    let address: SocketAddrV4 = server.address().parse().unwrap();
    rustix::net::connect(&socket, &address).unwrap();
    let stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream
}

/// As many descriptors as this process may have; the server inherits the limit.
fn many_descriptors() {
    let limit = rustix::process::getrlimit(Resource::Nofile);
    rustix::process::setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap();
}

/// The time within which 99 of 100 reads were answered, each with the right bytes.
fn p99(client: &Client, link: &str, bytes: &[u8]) -> Duration {
    let mut times = [(); 500].map(|()| {
        let began = Instant::now();
        assert!(client.get(link).expect(200).body == bytes);
        began.elapsed()
    });
    times.sort();
    times[495]
}

/// The middle one.
fn median<T: Copy + PartialOrd>(mut values: [T; ROUNDS]) -> T {
    values.sort_by(|a, b| a.partial_cmp(b).unwrap());
    values[ROUNDS / 2]
}

#[test]
fn slow_clients_do_not_keep_others_waiting() {
    let _turn = turn();
    many_descriptors();
    // A third each in the short run; two thirds of heads in the long one.
    let slow = usize::try_from(wanted("LAB_SLOW", 300)).unwrap();
    let (heads, bodies) = if slow > 1_000 { (slow * 2 / 3, slow / 6) } else { (slow / 3, slow / 3) };
    let readers = slow - heads - bodies;
    // Long enough to be held all at once.
    let timeout = if slow > 1_000 { "30s" } else { "20s" };
    // The slow ones are strangers, to whom all limits apply.
    let flags = ["--server-header-timeout", timeout, "--server-body-timeout", timeout];
    let server = Server::with(&[&flags[..], &["--server-trusted-proxies", "127.0.0.1/32"]].concat());
    let client = server.client();
    let (small, large) = (build::png(30, 30, 1), picture::noise(1_500, 1_500, 1));
    let link = client.upload("small.png", &small).expect(201).at("/links/image");
    let large_id = client.upload("large.png", &large).expect(201).at("/id");
    let quiet = Server::start();
    let quiet_client = quiet.client();
    let quiet_link = quiet_client.upload("small.png", &small).expect(201).at("/links/image");

    let mut held: Vec<TcpStream> = Vec::new();
    let mut say = |words: &str| {
        let mut stream = connect(&server, held.len());
        stream.write_all(words.as_bytes()).unwrap();
        held.push(stream);
    };
    (0..readers).for_each(|_| say(&format!("GET /i/{large_id}.png HTTP/1.1\r\nHost: slow\r\n\r\n")));
    (0..bodies).for_each(|_| {
        say("POST /api/v1/images HTTP/1.1\r\nHost: slow\r\nContent-Type: image/png\r\nContent-Length: 100000\r\n\r\n\x7fPNG");
    });
    (0..heads).for_each(|_| say("GET / HTTP/1.1\r\nHost: slow\r\nX-"));
    wait::until("all of them to be held", Duration::from_secs(30), || {
        let metrics = client.get("/metrics").expect(200).text();
        let open = metrics.lines().find_map(|line| line.strip_prefix("tintype_http_connections ")).unwrap();
        open.parse::<usize>().unwrap() >= slow
    });
    // One reader takes a little in each round: who takes nothing for half a minute is cut off.
    let mut reader = held.remove(0);
    let (mut got, mut piece) = (Vec::new(), vec![0; 256 << 10]);
    let mut take = |got: &mut Vec<u8>| {
        let count = reader.read(&mut piece).unwrap();
        assert!(count > 0, "cut off after {} bytes", got.len());
        got.extend_from_slice(&piece[..count]);
    };
    let rounds = [(); ROUNDS].map(|()| {
        take(&mut got);
        (p99(&quiet_client, &quiet_link, &small), p99(&client, &link, &small))
    });
    client.upload("other.png", &build::png(30, 30, 2)).expect(201);
    println!(
        "slow clients: {heads} heads, {bodies} bodies, {readers} readers held; p99 of others {:?}, of a server without them {:?}, ratio {:.2}",
        median(rounds.map(|(_, amid)| amid)),
        median(rounds.map(|(quiet, _)| quiet)),
        median(rounds.map(|(quiet, amid)| amid.as_secs_f64() / quiet.as_secs_f64())),
    );

    // A slow reader that goes on gets everything; the others are told at their deadline, or cut off.
    while !got.ends_with(&large[large.len() - 64..]) {
        take(&mut got);
    }
    assert!(got.ends_with(&large));
    for mut stream in held.split_off(readers - 1) {
        let mut answer = Vec::new();
        // Cut off with bytes unread, a connection is reset.
        let _ = stream.read_to_end(&mut answer);
        let text = String::from_utf8_lossy(&answer);
        assert!(text.is_empty() || text.starts_with("HTTP/1.1 408"), "{text}");
    }
    drop(held);
    client.get(&link).expect(200);
}
