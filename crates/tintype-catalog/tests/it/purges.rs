//! What caches in front have yet to forget.

use tintype_catalog::{
    AliasKind, CatalogError, Constraint, ImageChanges, MoveWish, Moved, NewImage, PathCondition, PathsOf,
    Purge, PurgeOutcome, PurgeStep, PurgeSubject,
};
use tintype_types::Visibility;

use crate::support::{NOW, TestCatalog, new_image, unique_hash};

async fn with_caches(names: &[&str]) -> TestCatalog {
    let test = TestCatalog::new().await;
    test.set_caches(names.iter().map(|name| (*name).to_owned()).collect()).await.expect("works");
    test
}

async fn all(test: &TestCatalog) -> Vec<Purge> {
    test.purges(None, 1_000).await.expect("works").purges
}

/// The subjects that wait, each with the caches that have yet to forget it.
async fn waiting(test: &TestCatalog) -> Vec<String> {
    let mut waiting: Vec<String> =
        all(test).await.iter().map(|purge| format!("{} {}", purge.cache, purge.subject)).collect();
    waiting.sort();
    waiting
}

async fn end_all(test: &TestCatalog) {
    let all = all(test).await.into_iter().map(|purge| (purge, PurgeOutcome::Done)).collect();
    test.settle_purges(all).await.expect("works");
    assert_eq!(test.waiting_purges(None).await.expect("works"), (0, 0));
}

async fn due(test: &TestCatalog, cache: &str, verifying: bool) -> Vec<Purge> {
    test.due_purges(cache, verifying, NOW.plus_seconds(1_000), 100).await.expect("works")
}

#[tokio::test]
async fn every_change_of_what_is_seen_is_noted_once_for_each_cache() {
    let test = with_caches(&["nginx", "varnish"]).await;
    let owner = test.owner().await;
    let at_path = || NewImage { path: Some("blog/a.jpg".to_owned()), ..new_image(owner, unique_hash()) };
    let image = test.publish(at_path()).await.image;
    let both = |subject: &str| ["nginx", "varnish"].map(|cache| format!("{cache} {subject}")).to_vec();
    assert!(waiting(&test).await.is_empty(), "what is new is in no cache");

    let change =
        |changes: ImageChanges| test.update_image(image.id, ImageChanges { updated_at: NOW, ..changes });
    change(ImageChanges { title: Some(Some("t".to_owned())), ..ImageChanges::default() }).await.unwrap();
    let same = ImageChanges { visibility: Some(image.visibility), ..ImageChanges::default() };
    change(same).await.unwrap();
    assert!(waiting(&test).await.is_empty(), "a title changes no picture");
    let hidden = ImageChanges { visibility: Some(Visibility::Private), ..ImageChanges::default() };
    change(hidden).await.unwrap();
    assert_eq!(waiting(&test).await, both(image.id.as_str()));
    end_all(&test).await;
    test.trash_image(image.id, NOW).await.unwrap();
    test.trash_image(image.id, NOW).await.unwrap();
    assert_eq!(waiting(&test).await, both(image.id.as_str()));
    end_all(&test).await;
    test.restore_image(image.id, NOW).await.unwrap();
    assert_eq!(waiting(&test).await, both(image.id.as_str()));
    end_all(&test).await;

    // The path leads to another image, then on to another path.
    let next = test.publish(at_path()).await.image;
    assert_eq!(waiting(&test).await, both("/blog/a.jpg"));
    end_all(&test).await;
    test.put_path("blog/a.jpg", next.id, NOW).await.unwrap();
    assert!(waiting(&test).await.is_empty(), "it led there before");
    let moving = |from: &str, to: &str| MoveWish {
        whose: PathsOf::Owner(owner),
        from: from.to_owned(),
        to: to.to_owned(),
        overwrite: false,
        max: 1,
        condition: PathCondition::default(),
    };
    assert_eq!(test.move_files(moving("blog/a.jpg", "b.jpg"), NOW).await.unwrap(), Moved::Yes(1));
    assert_eq!(waiting(&test).await, both("/blog/a.jpg"));
    end_all(&test).await;

    // A path that was moved before redirects to the newest one, and whoever kept where it led must ask again.
    assert_eq!(test.move_files(moving("b.jpg", "c.jpg"), NOW).await.unwrap(), Moved::Yes(1));
    let mut moved = [both("/b.jpg"), both("/blog/a.jpg")].concat();
    moved.sort();
    assert_eq!(waiting(&test).await, moved);
    end_all(&test).await;

    // What an imported address showed, a path that is published there replaces; another owner's may not.
    assert!(test.put_alias(AliasKind::Path, "old.jpg", next.id, NOW).await.unwrap());
    let stranger = test.owner().await;
    let theirs = test.publish(new_image(stranger, unique_hash())).await.image;
    let taken = test.put_path("old.jpg", theirs.id, NOW).await.unwrap_err();
    assert!(matches!(taken, CatalogError::Conflict(Constraint::PathTaken)));
    test.put_path("old.jpg", image.id, NOW).await.unwrap();
    assert_eq!(waiting(&test).await, both("/old.jpg"));
    end_all(&test).await;

    // For good, the path goes with its image; so does what is over.
    let last = test.publish(at_path()).await.image;
    test.purge_image(last.id, NOW).await.unwrap();
    let mut gone = [both("/blog/a.jpg"), both(last.id.as_str())].concat();
    gone.sort();
    assert_eq!(waiting(&test).await, gone);
    end_all(&test).await;
    let ending = NewImage { expires_at: Some(NOW), ..new_image(owner, unique_hash()) };
    let ending = test.publish(ending).await.image;
    test.expire_images(NOW.plus_seconds(1), 10).await.unwrap();
    assert_eq!(waiting(&test).await, both(ending.id.as_str()));
    test.assert_sound().await;
}

#[tokio::test]
async fn nothing_is_noted_where_there_is_no_cache_and_dropped_where_one_goes() {
    let test = with_caches(&[]).await;
    let image = test.image_of(test.owner().await).await;
    test.trash_image(image.id, NOW).await.unwrap();
    assert_eq!(test.waiting_purges(None).await.unwrap(), (0, 0));
    let subject = PurgeSubject::Image(image.id);
    assert_eq!(test.want_purge(subject.clone(), NOW).await.unwrap(), 0);
    let both = || vec!["nginx".to_owned(), "varnish".to_owned()];
    assert_eq!(test.set_caches(both()).await.unwrap(), 0);
    assert_eq!(test.want_purge(subject, NOW).await.unwrap(), 2);
    assert_eq!(test.set_caches(both()).await.unwrap(), 0);
    assert_eq!(test.set_caches(vec!["varnish".to_owned()]).await.unwrap(), 1);
    assert_eq!(waiting(&test).await, [format!("varnish {}", image.id)]);
}

#[tokio::test]
async fn a_purge_goes_through_its_steps_and_begins_anew_when_its_subject_changes() {
    let test = with_caches(&["nginx", "varnish"]).await;
    let subject = PurgeSubject::Path("blog/a.jpg".to_owned());
    test.want_purge(subject.clone(), NOW).await.unwrap();
    let [purge] = due(&test, "varnish", false).await.try_into().unwrap();
    assert_eq!((purge.step, purge.attempts, &purge.subject), (PurgeStep::Purge, 0, &subject));
    let later = NOW.plus_seconds(5);
    let failed = PurgeOutcome::Failed(PurgeStep::Purge, later, "it is down".to_owned());
    test.settle_purges(vec![(purge.clone(), failed)]).await.unwrap();
    assert!(test.due_purges("varnish", false, NOW, 10).await.unwrap().is_empty());
    assert_eq!(test.due_purges("nginx", false, NOW, 10).await.unwrap().len(), 1);
    assert_eq!(test.next_purge_due("varnish", false).await.unwrap(), Some(later));
    assert_eq!(test.waiting_purges(None).await.unwrap(), (2, 1));
    let [purge] = due(&test, "varnish", false).await.try_into().unwrap();
    assert_eq!((purge.attempts, purge.problem.as_deref()), (1, Some("it is down")));
    assert_eq!(test.hurry_purges(NOW).await.unwrap(), 1, "the other one has not failed");
    let [purge] = test.due_purges("varnish", false, NOW, 10).await.unwrap().try_into().unwrap();

    test.settle_purges(vec![(purge.clone(), PurgeOutcome::Next(PurgeStep::Verify, later))]).await.unwrap();
    assert!(due(&test, "varnish", false).await.is_empty());
    let [verifying] = due(&test, "varnish", true).await.try_into().unwrap();
    // Its subject changes while somebody looks: what they saw does not count.
    test.want_purge(subject, NOW).await.unwrap();
    test.settle_purges(vec![(verifying, PurgeOutcome::Done)]).await.unwrap();
    let [again] = due(&test, "varnish", false).await.try_into().unwrap();
    assert_eq!((again.step, again.problem), (PurgeStep::Purge, None));
    assert_eq!(again.revision, purge.revision + 1);
}

#[tokio::test]
async fn variants_that_are_removed_are_remembered_until_every_cache_has_forgotten_them() {
    let test = with_caches(&["nginx"]).await;
    let image = test.image_of(test.owner().await).await;
    let variants = vec!["w=32,fit=contain.webp".to_owned()];
    test.note_variants(image.id, variants.clone()).await.unwrap();
    assert!(test.noted_variants(image.id).await.unwrap().is_empty(), "no cache has anything to forget");
    test.note_served_variant(image.id, "w=16,fit=contain.png".to_owned()).await.unwrap();
    test.note_served_variant(image.id, "w=16,fit=contain.png".to_owned()).await.unwrap();
    test.trash_image(image.id, NOW).await.unwrap();
    test.note_variants(image.id, variants.clone()).await.unwrap();
    // A second time there are no files left.
    test.note_variants(image.id, Vec::new()).await.unwrap();
    let noted = ["w=16,fit=contain.png", "w=32,fit=contain.webp"];
    assert_eq!(test.noted_variants(image.id).await.unwrap(), noted);
    // It is shown again, and what caches have of it is known for the next time.
    test.restore_image(image.id, NOW).await.unwrap();
    end_all(&test).await;
    assert_eq!(test.noted_variants(image.id).await.unwrap(), noted);
    test.trash_image(image.id, NOW).await.unwrap();
    end_all(&test).await;
    assert!(test.noted_variants(image.id).await.unwrap().is_empty());
}

#[tokio::test]
async fn purges_are_listed_page_by_page() {
    let test = with_caches(&["varnish"]).await;
    let path = |number: i64| PurgeSubject::Path(format!("{number}.jpg"));
    for number in 0..7 {
        // Some at the same moment.
        test.want_purge(path(number), NOW.plus_seconds(number / 3)).await.unwrap();
    }
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = test.purges(after, 2).await.unwrap();
        assert!(page.purges.len() <= 2);
        seen.extend(page.purges.into_iter().map(|purge| purge.subject));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, (0..7).map(path).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_is_new_goes_before_what_failed() {
    let test = with_caches(&["varnish"]).await;
    let path = |name: &str| PurgeSubject::Path(name.to_owned());
    test.want_purge(path("old.jpg"), NOW).await.unwrap();
    let [old] = due(&test, "varnish", false).await.try_into().unwrap();
    let failed = PurgeOutcome::Failed(PurgeStep::Purge, NOW, "it is down".to_owned());
    test.settle_purges(vec![(old, failed)]).await.unwrap();
    test.want_purge(path("new.jpg"), NOW.plus_seconds(1)).await.unwrap();
    let [new] = due(&test, "varnish", false).await.try_into().unwrap();
    assert_eq!(new.subject, path("new.jpg"));
    test.settle_purges(vec![(new, PurgeOutcome::Done)]).await.unwrap();
    let [old] = due(&test, "varnish", false).await.try_into().unwrap();
    assert_eq!(old.subject, path("old.jpg"));
}

#[tokio::test]
async fn a_cache_rests_until_its_time_or_until_it_is_hurried() {
    let test = with_caches(&["fastly", "varnish"]).await;
    test.want_purge(PurgeSubject::Path("a.jpg".to_owned()), NOW).await.unwrap();
    let end = NOW.plus_seconds(3_600);
    test.rest_cache("fastly", end).await.unwrap();
    let due = |cache: &'static str, now| test.due_purges(cache, false, now, 10);
    assert!(due("fastly", NOW).await.unwrap().is_empty());
    assert_eq!(due("varnish", NOW).await.unwrap().len(), 1);
    assert_eq!(due("fastly", end).await.unwrap().len(), 1);
    assert_eq!(test.next_purge_due("fastly", false).await.unwrap(), Some(end));
    assert_eq!(test.next_purge_due("varnish", false).await.unwrap(), Some(NOW));
    let [fastly, varnish] = test.caches().await.unwrap().try_into().unwrap();
    assert_eq!((fastly.rests_until, varnish.rests_until), (Some(end), None));
    test.hurry_purges(NOW).await.unwrap();
    assert_eq!(due("fastly", NOW).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_cache_says_since_when_and_why_it_fails() {
    let test = with_caches(&["fastly", "varnish"]).await;
    for (at, name) in [(0, "a.jpg"), (5, "b.jpg")] {
        test.want_purge(PurgeSubject::Path(name.to_owned()), NOW.plus_seconds(at)).await.unwrap();
    }
    let failed = due(&test, "varnish", false).await.into_iter().map(|purge| {
        let problem = format!("no {}", purge.subject);
        (purge, PurgeOutcome::Failed(PurgeStep::Purge, NOW, problem))
    });
    test.settle_purges(failed.collect()).await.unwrap();
    let [fastly, varnish] = test.caches().await.unwrap().try_into().unwrap();
    assert_eq!((fastly.failing_since, fastly.problem), (None, None));
    assert_eq!((varnish.failing_since, varnish.problem.as_deref()), (Some(NOW), Some("no /b.jpg")));
    assert_eq!(test.waiting_purges(Some("varnish")).await.unwrap(), (2, 2));
    assert_eq!(test.waiting_purges(Some("fastly")).await.unwrap(), (2, 0));
}

#[tokio::test]
async fn a_path_that_was_moved_leads_to_what_stands_at_its_target() {
    let test = with_caches(&["nginx"]).await;
    let owner = test.owner().await;
    let at_path = NewImage { path: Some("blog/a.jpg".to_owned()), ..new_image(owner, unique_hash()) };
    let image = test.publish(at_path).await.image;
    let wish = MoveWish {
        whose: PathsOf::Owner(owner),
        from: "blog/a.jpg".to_owned(),
        to: "b.jpg".to_owned(),
        overwrite: false,
        max: 1,
        condition: PathCondition::default(),
    };
    test.move_files(wish, NOW).await.unwrap();
    assert_eq!(test.redirects_to(image.id).await.unwrap(), ["blog/a.jpg"]);
    assert_eq!(test.paths_of(image.id).await.unwrap(), ["b.jpg"]);
}
