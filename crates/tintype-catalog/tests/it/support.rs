//! A catalogue in a folder of its own, and images to put into it.

use std::sync::atomic::{AtomicU64, Ordering};

use tempfile::TempDir;
use tintype_catalog::{Catalog, Duplicates, Image, NewImage, OwnerId, PathCondition, Published};
use tintype_types::{BlobKey, ContentHash, ImageId, MediaType, UnixMillis, Visibility};

/// The time at which tests happen.
pub(crate) const NOW: UnixMillis = UnixMillis(1_795_000_000_000);

pub(crate) const IDENTITY: &str = "00112233445566778899aabbccddeeff";

/// A catalogue that is checked and removed when the test ends.
pub(crate) struct TestCatalog {
    pub(crate) catalog: Catalog,
    pub(crate) folder: TempDir,
}

impl std::ops::Deref for TestCatalog {
    type Target = Catalog;

    fn deref(&self) -> &Catalog {
        &self.catalog
    }
}

impl TestCatalog {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let catalog = open(&folder).await;
        Self { catalog, folder }
    }

    /// Another set of connections to the same file.
    pub(crate) async fn again(&self) -> Catalog {
        open(&self.folder).await
    }

    /// An owner with a fresh key.
    pub(crate) async fn owner(&self) -> OwnerId {
        self.owner_for_key(unique_hash().0, NOW).await.expect("an owner")
    }

    pub(crate) async fn publish(&self, new: NewImage) -> Published {
        self.publish_image(new).await.expect("publishes")
    }

    /// Publishes an image of fresh bytes.
    pub(crate) async fn image_of(&self, owner: OwnerId) -> Image {
        self.publish(new_image(owner, unique_hash())).await.image
    }

    /// Nothing in the file contradicts itself.
    pub(crate) async fn assert_sound(&self) {
        assert_eq!(self.integrity_check().await.expect("checks"), Vec::<String>::new());
    }
}

pub(crate) async fn open(folder: &TempDir) -> Catalog {
    Catalog::open(&folder.path().join("tintype.db"), || IDENTITY.to_owned()).await.expect("opens")
}

fn next() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// A hash that no other call returns.
pub(crate) fn unique_hash() -> ContentHash {
    let mut hash = [0; 32];
    hash[..8].copy_from_slice(&next().wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    ContentHash(hash)
}

/// A physical key of these bytes that no other call returns.
pub(crate) fn unique_key(hash: ContentHash) -> BlobKey {
    BlobKey { hash, nonce: next().to_be_bytes() }
}

pub(crate) fn unique_id() -> ImageId {
    let mut state = next();
    ImageId::generate(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u8
    })
}

/// An image whose received and published bytes have `hash`.
pub(crate) fn new_image(owner: OwnerId, hash: ContentHash) -> NewImage {
    NewImage {
        id: unique_id(),
        owner,
        intent: None,
        key: unique_key(hash),
        bytes: 1_870_231,
        received_hash: hash,
        received_bytes: 1_900_000,
        keep_metadata: false,
        file_name: Some("sunset.jpg".to_owned()),
        title: None,
        description: None,
        alt: None,
        label: None,
        tags: Vec::new(),
        media_type: MediaType::Jpeg,
        width: 2800,
        height: 2100,
        frames: 1,
        orientation: 6,
        has_alpha: false,
        thumbhash: vec![220, 231, 17, 37, 128],
        colour: 0x0012_abff,
        visibility: Some(Visibility::Unlisted),
        created_at: NOW,
        expires_at: None,
        delete_token_hash: None,
        path: None,
        any_path: false,
        path_condition: PathCondition::default(),
        duplicates: Duplicates::Return,
        direct: None,
        copied: false,
        idempotency: None,
    }
}
