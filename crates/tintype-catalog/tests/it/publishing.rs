//! Publishing: sharing of bytes, duplicates, intents.

use tintype_catalog::{BlobState, CatalogError, Constraint, Duplicates, Image, NewImage, OwnerId};
use tintype_types::{UnixMillis, Visibility};

use crate::support::{NOW, TestCatalog, new_image, unique_hash, unique_key};

#[tokio::test]
async fn the_intent_goes_with_the_image_and_stays_with_an_unused_file() {
    let test = TestCatalog::new().await;
    let owner = test.owner().await;
    let hash = unique_hash();
    for (turn, used) in [(1, true), (2, false)] {
        let mut new = NewImage { duplicates: Duplicates::New, ..new_image(owner, hash) };
        let intent = test.begin_upload(new.key, NOW).await.unwrap();
        let standing = test.intents().await.unwrap();
        assert_eq!((standing.len(), standing[0].id, standing[0].key), (1, intent, new.key), "turn {turn}");
        new.intent = Some(intent);
        let published = test.publish(new).await;
        assert_eq!(published.used_own_file, used);
        assert_eq!(test.intents().await.unwrap().is_empty(), used);
    }
    let left = test.intents().await.unwrap()[0];
    test.settle_intent(left.id).await.unwrap();
    let given_up = test.begin_upload(unique_key(hash), NOW).await.unwrap();
    assert_ne!(given_up, left.id, "numbers never return");
    test.abandon_upload(given_up).await.unwrap();
    assert!(test.intents().await.unwrap().is_empty());
}

#[tokio::test]
async fn bytes_are_shared_between_owners_silently() {
    let test = TestCatalog::new().await;
    let (ana, ben) = (test.owner().await, test.owner().await);
    let hash = unique_hash();
    let first = test.publish(new_image(ana, hash)).await;
    let second = test.publish(new_image(ben, hash)).await;
    assert!(!second.duplicate && !second.used_own_file);
    assert_ne!(second.image.id, first.image.id);
    assert_eq!(second.image.blob, first.image.blob);
    assert_eq!(test.image(second.image.id).await.unwrap(), Some(second.image));
    assert_eq!(test.counts().await.unwrap().blobs, 1);
    test.assert_sound().await;
}

/// Whether uploading `again` after `first` answers the image of `first`.
async fn is_duplicate(test: &TestCatalog, first: NewImage, again: NewImage) -> bool {
    let first = test.publish(first).await.image;
    let second = test.publish(again).await;
    assert_eq!(second.duplicate, second.image.id == first.id);
    if second.duplicate {
        assert!(!second.used_own_file);
        assert_eq!(second.image, first);
    }
    second.duplicate
}

#[tokio::test]
async fn the_same_bytes_with_the_same_fields_are_a_duplicate() {
    let test = TestCatalog::new().await;
    let owner = test.owner().await;
    let text = |text: &str| Some(text.to_owned());
    let same: [fn(&mut NewImage); 4] = [
        |_| {},
        |new| new.file_name = None,
        |new| new.created_at = NOW.plus_seconds(1000),
        |new| (new.title, new.tags) = (None, Vec::new()),
    ];
    for (index, change) in same.into_iter().enumerate() {
        let first = NewImage {
            title: text("t"),
            description: text("d"),
            alt: text("a"),
            label: text("l"),
            tags: vec!["x".to_owned()],
            path: Some(format!("p{index}.jpg")),
            ..new_image(owner, unique_hash())
        };
        let fresh = new_image(owner, first.received_hash);
        let mut again = NewImage { id: fresh.id, key: fresh.key, ..first.clone() };
        change(&mut again);
        assert!(is_duplicate(&test, first, again).await, "{index}");
    }
    test.assert_sound().await;
}

#[tokio::test]
async fn other_fields_other_owners_and_the_wish_for_a_new_one_are_no_duplicate() {
    let test = TestCatalog::new().await;
    let owner = test.owner().await;
    let other: [fn(&mut NewImage); 12] = [
        |new| new.duplicates = Duplicates::New,
        |new| new.received_hash = unique_hash(),
        |new| new.keep_metadata = true,
        |new| new.title = Some("T".to_owned()),
        |new| new.description = Some("D".to_owned()),
        |new| new.alt = Some("A".to_owned()),
        |new| new.label = Some("L".to_owned()),
        |new| new.tags = vec!["y".to_owned()],
        |new| new.visibility = Some(Visibility::Private),
        |new| new.expires_at = Some(NOW.plus_seconds(60)),
        |new| new.path = Some("elsewhere.jpg".to_owned()),
        |new| new.owner = OwnerId(new.owner.0 - 1),
    ];
    let stranger = owner;
    let owner = test.owner().await;
    assert_eq!(owner.0 - 1, stranger.0);
    for (index, change) in other.into_iter().enumerate() {
        let first = NewImage { title: Some("t".to_owned()), ..new_image(owner, unique_hash()) };
        let fresh = new_image(owner, first.received_hash);
        let mut again = NewImage { id: fresh.id, key: fresh.key, ..first.clone() };
        change(&mut again);
        assert!(!is_duplicate(&test, first, again).await, "{index}");
    }
    test.assert_sound().await;
}

#[tokio::test]
async fn deleted_expired_and_damaged_images_are_never_duplicates() {
    let test = TestCatalog::new().await;
    let owner = test.owner().await;
    let again = |image: &Image| new_image(owner, image.received_hash);

    let deleted = test.image_of(owner).await;
    test.trash_image(deleted.id, NOW).await.unwrap();
    assert!(!test.publish(again(&deleted)).await.duplicate);

    let end = Some(NOW.plus_seconds(1));
    let expired = test.publish(NewImage { expires_at: end, ..new_image(owner, unique_hash()) }).await.image;
    let on_time = NewImage { expires_at: end, ..again(&expired) };
    assert!(test.publish(on_time).await.duplicate);
    let late = NewImage { expires_at: end, created_at: UnixMillis(NOW.0 + 1000), ..again(&expired) };
    assert!(!test.publish(late).await.duplicate);

    let damaged = test.image_of(owner).await;
    assert!(test.mark_damaged(damaged.blob.unwrap().key, NOW).await.unwrap());
    let fresh = test.publish(again(&damaged)).await;
    assert!(!fresh.duplicate && fresh.used_own_file, "a damaged file takes no new references");
    assert!(test.image(damaged.id).await.unwrap().unwrap().blob.unwrap().damaged);
    assert!(!test.image(fresh.image.id).await.unwrap().unwrap().blob.unwrap().damaged);
    let third = test.publish(NewImage { duplicates: Duplicates::New, ..again(&damaged) }).await;
    assert_eq!(third.image.blob.unwrap().key, fresh.image.blob.unwrap().key);
    test.assert_sound().await;
}

#[tokio::test]
async fn an_orphan_is_revived_and_a_blob_being_removed_is_not() {
    let test = TestCatalog::new().await;
    let owner = test.owner().await;
    let image = test.image_of(owner).await;
    let key = image.blob.unwrap().key;
    assert!(test.purge_image(image.id, NOW).await.unwrap());
    let orphan = test.blob_by_key(key).await.unwrap().unwrap();
    assert_eq!((orphan.state, orphan.orphaned_at, orphan.referenced), (BlobState::Orphan, Some(NOW), false));

    let revived = test.publish(new_image(owner, image.received_hash)).await;
    assert!(!revived.used_own_file && !revived.duplicate);
    let blob = test.blob_by_key(key).await.unwrap().unwrap();
    assert_eq!((blob.state, blob.orphaned_at, blob.referenced), (BlobState::Live, None, true));
    assert!(test.take_orphans(UnixMillis(i64::MAX), 10).await.unwrap().is_empty());

    test.purge_image(revived.image.id, NOW).await.unwrap();
    assert_eq!(test.take_orphans(UnixMillis(NOW.0 + 1), 10).await.unwrap(), [(blob.id, key)]);
    let anew = test.publish(new_image(owner, image.received_hash)).await;
    assert!(anew.used_own_file);
    assert_eq!(test.blob_by_key(key).await.unwrap().unwrap().state, BlobState::Deleting);
    test.assert_sound().await;
}

#[tokio::test]
async fn an_unknown_owner_or_a_taken_id_leaves_nothing_behind() {
    let test = TestCatalog::new().await;
    let owner = test.owner().await;
    let error = test.publish_image(new_image(OwnerId(4711), unique_hash())).await.unwrap_err();
    assert!(matches!(error, CatalogError::Conflict(Constraint::UnknownReference)), "{error:?}");
    let image = test.image_of(owner).await;
    let taken = NewImage { id: image.id, ..new_image(owner, unique_hash()) };
    let error = test.publish_image(taken).await.unwrap_err();
    assert!(matches!(error, CatalogError::Conflict(Constraint::IdTaken)), "{error:?}");
    let counts = test.counts().await.unwrap();
    assert_eq!((counts.images, counts.blobs), (1, 1));
    test.assert_sound().await;
}
