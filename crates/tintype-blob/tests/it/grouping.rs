//! Concurrent uploads share folder syncs.

use std::{sync::Arc, time::Duration};

use tintype_blob::Step;

use crate::support::{TestStore, content};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn uploads_into_one_folder_share_its_sync() {
    let test = Arc::new(TestStore::on_disk(true).await);
    // All of the same bytes, and so into the same folder.
    test.faults.slow(Step::SyncFolder, Duration::from_millis(5));
    let before = test.faults.calls(Step::SyncFolder);
    let mut puts = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let test = Arc::clone(&test);
        puts.spawn(async move { test.put(b"the same bytes").await.unwrap() });
    }
    let keys = puts.join_all().await;
    let syncs = test.faults.calls(Step::SyncFolder) - before;
    assert!(syncs <= 32, "64 puts took {syncs} folder syncs");
    assert_eq!(test.listed().await.len(), 64);
    for key in keys {
        assert_eq!(test.read(key).await.unwrap(), "the same bytes");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn uploads_and_deletes_all_over_never_wait_for_ever() {
    let test = Arc::new(TestStore::new().await);
    test.faults.slow(Step::SyncFolder, Duration::from_millis(1));
    let mut puts = tokio::task::JoinSet::new();
    for seed in 0..64 {
        let test = Arc::clone(&test);
        puts.spawn(async move {
            let key = test.put(&content(seed, 2000)).await.unwrap();
            if seed % 2 == 0 {
                assert!(test.store.delete(key).await.unwrap());
            }
        });
    }
    puts.join_all().await;
    assert_eq!(test.listed().await.len(), 32);
}

#[tokio::test]
async fn a_caller_that_goes_away_takes_nobodys_sync_along() {
    let test = Arc::new(TestStore::new().await);
    for round in 0..20 {
        let gone = tokio::spawn({
            let test = Arc::clone(&test);
            async move { test.put(b"same").await }
        });
        let staying = tokio::spawn({
            let test = Arc::clone(&test);
            async move { test.put(b"same").await }
        });
        for _ in 0..round {
            tokio::task::yield_now().await;
        }
        gone.abort();
        let _ = gone.await;
        let key = staying.await.unwrap().unwrap();
        assert_eq!(test.read(key).await.unwrap(), "same");
    }
}
