//! Lists of an owner's images.

use std::collections::HashSet;

use tintype_catalog::{Catalog, ListQuery, NewImage, Order, OwnerId, Page};
use tintype_types::{ImageId, UnixMillis};

use crate::support::{NOW, TestCatalog, new_image, unique_hash};

fn first(limit: u32) -> ListQuery {
    ListQuery { limit, after: None, order: Order::Newest, label: None }
}

fn ids(page: &Page) -> Vec<ImageId> {
    page.images.iter().map(|image| image.id).collect()
}

/// Every page, one after the other.
async fn walk(catalog: &Catalog, owner: OwnerId, mut query: ListQuery) -> Vec<ImageId> {
    let mut all = Vec::new();
    loop {
        let page = catalog.images_of(owner, query.clone(), NOW).await.expect("lists");
        assert!(page.images.len() <= query.limit as usize);
        all.extend(ids(&page));
        match page.next {
            // As a client does: the cursor goes out as text and comes back as text.
            Some(next) => query.after = Some(next.to_string().parse().expect("a cursor")),
            None => return all,
        }
    }
}

#[tokio::test]
async fn pages_follow_each_other_in_either_order() {
    let test = TestCatalog::new().await;
    let (owner, other) = (test.owner().await, test.owner().await);
    let mut expected = Vec::new();
    for turn in 0..25_i64 {
        // Three at a time share a millisecond; their order is that of arrival.
        let created_at = UnixMillis(NOW.0 - 1000 + turn / 3);
        let new = NewImage { created_at, ..new_image(owner, unique_hash()) };
        expected.push(test.publish(new).await.image.id);
        test.image_of(other).await;
    }
    expected.reverse();
    for limit in [1, 3, 10, 24, 25, 26, 100] {
        assert_eq!(walk(&test, owner, first(limit)).await, expected, "limit {limit}");
    }
    expected.reverse();
    for limit in [1, 3, 24, 25, 26] {
        let query = ListQuery { order: Order::Oldest, ..first(limit) };
        assert_eq!(walk(&test, owner, query).await, expected, "limit {limit}, oldest first");
    }
    assert_eq!(test.images_of(owner, first(3), NOW).await.unwrap().total, 25);
    let nobody = test.images_of(OwnerId(4711), first(3), NOW).await.unwrap();
    assert_eq!((nobody.images.len(), nobody.next, nobody.total), (0, None, 0));
}

#[tokio::test]
async fn deleted_and_expired_ones_are_left_out_and_not_counted() {
    let test = TestCatalog::new().await;
    let owner = test.owner().await;
    let kept = test.image_of(owner).await;
    let trashed = test.image_of(owner).await;
    let new = NewImage { expires_at: Some(NOW), ..new_image(owner, unique_hash()) };
    test.publish(new).await;
    test.trash_image(trashed.id, NOW).await.unwrap();
    for _ in 0..2 {
        let page = test.images_of(owner, first(10), NOW).await.unwrap();
        assert_eq!((ids(&page), page.total), (vec![kept.id], 1));
        // And once more after the sweep took the expired one.
        test.expire_images(NOW, 10).await.unwrap();
    }
    test.restore_image(trashed.id, NOW).await.unwrap();
    assert_eq!(test.images_of(owner, first(10), NOW).await.unwrap().total, 2);
}

#[tokio::test]
async fn a_label_filters() {
    let test = TestCatalog::new().await;
    let owner = test.owner().await;
    let mut labelled = Vec::new();
    for turn in 0..9 {
        let label = (turn % 3 == 0).then(|| "blog".to_owned());
        let image = test.publish(NewImage { label, ..new_image(owner, unique_hash()) }).await.image;
        if turn % 3 == 0 {
            labelled.insert(0, image.id);
        }
    }
    let query = ListQuery { label: Some("blog".to_owned()), ..first(2) };
    assert_eq!(test.images_of(owner, query.clone(), NOW).await.unwrap().total, 3);
    assert_eq!(walk(&test, owner, query.clone()).await, labelled);
    labelled.reverse();
    assert_eq!(walk(&test, owner, ListQuery { order: Order::Oldest, ..query }).await, labelled);
}

#[tokio::test(flavor = "multi_thread")]
async fn walking_while_others_add_and_delete_shows_nothing_twice_and_misses_nothing_that_stays() {
    let test = TestCatalog::new().await;
    let owner = test.owner().await;
    let mut staying = HashSet::new();
    let mut leaving = Vec::new();
    for turn in 0..60 {
        let id = test.image_of(owner).await.id;
        if turn % 3 == 0 {
            leaving.push(id);
        } else {
            staying.insert(id);
        }
    }
    let catalog = test.catalog.clone();
    let others = tokio::spawn(async move {
        for id in leaving {
            catalog.trash_image(id, NOW).await.expect("deletes");
            catalog.publish_image(new_image(owner, unique_hash())).await.expect("publishes");
        }
    });
    while !others.is_finished() {
        let seen = walk(&test, owner, first(7)).await;
        let distinct: HashSet<ImageId> = seen.iter().copied().collect();
        assert_eq!(distinct.len(), seen.len(), "an image was shown twice");
        assert!(staying.is_subset(&distinct), "an image was missed");
    }
    others.await.unwrap();
    test.assert_sound().await;
}
