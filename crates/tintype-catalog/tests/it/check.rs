//! What `tintype check` asks.

use sqlx::{AnyConnection, Connection as _, Executor as _};
use tintype_catalog::{BlobState, Counts};
use tintype_types::ContentHash;

use crate::support::{NOW, TestCatalog, new_image, unique_hash, unique_key};

#[tokio::test]
async fn blobs_come_in_the_order_of_their_keys() {
    let test = TestCatalog::new().await;
    let owner = test.owner().await;
    let mut keys = Vec::new();
    for first in [200, 3, 100, 7] {
        let mut hash = unique_hash();
        hash.0[0] = first;
        keys.push(test.publish(new_image(owner, hash)).await.image.blob.unwrap().key);
    }
    keys.sort();
    let mut seen = Vec::new();
    loop {
        let blobs = test.blobs_after(seen.last().copied(), 3).await.unwrap();
        assert!(
            blobs
                .iter()
                .all(|blob| blob.referenced && blob.state == BlobState::Live && blob.bytes == 1_870_231)
        );
        if blobs.is_empty() {
            break;
        }
        seen.extend(blobs.iter().map(|blob| blob.key));
    }
    assert_eq!(seen, keys);
}

#[tokio::test]
async fn damage_is_noted_once_for_blobs_in_use() {
    let test = TestCatalog::new().await;
    let owner = test.owner().await;
    let key = test.image_of(owner).await.blob.unwrap().key;
    assert!(!test.mark_damaged(unique_key(ContentHash([1; 32])), NOW).await.unwrap());
    assert!(test.mark_damaged(key, NOW).await.unwrap());
    assert!(test.mark_damaged(key, NOW).await.unwrap());
    assert_eq!(test.blob_by_key(key).await.unwrap().unwrap().state, BlobState::Damaged);
}

#[tokio::test]
async fn counts_count() {
    let test = TestCatalog::new().await;
    assert_eq!(test.counts().await.unwrap(), Counts::default());
    let owner = test.owner().await;
    let (first, second) = (test.image_of(owner).await, test.image_of(owner).await);
    test.image_of(owner).await;
    test.trash_image(first.id, NOW).await.unwrap();
    test.purge_image(second.id, NOW).await.unwrap();
    let expected = Counts { images: 1, blobs: 3, bytes: 3 * 1_870_231, trashed: 1, owners: 1, tokens: 0 };
    assert_eq!(test.counts().await.unwrap(), expected);
}

#[tokio::test]
async fn contradictions_are_found() {
    let test = TestCatalog::new().await;
    let owner = test.owner().await;
    test.image_of(owner).await;
    test.assert_sound().await;
    let url = format!("sqlite://{}", test.folder.path().join("tintype.db").display());
    let mut db = AnyConnection::connect(&url).await.unwrap();
    db.execute(sqlx::raw_sql(
        "pragma foreign_keys = off; update owners set images = 7; update blobs set state = 'orphan'; \
         insert into paths (path, owner_id, image_id, created_at, updated_at) values ('x', 1, 99, 1, 1)",
    ))
    .await
    .unwrap();
    let findings = test.integrity_check().await.unwrap();
    assert_eq!(findings.len(), 3, "{findings:?}");
    assert_eq!(findings[0], "row 1 of paths refers to a row of images that does not exist");
    assert_eq!(findings[1], "owner 1 counts 7 images and has 1");
    assert!(findings[2].ends_with("is orphan, but an image refers to it"));
}
