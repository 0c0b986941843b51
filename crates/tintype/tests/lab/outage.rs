//! The service refuses every call for long, or is slow, or fails now and then, or answers other bytes: what is hot is read on,
//! everything else is done or a clear answer, nothing piles up, and afterwards all that was acknowledged is there.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use sha2::Digest as _;
use tempfile::tempdir;
use tintype_testkit::{
    badnet::{Badnet, Harm},
    build, engine, wait,
};

use crate::{
    support::{Client, Reply, Server, base64, environment, picture, send_direct},
    turn, wanted,
};

/// What the service does, and for which part of the time of an outage.
const TROUBLES: [(Harm, u64); 4] = [
    (Harm::Refuse, 1),
    (Harm::Delay(Duration::from_secs(2)), 2),
    (Harm::FailEvery(3), 4),
    (Harm::Corrupt, 4),
];
/// By how much the server may grow.
const GROWTH_MAX: u64 = 64 << 20;
/// Hands that read what is hot, and hands that upload.
const HANDS: (usize, u64) = (2, 6);

/// A link and its bytes.
type Image = (String, Vec<u8>);

fn noise(seed: u64) -> Vec<u8> {
    picture::noise(300, 300, seed)
}

fn post(client: &Client, path: &str, body: &Value) -> Reply {
    client.post(path, "application/json", body.to_string().as_bytes())
}

/// Memory that the server itself has now; its workers have their own.
fn resident_bytes(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.process())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}

/// What came of everybody's requests during one trouble.
#[derive(Default)]
struct Tally {
    over: AtomicBool,
    hot: AtomicUsize,
    cold: AtomicUsize,
    refused: AtomicUsize,
    /// Links and seeds of what was acknowledged.
    stored: Mutex<Vec<(String, u64)>>,
}

impl Tally {
    /// Does the same again and again until the trouble is over.
    fn again(&self, mut act: impl FnMut()) {
        while !self.over.load(Ordering::SeqCst) {
            act();
        }
    }

    fn read_hot(&self, client: &Client, (link, bytes): &Image) {
        assert!(client.get(link).expect(200).body == *bytes);
        self.hot.fetch_add(1, Ordering::SeqCst);
    }

    fn read_cold(&self, client: &Client, (link, bytes): &Image) {
        // Of what is not whole the end is missing: the connection breaks before it.
        let Ok(reply) = client.try_send("GET", link, &[], None) else { return };
        match reply.status {
            200 => {
                assert!(reply.body == *bytes);
                self.cold.fetch_add(1, Ordering::SeqCst);
            }
            500 => drop(reply.expect_problem(500, "damaged")),
            _ => self.refuse(reply),
        }
    }

    fn upload(&self, client: &Client, seed: u64) {
        let reply = client.upload("a.png", &noise(seed));
        if reply.status == 201 {
            self.stored.lock().unwrap().push((reply.at("/links/image"), seed));
        } else {
            self.refuse(reply);
        }
    }

    fn publish(&self, client: &Client, upload: &Value) {
        let reply = post(client, "/uploads/complete", upload);
        if reply.status != 200 {
            self.refuse(reply);
        }
    }

    fn refuse(&self, reply: Reply) {
        let reply = reply.expect_problem(503, "store_unavailable");
        assert!(!reply.header("retry-after").is_empty());
        self.refused.fetch_add(1, Ordering::SeqCst);
    }
}

/// Everybody asks for so many seconds. Returns what came of it, and the most memory that the server had meanwhile.
fn bear(
    server: &Server,
    seconds: u64,
    seed: u64,
    hot: &[Image],
    cold: &[Image],
    sent: &Value,
) -> (Tally, u64) {
    let (tally, mut most) = (Tally::default(), 0);
    let end = Instant::now() + Duration::from_secs(seconds);
    std::thread::scope(|scope| {
        let tally = &tally;
        for hand in 0..HANDS.0 {
            let (client, mut at) = (server.client(), hand);
            scope.spawn(move || {
                tally.again(|| {
                    at += 1;
                    tally.read_hot(&client, &hot[at % hot.len()]);
                });
            });
        }
        for hand in 0..HANDS.1 {
            let (client, mut seed) = (server.client(), seed << 32 | hand << 24);
            scope.spawn(move || {
                tally.again(|| {
                    seed += 1;
                    tally.upload(&client, seed);
                });
            });
        }
        let (reader, sender, mut at) = (server.client(), server.client(), 0);
        scope.spawn(move || {
            tally.again(|| {
                at += 1;
                tally.read_cold(&reader, &cold[at % cold.len()]);
            });
        });
        scope.spawn(move || tally.again(|| tally.publish(&sender, sent)));
        wait::until("the trouble to be over", Duration::from_secs(seconds + 60), || {
            most = most.max(resident_bytes(server));
            Instant::now() >= end
        });
        tally.over.store(true, Ordering::SeqCst);
    });
    (tally, most)
}

#[test]
fn an_outage_of_the_store_is_borne() {
    let Some(engine) = engine::running("an_outage_of_the_store_is_borne") else { return };
    let _turn = turn();
    let seconds = wanted("LAB_OUTAGE", 6);
    let net = Badnet::before(&engine.address);
    let environment = environment(&net.endpoint(), &engine::fresh_prefix());
    let flags = ["--store-deadline", "6s", "--store-public-endpoint", &engine.endpoint()];
    let server = Server::with_environment(tempdir().unwrap(), environment, &flags);
    let client = server.client();
    let stored = |seed| (client.upload("a.png", &noise(seed)).expect(201).at("/links/image"), noise(seed));
    let (hot, cold): (Vec<Image>, Vec<Image>) =
        ((0..20).map(stored).collect(), (20..50).map(stored).collect());
    let waiting = build::png(50, 50, 1);
    let hash = base64(&sha2::Sha256::digest(&waiting));
    let begun = post(&client, "/uploads/init", &json!({"size": waiting.len(), "sha256": hash})).expect(200);
    assert_eq!(send_direct(&begun, &[], &waiting), 200);
    let sent = json!({"uploadId": begun.at("/uploadId")});

    hot.iter().for_each(|(link, bytes)| assert!(client.get(link).expect(200).body == *bytes));
    let before = resident_bytes(&server);
    let mut acknowledged = Vec::new();
    for ((harm, part), seed) in TROUBLES.into_iter().zip(1..) {
        net.harm(harm.clone());
        let (tally, most) = bear(&server, seconds.div_ceil(part), seed, &hot, &cold, &sent);
        net.heal();
        let [read, fetched, refused] = [tally.hot, tally.cold, tally.refused].map(AtomicUsize::into_inner);
        let mut stored = tally.stored.into_inner().unwrap();
        let grown = most.saturating_sub(before);
        println!(
            "outage: {harm:?} for {} s: {read} reads of hot images, {fetched} of others, {} uploads acknowledged, {refused} requests refused, grown by {} KiB",
            seconds.div_ceil(part),
            stored.len(),
            grown >> 10
        );
        assert!(read > 0 && grown < GROWTH_MAX, "{harm:?}: {read} reads, grown by {grown} bytes");
        assert!(harm != Harm::Refuse || (refused > 0 && fetched == 0 && stored.is_empty()));
        assert!(harm == Harm::Refuse || !stored.is_empty());
        acknowledged.append(&mut stored);
    }

    let view = post(&client, "/uploads/complete", &sent).expect(200).at("/viewURL");
    assert!(client.get(&view).expect(200).body == waiting);
    for (link, bytes) in hot.iter().chain(&cold) {
        assert!(client.get(link).expect(200).body == *bytes);
    }
    for (link, seed) in acknowledged {
        assert!(client.get(&link).expect(200).body == noise(seed), "{link}");
    }
    server.assert_clean();
}
