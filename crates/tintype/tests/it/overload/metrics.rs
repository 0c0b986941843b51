//! `GET /metrics`

use std::{collections::BTreeSet, path::Path, time::Duration};

use tintype_testkit::{build, wait};

use crate::support::{Raw, Server};

#[test]
fn every_metric_is_documented_and_counts() {
    let server = Server::with(&["--sweep-interval", "1s"]);
    let client = server.client();
    let picture = build::png(20, 20, 1);
    client.upload("a.png", &picture).expect(201);
    client.upload("a.png", &picture).expect(200);
    client.upload("a.txt", b"words").expect(415);
    // A refused upload may cost its connection, which is counted until the server has closed it.
    let settled = ["tintype_images 1\n", "tintype_http_connections 1\n"];
    let reply = wait::until_some(
        "the sweep's count, and the one connection that asks",
        Duration::from_secs(60),
        || {
            let reply = client.get("/metrics").expect(200);
            let text = reply.text();
            settled.iter().all(|line| text.contains(line)).then_some(reply)
        },
    );
    assert!(reply.header("content-type").starts_with("application/openmetrics-text"));
    let text = reply.text();
    for line in [
        "tintype_uploads_total{outcome=\"stored\"} 1",
        "tintype_uploads_total{outcome=\"duplicate\"} 1",
        "tintype_uploads_total{outcome=\"refused\"} 1",
        "tintype_uploads_total{outcome=\"failed\"} 0",
        "tintype_ready 1",
        "tintype_limited_total{limit=\"uploads\"} 0",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    let found: BTreeSet<&str> =
        text.lines().filter_map(|line| line.strip_prefix("# HELP ")?.split(' ').next()).collect();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/metrics.md");
    let document = std::fs::read_to_string(path).unwrap();
    let mut documented: BTreeSet<&str> =
        document.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    // Of certificates, which this server has none of: tests/it/tls looks at it.
    assert!(documented.remove("tintype_certificate_expires_seconds"));
    assert_eq!(found, documented, "docs/metrics.md lists every metric and no other");
}

#[test]
fn only_this_machine_and_admins_read_them() {
    let server = Server::start();
    let outside = [("x-forwarded-for", "203.0.113.9")];
    server.client().get_with("/metrics", &outside).expect_problem(404, "not_found");
    server.token("upload,read,delete").get_with("/metrics", &outside).expect_problem(404, "not_found");
    server.token("admin").get_with("/metrics", &outside).expect(200);
    let open = Server::with(&["--metrics-allow", "203.0.113.0/24"]);
    open.client().get_with("/metrics", &outside).expect(200);
    open.client().get("/metrics").expect(404);
}

#[test]
fn no_proxy_makes_a_stranger_this_machine() {
    let server = Server::with(&[
        "--server-proxy-protocol",
        "on",
        "--server-trusted-proxies",
        "127.0.0.0/8,10.0.0.0/8",
        "--limit-requests",
        "8/1h",
    ]);
    let ask = |proxy: &str, lines: &str| {
        let mut raw = Raw::connect_to(server.address());
        let head = format!("PROXY {proxy}\r\nGET /metrics HTTP/1.1\r\nHost: h\r\n{lines}\r\n");
        raw.send(head.as_bytes());
        raw.reply()
    };
    let (here, cdn) = ("UNKNOWN", "TCP4 10.0.0.5 10.0.0.1 4711 443");
    ask(here, "").expect(200);
    for lines in
        ["X-Forwarded-For: 127.0.0.1\r\n", "X-Forwarded-For: ::1\r\n", "X-Forwarded-For: 10.0.0.9\r\n"]
    {
        ask(cdn, lines).expect_problem(404, "not_found");
        ask(here, lines).expect_problem(404, "not_found");
    }
    ask(here, "Forwarded: for=127.0.0.1\r\n").expect_problem(404, "not_found");
    // Nor does a trusted address that somebody names free anybody of the limits.
    for _ in 0..5 {
        ask(cdn, "X-Forwarded-For: 10.0.0.9\r\n");
    }
    for named in ["10.0.0.9", "10.0.0.8", "127.0.0.1"] {
        ask(cdn, &format!("X-Forwarded-For: {named}\r\n")).expect_problem(429, "rate_limited");
    }
}
