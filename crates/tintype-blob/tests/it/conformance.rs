//! What every store keeps to, whatever it is made of.

use futures_util::StreamExt as _;
use std::sync::Arc;
use tintype_blob::{BlobError, Entry};

use tintype_types::{ContentHash, MediaType, SpanPlan};

use crate::support::{TestStore, blob_name, content, new_key};

/// Runs every check on a fresh store.
pub(crate) async fn conformance(test: &TestStore) {
    a_blob_comes_back_as_it_went_in(test).await;
    ranges_are_read(test).await;
    a_key_is_used_once(test).await;
    a_key_must_name_its_bytes(test).await;
    the_same_bytes_may_be_stored_twice(test).await;
    a_deleted_blob_is_gone(test).await;
    what_is_dropped_leaves_nothing(test).await;
    what_was_sent_waits_to_be_published(test).await;
    damage_is_seen(test).await;
    strays_are_told_and_put_aside(test).await;
}

async fn a_blob_comes_back_as_it_went_in(test: &TestStore) {
    for len in [0, 1, 1000, 256 << 10, (256 << 10) + 1, 3_000_000, 17_000_000] {
        let bytes = content(len as u64, len);
        let key = test.put(&bytes).await.unwrap();
        assert_eq!(test.read(key).await.unwrap(), bytes, "{len} bytes");
        assert_eq!(test.store.hash(key).await.unwrap(), (key.hash, len as u64));
        assert!(test.store.delete(key).await.unwrap());
    }
    let hash = test.stage(b"abc").await.unwrap().hash();
    // FIPS 180-2, appendix B.1.
    assert_eq!(hash.to_hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    test.settles_at(0).await;
}

async fn ranges_are_read(test: &TestStore) {
    let bytes = content(7, 100_000);
    let key = test.put(&bytes).await.unwrap();
    for keep in [false, true] {
        let blob = test.store.open_blob(key, 100_000, keep).await.unwrap();
        assert_eq!((blob.len(), blob.key()), (100_000, key));
        for (offset, end) in [(0, 10), (99_990, 100_000), (5, 70_005), (100_000, 100_000), (0, 100_000)] {
            let mut pieces = blob.stream(offset..end).await.unwrap();
            let mut read = Vec::new();
            while let Some(piece) = pieces.next().await {
                read.extend_from_slice(&piece.unwrap());
            }
            let range = usize::try_from(offset).unwrap()..usize::try_from(end).unwrap();
            assert!(read == bytes[range], "{offset}..{end} keep {keep}");
            let piece = blob.read_at(offset, 10).await.unwrap();
            assert!(bytes[usize::try_from(offset).unwrap()..].starts_with(&piece));
            assert_eq!(piece.is_empty(), offset == 100_000);
        }
        assert!(blob.read_at(u64::MAX, usize::MAX).await.unwrap().is_empty());
    }
    // A reader that is under way reads on when the blob is deleted.
    let blob = test.store.open_blob(key, 100_000, true).await.unwrap();
    assert!(test.store.delete(key).await.unwrap());
    assert_eq!(blob.read_all().await.unwrap(), bytes);
}

async fn a_key_is_used_once(test: &TestStore) {
    let key = test.put(b"once").await.unwrap();
    let again = test.stage(b"once").await.unwrap();
    let stored = test.store.link(again, key, MediaType::Png).await;
    // Services store the same bytes anew: a key names its bytes, so that nothing changes.
    assert!(if test.is_folder() { matches!(stored, Err(BlobError::AlreadyExists)) } else { stored.is_ok() });
    assert_eq!(test.read(key).await.unwrap(), "once");
    assert!(test.store.delete(key).await.unwrap());
    test.settles_at(0).await;
}

async fn a_key_must_name_its_bytes(test: &TestStore) {
    let staged = test.stage(b"these").await.unwrap();
    let key = new_key(ContentHash([7; 32]));
    assert!(matches!(test.store.link(staged, key, MediaType::Png).await, Err(BlobError::Corrupt(_))));
    assert!(matches!(test.store.open_blob(key, 5, true).await, Err(BlobError::NotFound)));
    test.settles_at(0).await;
}

async fn the_same_bytes_may_be_stored_twice(test: &TestStore) {
    let staged = test.stage(b"twice").await.unwrap();
    let shared = test.store.rewrite(&staged, &SpanPlan::whole(5)).await.unwrap();
    let (one, two) = (new_key(staged.hash()), new_key(staged.hash()));
    test.store.link(staged, one, MediaType::Png).await.unwrap();
    test.store.link(shared, two, MediaType::Png).await.unwrap();
    assert!(test.store.delete(one).await.unwrap());
    assert_eq!(test.read(two).await.unwrap(), "twice");
    assert!(test.store.delete(two).await.unwrap());
    test.settles_at(0).await;
}

async fn a_deleted_blob_is_gone(test: &TestStore) {
    let key = test.put(b"gone").await.unwrap();
    assert!(test.store.delete(key).await.unwrap());
    let again = test.store.delete(key).await.unwrap();
    assert!(!again || !test.is_folder());
    assert!(matches!(test.store.open_blob(key, 4, true).await, Err(BlobError::NotFound)));
    assert!(matches!(test.store.blob_len(key).await, Err(BlobError::NotFound)));
    assert!(matches!(test.store.hash(key).await, Err(BlobError::NotFound)));
    assert!(matches!(test.store.quarantine(&Entry::Blob(key), "2026-01-31").await, Err(BlobError::NotFound)));
    test.settles_at(0).await;
}

async fn what_is_dropped_leaves_nothing(test: &TestStore) {
    let mut staging = test.store.stage().await.unwrap();
    for _ in 0..20 {
        staging.write(content(1, 100_000).into()).await.unwrap();
    }
    // A batch is still being written.
    drop(staging);
    drop(test.stage(&content(2, 1_000_000)).await.unwrap());
    test.settles_at(0).await;
    assert!(test.listed().await.is_empty());
}

async fn damage_is_seen(test: &TestStore) {
    let bytes = content(3, 500_000);
    let key = test.put(&bytes).await.unwrap();
    let mut flipped = bytes.clone();
    flipped[400_000] ^= 1;
    test.write_raw(&blob_name(key), &flipped).await;
    let (hash, len) = test.store.hash(key).await.unwrap();
    assert_eq!(len, 500_000);
    assert_ne!(hash, key.hash);

    if !test.is_folder() {
        // Whoever reads all of it hears that it is not what was stored, kept or not, and before its end.
        for keep in [false, true] {
            let blob = test.store.open_blob(key, 500_000, keep).await.unwrap();
            let mut pieces = blob.stream(0..500_000).await.unwrap();
            let mut read = 0;
            let error = loop {
                match pieces.next().await.expect("an error before the end") {
                    Ok(piece) => read += piece.len(),
                    Err(error) => break error,
                }
            };
            assert!(matches!(error, BlobError::Corrupt(_)) && read < 500_000, "{error:?} after {read}");
            assert_eq!(blob.has_failed(), keep);
        }
    }
    let blob = test.store.open_blob(key, 500_000, false).await.unwrap();
    test.write_raw(&blob_name(key), &bytes[..10]).await;
    assert!(matches!(blob.read_at(0, 100).await, Err(BlobError::Corrupt(_))));
    assert_eq!(test.store.hash(key).await.unwrap().1, 10);
    assert!(test.store.delete(key).await.unwrap());
}

async fn strays_are_told_and_put_aside(test: &TestStore) {
    let key = test.put(b"kept").await.unwrap();
    let lost = test.put(b"lost").await.unwrap();
    let misplaced = format!("originals/{:02x}/{key}", key.hash.0[0].wrapping_add(1));
    let strays = ["originals/note.txt", "originals/ab/.DS_Store", &misplaced];
    for stray in strays {
        test.write_raw(stray, b"stray").await;
    }
    let listed = test.listed().await;
    assert_eq!(listed.len(), 5);
    for key in [key, lost] {
        assert!(listed.contains(&(Entry::Blob(key), 4)));
    }
    for stray in strays {
        let entry = Entry::Stray(stray.into());
        assert!(listed.contains(&(entry.clone(), 5)), "{stray} in {listed:?}");
        let aside = test.store.quarantine(&entry, "2026-01-31").await.unwrap();
        assert!(aside.starts_with("quarantine/2026-01-31"));
        assert_eq!(test.read_raw(&aside).await, b"stray");
    }
    let aside = test.store.quarantine(&Entry::Blob(lost), "2026-01-31").await.unwrap();
    assert_eq!(test.read_raw(&aside).await, b"lost");
    assert_eq!(test.listed().await, [(Entry::Blob(key), 4)]);
    // Put aside once more under a name that is taken there.
    test.write_raw(&blob_name(lost), b"lost again").await;
    let aside = test.store.quarantine(&Entry::Blob(lost), "2026-01-31").await.unwrap();
    assert_eq!(test.read_raw(&aside).await, b"lost again");
    let outside = Entry::Stray("originals/../store.json".into());
    assert!(test.store.quarantine(&outside, "2026-01-31").await.is_err());
    assert!(test.store.quarantine(&Entry::Blob(key), "../../x").await.is_err());
    assert!(test.store.delete(key).await.unwrap());
}

async fn what_was_sent_waits_to_be_published(test: &TestStore) {
    let id = ContentHash([9; 32]);
    assert!(test.store.stage_incoming(id, 10).await.unwrap().is_none());
    for sent in [b"first try".as_slice(), b"second"] {
        let staged = test.stage(sent).await.unwrap();
        test.store.keep_incoming(staged, id).await.unwrap();
        let staged = test.store.stage_incoming(id, 10).await.unwrap().unwrap();
        assert_eq!(staged.hash(), test.stage(sent).await.unwrap().hash());
    }
    assert!(matches!(test.store.stage_incoming(id, 5).await, Err(BlobError::TooLarge { bytes: 6 })));
    assert!(test.store.remove_incoming(id).await.unwrap());
    assert!(test.store.stage_incoming(id, 10).await.unwrap().is_none());
    assert!(test.listed().await.is_empty());
    test.settles_at(0).await;
}

#[tokio::test]
async fn objects_in_memory_conform() {
    conformance(&TestStore::of_objects(Arc::new(object_store::memory::InMemory::new())).await).await;
}

#[tokio::test]
async fn a_folder_conforms() {
    conformance(&TestStore::on_disk(true).await).await;
    conformance(&TestStore::with(true).await).await;
}

#[tokio::test]
async fn a_folder_without_nameless_files_conforms() {
    conformance(&TestStore::on_disk(false).await).await;
    conformance(&TestStore::with(false).await).await;
}

#[tokio::test]
async fn the_fallback_is_what_it_says() {
    let test = TestStore::with(false).await;
    let staged = test.stage(b"named").await.unwrap();
    assert!(test.files().iter().all(|file| file.starts_with("staging")));
    assert_eq!(test.files().len(), 1);
    drop(staged);
    test.settles_at(0).await;
    let nameless = TestStore::new().await;
    let _staged = nameless.stage(b"nameless").await.unwrap();
    assert!(nameless.files().is_empty(), "the file system of the temporary folder has no O_TMPFILE");
}
