//! `GET /api/v1/files/{path}`

use serde_json::json;
use sha2::{Digest as _, Sha256};
use tintype_testkit::{build, metadata};

use crate::support::Server;

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_file_is_told_of_with_both_its_hashes() {
    let server = Server::start();
    let token = server.token("upload,paths,read");
    let sent = metadata::jpeg(&build::jpeg(64, 42, 1), &metadata::Metadata::ALL);
    let image = token.put("/api/v1/files/blog/a.jpg", &sent).expect(201);
    let file = token.get("/api/v1/files/blog/a.jpg").expect(200);
    let served = server.client().get("/blog/a.jpg").expect(200).body;
    assert_ne!(served, sent, "metadata was removed");
    let json = file.json();
    assert_eq!(json["received_sha256"], sha256(&sent));
    assert_eq!(json["sha256"], sha256(&served));
    assert_eq!((&json["bytes"], &json["received_bytes"]), (&json!(served.len()), &json!(sent.len())));
    assert_eq!((file.at("/id"), file.at("/path")), (image.at("/id"), "blog/a.jpg".into()));
    let head = token.head("/api/v1/files/blog/a.jpg").expect(200);
    assert_eq!(head.header("etag"), file.header("etag"));
}

#[test]
fn what_is_another_owners_or_nothing_looks_alike() {
    let server = Server::start();
    let (ana, ben) = (server.token("upload,paths,read,delete"), server.token("upload,paths,read"));
    let image = ana.put("/api/v1/files/blog/a.png", &build::png(8, 8, 1)).expect(201);
    ben.get("/api/v1/files/blog/a.png").expect_problem(404, "not_found");
    ben.get("/api/v1/files/blog/none.png").expect_problem(404, "not_found");
    server.client().get("/api/v1/files/blog/a.png").expect_problem(403, "forbidden");
    server.token("admin").get("/api/v1/files/blog/a.png").expect(200);
    ana.delete(&format!("/api/v1/images/{}", image.at("/id"))).expect(204);
    ana.get("/api/v1/files/blog/a.png").expect_problem(410, "gone");
}
