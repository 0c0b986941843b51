//! What staging gives out and what earlier lives leave.

use std::{io::Write as _, os::unix::fs::PermissionsExt as _};

use bytes::Bytes;

use crate::support::{TestStore, blob_path, content};
use tintype_types::MediaType;

#[tokio::test]
async fn a_worker_cannot_write_what_was_hashed() {
    for unnamed in [true, false] {
        let test = TestStore::with(unnamed).await;
        let staged = test.stage(b"fixed").await.unwrap();
        assert!((&*staged.file()).write(b"x").is_err());
        let key = test.put(b"fixed").await.unwrap();
        assert!((&*test.store.open_blob(key, 0, false).await.unwrap().file().unwrap()).write(b"x").is_err());
    }
}

#[tokio::test]
async fn originals_are_for_the_servers_user_alone() {
    let test = TestStore::new().await;
    let key = test.put(b"mine").await.unwrap();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&blob_path(&test.dir, key)), 0o600);
    assert_eq!(mode(&test.dir), 0o700);
    assert_eq!(mode(&test.dir.join("originals/ab")), 0o700);
}

#[tokio::test]
async fn chunks_of_any_size_are_one_file() {
    let test = TestStore::new().await;
    let bytes = content(5, 1_500_000);
    for size in [1_usize << 20, 300_000, 8191, 8192, 100] {
        let mut staging = test.store.stage().await.unwrap();
        for chunk in bytes.chunks(size) {
            staging.write(Bytes::copy_from_slice(chunk)).await.unwrap();
        }
        let staged = staging.finish().await.unwrap();
        assert_eq!(staged.hash(), test.stage(&bytes).await.unwrap().hash(), "chunks of {size}");
        assert_eq!(staged.len(), 1_500_000);
    }
}

#[tokio::test]
async fn the_sweep_takes_earlier_lives_alone() {
    let test = TestStore::with(false).await;
    let staged = test.stage(b"under way").await.unwrap();
    std::fs::write(test.dir.join("staging/0123456789abcdef-7"), "an earlier life's").unwrap();
    std::fs::create_dir(test.dir.join("variants/staging")).unwrap();
    std::fs::write(test.dir.join("variants/staging/0123456789abcdef-8"), "an earlier life's").unwrap();
    assert_eq!(test.store.sweep_staging().await.unwrap(), 2);
    assert_eq!(test.store.sweep_staging().await.unwrap(), 0);
    let key = crate::support::new_key(staged.hash());
    test.store.link(staged, key, MediaType::Png).await.unwrap();
    test.settles_at(1).await;
    assert!(test.store.free_bytes().unwrap() > 0);
}
