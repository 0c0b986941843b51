//! Named paths and aliases.

use tintype_catalog::{
    AliasKind, CatalogError, Constraint, MoveWish, Moved, NewImage, PathCondition, PathsOf, Removed, Restored,
};

use tintype_types::Visibility;

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
    // In the trash it holds the path against nobody.
    test.trash_image(second.id, NOW).await.unwrap();
    assert!(test.image_at_path("blog/a.jpg").await.unwrap().unwrap().deleted_at.is_some());
    let theirs = test.publish(at_path(ben)).await.image;
    assert!(
        matches!(test.restore_image(second.id, NOW).await.unwrap(), Restored::Yes(image) if image.path.is_none())
    );
    assert_eq!(test.image_at_path("blog/a.jpg").await.unwrap().unwrap().id, theirs.id);
    assert!(test.publish_image(at_path(ana)).await.is_err(), "it is ben's now");
    test.assert_sound().await;
}

#[tokio::test]
async fn a_path_whose_image_is_over_is_free() {
    let test = TestCatalog::new().await;
    let (ana, ben) = (test.owner().await, test.owner().await);
    let later = NOW.plus_seconds(10);
    let at_path = |owner, created_at, expires_at| NewImage {
        path: Some("a.jpg".to_owned()),
        created_at,
        expires_at,
        ..new_image(owner, unique_hash())
    };
    test.publish(at_path(ana, NOW, Some(later))).await;
    assert!(test.publish_image(at_path(ben, NOW, None)).await.is_err());
    test.publish(at_path(ben, later, None)).await;
    // An imported address is like a path.
    let image = test.image_of(ana).await;
    test.put_alias(AliasKind::Path, "old.jpg", image.id, NOW).await.unwrap();
    let theirs = test.image_of(ben).await;
    assert!(test.put_path("old.jpg", theirs.id, NOW).await.is_err());
    test.trash_image(image.id, NOW).await.unwrap();
    assert!(test.put_path("old.jpg", theirs.id, NOW).await.unwrap().is_some());
    test.assert_sound().await;
}

#[tokio::test]
async fn old_links_do_not_lead_to_who_took_a_path_over() {
    let test = TestCatalog::new().await;
    let (ana, ben) = (test.owner().await, test.owner().await);
    let at_path =
        |owner, path: &str| NewImage { path: Some(path.to_owned()), ..new_image(owner, unique_hash()) };
    let first = test.publish(at_path(ana, "a.jpg")).await.image;
    let wish = |whose, from: &str, to: &str| MoveWish {
        whose,
        from: from.to_owned(),
        to: to.to_owned(),
        overwrite: false,
        max: 1,
        condition: PathCondition::default(),
    };
    test.move_files(wish(PathsOf::Owner(ana), "a.jpg", "b.jpg"), NOW).await.unwrap();
    test.trash_image(first.id, NOW).await.unwrap();
    // What leads to a path with nothing at it is still who moved it's.
    assert!(test.publish_image(at_path(ben, "a.jpg")).await.is_err());
    test.publish(at_path(ben, "ben.jpg")).await;
    assert_eq!(
        test.move_files(wish(PathsOf::Owner(ben), "ben.jpg", "b.jpg"), NOW).await.unwrap(),
        Moved::Yes(1)
    );
    assert_eq!(test.redirect_of("a.jpg").await.unwrap(), None);
    assert_eq!(test.redirect_of("ben.jpg").await.unwrap().as_deref(), Some("b.jpg"));
    test.publish(at_path(ben, "a.jpg")).await;
    test.assert_sound().await;
}

#[tokio::test]
async fn the_operator_replaces_at_any_path_and_it_keeps_its_owner() {
    let test = TestCatalog::new().await;
    let (ana, operator) = (test.owner().await, test.owner().await);
    let by = |owner, any_path, path: &str| NewImage {
        path: Some(path.to_owned()),
        any_path,
        visibility: None,
        ..new_image(owner, unique_hash())
    };
    let hidden = NewImage { visibility: Some(Visibility::Private), ..by(ana, false, "a.jpg") };
    test.publish(hidden).await;
    let replaced = test.publish(by(operator, true, "a.jpg")).await.image;
    assert_eq!((replaced.owner, replaced.visibility), (ana, Visibility::Private));
    assert_eq!(test.publish(by(ana, false, "a.jpg")).await.image.owner, ana, "still ana's to replace");
    // Where it redirects, and where an image was deleted.
    let wish = MoveWish {
        whose: PathsOf::Owner(ana),
        from: "a.jpg".to_owned(),
        to: "b.jpg".to_owned(),
        overwrite: false,
        max: 1,
        condition: PathCondition::default(),
    };
    test.move_files(wish, NOW).await.unwrap();
    assert_eq!(test.publish(by(operator, true, "a.jpg")).await.image.owner, ana);
    let second = test.image_at_path("b.jpg").await.unwrap().unwrap();
    test.trash_image(second.id, NOW).await.unwrap();
    assert_eq!(test.publish(by(operator, true, "b.jpg")).await.image.owner, ana);
    assert_eq!(
        test.publish(by(operator, true, "new.jpg")).await.image.owner,
        operator,
        "nobody's is its own"
    );
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
        test.remove_file("a.jpg", PathsOf::Owner(ben), PathCondition::default(), NOW).await.unwrap(),
        Removed::Nothing,
        "another owner's"
    );
    assert_eq!(
        test.remove_file("a.jpg", PathsOf::Owner(ana), PathCondition::default(), NOW).await.unwrap(),
        Removed::Path,
        "b.jpg leads to it still"
    );
    assert_eq!(
        test.remove_file("a.jpg", PathsOf::Owner(ana), PathCondition::default(), NOW).await.unwrap(),
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
