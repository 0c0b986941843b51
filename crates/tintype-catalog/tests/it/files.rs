//! Files at named paths: folders, removing, moving.

use tintype_catalog::{
    CatalogError, Constraint, FolderQuery, MoveWish, Moved, NewImage, OwnerId, PathCondition, PathsOf,
    Removed, Restored, Tags, Whose,
};
use tintype_types::{ContentHash, ImageId, UnixMillis, Visibility};

use crate::support::{NOW, TestCatalog, new_image, unique_hash};

const PUBLIC: Whose = Whose::Public { rows_max: 1_000 };

impl TestCatalog {
    async fn put(&self, owner: OwnerId, path: &str) -> ImageId {
        let new = NewImage { path: Some(path.to_owned()), ..new_image(owner, unique_hash()) };
        self.publish(new).await.image.id
    }

    async fn list(&self, whose: Whose, folder: &str, recursive: bool, limit: u32) -> Vec<String> {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let query = FolderQuery { whose, folder: folder.to_owned(), recursive, after, limit };
            let page = self.folder(&query, NOW).await.expect("lists");
            assert!(page.entries.len() <= limit as usize);
            found.extend(page.entries.iter().map(|entry| entry.path().to_owned()));
            match page.next {
                Some(next) => after = Some(next),
                None => return found,
            }
        }
    }

    async fn mv(&self, owner: OwnerId, from: &str, to: &str, overwrite: bool) -> Moved {
        let wish = MoveWish {
            whose: PathsOf::Owner(owner),
            from: from.to_owned(),
            to: to.to_owned(),
            overwrite,
            max: 100,
            condition: PathCondition::default(),
        };
        self.move_files(wish, NOW).await.expect("moves")
    }

    async fn id_at(&self, path: &str) -> Option<ImageId> {
        self.file(path).await.expect("reads").map(|file| file.image.id)
    }
}

#[tokio::test]
async fn folders_are_listed_like_those_of_a_disk() {
    let test = TestCatalog::new().await;
    let (ana, ben) = (test.owner().await, test.owner().await);
    let all = [
        "a.jpg",
        "b-c.jpg",
        "b.jpg",
        "b/1.jpg",
        "b/2/x.jpg",
        "b/2/y.jpg",
        "b/3.jpg",
        "b/4/deep/z.jpg",
        "b0.jpg",
        "c/x.jpg",
        "\u{e9}/x.jpg",
    ];
    for path in all {
        test.put(ana, path).await;
    }
    test.put(ben, "b/2/ben.jpg").await;
    let mine = Whose::Owner(ana);
    for limit in [1, 2, 3, 100] {
        let root = test.list(mine, "", false, limit).await;
        assert_eq!(root, ["a.jpg", "b-c.jpg", "b.jpg", "b/", "b0.jpg", "c/", "\u{e9}/"], "{limit} a page");
        assert_eq!(test.list(mine, "b/", false, limit).await, ["b/1.jpg", "b/2/", "b/3.jpg", "b/4/"]);
        assert_eq!(test.list(mine, "b/4/", false, limit).await, ["b/4/deep/"]);
        assert_eq!(test.list(mine, "", true, limit).await, all);
        assert_eq!(test.list(mine, "b/2/", true, limit).await, ["b/2/x.jpg", "b/2/y.jpg"]);
        assert_eq!(test.list(mine, "none/", false, limit).await, [""; 0]);
        assert_eq!(test.list(Whose::Owner(ben), "", false, limit).await, ["b/"]);
    }
}

#[tokio::test]
async fn a_folder_of_many_files_is_one_entry() {
    let test = TestCatalog::new().await;
    let ana = test.owner().await;
    for number in 0..200 {
        test.put(ana, &format!("many/{number:03}.jpg")).await;
    }
    test.put(ana, "z.jpg").await;
    assert_eq!(test.list(Whose::Owner(ana), "", false, 5).await, ["many/", "z.jpg"]);
    assert_eq!(test.list(Whose::Owner(ana), "many/", false, 7).await.len(), 200);
}

#[tokio::test]
async fn only_what_is_alive_and_public_stands_in_an_index() {
    let test = TestCatalog::new().await;
    let ana = test.owner().await;
    let put = |path: &str, visibility, expires_at: Option<UnixMillis>| {
        let new = new_image(ana, unique_hash());
        test.publish(NewImage {
            path: Some(path.to_owned()),
            visibility: Some(visibility),
            expires_at,
            ..new
        })
    };
    put("p/public.jpg", Visibility::Public, None).await;
    put("p/unlisted.jpg", Visibility::Unlisted, None).await;
    put("p/private.jpg", Visibility::Private, None).await;
    put("p/over.jpg", Visibility::Public, Some(NOW)).await;
    put("p/hidden/x.jpg", Visibility::Unlisted, None).await;
    let deleted = put("p/deleted.jpg", Visibility::Public, None).await.image.id;
    test.trash_image(deleted, NOW).await.unwrap();
    assert_eq!(test.list(PUBLIC, "p/", false, 10).await, ["p/public.jpg"]);
    let mine = test.list(Whose::Owner(ana), "p/", false, 10).await;
    assert_eq!(mine, ["p/hidden/", "p/private.jpg", "p/public.jpg", "p/unlisted.jpg"]);
}

#[tokio::test]
async fn what_is_not_public_is_looked_at_for_so_long_only() {
    let test = TestCatalog::new().await;
    let ana = test.owner().await;
    let put = |path: String, visibility| {
        test.publish(NewImage { path: Some(path), visibility, ..new_image(ana, unique_hash()) })
    };
    let mut public = Vec::new();
    for number in 0..60 {
        put(format!("p/{number:02}.jpg"), Some(Visibility::Unlisted)).await;
        put(format!("p/{number:02}/secret.jpg"), Some(Visibility::Private)).await;
        if number % 20 == 19 {
            put(format!("p/{number:02}/a/open.jpg"), Some(Visibility::Public)).await;
            put(format!("p/{number:02}/z.jpg"), Some(Visibility::Public)).await;
            put(format!("p/{number:02}z.jpg"), Some(Visibility::Public)).await;
            public.extend([format!("p/{number:02}/"), format!("p/{number:02}z.jpg")]);
        }
    }
    for rows_max in [1, 2, 3, 7, 20, 1_000] {
        for limit in [1, 2, 10] {
            let whose = Whose::Public { rows_max };
            assert_eq!(test.list(whose, "p/", false, limit).await, public, "{rows_max} {limit}");
            assert_eq!(test.list(whose, "p/19/", true, limit).await.len(), 2, "{rows_max} {limit}");
        }
    }
    let page = |after: Option<String>, rows_max| {
        let whose = Whose::Public { rows_max };
        let query = FolderQuery { whose, folder: "p/".to_owned(), recursive: false, after, limit: 10 };
        let test = &test;
        async move { test.folder(&query, NOW).await.unwrap() }
    };
    // So many paths, and not one more; the next page goes on behind them.
    let first = page(None, 5).await;
    assert_eq!((first.entries.len(), first.next.as_deref()), (0, Some("p/02.jpg")));
    let second = page(first.next, 5).await;
    assert_eq!((second.entries.len(), second.next.as_deref()), (0, Some("p/04/secret.jpg")));
    // Behind the last of all there is nothing more to look at.
    assert_eq!(page(Some("p/59z.jpg".to_owned()), 5).await.next, None);
}

#[tokio::test]
async fn removing_the_last_path_deletes_the_image_and_restoring_brings_both_back() {
    let test = TestCatalog::new().await;
    let (ana, ben) = (test.owner().await, test.owner().await);
    let id = test.put(ana, "a.jpg").await;
    let remove =
        async |owner| test.remove_file("a.jpg", PathsOf::Owner(owner), PathCondition::default(), NOW).await;
    assert_eq!(remove(ben).await.unwrap(), Removed::Nothing);
    assert_eq!(remove(ana).await.unwrap(), Removed::Image(id));
    assert_eq!(remove(ana).await.unwrap(), Removed::Nothing, "a second time");
    assert!(test.image_at_path("a.jpg").await.unwrap().unwrap().deleted_at.is_some());
    assert_eq!(test.mv(ana, "a.jpg", "b.jpg", false).await, Moved::Nothing, "what is deleted stays");
    assert!(matches!(test.restore_image(id, NOW).await.unwrap(), Restored::Yes(_)));
    assert_eq!(test.image_at_path("a.jpg").await.unwrap().unwrap().deleted_at, None);
    test.assert_sound().await;
}

#[tokio::test]
async fn moving_leaves_one_redirect_to_where_the_image_is() {
    let test = TestCatalog::new().await;
    let (ana, ben) = (test.owner().await, test.owner().await);
    let id = test.put(ana, "a.jpg").await;
    assert_eq!(test.mv(ben, "a.jpg", "x.jpg", true).await, Moved::Nothing, "another owner's");
    assert_eq!(test.mv(ana, "a.jpg", "b.jpg", false).await, Moved::Yes(1));
    assert_eq!(test.mv(ana, "b.jpg", "c.jpg", false).await, Moved::Yes(1));
    assert_eq!((test.id_at("a.jpg").await, test.id_at("b.jpg").await), (None, None));
    assert_eq!(test.id_at("c.jpg").await, Some(id));
    for old in ["a.jpg", "b.jpg"] {
        assert_eq!(test.redirect_of(old).await.unwrap().as_deref(), Some("c.jpg"), "{old}");
    }
    // The old paths are still ana's.
    let at_old = NewImage { path: Some("a.jpg".to_owned()), ..new_image(ben, unique_hash()) };
    let error = test.publish_image(at_old).await.unwrap_err();
    assert!(matches!(error, CatalogError::Conflict(Constraint::PathTaken)), "{error:?}");
    let theirs = test.put(ben, "theirs.jpg").await;
    assert_eq!(test.mv(ben, "theirs.jpg", "b.jpg", true).await, Moved::Taken("b.jpg".to_owned()));
    assert_eq!(test.id_at("theirs.jpg").await, Some(theirs));
    // Something new at an old path, and back again.
    let new = test.put(ana, "a.jpg").await;
    assert_eq!((test.id_at("a.jpg").await, test.redirect_of("a.jpg").await.unwrap()), (Some(new), None));
    assert_eq!(test.mv(ana, "c.jpg", "b.jpg", false).await, Moved::Yes(1));
    assert_eq!(test.redirect_of("c.jpg").await.unwrap().as_deref(), Some("b.jpg"));
    assert_eq!(test.redirect_of("b.jpg").await.unwrap(), None);
    test.assert_sound().await;
    // The last that is known of the image is forgotten with it.
    test.purge_image(id, NOW).await.unwrap();
    assert_eq!(test.redirect_of("c.jpg").await.unwrap(), None);
    test.put(ben, "c.jpg").await;
    test.assert_sound().await;
}

#[tokio::test]
async fn a_redirect_ends_when_it_is_removed() {
    let test = TestCatalog::new().await;
    let (ana, ben) = (test.owner().await, test.owner().await);
    let id = test.put(ana, "a.jpg").await;
    test.mv(ana, "a.jpg", "b.jpg", false).await;
    let remove =
        async |owner| test.remove_file("a.jpg", PathsOf::Owner(owner), PathCondition::default(), NOW).await;
    assert_eq!(remove(ben).await.unwrap(), Removed::Nothing);
    assert_eq!(remove(ana).await.unwrap(), Removed::Path);
    assert_eq!((test.redirect_of("a.jpg").await.unwrap(), test.id_at("b.jpg").await), (None, Some(id)));
}

#[tokio::test]
async fn a_path_that_is_not_free_is_left_alone() {
    let test = TestCatalog::new().await;
    let (ana, ben) = (test.owner().await, test.owner().await);
    let (one, two) = (test.put(ana, "1.jpg").await, test.put(ana, "2.jpg").await);
    test.put(ben, "ben.jpg").await;
    assert_eq!(test.mv(ana, "1.jpg", "2.jpg", false).await, Moved::Occupied("2.jpg".to_owned()));
    assert_eq!(test.mv(ana, "1.jpg", "ben.jpg", true).await, Moved::Taken("ben.jpg".to_owned()));
    assert_eq!((test.id_at("1.jpg").await, test.id_at("2.jpg").await), (Some(one), Some(two)));
    assert_eq!(test.mv(ana, "1.jpg", "2.jpg", true).await, Moved::Yes(1));
    assert_eq!(test.id_at("2.jpg").await, Some(one));
    assert_eq!(test.image(two).await.unwrap().unwrap().deleted_at, None, "it lives on at its own link");
    // In the place of a deleted image nobody needs to be asked.
    test.trash_image(one, NOW).await.unwrap();
    test.put(ana, "3.jpg").await;
    assert_eq!(test.mv(ana, "3.jpg", "2.jpg", false).await, Moved::Yes(1));
    test.assert_sound().await;
}

#[tokio::test]
async fn the_operator_lists_moves_and_removes_everybodys() {
    let test = TestCatalog::new().await;
    let (ana, ben) = (test.owner().await, test.owner().await);
    test.put(ana, "blog/a.jpg").await;
    let bens = test.put(ben, "blog/b.jpg").await;
    test.put(ben, "ben.jpg").await;
    assert_eq!(test.list(Whose::Everybody, "", true, 2).await, ["ben.jpg", "blog/a.jpg", "blog/b.jpg"]);
    let all = |from: &str, to: &str, overwrite| {
        let wish = MoveWish {
            whose: PathsOf::Everybody,
            from: from.to_owned(),
            to: to.to_owned(),
            overwrite,
            max: 9,
            condition: PathCondition::default(),
        };
        test.move_files(wish, NOW)
    };
    assert_eq!(all("blog/", "journal/", false).await.unwrap(), Moved::Yes(2));
    assert_eq!(test.list(Whose::Owner(ana), "", true, 9).await, ["journal/a.jpg"]);
    // Over another owner's: the path goes with the picture, and old links lead where they did or nowhere.
    let occupied = Moved::Occupied("journal/a.jpg".to_owned());
    assert_eq!(all("journal/b.jpg", "journal/a.jpg", false).await.unwrap(), occupied);
    assert_eq!(all("journal/b.jpg", "journal/a.jpg", true).await.unwrap(), Moved::Yes(1));
    let file = test.file("journal/a.jpg").await.unwrap().unwrap();
    assert_eq!((file.owner, file.image.id), (ben, bens));
    assert_eq!(test.redirect_of("blog/a.jpg").await.unwrap(), None, "it was ana's");
    assert_eq!(test.redirect_of("blog/b.jpg").await.unwrap().as_deref(), Some("journal/a.jpg"));
    test.assert_sound().await;
    let remove = |path| test.remove_file(path, PathsOf::Everybody, PathCondition::default(), NOW);
    assert_eq!(remove("blog/b.jpg").await.unwrap(), Removed::Path);
    assert_eq!(remove("journal/a.jpg").await.unwrap(), Removed::Image(bens));
    assert_eq!(remove("none.jpg").await.unwrap(), Removed::Nothing);
    test.assert_sound().await;
}

#[tokio::test]
async fn a_folder_is_moved_whole_or_not_at_all() {
    let test = TestCatalog::new().await;
    let (ana, ben) = (test.owner().await, test.owner().await);
    for path in ["blog/a.jpg", "blog/2026/b.jpg", "blog-c.jpg", "blogger/d.jpg"] {
        test.put(ana, path).await;
    }
    test.put(ben, "journal/2026/b.jpg").await;
    let taken = Moved::Taken("journal/2026/b.jpg".to_owned());
    assert_eq!(test.mv(ana, "blog/", "journal/", true).await, taken);
    assert_eq!(test.list(Whose::Owner(ana), "blog/", true, 10).await.len(), 2, "nothing was moved");
    assert_eq!(test.mv(ana, "blog/", "d/\u{fc}/", false).await, Moved::Yes(2));
    let now = test.list(Whose::Owner(ana), "", true, 10).await;
    assert_eq!(now, ["blog-c.jpg", "blogger/d.jpg", "d/\u{fc}/2026/b.jpg", "d/\u{fc}/a.jpg"]);
    assert_eq!(test.redirect_of("blog/2026/b.jpg").await.unwrap().as_deref(), Some("d/\u{fc}/2026/b.jpg"));
    let wish = MoveWish {
        whose: PathsOf::Owner(ana),
        from: "d/".into(),
        to: "e/".into(),
        overwrite: false,
        max: 1,
        condition: PathCondition::default(),
    };
    assert_eq!(test.move_files(wish, NOW).await.unwrap(), Moved::TooMany);
    assert_eq!(test.mv(ana, "none/", "e/", false).await, Moved::Nothing);
    test.assert_sound().await;
}

#[tokio::test]
async fn a_condition_is_looked_at_in_the_transaction() {
    let test = TestCatalog::new().await;
    let ana = test.owner().await;
    let put = |hash: ContentHash, path_condition| {
        let new = NewImage { path: Some("a.jpg".to_owned()), path_condition, ..new_image(ana, hash) };
        test.publish_image(new)
    };
    let (one, two) = (unique_hash(), unique_hash());
    let none = || PathCondition { differs: Some(Tags::Any), ..PathCondition::default() };
    let this = |hash: ContentHash| {
        let tags = Tags::Of(vec![hash.to_hex()[..32].to_owned()]);
        PathCondition { matches: Some(tags), ..PathCondition::default() }
    };
    put(one, this(one)).await.unwrap_err();
    put(one, none()).await.unwrap();
    let error = put(two, none()).await.unwrap_err();
    assert!(matches!(error, CatalogError::Conflict(Constraint::PathChanged)), "{error:?}");
    put(two, this(two)).await.unwrap_err();
    let second = put(two, this(one)).await.unwrap().image;
    test.trash_image(second.id, NOW).await.unwrap();
    put(one, none()).await.unwrap();
    test.assert_sound().await;
}
