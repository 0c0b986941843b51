//! SIGTERM under load: whatever the server has begun, it answers.

use std::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::Duration,
};

use tintype_testkit::{build, wait};

use crate::{
    support::{Raw, Server, picture},
    turn, wanted,
};

/// Uploads of which half has been read when the signal comes.
const HALVES: usize = 3;
const HANDS: u64 = 3;

#[test]
fn no_admitted_request_fails() {
    let _turn = turn();
    let (restarts, seed) = (wanted("LAB_RESTARTS", 5), wanted("LAB_SEED", 6));
    let mut folder = tempfile::tempdir().unwrap();
    let (mut uploads, mut reads) = (0, 0);
    for restart in 0..restarts {
        let mut server = Server::on(folder, &[]);
        let shown = build::png(40, 40, seed << 40 | restart);
        let shown_link = server.client().upload("shown.png", &shown).expect(201).at("/links/image");
        let half = picture::noise(200, 200, seed << 40 | restart);
        let (begin, end) = half.split_at(half.len() / 2);
        let head = format!(
            "POST /api/v1/images HTTP/1.1\r\nHost: a\r\nContent-Type: image/png\r\nContent-Length: {}\r\n\r\n",
            half.len()
        );
        let mut halves: Vec<Raw> = (0..HALVES)
            .map(|_| {
                let mut raw = Raw::connect(&server);
                assert!(raw.send(head.as_bytes()) && raw.send(begin));
                raw
            })
            .collect();
        wait::until("the halves to have come", Duration::from_secs(30), || server.nameless_files() >= HALVES);
        let (uploaded, read, stopping) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicBool::new(false));
        std::thread::scope(|scope| {
            for hand in 0..HANDS {
                let client = server.client();
                let (uploaded, read, stopping) = (&uploaded, &read, &stopping);
                let (shown, shown_link) = (&shown, &shown_link);
                scope.spawn(move || {
                    for number in 0.. {
                        let bytes = build::png(20, 20, (seed << 8 | restart) << 32 | hand << 24 | number);
                        let headers = [("content-type", "image/png"), ("sec-fetch-site", "cross-site")];
                        let sent = client.try_send("POST", "/api/v1/images", &headers, Some(&bytes));
                        let Ok(reply) = sent else { break };
                        reply.expect(201);
                        uploaded.fetch_add(1, Ordering::SeqCst);
                        let Ok(reply) = client.try_send("GET", shown_link, &[], None) else { break };
                        assert!(reply.expect(200).body == *shown);
                        read.fetch_add(1, Ordering::SeqCst);
                    }
                    assert!(stopping.load(Ordering::SeqCst), "a running server hung up");
                });
            }
            wait::until("some load", Duration::from_secs(60), || uploaded.load(Ordering::SeqCst) >= 6);
            stopping.store(true, Ordering::SeqCst);
            server.ask_to_stop();
            wait::until("new connections to be refused", Duration::from_secs(30), || {
                std::net::TcpStream::connect(server.address()).is_err()
            });
            for mut raw in halves.drain(..) {
                assert!(raw.send(end), "the server hears out whom it has begun to hear");
                raw.reply().expect(201);
            }
        });
        assert!(server.ended().success(), "{}", server.log());
        uploads += uploaded.load(Ordering::SeqCst) + HALVES + 1;
        reads += read.load(Ordering::SeqCst);
        folder = server.stopped();
    }
    // What was stored and not answered would be one image too many.
    let server = Server::on(folder, &[]);
    let images = wait::until_some("the first sweep", Duration::from_secs(30), || {
        let metrics = server.client().get("/metrics").expect(200).text();
        let images =
            metrics.lines().find_map(|line| line.strip_prefix("tintype_images ")).unwrap().to_owned();
        (images != "0").then_some(images)
    });
    println!("restarts: {restarts}, {uploads} uploads and {reads} reads answered, {images} images stored");
    assert_eq!(images, uploads.to_string(), "every upload that was admitted was answered");
    server.assert_clean();
}
