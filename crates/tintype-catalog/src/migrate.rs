//! Brings a file's schema up to date: numbered files, each run in one transaction together with its number.

use sqlx::{AnyConnection, AssertSqlSafe, Executor as _};

use crate::{
    dialect,
    error::{CatalogError, Result},
    meta, sqlite,
};

/// The schemas in order; the first is number 1. What was released is never edited, only followed.
const MIGRATIONS: [&str; 9] = [
    include_str!("../migrations/sqlite/0001_catalogue.sql"),
    include_str!("../migrations/sqlite/0002_direct_uploads.sql"),
    include_str!("../migrations/sqlite/0003_idempotency.sql"),
    include_str!("../migrations/sqlite/0004_abuse.sql"),
    include_str!("../migrations/sqlite/0005_copies.sql"),
    include_str!("../migrations/sqlite/0006_certificates.sql"),
    include_str!("../migrations/sqlite/0007_purges.sql"),
    include_str!("../migrations/sqlite/0008_path_redirects.sql"),
    include_str!("../migrations/sqlite/0009_purge_pauses.sql"),
];

/// What opening found or made.
pub(crate) struct Opened {
    /// Whether the catalogue was made by this opening.
    pub(crate) created: bool,
    /// The store's identity.
    pub(crate) identity: String,
}

/// The newest schema of this release.
pub(crate) fn newest() -> i64 {
    MIGRATIONS.len() as i64
}

/// Runs what is missing, and returns the store's identity.
pub(crate) async fn run(db: &mut AnyConnection, identity: impl FnOnce() -> String) -> Result<Opened> {
    let mut identity = Some(identity);
    let mut created = false;
    while sqlite::user_version(db).await? < newest() {
        db.execute(dialect::BEGIN).await?;
        let step = async {
            // Asked again under the lock: another process may have been quicker.
            let version = sqlite::user_version(db).await?;
            if version < newest() {
                apply(db, version).await?;
            }
            if version == 0 {
                let identity = identity.take().expect("a file is made once");
                meta::insert(db, meta::IDENTITY, &identity()).await?;
            }
            db.execute(dialect::COMMIT).await?;
            Ok::<_, CatalogError>(version == 0)
        };
        match step.await {
            Ok(made) => created |= made,
            Err(error) => {
                let _ = db.execute(dialect::ROLLBACK).await;
                return Err(error);
            }
        }
    }
    let identity = meta::get(db, meta::IDENTITY)
        .await?
        .ok_or_else(|| CatalogError::corrupt("the store's identity is missing from table meta"))?;
    Ok(Opened { created, identity })
}

/// Runs the migration that follows `version`, inside the caller's transaction.
async fn apply(db: &mut AnyConnection, version: i64) -> Result<()> {
    let index = usize::try_from(version).map_err(|_| CatalogError::corrupt("a negative schema number"))?;
    db.execute(sqlx::raw_sql(MIGRATIONS[index])).await?;
    let (mark, number) = (sqlite::APPLICATION_ID, version + 1);
    let numbers = format!("pragma application_id = {mark}; pragma user_version = {number}");
    db.execute(sqlx::raw_sql(AssertSqlSafe(numbers))).await?;
    Ok(())
}
