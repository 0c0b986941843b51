//! Writes that wait together share one commit, and nothing else.

use tintype_catalog::{Catalog, CatalogError, Constraint, NewImage, OwnerId, Published, Result};
use tokio::task::JoinSet;

use crate::support::{NOW, TestCatalog, new_image, unique_hash};

async fn publish_all(catalog: &Catalog, images: Vec<NewImage>) -> Vec<Result<Published>> {
    let mut uploads = JoinSet::new();
    for new in images {
        let catalog = catalog.clone();
        uploads.spawn(async move { catalog.publish_image(new).await });
    }
    uploads.join_all().await
}

fn fresh(owner: OwnerId, count: usize) -> Vec<NewImage> {
    (0..count).map(|_| new_image(owner, unique_hash())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn parallel_publishes_share_commits() {
    let test = TestCatalog::new().await;
    let owner = test.owner().await;
    let before = test.commits();
    let published = publish_all(&test, fresh(owner, 64)).await;
    assert!(published.iter().all(Result::is_ok));
    let commits = test.commits() - before;
    assert!(commits <= 16, "{commits} commits for 64 images");
    assert_eq!(test.counts().await.unwrap().images, 64);
    test.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_that_fails_does_not_harm_its_neighbours() {
    let test = TestCatalog::new().await;
    let (ana, ben) = (test.owner().await, test.owner().await);
    let path = Some("taken.jpg".to_owned());
    test.publish(NewImage { path: path.clone(), ..new_image(ana, unique_hash()) }).await;
    let mut images = fresh(ben, 64);
    for new in images.iter_mut().step_by(8) {
        new.path = path.clone();
    }
    images[1].owner = OwnerId(4711);
    let before = test.commits();
    let results = publish_all(&test, images).await;
    assert!(test.commits() - before <= 16, "the group was not one");
    let refused = |wanted| {
        results
            .iter()
            .filter(|result| matches!(result, Err(CatalogError::Conflict(found)) if *found == wanted))
            .count()
    };
    assert_eq!(refused(Constraint::PathTaken), 8);
    assert_eq!(refused(Constraint::UnknownReference), 1);
    let counts = test.counts().await.unwrap();
    assert_eq!((counts.images, counts.blobs), (1 + 55, 1 + 55), "what was refused left nothing");
    for published in results.into_iter().flatten() {
        assert!(test.image(published.image.id).await.unwrap().is_some());
    }
    test.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_stops_waiting_harms_nobody() {
    let test = TestCatalog::new().await;
    let owner = test.owner().await;
    let mut uploads = JoinSet::new();
    for new in fresh(owner, 32) {
        let catalog = test.catalog.clone();
        uploads.spawn(async move { catalog.publish_image(new).await });
    }
    uploads.abort_all();
    while uploads.join_next().await.is_some() {}
    test.image_of(owner).await;
    test.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_process_may_write_at_the_same_time() {
    let test = TestCatalog::new().await;
    let owner = test.owner().await;
    let second = test.again().await;
    let (ours, theirs) =
        tokio::join!(publish_all(&test, fresh(owner, 100)), publish_all(&second, fresh(owner, 100)));
    for result in ours.into_iter().chain(theirs) {
        result.unwrap();
    }
    second.close().await.unwrap();
    assert_eq!(test.counts().await.unwrap().images, 200);
    test.trash_image(test.image_of(owner).await.id, NOW).await.unwrap();
    test.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_finishes_what_waits() {
    let test = TestCatalog::new().await;
    let owner = test.owner().await;
    let mut uploads = JoinSet::new();
    for new in fresh(owner, 64) {
        let catalog = test.catalog.clone();
        uploads.spawn(async move { catalog.publish_image(new).await });
    }
    tokio::task::yield_now().await;
    test.close().await.unwrap();
    let done = uploads.join_all().await.into_iter().filter(Result::is_ok).count();
    assert_eq!(
        test.again().await.counts().await.unwrap().images,
        done as u64,
        "answered is kept, refused is not"
    );
}
