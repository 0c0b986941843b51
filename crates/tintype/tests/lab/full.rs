//! A disk that fills up at every point: 507, reads go on, and room is used again without a restart.

use std::{fs, time::Duration};

use tintype_testkit::{pixels, wait};

use crate::{
    support::{Mount, Server, picture},
    turn, wanted,
};

const DISK_MB: u32 = 24;
/// Bytes left at the fullest point and at the emptiest: less than the catalogue's next page, and room for a picture.
const LEFT: std::ops::RangeInclusive<u64> = 0..=600_000;

/// Writes until `left` bytes are free.
fn fill(path: &std::path::Path, left: u64) {
    let stat = rustix::fs::statvfs(path.parent().unwrap()).unwrap();
    let bytes = (stat.f_bavail * stat.f_frsize).saturating_sub(left);
    fs::write(path, vec![1; usize::try_from(bytes).unwrap()]).unwrap();
}

#[test]
fn a_disk_that_fills_up_refuses_uploads_and_recovers() {
    let _turn = turn();
    let Some(disk) = Mount::tmpfs(DISK_MB) else { return };
    let (points, seed) = (wanted("LAB_FILLS", 8), wanted("LAB_SEED", 5));
    let server = Server::at(disk.path().join("data"), &["--upload-free-min", "0"]);
    let client = server.client();
    let first = picture::noise(200, 200, seed);
    let first_link = client.upload("first.png", &first).expect(201).at("/links/image");
    let ballast = disk.path().join("ballast");
    let (mut stored, mut refused) = (0, 0);
    for point in 0..points {
        fill(&ballast, LEFT.end() * point / points.max(2));
        let mut kept = Vec::new();
        // Each until it is refused; the small ones fill what the large one left.
        for side in [400, 200, 60, 8] {
            for number in 0.. {
                let bytes = picture::noise(
                    side,
                    side,
                    pixels::mix(seed ^ point << 32 ^ u64::from(side) << 16 ^ number),
                );
                let reply = client.upload("a.png", &bytes);
                if reply.status == 201 {
                    kept.push((reply.at("/id"), bytes));
                    if number < 50 {
                        continue;
                    }
                } else {
                    let problem = reply.expect_problem(507, "storage_full");
                    assert!(!problem.header("retry-after").is_empty());
                    refused += 1;
                }
                break;
            }
        }
        let reader = server.client();
        assert!(reader.get(&first_link).expect(200).body == first, "reads go on");
        for (id, bytes) in &kept {
            assert!(reader.get(&format!("/i/{id}.png")).expect(200).body == *bytes);
        }
        reader.get("/health").expect(200);
        fs::remove_file(&ballast).unwrap();
        let after = picture::noise(300, 300, pixels::mix(seed ^ point << 48));
        let back = wait::until_some("room for uploads again", Duration::from_secs(30), || {
            let reply = client.upload("after.png", &after);
            (reply.status == 201).then_some(reply)
        });
        assert!(reader.get(&back.at("/links/image")).expect(200).body == after);
        stored += kept.len();
        for id in kept.into_iter().map(|(id, _)| id).chain([back.at("/id")]) {
            client.delete(&format!("/api/v1/images/{id}?now=true")).expect(204);
        }
        wait::until("the removed originals to be gone", Duration::from_secs(30), || server.originals() == 1);
    }
    println!(
        "disk full: {points} fill points, {stored} stored on the way, {refused} times 507, recovered each time"
    );
    assert!(refused as u64 >= points, "no point was full: {refused}");
    server.assert_clean();
}
