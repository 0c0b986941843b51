//! `GET /metrics`

use std::{collections::BTreeSet, path::Path, time::Duration};

use tintype_testkit::{build, wait};

use crate::support::Server;

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
