//! Workers that attack: each costs its own upload a 422, and others notice nothing.

use std::time::Duration;

use tintype_testkit::{build, wait};

use crate::support::{Client, Server};

/// Sends a file that makes its worker misbehave, while eight others upload.
fn attack(server: &Server, how: &str) -> crate::support::Reply {
    std::thread::scope(|scope| {
        let attack = scope.spawn(|| {
            server.client().post("/api/v1/images", "image/png", format!("TINTYPE-MISBEHAVE:{how}").as_bytes())
        });
        let others: Vec<_> = (0..8)
            .map(|seed| scope.spawn(move || server.client().upload("a.png", &build::png(8, 8, seed)).status))
            .collect();
        for other in others {
            assert_eq!(other.join().unwrap(), 201, "{how}");
        }
        attack.join().unwrap()
    })
}

fn deaths(server: &Server) -> u64 {
    server.health("/sandbox/deaths").as_u64().unwrap()
}

/// The server is as before: it renders, takes in, and has kept nothing of the attack.
#[track_caller]
fn assert_usable(server: &Server, client: &Client) {
    let reply = client.upload("after.png", &build::png(40, 40, 77));
    assert!(matches!(reply.status, 200 | 201), "{}", reply.text());
    client.get(&format!("/i/{}/w=16.webp", reply.at("/id"))).expect(200);
    assert_eq!(server.originals(), 9, "eight pictures, and the one from after the attack");
    server.settle();
    server.assert_clean();
}

#[test]
fn each_attack_costs_one_upload() {
    // Some attacks eat all that they may have.
    let server = Server::with(&["--sandbox-memory", "512MB"]);
    let client = server.client();
    client.get("/").expect(200);
    let attacks = [
        "crash",
        "abort",
        "panic",
        "overflow",
        "allocate",
        "eat",
        "silence",
        "nonsense",
        "garbage-length",
        "empty-reply",
        "half-reply",
        "trailing",
        "other-kind",
        "bad-plan",
        "huge",
        "backwards",
        "open",
        "create",
        "list",
        "connect",
        "exec",
        "thread",
        "leak-fd",
        "write-input",
    ];
    for how in attacks {
        attack(&server, how).expect_problem(422, "decode_failed");
        assert_usable(&server, &client);
    }
    wait::until("the deaths to be counted", Duration::from_secs(20), || deaths(&server) >= 12);
    assert_eq!(server.health("/sandbox/self_test"), "passed");
    let log = server.log();
    assert!(!log.contains("\nforged: line"), "a worker's words cannot forge a line of the log");
    assert!(!log.contains("escaped"), "{log}");
    assert!(!std::path::Path::new("/tmp/tintype-escape").exists());
}

#[test]
fn a_worker_that_the_kernel_kills_for_memory_may_be_tried_again() {
    let server = Server::start();
    let reply = attack(&server, "killed").expect_problem(503, "busy");
    assert!(!reply.header("retry-after").is_empty());
    let client = server.client();
    client.get("/").expect(200);
    assert_usable(&server, &client);
}

#[test]
fn a_worker_that_does_not_end_is_ended() {
    // The others, beside a worker that spins, have no more time than it.
    let server = Server::with(&["--sandbox-seconds", "5"]);
    let client = server.client();
    for how in ["loop", "deaf-loop", "hang-up"] {
        let before = deaths(&server);
        attack(&server, how).expect_problem(422, "decode_failed");
        wait::until("the death to be counted", Duration::from_secs(20), || deaths(&server) > before);
        assert_usable(&server, &client);
    }
}

#[test]
fn the_state_of_the_sandbox_stands_in_health() {
    let server = Server::start();
    wait::until("the self-test", Duration::from_secs(60), || server.health("/sandbox/self_test") == "passed");
    let health = server.client().get("/health").expect(200);
    for pointer in ["/sandbox/status", "/sandbox/landlock", "/sandbox/seccomp", "/sandbox/workers_started"] {
        assert!(!health.at(pointer).is_empty(), "{pointer}");
    }
    let off = Server::with(&["--sandbox-mode", "off"]);
    wait::until("the self-test", Duration::from_secs(60), || off.health("/sandbox/self_test") == "passed");
    assert_eq!((off.health("/sandbox/status"), off.health("/status")), ("off".into(), "degraded".into()));
    off.client().upload("a.png", &build::png(8, 8, 1)).expect(201);
}
