//! Intents: what an upload writes down before its file gets a name, so that a crash leaves nothing that nobody knows of.

use sqlx::AnyConnection;
use tintype_types::{BlobKey, UnixMillis};

use crate::{
    Catalog,
    error::Result,
    row::{Columns, inserted},
};

/// An intent's row. The number never returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IntentId(pub i64);

/// A file that was about to get its name. If no blob has its key, the file (if there is one) is nobody's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Intent {
    /// Its number.
    pub id: IntentId,
    /// The name of the file.
    pub key: BlobKey,
    /// When the upload began.
    pub started_at: UnixMillis,
}

impl Catalog {
    /// Notes that a file of this name is about to be linked into the store. To be called before it is.
    ///
    /// # Errors
    /// As every write; then the file must not get its name.
    pub async fn begin_upload(&self, key: BlobKey, started_at: UnixMillis) -> Result<IntentId> {
        self.write_one(move |db| {
            Box::pin(async move {
                let sql = "insert into intents (key, started_at) values ($1, $2) returning id";
                inserted(db, sqlx::query(sql).bind(key.to_string()).bind(started_at.0)).await.map(IntentId)
            })
        })
        .await
    }

    /// Drops the intent of an upload that ended without an image. To be called after its file was removed.
    ///
    /// # Errors
    /// As every write; then the next sweep finds the intent.
    pub async fn abandon_upload(&self, id: IntentId) -> Result<()> {
        self.settle_intent(id).await
    }

    /// Drops an intent whose file was dealt with: removed, or found to be a blob's.
    ///
    /// # Errors
    /// As every write; then the next sweep finds the intent.
    pub async fn settle_intent(&self, id: IntentId) -> Result<()> {
        self.write_one(move |db| Box::pin(drop_intent(db, id))).await
    }

    /// Every intent, oldest first: those of uploads under way, and those that a crash left.
    ///
    /// # Errors
    /// As every question.
    pub async fn intents(&self) -> Result<Vec<Intent>> {
        let query = sqlx::query("select id, key, started_at from intents order by id");
        let rows = query.fetch_all(&mut *self.reader().await?).await?;
        rows.iter()
            .map(|row| {
                let row = Columns(row);
                let id = IntentId(row.get("id")?);
                Ok(Intent { id, key: row.parsed("key")?, started_at: row.time("started_at")? })
            })
            .collect()
    }
}

pub(crate) async fn drop_intent(db: &mut AnyConnection, id: IntentId) -> Result<()> {
    sqlx::query("delete from intents where id = $1").bind(id.0).execute(db).await?;
    Ok(())
}
