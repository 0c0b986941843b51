//! Named paths and aliases.

use tintype_catalog::{AliasKind, CatalogError, Constraint, NewImage, PathCondition, Removed};

use crate::support::{NOW, TestCatalog, new_image, unique_hash, unique_id};

#[tokio::test]
async fn a_path_is_replaced_by_its_owner_and_refused_to_others() {
    let test = TestCatalog::new().await;
    let (ana, ben) = (test.owner().await, test.owner().await);
    let at_path = |owner| NewImage { path: Some("blog/a.jpg".to_owned()), ..new_image(owner, unique_hash()) };
    let first = test.publish(at_path(ana)).await.image;
    assert_eq!(test.image_at_path("blog/a.jpg").await.unwrap(), Some(first.clone()));
    let error = test.publish_image(at_path(ben)).await.unwrap_err();
    assert!(matches!(error, CatalogError::Conflict(Constraint::PathTaken)), "{error:?}");
    assert_eq!(test.counts().await.unwrap().images, 1, "the refused image is not there");
    let second = test.publish(at_path(ana)).await.image;
    assert_eq!(test.image_at_path("blog/a.jpg").await.unwrap(), Some(second.clone()));
    assert_eq!(test.image(first.id).await.unwrap().unwrap().path, None);
    // In the trash it still holds the path against others; purged, it does not.
    test.trash_image(second.id, NOW).await.unwrap();
    assert!(test.image_at_path("blog/a.jpg").await.unwrap().unwrap().deleted_at.is_some());
    assert!(test.publish_image(at_path(ben)).await.is_err());
    test.purge_image(second.id, NOW).await.unwrap();
    test.publish(at_path(ben)).await;
    test.assert_sound().await;
}

#[tokio::test]
async fn an_image_has_as_many_paths_as_it_is_given() {
    let test = TestCatalog::new().await;
    let (ana, ben) = (test.owner().await, test.owner().await);
    let image = test.image_of(ana).await;
    let theirs = test.image_of(ben).await;
    assert_eq!(test.put_path("x.jpg", unique_id(), NOW).await.unwrap(), None);
    assert_eq!(test.put_path("b.jpg", image.id, NOW).await.unwrap().unwrap().path.as_deref(), Some("b.jpg"));
    assert_eq!(test.put_path("a.jpg", image.id, NOW).await.unwrap().unwrap().path.as_deref(), Some("a.jpg"));
    assert_eq!(test.paths_of(image.id).await.unwrap(), ["a.jpg", "b.jpg"]);
    let error = test.put_path("a.jpg", theirs.id, NOW).await.unwrap_err();
    assert!(matches!(error, CatalogError::Conflict(Constraint::PathTaken)));
    assert_eq!(
        test.remove_file("a.jpg", ben, PathCondition::default(), NOW).await.unwrap(),
        Removed::Nothing,
        "another owner's"
    );
    assert_eq!(
        test.remove_file("a.jpg", ana, PathCondition::default(), NOW).await.unwrap(),
        Removed::Path,
        "b.jpg leads to it still"
    );
    assert_eq!(
        test.remove_file("a.jpg", ana, PathCondition::default(), NOW).await.unwrap(),
        Removed::Nothing
    );
    assert!(test.put_path("a.jpg", theirs.id, NOW).await.unwrap().is_some());
    assert_eq!(test.paths_of(image.id).await.unwrap(), ["b.jpg"]);
    test.trash_image(image.id, NOW).await.unwrap();
    assert_eq!(test.put_path("c.jpg", image.id, NOW).await.unwrap(), None, "deleted images get no paths");
}

#[tokio::test]
async fn aliases_lead_to_images_and_outlive_them() {
    let test = TestCatalog::new().await;
    let owner = test.owner().await;
    let (image, other) = (test.image_of(owner).await, test.image_of(owner).await);
    let name = "cat_2b1e.jpg";
    assert!(!test.put_alias(AliasKind::Images, name, unique_id(), NOW).await.unwrap());
    assert!(test.put_alias(AliasKind::Images, name, image.id, NOW).await.unwrap());
    assert!(test.put_alias(AliasKind::Images, name, image.id, NOW).await.unwrap(), "twice is once");
    let error = test.put_alias(AliasKind::Images, name, other.id, NOW).await.unwrap_err();
    assert!(matches!(error, CatalogError::Conflict(Constraint::AliasTaken)));
    assert!(test.put_alias(AliasKind::I, name, other.id, NOW).await.unwrap(), "each kind has its own names");
    assert_eq!(test.image_at_alias(AliasKind::Images, name).await.unwrap(), Some(image.clone()));
    assert_eq!(test.image_at_alias(AliasKind::I, name).await.unwrap(), Some(other));
    assert_eq!(test.image_at_alias(AliasKind::Path, name).await.unwrap(), None);
    test.purge_image(image.id, NOW).await.unwrap();
    let tombstone = test.image_at_alias(AliasKind::Images, name).await.unwrap().unwrap();
    assert_eq!((tombstone.id, tombstone.purged_at), (image.id, Some(NOW)));
}
