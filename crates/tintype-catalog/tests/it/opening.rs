//! Opening, closing and opening again.

use std::path::Path;

use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Executor as _};
use tintype_catalog::{Catalog, CatalogError, Constraint};

use crate::support::{IDENTITY, NOW, TestCatalog, open};

/// The schemas as they were released.
const SCHEMAS: [&str; 9] = [
    include_str!("../../migrations/sqlite/0001_catalogue.sql"),
    include_str!("../../migrations/sqlite/0002_direct_uploads.sql"),
    include_str!("../../migrations/sqlite/0003_idempotency.sql"),
    include_str!("../../migrations/sqlite/0004_abuse.sql"),
    include_str!("../../migrations/sqlite/0005_copies.sql"),
    include_str!("../../migrations/sqlite/0006_certificates.sql"),
    include_str!("../../migrations/sqlite/0007_purges.sql"),
    include_str!("../../migrations/sqlite/0008_path_redirects.sql"),
    include_str!("../../migrations/sqlite/0009_purge_pauses.sql"),
];

async fn raw(folder: &tempfile::TempDir, sql: &str) {
    sqlx::any::install_default_drivers();
    let url = format!("sqlite://{}?mode=rwc", folder.path().join("tintype.db").display());
    let mut db = AnyConnection::connect(&url).await.expect("connects");
    db.execute(sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))).await.expect("runs");
    db.close().await.expect("closes");
}

async fn columns(folder: &tempfile::TempDir, table: &str) -> String {
    let url = format!("sqlite://{}", folder.path().join("tintype.db").display());
    let mut db = AnyConnection::connect(&url).await.expect("connects");
    let sql = "select group_concat(name, ', ') from pragma_table_info($1)";
    let names = sqlx::query_scalar(sql).bind(table).fetch_one(&mut db).await.expect("has columns");
    db.close().await.expect("closes");
    names
}

/// A file as the release with `version` schemas left it, with the rows that `newest` has in the tables of that time.
async fn older(folder: &tempfile::TempDir, version: usize, newest: &Path) {
    let tables: Vec<&str> = SCHEMAS[..version]
        .iter()
        .flat_map(|schema| schema.lines())
        .filter_map(|line| line.strip_prefix("create table ")?.strip_suffix(" ("))
        .collect();
    let schema = SCHEMAS[..version].concat();
    raw(folder, &format!("{schema} pragma application_id = 0x54494E54; pragma user_version = {version};"))
        .await;
    let mut copying = String::new();
    for table in tables {
        // A later schema may have added columns.
        let columns = columns(folder, table).await;
        copying += &format!("insert into main.{table} ({columns}) select {columns} from newest.{table};");
    }
    raw(folder, &format!("attach '{}' as newest; {copying} detach newest;", newest.display())).await;
}

async fn refusal(folder: &tempfile::TempDir) -> CatalogError {
    let opened = Catalog::open(&folder.path().join("tintype.db"), || panic!("makes nothing")).await;
    opened.err().expect("is refused")
}

#[tokio::test]
async fn a_catalogue_is_made_once_and_keeps_its_identity() {
    let folder = tempfile::tempdir().unwrap();
    let first = open(&folder).await;
    assert!(first.was_created());
    assert_eq!(first.store_identity(), IDENTITY);
    first.close().await.unwrap();
    assert!(!folder.path().join("tintype.db-wal").exists(), "the file alone is the catalogue after closing");
    let second = Catalog::open(&folder.path().join("tintype.db"), || panic!("is asked once")).await.unwrap();
    assert!(!second.was_created());
    assert_eq!(second.store_identity(), IDENTITY);
}

#[tokio::test]
async fn what_was_written_is_there_after_reopening() {
    let test = TestCatalog::new().await;
    let owner = test.owner().await;
    let image = test.image_of(owner).await;
    test.close().await.unwrap();
    assert!(matches!(test.image(image.id).await, Err(CatalogError::Unavailable(_))));
    assert!(matches!(test.trash_image(image.id, NOW).await, Err(CatalogError::Unavailable(_))));
    test.close().await.unwrap();
    assert_eq!(test.again().await.image(image.id).await.unwrap(), Some(image));
}

#[tokio::test]
async fn files_of_earlier_releases_are_brought_up_to_date_with_all_they_hold() {
    let test = TestCatalog::new().await;
    let owner = test.owner().await;
    let (kept, trashed) = (test.image_of(owner).await, test.image_of(owner).await);
    test.trash_image(trashed.id, NOW).await.unwrap();
    let (trashed, counts) = (test.image(trashed.id).await.unwrap(), test.counts().await.unwrap());
    test.close().await.unwrap();
    for version in 1..=SCHEMAS.len() {
        let folder = tempfile::tempdir().unwrap();
        older(&folder, version, &test.folder.path().join("tintype.db")).await;
        let path = folder.path().join("tintype.db");
        let catalog = Catalog::open(&path, || panic!("is not made anew")).await.unwrap();
        assert!(!catalog.was_created());
        assert_eq!(catalog.store_identity(), IDENTITY);
        assert_eq!(catalog.image(kept.id).await.unwrap(), Some(kept.clone()), "from schema {version}");
        assert_eq!(
            catalog.image(trashed.as_ref().unwrap().id).await.unwrap(),
            trashed,
            "from schema {version}"
        );
        assert_eq!(catalog.counts().await.unwrap(), counts);
        // What later schemas brought works on it.
        assert_eq!(catalog.open_reports().await.unwrap(), 0);
        assert_eq!(catalog.integrity_check().await.unwrap(), Vec::<String>::new());
        catalog.close().await.unwrap();
    }
    // A schema that is missing in the list above would never be tried.
    let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/sqlite")).unwrap();
    assert_eq!(files.count(), SCHEMAS.len());
}

#[tokio::test]
async fn a_look_leaves_an_older_schema_alone() {
    let test = TestCatalog::new().await;
    let folder = tempfile::tempdir().unwrap();
    older(&folder, SCHEMAS.len() - 1, &test.folder.path().join("tintype.db")).await;
    let path = folder.path().join("tintype.db");
    assert!(Catalog::open_as_it_is(&path).await.unwrap().is_none());
    assert!(Catalog::open_as_it_is(&path).await.unwrap().is_none(), "it is no newer for that");
    Catalog::open(&path, || panic!("is not made anew")).await.unwrap().close().await.unwrap();
    let looked = Catalog::open_as_it_is(&path).await.unwrap().expect("it is this release's now");
    assert_eq!(looked.store_identity(), IDENTITY);
}

#[tokio::test]
async fn awkward_folder_names_are_taken_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let odd = folder.path().join("a b?c=d#e%41&..; ü");
    std::fs::create_dir(&odd).unwrap();
    let catalog = Catalog::open(&odd.join("tintype.db"), || IDENTITY.to_owned()).await.unwrap();
    assert!(odd.join("tintype.db").exists());
    assert_eq!(catalog.counts().await.unwrap(), tintype_catalog::Counts::default());
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    open(&folder).await.close().await.unwrap();
    raw(&folder, "pragma user_version = 4711").await;
    let before = std::fs::read(folder.path().join("tintype.db")).unwrap();
    let error = refusal(&folder).await;
    assert!(matches!(error, CatalogError::TooNew { found: 4711, known: 1..=4710 }), "{error}");
    assert_eq!(std::fs::read(folder.path().join("tintype.db")).unwrap(), before);
}

#[tokio::test]
async fn another_programs_database_is_refused_and_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    raw(&folder, "create table notes (text text)").await;
    let before = std::fs::read(folder.path().join("tintype.db")).unwrap();
    let error = refusal(&folder).await;
    assert!(error.to_string().contains("another program"), "{error}");
    assert_eq!(std::fs::read(folder.path().join("tintype.db")).unwrap(), before);
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("tintype.db"), vec![b'x'; 8192]).unwrap();
    assert!(matches!(refusal(&folder).await, CatalogError::Corrupt { .. }));
}

#[tokio::test]
async fn a_missing_folder_is_unavailable() {
    let folder = tempfile::tempdir().unwrap();
    let opened = Catalog::open(&folder.path().join("none/tintype.db"), || IDENTITY.to_owned()).await;
    assert!(matches!(opened.err().unwrap(), CatalogError::Unavailable(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_open_a_new_file_at_once_and_one_makes_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tintype.db");
    let mut openings = tokio::task::JoinSet::new();
    for opening in 0..8 {
        let path = path.clone();
        openings.spawn(async move { Catalog::open(&path, || format!("{opening:032x}")).await.unwrap() });
    }
    let catalogs = openings.join_all().await;
    assert_eq!(catalogs.iter().filter(|catalog| catalog.was_created()).count(), 1);
    let maker = catalogs.iter().find(|catalog| catalog.was_created()).unwrap();
    assert!(catalogs.iter().all(|catalog| catalog.store_identity() == maker.store_identity()));
}

#[tokio::test]
async fn meta_values_are_kept_and_the_identity_is_fixed() {
    let test = TestCatalog::new().await;
    assert_eq!(test.get_meta("swept_at").await.unwrap(), None);
    test.put_meta("swept_at", "1").await.unwrap();
    test.put_meta("swept_at", "2").await.unwrap();
    assert_eq!(test.get_meta("swept_at").await.unwrap().as_deref(), Some("2"));
    let error = test.put_meta("store_identity", "x").await.unwrap_err();
    assert!(matches!(error, CatalogError::Conflict(Constraint::IdentityFixed)));
}

#[tokio::test]
async fn a_sealed_catalogue_answers_questions_and_takes_no_writes_until_it_is_unsealed() {
    let test = TestCatalog::new().await;
    let owner = test.owner().await;
    let image = test.image_of(owner).await;
    test.seal().await.unwrap();
    assert!(matches!(test.trash_image(image.id, NOW).await, Err(CatalogError::Sealed)));
    assert_eq!(test.image(image.id).await.unwrap(), Some(image.clone()));
    let copy = test.folder.path().join("copy.db");
    test.copy_to(&copy).await.unwrap();
    test.unseal().await.unwrap();
    assert!(test.trash_image(image.id, NOW).await.unwrap().unwrap().deleted_at.is_some());
    let copied = Catalog::open(&copy, || panic!("is a copy")).await.unwrap();
    assert_eq!(copied.image(image.id).await.unwrap(), Some(image));
}

#[tokio::test]
async fn strangers_on_the_machine_cannot_read_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tintype.db");
    let catalog = Catalog::open(&file, || "0".repeat(32)).await.unwrap();
    let copy = folder.path().join("copy.db");
    catalog.copy_to(&copy).await.unwrap();
    for name in ["tintype.db", "tintype.db-wal", "tintype.db-shm", "copy.db"] {
        assert_eq!(mode(&folder.path().join(name)), 0o600, "{name}");
    }
    catalog.close().await.unwrap();
    // As earlier releases left it; its group may be meant to read it.
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    Catalog::open(&file, || panic!("there is a catalogue")).await.unwrap().close().await.unwrap();
    assert_eq!(mode(&file), 0o640);
}
