//! A running server is killed, or the power of its disk is cut, while uploads, uploads of the same bytes and deletes go on;
//! afterwards every acknowledged operation is checked by bytes.

use std::{collections::BTreeMap, path::Path, time::Duration};

use tintype_testkit::{pixels, wait};

use crate::{
    disk::{Disk, FileSystem},
    ledger::Ledger,
    support::Server,
    turn, wanted,
};

/// Hands that work at once.
const HANDS: u64 = 4;
/// Expiry and removal are swept while the laboratory runs.
const FLAGS: [&str; 6] = ["--sweep-interval", "1s", "--sweep-grace", "1s", "--trash-keep", "1s"];

/// Runs a server on `data` until `enough` more uploads are acknowledged and a moment has passed, then ends it by `end`.
fn disturb(data: &Path, ledger: &Ledger, enough: usize, end: impl FnOnce(Server)) {
    let server = Server::at(data.to_owned(), &FLAGS);
    let before = ledger.acknowledged();
    std::thread::scope(|scope| {
        for hand in 0..HANDS {
            let client = server.client();
            scope.spawn(move || ledger.work(&client, hand));
        }
        wait::until("uploads to be acknowledged", Duration::from_secs(120), || {
            ledger.acknowledged() >= before + enough
        });
        ledger.stop_soon();
        end(server);
    });
    ledger.go_on();
}

/// Starts a server on what is left and compares it with what was acknowledged.
fn losses(data: &Path, ledger: &Ledger) -> Vec<String> {
    let server = Server::at(data.to_owned(), &FLAGS);
    let losses = ledger.losses(&server.client());
    if losses.is_empty() {
        server.assert_clean();
    }
    losses
}

#[test]
fn kills_lose_nothing() {
    let _turn = turn();
    let (kills, uploads) = (wanted("LAB_KILLS", 30), wanted("LAB_UPLOADS", 200));
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let ledger = Ledger::new(wanted("LAB_SEED", 1));
    for kill in 0..kills {
        let enough = usize::try_from(uploads / kills + pixels::mix(kill) % 5).unwrap();
        disturb(&data, &ledger, enough, |server| drop(server.kill()));
    }
    let losses = losses(&data, &ledger);
    println!("kills: {kills}, {}, lost: {}", ledger.summary(), losses.len());
    assert!(losses.is_empty(), "{losses:#?}");
    assert!(ledger.acknowledged() as u64 >= uploads.min(kills));
}

fn cuts(file_system: FileSystem, cuts: u64) {
    let _turn = turn();
    let Some(mut disk) = Disk::new(file_system) else { return };
    let ledger = Ledger::new(wanted("LAB_SEED", 2));
    for cut in 0..cuts {
        let enough = usize::try_from(6 + pixels::mix(cut) % 10).unwrap();
        let (data, cutting) = (disk.data(), &disk);
        disturb(&data, &ledger, enough, |server| {
            ledger.crash();
            cutting.cut_power();
            drop(server.kill());
        });
        disk = disk.remounted();
        let losses = losses(&disk.data(), &ledger);
        assert!(losses.is_empty(), "{file_system:?}, cut {cut}: {losses:#?}");
    }
    println!("{file_system:?}: {cuts} cuts, {}, lost: 0", ledger.summary());
}

#[test]
fn power_cuts_on_ext4_lose_nothing() {
    cuts(FileSystem::Ext4, wanted("LAB_CUTS", 5));
}

#[test]
fn power_cuts_on_xfs_lose_nothing() {
    cuts(FileSystem::Xfs, wanted("LAB_CUTS", 5));
}

#[test]
fn without_syncs_a_power_cut_is_noticed() {
    let _turn = turn();
    let mut lost = BTreeMap::new();
    for file_system in [FileSystem::Ext4, FileSystem::Xfs] {
        let Some(disk) = Disk::new(file_system) else { return };
        let ledger = Ledger::new(3);
        // Laid out with syncs, so that there is a store to come back to.
        drop(Server::at(disk.data(), &[]).stop());
        std::fs::write(disk.data().join("lab-without-syncs"), "").unwrap();
        disturb(&disk.data(), &ledger, 20, |server| {
            ledger.crash();
            disk.cut_power();
            drop(server.kill());
        });
        let disk = disk.remounted();
        let _ = std::fs::remove_file(disk.data().join("lab-without-syncs"));
        let of = ledger.acknowledged();
        lost.insert(format!("{file_system:?}"), (losses(&disk.data(), &ledger).len(), of));
    }
    println!("without syncs: {lost:?} lost");
    assert!(lost.values().all(|(lost, of)| lost * 2 > *of), "the laboratory has no teeth: {lost:?}");
}
