//! SIGTERM: what is under way is finished, what comes later is not begun.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Stdio},
    time::Duration,
};

use tintype_testkit::{build, wait};

use crate::support::{Client, Raw, Server, picture, tintype};

#[test]
fn requests_under_way_are_finished() {
    let mut server = Server::start();
    let picture = picture::noise(300, 300, 1);
    let (first, last) = picture.split_at(picture.len() / 2);
    let head = format!(
        "POST /api/v1/images HTTP/1.1\r\nHost: a\r\nContent-Type: image/png\r\nContent-Length: {}\r\n\r\n",
        picture.len()
    );
    let mut senders: Vec<Raw> = (0..4)
        .map(|_| {
            let mut raw = Raw::connect(&server);
            assert!(raw.send(head.as_bytes()) && raw.send(first));
            raw
        })
        .collect();
    wait::until("the uploads to be under way", Duration::from_secs(30), || server.nameless_files() == 4);
    server.ask_to_stop();
    wait::until("new connections to be refused", Duration::from_secs(30), || {
        std::net::TcpStream::connect(server.address()).is_err()
    });
    let links: Vec<String> = senders
        .drain(..)
        .map(|mut raw| {
            assert!(raw.send(last), "the server still listens to what it has begun");
            raw.reply().expect(201).at("/id")
        })
        .collect();
    let ended = server.ended();
    assert!(ended.success(), "{ended}: {}", server.log());
    assert!(server.log().contains("stopped"), "{}", server.log());
    let server = Server::on(server.stopped(), &[]);
    for id in links {
        assert!(server.client().get(&format!("/i/{id}.png")).expect(200).body == picture);
    }
    server.assert_clean();
}

#[test]
fn under_load_every_answer_is_whole() {
    let mut server = Server::start();
    let answered = std::sync::atomic::AtomicUsize::new(0);
    let ids = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4u64)
            .map(|hand| {
                let client = server.client();
                let answered = &answered;
                scope.spawn(move || {
                    let mut ids = Vec::new();
                    for number in 0.. {
                        let picture = build::png(30, 30, hand << 32 | number);
                        let headers = [("content-type", "image/png")];
                        let sent = client.try_send("POST", "/api/v1/images", &headers, Some(&picture));
                        let Ok(reply) = sent else { break };
                        ids.push((reply.expect(201).at("/id"), picture));
                        answered.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    }
                    ids
                })
            })
            .collect();
        wait::until("some load", Duration::from_secs(60), || {
            answered.load(std::sync::atomic::Ordering::Relaxed) >= 20
        });
        server.ask_to_stop();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    assert!(server.ended().success());
    let server = Server::on(server.stopped(), &[]);
    for (id, picture) in &ids {
        assert!(server.client().get(&format!("/i/{id}.png")).expect(200).body == *picture);
    }
    assert!(server.originals() >= ids.len());
    server.assert_clean();
}

/// A program that does not outlast its test.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn an_access_log_that_nobody_reads_holds_nothing_up() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("app.log");
    let child = tintype()
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(dir.path().join("data"))
        .stdout(Stdio::piped())
        .stderr(Stdio::from(std::fs::File::create(&log).unwrap()))
        .spawn();
    let mut child = Ended(child.unwrap());
    let mut stdout = BufReader::new(child.0.stdout.take().unwrap());
    let mut ready = String::new();
    stdout.read_line(&mut ready).unwrap();
    let base = ready.trim().strip_prefix("Tintype is ready: ").expect("the ready line");
    let client = Client::new(base.trim_end_matches('/'));
    // Twice what a pipe holds where pages have 4 KiB.
    for _ in 0..32 {
        client.get(&format!("/{}", "x".repeat(4 << 10))).expect(404);
    }
    let pid = rustix::process::Pid::from_child(&child.0);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let patience = Duration::from_secs(60);
    let ended = wait::until_some("the server to stop", patience, || child.0.try_wait().unwrap());
    let log = std::fs::read_to_string(&log).unwrap();
    assert!(ended.success() && log.contains("stopped"), "{ended}: {log}");
}
