//! Owners: who may list, change and delete images.

use sqlx::AnyConnection;
use tintype_types::UnixMillis;

use crate::{
    Catalog,
    error::Result,
    row::{Columns, inserted},
};

/// An owner's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OwnerId(pub i64);

impl Catalog {
    /// The owner of a browser's key, if it uploaded before. `key_hash` is the SHA-256 of the key.
    ///
    /// # Errors
    /// As every question.
    pub async fn owner_by_key(&self, key_hash: [u8; 32]) -> Result<Option<OwnerId>> {
        by_key(&mut *self.reader().await?, key_hash).await
    }

    /// The owner of a browser's key, made if it is new: parallel first uploads share one.
    ///
    /// # Errors
    /// As every write.
    pub async fn owner_for_key(&self, key_hash: [u8; 32], now: UnixMillis) -> Result<OwnerId> {
        if let Some(owner) = self.owner_by_key(key_hash).await? {
            return Ok(owner);
        }
        self.write_one(move |db| {
            Box::pin(async move {
                let sql = "insert into owners (kind, key_hash, created_at) values ('browser', $1, $2) \
                           on conflict (key_hash) do update set kind = owners.kind returning id";
                inserted(db, sqlx::query(sql).bind(key_hash.to_vec()).bind(now.0)).await.map(OwnerId)
            })
        })
        .await
    }
}

async fn by_key(db: &mut AnyConnection, key_hash: [u8; 32]) -> Result<Option<OwnerId>> {
    let sql = "select id from owners where key_hash = $1";
    let row = sqlx::query(sql).bind(key_hash.to_vec()).fetch_optional(db).await?;
    row.map(|row| Ok(OwnerId(Columns(&row).get("id")?))).transpose()
}

/// Makes an owner without a key, who is known by a token alone.
pub(crate) async fn insert_for_token(db: &mut AnyConnection, now: UnixMillis) -> Result<OwnerId> {
    let sql = "insert into owners (kind, created_at) values ('token', $1) returning id";
    inserted(db, sqlx::query(sql).bind(now.0)).await.map(OwnerId)
}

/// Keeps the owner's count of images that are not deleted; called in the transaction that changes it.
pub(crate) async fn count(db: &mut AnyConnection, owner: OwnerId, change: i64) -> Result<()> {
    let sql = "update owners set images = images + $2 where id = $1";
    sqlx::query(sql).bind(owner.0).bind(change).execute(db).await?;
    Ok(())
}
