//! Reading and changing images.

use tintype_catalog::{ImageChanges, NewImage};
use tintype_types::{MediaType, UnixMillis, Visibility};

use crate::support::{NOW, TestCatalog, new_image, unique_hash, unique_id};

#[tokio::test]
async fn every_field_reads_back_as_it_was_published() {
    let test = TestCatalog::new().await;
    let owner = test.owner().await;
    let secret = unique_hash().0;
    let published = test
        .publish(NewImage {
            keep_metadata: true,
            title: Some("Ein 'Titel' \"<b>\" \u{202e}".to_owned()),
            description: Some(String::new()),
            alt: Some("a tree".to_owned()),
            label: Some("blog".to_owned()),
            tags: vec!["a,b".to_owned(), "\"".to_owned()],
            media_type: MediaType::Avif,
            frames: 7,
            has_alpha: true,
            visibility: Some(Visibility::Private),
            expires_at: Some(NOW.plus_seconds(10)),
            delete_token_hash: Some(secret),
            path: Some("blog/tree.avif".to_owned()),
            ..new_image(owner, unique_hash())
        })
        .await;
    assert!(published.used_own_file && !published.duplicate);
    let read = test.image(published.image.id).await.unwrap().unwrap();
    assert_eq!(read, published.image);
    assert_eq!((read.colour, read.orientation, read.received_bytes), (0x0012_abff, 6, 1_900_000));
    assert_eq!(test.image_by_delete_token(secret).await.unwrap(), Some(read));
    assert_eq!(test.image_by_delete_token(unique_hash().0).await.unwrap(), None);
    assert_eq!(test.image(unique_id()).await.unwrap(), None);
}

#[tokio::test]
async fn changes_touch_what_they_name_and_nothing_else() {
    let test = TestCatalog::new().await;
    let owner = test.owner().await;
    let new = NewImage {
        title: Some("before".to_owned()),
        alt: Some("alt".to_owned()),
        ..new_image(owner, unique_hash())
    };
    let before = test.publish(new).await.image;
    let later = UnixMillis(NOW.0 + 5);
    let changes = ImageChanges {
        title: Some(None),
        description: Some(Some("new".to_owned())),
        tags: Some(vec!["x".to_owned()]),
        visibility: Some(Visibility::Public),
        expires_at: Some(Some(later)),
        updated_at: later,
        ..ImageChanges::default()
    };
    let after = test.update_image(before.id, changes).await.unwrap().unwrap();
    assert_eq!(test.image(before.id).await.unwrap().as_ref(), Some(&after));
    let mut expected = before;
    expected.title = None;
    expected.description = Some("new".to_owned());
    expected.tags = vec!["x".to_owned()];
    expected.visibility = Visibility::Public;
    expected.expires_at = Some(later);
    expected.updated_at = later;
    assert_eq!(after, expected);
}

#[tokio::test]
async fn what_is_unknown_or_deleted_is_not_changed() {
    let test = TestCatalog::new().await;
    let owner = test.owner().await;
    let image = test.image_of(owner).await;
    let changes =
        ImageChanges { title: Some(Some("t".to_owned())), updated_at: NOW, ..ImageChanges::default() };
    assert_eq!(test.update_image(unique_id(), changes.clone()).await.unwrap(), None);
    test.trash_image(image.id, NOW).await.unwrap();
    assert_eq!(test.update_image(image.id, changes).await.unwrap(), None);
    assert_eq!(test.image(image.id).await.unwrap().unwrap().title, None);
}
