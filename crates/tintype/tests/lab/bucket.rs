//! A server whose originals are in a bucket is killed while files come, half of them through it and half of them past it;
//! afterwards every acknowledged one is checked by bytes, and the catalogue against the bucket.

use std::{path::PathBuf, time::Duration};

use tempfile::TempDir;
use tintype_testkit::{badnet::Badnet, engine, pixels, wait};

use crate::{
    ledger::Ledger,
    support::{Server, environment},
    turn, wanted,
};

/// Hands that work at once.
const HANDS: u64 = 4;
/// Calls that reach the bucket between the last upload that is waited for and the kill: more than two uploads make.
const CALLS: u64 = 16;
const FLAGS: [&str; 6] = ["--sweep-interval", "1s", "--sweep-grace", "1s", "--trash-keep", "1s"];

/// A data folder and a part of a bucket that outlast their servers.
pub(crate) struct Place {
    folder: TempDir,
    environment: Vec<(&'static str, String)>,
}

impl Place {
    /// Reached by the server at `endpoint`, and by those who send files there at `public`.
    pub(crate) fn new(endpoint: &str, public: &str) -> Self {
        let mut environment = environment(endpoint, &engine::fresh_prefix());
        environment.push(("TINTYPE_STORE_PUBLIC_ENDPOINT", public.to_owned()));
        // What `tintype check` finds in the bucket without a row is a finding, however young.
        environment.push(("TINTYPE_SWEEP_GRACE", "0s".to_owned()));
        // Every upload has to be taken, on a busy machine and while a part of the bucket is dying.
        environment.push(("TINTYPE_STORE_DEADLINE", "30s".to_owned()));
        Self { folder: tempfile::tempdir().unwrap(), environment }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) fn server(&self) -> Server {
        Server::at_with_environment(self.data(), self.environment.clone(), &FLAGS)
    }

    /// Starts a server that has nothing in its caches, and compares everything with what was acknowledged.
    pub(crate) fn losses(&self, ledger: &Ledger) -> Vec<String> {
        let server = self.server();
        ledger.publish_sent(&server.client());
        let losses = ledger.losses(&server.client());
        if losses.is_empty() {
            wait::until("what was deleted to be swept", Duration::from_secs(60), || {
                server.run(&["check", "--quick"]).status.success()
            });
            server.assert_clean();
        }
        losses
    }
}

#[test]
fn kills_beside_a_bucket_lose_nothing() {
    let Some(engine) = engine::running("kills_beside_a_bucket_lose_nothing") else { return };
    let _turn = turn();
    let (kills, uploads) = (wanted("LAB_BUCKET_KILLS", 10), wanted("LAB_BUCKET_UPLOADS", 300));
    let seed = wanted("LAB_SEED", 7);
    let net = Badnet::before(&engine.address);
    let place = Place::new(&net.endpoint(), &engine.endpoint());
    let ledger = Ledger::of_bucket(seed);
    let mut cut_off = 0;
    for kill in 0..kills {
        let server = place.server();
        cut_off += ledger.publish_sent(&server.client());
        let enough = usize::try_from(uploads * (kill + 1) / kills).unwrap();
        std::thread::scope(|scope| {
            for hand in 0..HANDS {
                let (client, ledger) = (server.client(), &ledger);
                scope.spawn(move || ledger.work(&client, hand));
            }
            wait::until("uploads to be acknowledged", Duration::from_secs(120), || {
                ledger.acknowledged() >= enough
            });
            // Told by what reaches the bucket, the moment falls into any step of an upload.
            let calls = usize::try_from(pixels::mix(seed << 32 | kill) % CALLS).unwrap();
            let reached = net.requests() + calls;
            wait::until("calls of the bucket", Duration::from_secs(60), || net.requests() >= reached);
            ledger.stop_soon();
            drop(server.kill());
        });
        ledger.go_on();
    }
    let losses = place.losses(&ledger);
    println!(
        "bucket: {kills} kills, {}, {cut_off} cut off in their last step and published later, lost: {}",
        ledger.summary(),
        losses.len()
    );
    assert!(losses.is_empty(), "{losses:#?}");
    assert!(ledger.acknowledged() as u64 >= uploads);
}
