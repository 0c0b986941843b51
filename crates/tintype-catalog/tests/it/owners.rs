//! Owners of browsers.

use crate::support::{NOW, TestCatalog, unique_hash};

#[tokio::test]
async fn an_owner_is_found_by_its_key() {
    let test = TestCatalog::new().await;
    let (key, other) = (unique_hash().0, unique_hash().0);
    assert_eq!(test.owner_by_key(key).await.unwrap(), None);
    let owner = test.owner_for_key(key, NOW).await.unwrap();
    assert_eq!(test.owner_by_key(key).await.unwrap(), Some(owner));
    assert_eq!(test.owner_for_key(key, NOW).await.unwrap(), owner);
    assert_ne!(test.owner_for_key(other, NOW).await.unwrap(), owner);
}

#[tokio::test(flavor = "multi_thread")]
async fn parallel_first_uploads_share_one_owner() {
    let test = TestCatalog::new().await;
    let second = test.again().await;
    let key = unique_hash().0;
    let mut asking = tokio::task::JoinSet::new();
    for turn in 0..32 {
        // Half of them come from another process, which has no part in our queue.
        let catalog = if turn % 2 == 0 { test.catalog.clone() } else { second.clone() };
        asking.spawn(async move { catalog.owner_for_key(key, NOW).await.unwrap() });
    }
    let owners = asking.join_all().await;
    assert!(owners.iter().all(|owner| *owner == owners[0]), "{owners:?}");
    assert_eq!(test.counts().await.unwrap().owners, 1);
}
