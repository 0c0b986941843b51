//! A bucket on three servers of volumes, with every object on two of them, loses one.

use std::time::Duration;

use tintype_testkit::{engine::Cluster, wait};

use crate::{bucket::Place, ledger::Ledger, turn, wanted};

const HANDS: u64 = 4;
/// Uploads before the server of volumes dies, and after it.
const UPLOADS: usize = 60;

#[test]
fn a_dead_server_of_volumes_takes_nothing_along() {
    let _turn = turn();
    let Some(cluster) = Cluster::start("a_dead_server_of_volumes_takes_nothing_along") else { return };
    let place = Place::new(&cluster.endpoint(), &cluster.endpoint());
    let ledger = Ledger::of_bucket(wanted("LAB_SEED", 8));
    let server = place.server();
    let acknowledged = |count: usize| {
        wait::until("uploads to be acknowledged", Duration::from_secs(120), || {
            ledger.acknowledged() >= count
        });
    };
    let at_once = std::thread::scope(|scope| {
        for hand in 0..HANDS {
            let (client, ledger) = (server.client(), &ledger);
            // Ends the experiment where an upload is refused before the server is stopped.
            scope.spawn(move || ledger.work(&client, hand));
        }
        acknowledged(UPLOADS);
        cluster.kill_volumes(0);
        // Nobody has read them before: each comes from what is left.
        let losses = ledger.losses(&server.client());
        acknowledged(ledger.acknowledged() + UPLOADS);
        ledger.stop_soon();
        drop(server.kill());
        losses
    });
    assert!(at_once.is_empty(), "{at_once:#?}");
    let losses = place.losses(&ledger);
    println!("volumes: 1 of 3 servers killed, {}, lost: {}", ledger.summary(), losses.len());
    assert!(losses.is_empty(), "{losses:#?}");
}
