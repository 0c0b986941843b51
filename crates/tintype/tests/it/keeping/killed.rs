//! SIGKILL while uploads are under way: what was acknowledged is there, byte for byte.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tintype_testkit::{build, pixels, wait};

use crate::support::{Server, picture};

const KILLS: u64 = 20;
/// Uploads at once.
const HANDS: u64 = 4;

/// The picture with this number: most are small, some are as large as photos.
fn numbered(number: u64) -> Vec<u8> {
    let side = 16 + u32::try_from(pixels::mix(number) % 100).unwrap_or(0);
    if number.is_multiple_of(9) {
        picture::noise(side * 4, side * 4, number)
    } else {
        build::png(side, side, number)
    }
}

#[test]
fn nothing_that_was_acknowledged_is_lost() {
    let mut dir = tempfile::tempdir().unwrap();
    let acknowledged: Mutex<Vec<(u64, String)>> = Mutex::default();
    let next = AtomicU64::new(0);
    for kill in 0..KILLS {
        let server = Server::on(dir, &[]);
        let enough =
            acknowledged.lock().unwrap().len() + usize::try_from(pixels::mix(kill) % 12).unwrap_or(0) + 1;
        dir = std::thread::scope(|scope| {
            for _ in 0..HANDS {
                let client = server.client();
                scope.spawn(|| {
                    let client = client;
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        let headers = [("content-type", "image/png")];
                        let sent =
                            client.try_send("POST", "/api/v1/images", &headers, Some(&numbered(number)));
                        let Ok(reply) = sent else { return };
                        let link = reply.expect(201).at("/links/image");
                        acknowledged.lock().unwrap().push((number, link));
                    }
                });
            }
            wait::until("uploads to be acknowledged", Duration::from_secs(60), || {
                acknowledged.lock().unwrap().len() >= enough
            });
            server.kill()
        });
    }
    let server = Server::on(dir, &[]);
    let client = server.client();
    let acknowledged = acknowledged.into_inner().unwrap();
    let lost: Vec<_> = acknowledged
        .iter()
        .filter(|(number, link)| {
            let served = client.get(link);
            served.status != 200 || served.body != numbered(*number)
        })
        .collect();
    assert!(lost.is_empty(), "{} of {} lost: {lost:?}", lost.len(), acknowledged.len());
    assert!(acknowledged.len() as u64 > KILLS);
    server.assert_clean();
    assert!(server.originals() >= acknowledged.len());
    assert!(server.originals() as u64 <= next.into_inner(), "no file is there that nobody sent");
    client.upload("a.png", &build::png(8, 8, u64::MAX)).expect(201);
}
