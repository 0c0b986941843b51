//! A full disk: uploads are refused, everything else goes on.

use std::time::Duration;

use tintype_testkit::wait;

use crate::support::{Mount, Server, count_files, picture};

#[test]
fn a_full_disk_refuses_uploads_alone_and_recovers() {
    let Some(disk) = Mount::tmpfs(8) else { return };
    // What deletes themselves need is kept free; by default that is 256 MB.
    let server = Server::at(disk.path().join("data"), &["--upload-free-min", "256kB"]);
    let owner = server.client();
    owner.get("/").expect(200);
    let mut stored = Vec::new();
    let mut refusals = 0;
    // Large ones until none fits, then smaller ones, so that hardly anything is left.
    for (side, seed) in [
        (600, 1),
        (600, 2),
        (600, 3),
        (600, 4),
        (600, 5),
        (600, 6),
        (600, 7),
        (600, 8),
        (300, 9),
        (300, 10),
        (300, 11),
        (300, 12),
        (300, 13),
    ] {
        let bytes = picture::noise(side, side, seed);
        let reply = owner.upload("a.png", &bytes);
        if reply.status == 201 {
            stored.push((reply.at("/id"), bytes));
            continue;
        }
        let problem = reply.expect_problem(507, "storage_full");
        assert!(!problem.header("retry-after").is_empty());
        refusals += 1;
    }
    assert!(refusals >= 3 && stored.len() >= 3, "{} stored, {refusals} refused", stored.len());
    server.settle();
    assert_eq!(server.originals(), stored.len());
    assert_eq!(count_files(&server.data().join("staging")), 0);
    for (id, bytes) in &stored {
        assert!(server.client().get(&format!("/i/{id}.png")).expect(200).body == *bytes);
    }
    assert_eq!(owner.get("/api/v1/images").expect(200).at("/total"), stored.len().to_string());
    server.client().get("/health").expect(200);

    for (id, _) in stored.drain(..3) {
        owner.delete(&format!("/api/v1/images/{id}?now=true")).expect(204);
    }
    let bytes = picture::noise(600, 600, 99);
    let back = wait::until_some("room for uploads again", Duration::from_secs(30), || {
        let reply = owner.upload("b.png", &bytes);
        (reply.status == 201).then_some(reply)
    });
    assert!(server.client().get(&back.at("/links/image")).expect(200).body == bytes);
    assert_eq!(server.originals(), stored.len() + 1);
    server.assert_clean();
}

#[test]
fn below_the_reserve_uploads_are_refused_before_their_body() {
    let Some(disk) = Mount::tmpfs(16) else { return };
    let server = Server::at(disk.path().join("data"), &["--upload-free-min", "1GB"]);
    server.client().upload("a.png", &picture::noise(30, 30, 1)).expect_problem(507, "storage_full");
    let health = server.client().get("/health").expect(200);
    assert_eq!((health.at("/status"), health.at("/storage/full")), ("degraded".into(), "true".into()));
    assert!(health.at("/notes").contains("upload.free_min"));
    assert_eq!(server.originals(), 0);
}
