//! A disk that fails at each step in turn: the error is clear, nothing is left behind, and what can go on goes on.

use rustix::io::Errno;
use tintype_blob::{BlobError, Entry, Step};
use tintype_types::{BlobKey, MediaType, Span, SpanPlan};

use crate::support::{TestStore, content, new_key};

/// An upload with a rewrite: every step that one takes.
async fn upload(test: &TestStore) -> Result<BlobKey, BlobError> {
    let staged = test.stage(&content(1, 700_000)).await?;
    let plan = SpanPlan(vec![Span::Keep { offset: 0, len: 600_000 }, Span::New(b"end".to_vec())]);
    let published = test.store.rewrite(&staged, &plan).await?;
    drop(staged);
    test.store.sync(&published).await?;
    let key = new_key(published.hash());
    test.store.link(published, key, MediaType::Png).await?;
    Ok(key)
}

const UPLOAD_STEPS: [Step; 7] =
    [Step::CreateStaging, Step::Write, Step::SyncFile, Step::Link, Step::SyncFolder, Step::Open, Step::Read];

/// Fails the first call of every step, then the second, and so on until the upload no longer makes so many.
async fn sweep(unnamed: bool, errno: Errno, expected: impl Fn(Step, &BlobError) -> bool) {
    for step in UPLOAD_STEPS {
        for skip in 0.. {
            let test = TestStore::with(unnamed).await;
            let kept = test.put(b"kept").await.unwrap();
            let calls = test.faults.calls(step);
            test.faults.fail(step, skip, errno.raw_os_error());
            match upload(&test).await {
                Ok(key) => {
                    assert_eq!(test.faults.calls(step) - calls, skip, "every call of {step:?} was tried");
                    assert!(skip > 0, "an upload never comes to {step:?}");
                    test.faults.clear();
                    assert_eq!(test.read(key).await.unwrap().len(), 600_003);
                    break;
                }
                Err(error) => assert!(expected(step, &error), "{step:?} {skip}: {error:?}"),
            }
            test.settles_at(1).await;
            assert_eq!(test.listed().await, [(Entry::Blob(kept), 4)], "{step:?} {skip}");
            assert_eq!(test.read(kept).await.unwrap(), "kept", "{step:?} {skip}");
            // A failed sync is final, whatever the disk says afterwards. Everything else is over when it is over.
            match test.put(b"next").await {
                Ok(_) => assert!(!poisons(step, errno), "{step:?} {skip}"),
                Err(BlobError::Poisoned) => assert!(poisons(step, errno), "{step:?} {skip}"),
                Err(error) => panic!("{step:?} {skip}: {error:?}"),
            }
        }
    }
}

fn poisons(step: Step, errno: Errno) -> bool {
    match step {
        Step::SyncFolder => true,
        Step::SyncFile => errno != Errno::NOSPC,
        _ => false,
    }
}

fn reads(step: Step) -> bool {
    matches!(step, Step::Open | Step::Read)
}

#[tokio::test]
async fn a_full_disk() {
    for unnamed in [true, false] {
        sweep(unnamed, Errno::NOSPC, |step, error| match step {
            _ if reads(step) => matches!(error, BlobError::Unavailable { .. }),
            Step::SyncFolder => matches!(error, BlobError::Unavailable { .. }),
            _ => matches!(error, BlobError::Full),
        })
        .await;
    }
}

#[tokio::test]
async fn a_disk_that_became_read_only() {
    sweep(true, Errno::ROFS, |step, error| match step {
        _ if reads(step) => matches!(error, BlobError::Unavailable { .. }),
        Step::SyncFile | Step::SyncFolder => matches!(error, BlobError::Unavailable { .. }),
        _ => matches!(error, BlobError::ReadOnly),
    })
    .await;
}

#[tokio::test]
async fn a_disk_that_breaks() {
    for unnamed in [true, false] {
        sweep(unnamed, Errno::IO, |_, error| match error {
            BlobError::Unavailable { what, source } => {
                !what.is_empty() && source.raw_os_error() == Some(Errno::IO.raw_os_error())
            }
            _ => false,
        })
        .await;
    }
}

#[tokio::test]
async fn a_file_system_that_refuses_nameless_files_late_is_served_all_the_same() {
    let test = TestStore::new().await;
    test.faults.fail(Step::CreateStaging, 0, Errno::OPNOTSUPP.raw_os_error());
    let key = test.put(b"fallback").await.unwrap();
    assert_eq!(test.read(key).await.unwrap(), "fallback");
    test.settles_at(1).await;
}

#[tokio::test]
async fn a_poisoned_store_is_read_and_not_written() {
    let test = TestStore::new().await;
    let kept = test.put(b"kept").await.unwrap();
    let early = test.stage(b"staged before").await.unwrap();
    let image = tintype_types::ImageId::generate(|| 1);
    test.store.put_variant(image, "w=16.png", 1, "v".into()).await.unwrap();
    let mut open = test.store.stage().await.unwrap();
    test.faults.fail(Step::SyncFile, 0, Errno::IO.raw_os_error());
    assert!(test.put(b"fails").await.is_err());

    let poisoned = |error| matches!(error, BlobError::Poisoned);
    assert!(poisoned(test.store.stage().await.unwrap_err()));
    assert!(poisoned(test.store.sync(&early).await.unwrap_err()));
    let key = new_key(early.hash());
    assert!(poisoned(test.store.link(early, key, MediaType::Png).await.unwrap_err()));
    open.write(content(1, 300_000).into()).await.unwrap();
    assert!(poisoned(open.finish().await.unwrap_err()));
    assert!(poisoned(test.store.delete(kept).await.unwrap_err()));
    assert!(poisoned(test.store.quarantine(&Entry::Blob(kept), "2026-01-31").await.unwrap_err()));
    assert!(poisoned(test.store.put_variant(image, "w=32.png", 1, "v".into()).await.unwrap_err()));

    assert_eq!(test.read(kept).await.unwrap(), "kept");
    assert_eq!(test.store.hash(kept).await.unwrap().0, kept.hash);
    assert_eq!(test.store.get_variant(image, "w=16.png", 1).await.unwrap().unwrap(), "v");
    let again = TestStore::at(test.dir.clone(), false, true).await.unwrap();
    again.put(b"after the restart").await.unwrap();
}

#[tokio::test]
async fn reads_and_deletes_that_fail_say_so() {
    let test = TestStore::new().await;
    let key = test.put(&content(1, 1000)).await.unwrap();
    let blob = test.store.open_blob(key, 0, false).await.unwrap();
    test.faults.fail(Step::Read, 0, Errno::IO.raw_os_error());
    assert!(matches!(blob.read_at(0, 10).await, Err(BlobError::Unavailable { .. })));
    test.faults.fail(Step::Read, 0, Errno::IO.raw_os_error());
    assert!(matches!(test.store.hash(key).await, Err(BlobError::Unavailable { .. })));
    test.faults.fail(Step::Open, 0, Errno::MFILE.raw_os_error());
    assert!(matches!(test.store.open_blob(key, 0, false).await, Err(BlobError::Unavailable { .. })));
    test.faults.fail(Step::Unlink, 0, Errno::ROFS.raw_os_error());
    assert!(matches!(test.store.delete(key).await, Err(BlobError::ReadOnly)));
    test.faults.fail(Step::Rename, 0, Errno::NOSPC.raw_os_error());
    assert!(matches!(test.store.quarantine(&Entry::Blob(key), "2026-01-31").await, Err(BlobError::Full)));
    assert_eq!(test.read(key).await.unwrap(), content(1, 1000));
    test.faults.fail(Step::SyncFolder, 0, Errno::IO.raw_os_error());
    assert!(matches!(test.store.delete(key).await, Err(BlobError::Unavailable { .. })));
    assert!(matches!(test.store.stage().await, Err(BlobError::Poisoned)));
}
