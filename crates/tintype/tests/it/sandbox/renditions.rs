//! Real pictures of every kind: what is taken in can be rendered, by workers that ask for nothing they may not have.

use tintype_testkit::fixtures;

use crate::support::Server;

#[test]
fn every_picture_that_is_taken_in_comes_in_other_sizes_and_formats() {
    let files: Vec<_> = ["formats", "orientation"].into_iter().flat_map(fixtures::list).collect();
    let server = Server::start();
    let client = server.client();
    let mut taken = 0;
    for file in &files {
        let sent = client.post("/api/v1/images", "application/octet-stream", &std::fs::read(file).unwrap());
        if !matches!(sent.status, 200 | 201) {
            continue;
        }
        taken += 1;
        for variant in ["w=16.webp", "w=320.webp", "w=16.png", "w=16.jpg"] {
            let reply = client.get(&format!("/i/{}/{variant}", sent.at("/id")));
            assert_eq!(reply.status, 200, "{} as {variant}: {}", file.display(), reply.text());
        }
    }
    assert!(files.is_empty() || taken > 50, "{taken} of {} were taken in", files.len());
    assert_eq!(server.health("/sandbox/deaths"), 0, "{}", server.log());
}
