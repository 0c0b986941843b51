//! Deleting, restoring and purging.

use tintype_catalog::{BlobState, DeletedReason, NewImage, Restored};
use tintype_types::UnixMillis;

use crate::support::{NOW, TestCatalog, new_image, unique_hash, unique_id};

#[tokio::test]
async fn deleting_twice_is_deleting_once() {
    let test = TestCatalog::new().await;
    let owner = test.owner().await;
    let image = test.image_of(owner).await;
    assert_eq!(test.trash_image(unique_id(), NOW).await.unwrap(), None);
    let first = test.trash_image(image.id, NOW).await.unwrap().unwrap();
    assert_eq!((first.deleted_at, first.deleted_reason), (Some(NOW), Some(DeletedReason::Asked)));
    let second = test.trash_image(image.id, NOW.plus_seconds(9)).await.unwrap().unwrap();
    assert_eq!(second, first);
    let counts = test.counts().await.unwrap();
    assert_eq!((counts.images, counts.trashed), (0, 1));
    test.assert_sound().await;
}

#[tokio::test]
async fn a_deleted_image_comes_back_until_the_grace_period_ends() {
    let test = TestCatalog::new().await;
    let owner = test.owner().await;
    let new = NewImage { path: Some("a.jpg".to_owned()), ..new_image(owner, unique_hash()) };
    let image = test.publish(new).await.image;
    assert!(matches!(test.restore_image(unique_id(), NOW).await.unwrap(), Restored::Unknown));
    assert!(matches!(test.restore_image(image.id, NOW).await.unwrap(), Restored::NotDeleted));
    test.trash_image(image.id, NOW).await.unwrap();
    assert!(matches!(test.restore_image(image.id, UnixMillis(NOW.0 + 1)).await.unwrap(), Restored::TooLate));
    let Restored::Yes(back) = test.restore_image(image.id, NOW).await.unwrap() else {
        panic!("not restored")
    };
    assert_eq!(*back, image);
    assert_eq!(test.image_at_path("a.jpg").await.unwrap(), Some(image));
    test.assert_sound().await;
}

#[tokio::test]
async fn purging_erases_what_is_personal_and_keeps_the_tombstone() {
    let test = TestCatalog::new().await;
    let owner = test.owner().await;
    let secret = unique_hash().0;
    let new = NewImage {
        title: Some("geheimnis-title".to_owned()),
        description: Some("geheimnis-description".to_owned()),
        alt: Some("geheimnis-alt".to_owned()),
        label: Some("geheimnis-label".to_owned()),
        file_name: Some("geheimnis-name.jpg".to_owned()),
        tags: vec!["geheimnis-tag".to_owned()],
        path: Some("geheimnis-path.jpg".to_owned()),
        delete_token_hash: Some(secret),
        ..new_image(owner, unique_hash())
    };
    let image = test.publish(new).await.image;
    assert!(test.purge_image(image.id, NOW).await.unwrap());
    assert!(!test.purge_image(image.id, NOW).await.unwrap());
    assert!(!test.purge_image(unique_id(), NOW).await.unwrap());

    let tombstone = test.image(image.id).await.unwrap().unwrap();
    assert_eq!((tombstone.deleted_at, tombstone.purged_at, tombstone.blob), (Some(NOW), Some(NOW), None));
    assert_eq!((&tombstone.title, &tombstone.description, &tombstone.alt), (&None, &None, &None));
    assert_eq!((&tombstone.label, &tombstone.file_name, &tombstone.path), (&None, &None, &None));
    assert!(tombstone.tags.is_empty() && tombstone.thumbhash.is_empty());
    assert_eq!(test.image_by_delete_token(secret).await.unwrap(), Some(tombstone));
    assert!(matches!(test.restore_image(image.id, UnixMillis(0)).await.unwrap(), Restored::TooLate));
    assert_eq!(test.image_at_path("geheimnis-path.jpg").await.unwrap(), None);
    test.assert_sound().await;

    test.close().await.unwrap();
    let file = std::fs::read(test.folder.path().join("tintype.db")).unwrap();
    let found = file.windows(9).any(|bytes| bytes == b"geheimnis");
    assert!(!found, "erased words are still in the file");
}

#[tokio::test]
async fn bytes_are_released_with_the_last_image_that_has_them() {
    let test = TestCatalog::new().await;
    let (ana, ben) = (test.owner().await, test.owner().await);
    let hash = unique_hash();
    let first = test.publish(new_image(ana, hash)).await.image;
    let second = test.publish(new_image(ben, hash)).await.image;
    let key = first.blob.unwrap().key;
    test.purge_image(first.id, NOW).await.unwrap();
    assert_eq!(test.blob_by_key(key).await.unwrap().unwrap().state, BlobState::Live);
    test.trash_image(second.id, NOW).await.unwrap();
    assert_eq!(
        test.blob_by_key(key).await.unwrap().unwrap().state,
        BlobState::Live,
        "the trash refers to it"
    );
    test.purge_image(second.id, NOW).await.unwrap();
    assert_eq!(test.blob_by_key(key).await.unwrap().unwrap().state, BlobState::Orphan);
    test.assert_sound().await;
}
