//! A folder and a catalogue that do not belong together are not brought together.

use rustix::io::Errno;
use tintype_blob::{BlobError, BlobStore, Step};

use crate::support::{IDENTITY, TestStore, files_under, scratch};

const OTHER: &str = "ffffffffffffffffffffffffffffffff";

#[tokio::test]
async fn the_same_catalogue_opens_the_folder_again() {
    let test = TestStore::new().await;
    let key = test.put(b"stays").await.unwrap();
    for fresh in [false, true] {
        let again = TestStore::at(test.dir.clone(), fresh, true).await.unwrap();
        assert_eq!(again.read(key).await.unwrap(), "stays");
    }
    let file = std::fs::read_to_string(test.dir.join("store.json")).unwrap();
    assert_eq!(file, format!("{{\"format\":1,\"identity\":\"{IDENTITY}\"}}"));
    assert_eq!(std::fs::read_dir(test.dir.join("originals")).unwrap().count(), 256);
}

#[tokio::test]
async fn another_catalogues_folder_is_refused() {
    let test = TestStore::new().await;
    for fresh in [false, true] {
        match BlobStore::open(&test.dir, OTHER, fresh).await {
            Err(BlobError::ForeignStore { expected, found }) => {
                assert_eq!((expected.as_str(), found.as_deref()), (OTHER, Some(IDENTITY)));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_folder_of_originals_without_identity_is_refused() {
    let test = TestStore::new().await;
    test.put(b"whose?").await.unwrap();
    std::fs::remove_file(test.dir.join("store.json")).unwrap();
    for fresh in [false, true] {
        let opened = BlobStore::open(&test.dir, IDENTITY, fresh).await;
        assert!(matches!(opened, Err(BlobError::ForeignStore { found: None, .. })), "{opened:?}");
    }
    assert!(!test.dir.join("store.json").exists());
}

#[tokio::test]
async fn an_empty_folder_is_not_taken_for_one_that_holds_the_catalogues_blobs() {
    let owner = scratch();
    for dir in [owner.path().to_owned(), owner.path().join("not mounted")] {
        let opened = BlobStore::open(&dir, IDENTITY, false).await;
        assert!(matches!(opened, Err(BlobError::ForeignStore { found: None, .. })), "{opened:?}");
    }
    assert_eq!(std::fs::read_dir(owner.path()).unwrap().count(), 0, "nothing was created");
}

#[tokio::test]
async fn a_first_start_that_was_cut_short_is_completed() {
    for step in
        [Step::MakeFolder, Step::SyncFolder, Step::CreateStaging, Step::Write, Step::SyncFile, Step::Link]
    {
        for skip in [0, 1, 100] {
            let owner = scratch();
            let dir = owner.path().join("a/b/data");
            let faults = std::sync::Arc::new(tintype_blob::Faults::new());
            faults.fail_from(step, skip, Errno::IO.raw_os_error());
            let cut = BlobStore::open_faulty(&dir, IDENTITY, true, faults, true).await;
            if cut.is_ok() {
                // The step comes less often than that.
                continue;
            }
            let test = TestStore::at(dir, true, true).await.unwrap();
            let key = test.put(b"works").await.unwrap();
            assert_eq!(test.read(key).await.unwrap(), "works", "{step:?} {skip}");
        }
    }
}

#[tokio::test]
async fn a_damaged_or_newer_identity_is_said_plainly() {
    for (text, words) in [
        ("", "not readable"),
        ("{}", "not readable"),
        ("{\"format\":1,\"identity\":7}", "not readable"),
        ("{\"format\":3,\"something\":\"else\"}", "start a newer version"),
    ] {
        let test = TestStore::new().await;
        std::fs::write(test.dir.join("store.json"), text).unwrap();
        let error = BlobStore::open(&test.dir, IDENTITY, false).await.unwrap_err();
        assert!(matches!(error, BlobError::Corrupt(_)));
        assert!(error.to_string().contains(words), "{error}");
    }
    let owner = scratch();
    let file = owner.path().join("file");
    std::fs::write(&file, "").unwrap();
    assert!(matches!(BlobStore::open(&file, IDENTITY, true).await, Err(BlobError::Unavailable { .. })));
    assert!(BlobStore::open(owner.path(), "short", true).await.is_err());
    assert_eq!(files_under(owner.path()).len(), 1);
}
