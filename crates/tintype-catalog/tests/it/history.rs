//! Random histories: whatever happens in whatever order, counters, references and states fit the rows.

use proptest::prelude::*;
use tintype_catalog::{
    CatalogError, Constraint, Duplicates, Entry, FolderQuery, ListQuery, MoveWish, NewImage, Order, OwnerId,
    PathCondition, PathsOf, Whose,
};
use tintype_types::{ContentHash, ImageId, UnixMillis};

use crate::support::{NOW, TestCatalog, new_image};

#[derive(Clone, Debug)]
enum Step {
    Publish {
        owner: usize,
        bytes: u8,
        expires: bool,
        path: Option<u8>,
        new: bool,
        any_path: bool,
    },
    /// Of what the operator moves, the owner is none.
    Move {
        owner: Option<usize>,
        from: u8,
        to: u8,
        overwrite: bool,
    },
    Remove {
        owner: usize,
        path: u8,
    },
    Trash(usize),
    Restore(usize),
    Purge(usize),
    Damage(usize),
    Expire,
    PurgeTrashed,
    TakeOrphans,
    Forget,
}

fn step() -> impl Strategy<Value = Step> {
    let publish = (0..2_usize, 0..5_u8, any::<bool>(), proptest::option::of(0..3_u8), any::<[bool; 2]>())
        .prop_map(|(owner, bytes, expires, path, [new, any_path])| Step::Publish {
            owner,
            bytes,
            expires,
            path,
            new,
            any_path,
        });
    let moving = (proptest::option::of(0..2_usize), 0..3_u8, 0..3_u8, any::<bool>())
        .prop_filter("a path is not moved to itself", |(_, from, to, _)| from != to)
        .prop_map(|(owner, from, to, overwrite)| Step::Move { owner, from, to, overwrite });
    prop_oneof![
        5 => publish,
        3 => moving,
        1 => (0..2_usize, 0..3_u8).prop_map(|(owner, path)| Step::Remove { owner, path }),
        2 => (0..30_usize).prop_map(Step::Trash),
        1 => (0..30_usize).prop_map(Step::Restore),
        2 => (0..30_usize).prop_map(Step::Purge),
        1 => (0..30_usize).prop_map(Step::Damage),
        1 => Just(Step::Expire),
        1 => Just(Step::PurgeTrashed),
        1 => Just(Step::TakeOrphans),
        1 => Just(Step::Forget),
    ]
}

struct History {
    test: TestCatalog,
    owners: [OwnerId; 2],
    ids: Vec<ImageId>,
    now: UnixMillis,
}

impl History {
    fn id(&self, index: usize) -> Option<ImageId> {
        (!self.ids.is_empty()).then(|| self.ids[index % self.ids.len()])
    }

    async fn publish(&mut self, step: Step) {
        let Step::Publish { owner, bytes, expires, path, new, any_path } = step else { return };
        let image = NewImage {
            created_at: self.now,
            expires_at: expires.then(|| UnixMillis(self.now.0 + 5)),
            path: path.map(|path| format!("{path}.jpg")),
            any_path,
            duplicates: if new { Duplicates::New } else { Duplicates::Return },
            ..new_image(self.owners[owner], ContentHash([bytes; 32]))
        };
        match self.test.publish_image(image).await {
            Ok(published) if published.duplicate => assert!(self.ids.contains(&published.image.id)),
            Ok(published) => self.ids.push(published.image.id),
            Err(CatalogError::Conflict(Constraint::PathTaken)) => {}
            Err(error) => panic!("{error:?}"),
        }
    }

    async fn take(&mut self, step: Step) -> Result<(), CatalogError> {
        self.now = UnixMillis(self.now.0 + 1);
        let (test, now) = (&self.test, self.now);
        match step {
            Step::Publish { .. } => self.publish(step).await,
            Step::Move { owner, from, to, overwrite } => {
                let (from, to) = (format!("{from}.jpg"), format!("{to}.jpg"));
                let whose = owner.map_or(PathsOf::Everybody, |owner| PathsOf::Owner(self.owners[owner]));
                let condition = PathCondition::default();
                let wish = MoveWish { whose, from, to, overwrite, max: 1, condition };
                test.move_files(wish, now).await?;
            }
            Step::Remove { owner, path } => {
                let (path, whose) = (format!("{path}.jpg"), PathsOf::Owner(self.owners[owner]));
                test.remove_file(&path, whose, PathCondition::default(), now).await?;
            }
            Step::Trash(index) => {
                if let Some(id) = self.id(index) {
                    test.trash_image(id, now).await?;
                }
            }
            Step::Restore(index) => {
                if let Some(id) = self.id(index) {
                    test.restore_image(id, UnixMillis(now.0 - 10)).await?;
                }
            }
            Step::Purge(index) => {
                if let Some(id) = self.id(index) {
                    test.purge_image(id, now).await?;
                }
            }
            Step::Damage(index) => {
                if let Some(id) = self.id(index)
                    && let Some(blob) = test.image(id).await?.and_then(|image| image.blob)
                {
                    test.mark_damaged(blob.key, now).await?;
                }
            }
            Step::Expire => drop(test.expire_images(now, 3).await?),
            Step::PurgeTrashed => drop(test.purge_trashed(UnixMillis(now.0 - 5), now, 3).await?),
            Step::TakeOrphans => drop(test.take_orphans(UnixMillis(now.0 - 3), 3).await?),
            Step::Forget => {
                for (id, _) in test.deleting_blobs().await? {
                    test.forget_blob(id).await?;
                }
            }
        }
        Ok(())
    }

    /// The lists agree with the images one by one.
    async fn check(&self) {
        self.test.assert_sound().await;
        for owner in self.owners {
            let mut alive = 0;
            for id in &self.ids {
                let image = self.test.image(*id).await.expect("reads").expect("an image never vanishes");
                assert_eq!(image.blob.is_none(), image.purged_at.is_some());
                let expired = image.expires_at.is_some_and(|end| end <= self.now);
                alive += i64::from(image.owner == owner && image.deleted_at.is_none() && !expired);
            }
            let query = ListQuery { limit: 1000, after: None, order: Order::Newest, label: None };
            let all = FolderQuery {
                whose: Whose::Owner(owner),
                folder: String::new(),
                recursive: true,
                after: None,
                limit: 100,
            };
            for entry in self.test.folder(&all, self.now).await.expect("lists").entries {
                let Entry::File(file) = entry else { panic!("a folder in {entry:?}") };
                assert_eq!((file.owner, file.image.owner), (owner, owner), "a path is its image's owner's");
            }
            let page = self.test.images_of(owner, query, self.now).await.expect("lists");
            assert_eq!((page.total, page.images.len() as i64), (alive, alive));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_history_leaves_a_sound_catalogue(steps in proptest::collection::vec(step(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let test = TestCatalog::new().await;
            let owners = [test.owner().await, test.owner().await];
            let mut history = History { test, owners, ids: Vec::new(), now: NOW };
            for step in steps {
                history.take(step).await.expect("takes the step");
            }
            history.check().await;
        });
    }
}
