//! Jobs that changes leave behind.

use tintype_catalog::{ImageChanges, Job, NewImage};
use tintype_types::{ImageId, UnixMillis, Visibility};

use crate::support::{NOW, TestCatalog, new_image, unique_hash};

async fn due(test: &TestCatalog) -> Vec<ImageId> {
    test.due_copy_jobs(NOW.plus_seconds(1_000), 100)
        .await
        .expect("works")
        .iter()
        .map(|job| job.image)
        .collect()
}

async fn job(test: &TestCatalog, image: ImageId) -> Job {
    test.copy_job(image).await.expect("works").expect("there is a job")
}

/// An image that has its copy.
async fn copied(test: &TestCatalog) -> ImageId {
    let new = NewImage { copied: true, ..new_image(test.owner().await, unique_hash()) };
    let image = test.publish(new).await.image;
    test.end_copy_job(job(test, image.id).await, Some(NOW)).await.expect("works");
    assert_eq!(test.image(image.id).await.expect("reads").expect("is there").copied_at, Some(NOW));
    assert_eq!(due(test).await, []);
    image.id
}

#[tokio::test]
async fn whatever_ends_the_view_of_a_copied_image_leaves_a_job() {
    let test = TestCatalog::new().await;
    let shown = copied(&test).await;
    let (trashed, purged, expired, hidden) =
        (copied(&test).await, copied(&test).await, copied(&test).await, copied(&test).await);
    test.trash_image(trashed, NOW).await.unwrap();
    test.purge_image(purged, NOW).await.unwrap();
    let end = ImageChanges { expires_at: Some(Some(NOW)), updated_at: NOW, ..ImageChanges::default() };
    test.update_image(expired, end).await.unwrap();
    test.end_copy_job(job(&test, expired).await, Some(NOW)).await.unwrap();
    test.expire_images(NOW, 10).await.unwrap();
    let hide = ImageChanges { visibility: Some(Visibility::Private), ..ImageChanges::default() };
    test.update_image(hidden, hide).await.unwrap();
    let mut expected = [trashed, purged, expired, hidden];
    let mut found = due(&test).await;
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
    assert_eq!(test.waiting_jobs().await.unwrap(), 4);
    let titled = ImageChanges { title: Some(None), ..ImageChanges::default() };
    test.update_image(shown, titled).await.unwrap();
    assert_eq!(test.copy_job(shown).await.unwrap(), None, "a title is no matter of the copy");
}

#[tokio::test]
async fn an_image_without_a_copy_leaves_none() {
    let test = TestCatalog::new().await;
    let owner = test.owner().await;
    let image = test.image_of(owner).await.id;
    test.trash_image(image, NOW).await.unwrap();
    test.restore_image(image, NOW).await.unwrap();
    assert_eq!(due(&test).await, []);
    assert_eq!(test.next_job_due().await.unwrap(), None);
    test.want_copy(image, NOW).await.unwrap();
    assert_eq!(test.next_job_due().await.unwrap(), Some(NOW));
}

#[tokio::test]
async fn a_change_while_a_copy_is_being_made_is_not_missed() {
    let test = TestCatalog::new().await;
    let new = NewImage { copied: true, ..new_image(test.owner().await, unique_hash()) };
    let image = test.publish(new).await.image.id;
    let under_way = job(&test, image).await;
    test.trash_image(image, NOW).await.unwrap();
    // The copy was made while the image was deleted: the job stays and removes it.
    test.end_copy_job(under_way.clone(), Some(NOW)).await.unwrap();
    let next = job(&test, image).await;
    assert_eq!(next.revision, under_way.revision + 1);
    test.end_copy_job(next, None).await.unwrap();
    assert_eq!(test.copy_job(image).await.unwrap(), None);
    assert_eq!(test.image(image).await.unwrap().unwrap().copied_at, None);
}

#[tokio::test]
async fn a_failed_job_waits_and_a_change_makes_it_due_again() {
    let test = TestCatalog::new().await;
    let image = copied(&test).await;
    test.trash_image(image, NOW).await.unwrap();
    let failed = job(&test, image).await;
    let later = NOW.plus_seconds(5_000);
    test.put_off_job(failed.clone(), later, "503".to_owned()).await.unwrap();
    assert_eq!(due(&test).await, []);
    assert_eq!(job(&test, image).await.attempts, 1);
    assert_eq!(test.next_job_due().await.unwrap(), Some(later));
    test.restore_image(image, UnixMillis(0)).await.unwrap();
    assert_eq!(due(&test).await, [image]);
    assert_eq!(job(&test, image).await.attempts, 0);
    // What an overtaken attempt has to say puts nothing off.
    test.put_off_job(failed, later, "503".to_owned()).await.unwrap();
    assert_eq!(due(&test).await, [image]);
}

#[tokio::test]
async fn missing_copies_are_asked_for_once_and_forgotten_together() {
    let test = TestCatalog::new().await;
    let owner = test.owner().await;
    let (plain, deleted) = (test.image_of(owner).await.id, test.image_of(owner).await.id);
    let hidden = NewImage { visibility: Some(Visibility::Private), ..new_image(owner, unique_hash()) };
    test.publish(hidden).await;
    test.trash_image(deleted, NOW).await.unwrap();
    copied(&test).await;
    assert_eq!(test.queue_missing_copies(NOW).await.unwrap(), 1);
    assert_eq!(test.queue_missing_copies(NOW).await.unwrap(), 0);
    assert_eq!(due(&test).await, [plain]);
    assert_eq!(test.copied_images().await.unwrap().len(), 1);
    assert_eq!(test.forget_copies().await.unwrap(), 1);
    assert_eq!((due(&test).await, test.waiting_jobs().await.unwrap()), (vec![], 0));
}
