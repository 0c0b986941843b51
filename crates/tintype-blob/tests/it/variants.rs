//! The cache of rendered variants.

use bytes::Bytes;
use tintype_blob::{BlobError, Step};
use tintype_types::ImageId;

use crate::support::{TestStore, content};

const RECIPE: &str = "w=640,fit=cover.webp";

fn image(number: u8) -> ImageId {
    ImageId::generate(|| number)
}

#[tokio::test]
async fn a_variant_comes_back_until_it_is_deleted() {
    let test = TestStore::new().await;
    let (one, two) = (image(1), image(2));
    assert_eq!(test.store.get_variant(one, RECIPE, 1).await.unwrap(), None);
    let bytes = Bytes::from(content(1, 300_000));
    for (id, recipe, epoch) in [(one, RECIPE, 1), (one, RECIPE, 2), (one, "w=16.png", 1), (two, RECIPE, 1)] {
        test.store.put_variant(id, recipe, epoch, bytes.clone()).await.unwrap();
        assert_eq!(test.store.get_variant(id, recipe, epoch).await.unwrap().unwrap(), bytes);
    }
    test.store.put_variant(one, RECIPE, 1, Bytes::from_static(b"new")).await.unwrap();
    assert_eq!(test.store.get_variant(one, RECIPE, 1).await.unwrap().unwrap(), "new");
    assert_eq!(test.store.get_variant(one, RECIPE, 2).await.unwrap().unwrap(), bytes);
    assert_eq!(test.store.variant_count(one).await.unwrap(), 3);
    assert_eq!(test.store.delete_variants(one).await.unwrap(), 3);
    assert_eq!(test.store.delete_variants(one).await.unwrap(), 0);
    assert_eq!(test.store.get_variant(one, RECIPE, 1).await.unwrap(), None);
    assert_eq!(test.store.variant_count(one).await.unwrap(), 0);
    assert_eq!(test.store.variant_count(two).await.unwrap(), 1);
    assert!(test.listed().await.is_empty());
}

#[tokio::test]
async fn a_torn_variant_is_removed_and_made_anew() {
    let test = TestStore::new().await;
    let id = image(1);
    let path = test.dir.join(format!("variants/{}/{id}/{RECIPE}.1", &id.as_str()[..2]));
    for damage in [0_usize, 1, 15, 16, 500, 1015] {
        test.store.put_variant(id, RECIPE, 1, content(1, 1000).into()).await.unwrap();
        let whole = std::fs::read(&path).unwrap();
        assert_eq!(whole.len(), 1016);
        std::fs::write(&path, &whole[..damage]).unwrap();
        assert_eq!(test.store.get_variant(id, RECIPE, 1).await.unwrap(), None, "cut at {damage}");
        assert!(!path.exists(), "cut at {damage}");
    }
    test.store.put_variant(id, RECIPE, 1, content(1, 1000).into()).await.unwrap();
    std::fs::write(&path, vec![0; 1016]).unwrap();
    assert_eq!(test.store.get_variant(id, RECIPE, 1).await.unwrap(), None, "zeros");
}

#[tokio::test]
async fn the_folder_may_be_deleted_under_the_server() {
    let test = TestStore::new().await;
    test.store.put_variant(image(1), RECIPE, 1, Bytes::from_static(b"x")).await.unwrap();
    std::fs::remove_dir_all(test.dir.join("variants")).unwrap();
    assert_eq!(test.store.get_variant(image(1), RECIPE, 1).await.unwrap(), None);
    assert_eq!(test.store.sweep_staging().await.unwrap(), 0);
    test.store.put_variant(image(1), RECIPE, 1, Bytes::from_static(b"y")).await.unwrap();
    assert_eq!(test.store.get_variant(image(1), RECIPE, 1).await.unwrap().unwrap(), "y");
}

#[tokio::test]
async fn a_variant_that_does_not_fit_leaves_nothing() {
    for step in [Step::CreateStaging, Step::Write, Step::Rename, Step::MakeFolder] {
        let test = TestStore::new().await;
        test.faults.fail(step, 0, rustix::io::Errno::NOSPC.raw_os_error());
        let put = test.store.put_variant(image(1), RECIPE, 1, Bytes::from_static(b"x")).await;
        assert!(matches!(put, Err(BlobError::Full)), "{step:?}: {put:?}");
        assert!(test.files().is_empty(), "{step:?}: {:?}", test.files());
        test.store.put_variant(image(1), RECIPE, 1, Bytes::from_static(b"x")).await.unwrap();
    }
}

#[tokio::test]
async fn a_recipe_that_is_no_recipe_names_no_file() {
    let test = TestStore::new().await;
    for recipe in ["../x", "a/b", "", ".", "W=1", "w=1 "] {
        let put = test.store.put_variant(image(1), recipe, 1, Bytes::new()).await;
        assert!(put.is_err(), "{recipe:?}");
        assert!(test.store.get_variant(image(1), recipe, 1).await.is_err(), "{recipe:?}");
    }
    assert!(test.files().is_empty());
}
