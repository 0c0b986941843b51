//! Uploads that may be repeated: a key of the sender's choice leads to the image of its first use.

use sqlx::AnyConnection;
use tintype_types::{ContentHash, UnixMillis};

use crate::{
    Catalog,
    error::{CatalogError, Constraint, Result},
    image::{Image, select_image},
    row::{Columns, written},
};

/// The image that a key led to before, whatever its state.
///
/// # Errors
/// [`Constraint::KeyReused`] where that was of other bytes.
pub(crate) async fn earlier(
    db: &mut AnyConnection,
    key_hash: [u8; 32],
    received: ContentHash,
) -> Result<Option<Image>> {
    let sql = "select received_hash from idempotency where key_hash = $1";
    let Some(row) = sqlx::query(sql).bind(key_hash.to_vec()).fetch_optional(&mut *db).await? else {
        return Ok(None);
    };
    if Columns(&row).digest("received_hash")? != received.0 {
        return Err(CatalogError::Conflict(Constraint::KeyReused));
    }
    let sql = select_image!("where images.sequence = (select image_id from idempotency where key_hash = $1)");
    let row = sqlx::query(sql).bind(key_hash.to_vec()).fetch_optional(db).await?;
    row.as_ref().map(Image::from_row).transpose()
}

/// Notes what a key led to.
pub(crate) async fn note(
    db: &mut AnyConnection,
    key_hash: [u8; 32],
    received: ContentHash,
    image: i64,
    now: UnixMillis,
) -> Result<()> {
    let sql =
        "insert into idempotency (key_hash, received_hash, image_id, created_at) values ($1, $2, $3, $4)";
    let query = sqlx::query(sql).bind(key_hash.to_vec()).bind(received.0.to_vec()).bind(image).bind(now.0);
    query.execute(db).await?;
    Ok(())
}

impl Catalog {
    /// Forgets the keys that were used at `until` or before; returns how many.
    ///
    /// # Errors
    /// As every write.
    pub async fn forget_keys(&self, until: UnixMillis, limit: u32) -> Result<usize> {
        self.write_one(move |db| {
            Box::pin(async move {
                let sql = "delete from idempotency where key_hash in \
                           (select key_hash from idempotency where created_at <= $1 order by created_at limit $2) \
                           returning created_at";
                let query = sqlx::query(sql).bind(until.0).bind(i64::from(limit));
                Ok(query.fetch_all(db).await?.len())
            })
        })
        .await
    }

    /// A value that is made once: `fresh` where the key has none yet, and from then on that.
    ///
    /// # Errors
    /// As every write.
    pub async fn meta_once(&self, key: &'static str, fresh: String) -> Result<String> {
        self.write_one(move |db| {
            Box::pin(async move {
                let sql = "insert into meta (key, value) values ($1, $2) \
                           on conflict (key) do update set value = meta.value returning value";
                let row = written(db, sqlx::query(sql).bind(key).bind(fresh)).await?;
                Columns(&row.expect("an upsert that always writes returns its row")).get("value")
            })
        })
        .await
    }
}
