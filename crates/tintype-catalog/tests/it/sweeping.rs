//! What time removes.

use tintype_catalog::{BlobState, DeletedReason, NewImage, Restored};
use tintype_types::UnixMillis;

use crate::support::{NOW, TestCatalog, new_image, unique_hash};

fn later(millis: i64) -> UnixMillis {
    UnixMillis(NOW.0 + millis)
}

#[tokio::test]
async fn expired_images_go_to_the_trash_in_batches() {
    let test = TestCatalog::new().await;
    let (ana, ben) = (test.owner().await, test.owner().await);
    let mut expected = Vec::new();
    for turn in 0..5 {
        let owner = if turn % 2 == 0 { ana } else { ben };
        let new = NewImage { expires_at: Some(later(turn)), ..new_image(owner, unique_hash()) };
        expected.push(test.publish(new).await.image.id);
    }
    let forever = test.image_of(ana).await;
    assert_eq!(test.expire_images(later(-1), 10).await.unwrap(), []);
    let mut swept = Vec::new();
    for batch in [2, 2, 0] {
        let ids = test.expire_images(later(3), 2).await.unwrap();
        assert_eq!(ids.len(), batch);
        swept.extend(ids);
    }
    swept.sort();
    let mut due = expected[..4].to_vec();
    due.sort();
    assert_eq!(swept, due);
    let image = test.image(expected[0]).await.unwrap().unwrap();
    assert_eq!((image.deleted_at, image.deleted_reason), (Some(later(3)), Some(DeletedReason::Expired)));
    assert!(matches!(test.restore_image(expected[0], NOW).await.unwrap(), Restored::TooLate));
    assert_eq!(test.image(forever.id).await.unwrap().unwrap().deleted_at, None);
    test.assert_sound().await;
}

#[tokio::test]
async fn old_trash_is_purged_and_its_bytes_go_after_the_grace_period() {
    let test = TestCatalog::new().await;
    let owner = test.owner().await;
    let (old, young) = (test.image_of(owner).await, test.image_of(owner).await);
    let key = old.blob.unwrap().key;
    test.trash_image(old.id, later(10)).await.unwrap();
    test.trash_image(young.id, later(20)).await.unwrap();
    assert_eq!(test.purge_trashed(later(10), later(30), 10).await.unwrap(), []);
    assert_eq!(test.purge_trashed(later(20), later(30), 10).await.unwrap(), [old.id]);
    assert_eq!(test.purge_trashed(later(20), later(30), 10).await.unwrap(), []);
    assert_eq!(test.image(old.id).await.unwrap().unwrap().purged_at, Some(later(30)));

    assert_eq!(test.take_orphans(later(30), 10).await.unwrap(), []);
    let taken = test.take_orphans(later(31), 10).await.unwrap();
    assert_eq!(taken.len(), 1);
    let (id, taken_key) = taken[0];
    assert_eq!(taken_key, key);
    assert_eq!(test.take_orphans(later(31), 10).await.unwrap(), [], "taken once");
    assert_eq!(test.deleting_blobs().await.unwrap(), taken, "found again after a crash");
    test.forget_blob(id).await.unwrap();
    assert_eq!(test.deleting_blobs().await.unwrap(), []);
    assert_eq!(test.blob_by_key(key).await.unwrap(), None);
    test.assert_sound().await;
}

#[tokio::test]
async fn batches_of_trash_and_orphans_are_bounded() {
    let test = TestCatalog::new().await;
    let owner = test.owner().await;
    for _ in 0..5 {
        let image = test.image_of(owner).await;
        test.trash_image(image.id, NOW).await.unwrap();
    }
    for purged in [2, 2, 1, 0] {
        assert_eq!(test.purge_trashed(later(1), NOW, 2).await.unwrap().len(), purged);
    }
    for taken in [3, 2, 0] {
        assert_eq!(test.take_orphans(later(1), 3).await.unwrap().len(), taken);
    }
    assert_eq!(test.deleting_blobs().await.unwrap().len(), 5);
}

#[tokio::test]
async fn only_a_blob_being_removed_is_forgotten() {
    let test = TestCatalog::new().await;
    let owner = test.owner().await;
    let image = test.image_of(owner).await;
    let blob = test.blob_by_key(image.blob.unwrap().key).await.unwrap().unwrap();
    test.forget_blob(blob.id).await.unwrap();
    assert_eq!(test.blob_by_key(blob.key).await.unwrap(), Some(blob));
}

#[tokio::test]
async fn a_damaged_blob_without_images_is_removed_too() {
    let test = TestCatalog::new().await;
    let owner = test.owner().await;
    let image = test.image_of(owner).await;
    let key = image.blob.unwrap().key;
    test.mark_damaged(key, NOW).await.unwrap();
    assert_eq!(test.take_orphans(later(100), 10).await.unwrap(), [], "an image refers to it");
    test.purge_image(image.id, NOW).await.unwrap();
    assert_eq!(test.blob_by_key(key).await.unwrap().unwrap().state, BlobState::Damaged);
    assert_eq!(test.take_orphans(later(100), 10).await.unwrap().len(), 1);
    test.assert_sound().await;
}
