//! What time removes: expired images, old trash, and bytes that nothing refers to any more.
//!
//! Bytes go in three steps, each of its own transaction: the last reference goes and the blob is an orphan; after the grace
//! period it is `deleting`, and no upload takes it up any more; its file is removed by the caller, then its row. A crash
//! between the last two leaves a row in [`Catalog::deleting_blobs`].

use std::collections::BTreeMap;

use sqlx::{AnyConnection, any::AnyRow};
use tintype_types::{BlobKey, ImageId, UnixMillis};

use crate::{
    Catalog,
    error::Result,
    image::DeletedReason,
    job,
    owner::{self, OwnerId},
    purge,
    row::Columns,
    trash,
};

/// A blob's row. The number never returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlobId(pub i64);

impl Catalog {
    /// Deletes images whose time is over, at most `limit`, and answers which.
    ///
    /// # Errors
    /// As every write.
    pub async fn expire_images(&self, now: UnixMillis, limit: u32) -> Result<Vec<ImageId>> {
        self.write(move |db| Box::pin(expire(db, now, limit))).await
    }

    /// The images that [`Catalog::purge_trashed`] would purge.
    ///
    /// # Errors
    /// As every question.
    pub async fn trashed_images(&self, deleted_before: UnixMillis, limit: u32) -> Result<Vec<ImageId>> {
        let query = sqlx::query(TRASHED).bind(deleted_before.0).bind(i64::from(limit));
        let rows = query.fetch_all(&mut *self.reader().await?).await?;
        rows.iter().map(|row| Columns(row).parsed("id")).collect()
    }

    /// Purges images that were deleted before `deleted_before`, at most `limit`, and answers which.
    ///
    /// # Errors
    /// As every write.
    pub async fn purge_trashed(
        &self,
        deleted_before: UnixMillis,
        now: UnixMillis,
        limit: u32,
    ) -> Result<Vec<ImageId>> {
        self.write(move |db| Box::pin(purge_trashed(db, deleted_before, now, limit))).await
    }

    /// Takes blobs that lost their last reference before `orphaned_before`, at most `limit`, out of use for good. The caller
    /// removes their files and then forgets them.
    ///
    /// # Errors
    /// As every write.
    pub async fn take_orphans(
        &self,
        orphaned_before: UnixMillis,
        limit: u32,
    ) -> Result<Vec<(BlobId, BlobKey)>> {
        self.write_one(move |db| {
            Box::pin(async move {
                let sql = "update blobs set state = 'deleting' where id in (select id from blobs \
                           where orphaned_at is not null and orphaned_at < $1 and state in ('orphan', 'damaged') \
                           and not exists (select 1 from images where images.blob_id = blobs.id) \
                           order by orphaned_at limit $2) returning id, key";
                let write = sqlx::query(sql).bind(orphaned_before.0).bind(i64::from(limit));
                write.fetch_all(db).await?.iter().map(id_and_key).collect()
            })
        })
        .await
    }

    /// Takes one blob out of use for good, however young, if nothing refers to it. `None` where something does, or there is
    /// no such blob.
    ///
    /// # Errors
    /// As every write.
    pub async fn take_orphan(&self, key: BlobKey) -> Result<Option<(BlobId, BlobKey)>> {
        self.write_one(move |db| {
            Box::pin(async move {
                let sql = "update blobs set state = 'deleting' where key = $1 and orphaned_at is not null \
                           and state in ('orphan', 'damaged') \
                           and not exists (select 1 from images where images.blob_id = blobs.id) returning id, key";
                sqlx::query(sql).bind(key.to_string()).fetch_all(db).await?.first().map(id_and_key).transpose()
            })
        })
        .await
    }

    /// Blobs that were taken out of use and whose files are being removed, or were when the program ended.
    ///
    /// # Errors
    /// As every question.
    pub async fn deleting_blobs(&self) -> Result<Vec<(BlobId, BlobKey)>> {
        let query =
            sqlx::query("select id, key from blobs where orphaned_at is not null and state = 'deleting'");
        query.fetch_all(&mut *self.reader().await?).await?.iter().map(id_and_key).collect()
    }

    /// Drops the row of a blob whose file was removed. Only one that was taken out of use is dropped.
    ///
    /// # Errors
    /// As every write.
    pub async fn forget_blob(&self, id: BlobId) -> Result<()> {
        self.write_one(move |db| {
            Box::pin(async move {
                let sql = "delete from blobs where id = $1 and state = 'deleting'";
                sqlx::query(sql).bind(id.0).execute(db).await?;
                Ok(())
            })
        })
        .await
    }
}

fn id_and_key(row: &AnyRow) -> Result<(BlobId, BlobKey)> {
    let row = Columns(row);
    Ok((BlobId(row.get("id")?), row.parsed("key")?))
}

async fn expire(db: &mut AnyConnection, now: UnixMillis, limit: u32) -> Result<Vec<ImageId>> {
    let sql = "update images set deleted_at = $1, deleted_reason = $3, updated_at = $1 where sequence in \
               (select sequence from images where deleted_at is null and expires_at is not null and expires_at <= $1 \
               order by expires_at limit $2) returning id, owner_id";
    let write = sqlx::query(sql).bind(now.0).bind(i64::from(limit)).bind(DeletedReason::Expired.as_str());
    let rows = write.fetch_all(&mut *db).await?;
    let mut gone: BTreeMap<OwnerId, i64> = BTreeMap::new();
    let mut ids = Vec::with_capacity(rows.len());
    for row in &rows {
        let row = Columns(row);
        let id = row.parsed("id")?;
        job::queue_copy(db, id, false, now).await?;
        purge::queue_image(db, id, now).await?;
        ids.push(id);
        *gone.entry(OwnerId(row.get("owner_id")?)).or_default() += 1;
    }
    for (owner, images) in gone {
        owner::count(db, owner, -images).await?;
    }
    Ok(ids)
}

const TRASHED: &str = "select sequence, id, blob_id from images where deleted_at is not null and purged_at is null \
                       and deleted_at < $1 order by deleted_at, sequence limit $2";

async fn purge_trashed(
    db: &mut AnyConnection,
    deleted_before: UnixMillis,
    now: UnixMillis,
    limit: u32,
) -> Result<Vec<ImageId>> {
    let rows = sqlx::query(TRASHED).bind(deleted_before.0).bind(i64::from(limit)).fetch_all(&mut *db).await?;
    let mut ids = Vec::with_capacity(rows.len());
    for row in &rows {
        let row = Columns(row);
        ids.push(row.parsed("id")?);
        trash::purge(db, row.get("sequence")?, row.get::<Option<i64>>("blob_id")?.map(BlobId), now).await?;
    }
    Ok(ids)
}

/// Marks a blob that lost a reference, if that was its last; inside the transaction that dropped the reference. A damaged
/// one stays damaged, so that no upload takes it up.
pub(crate) async fn release(db: &mut AnyConnection, blob: BlobId, now: UnixMillis) -> Result<()> {
    let sql = "update blobs set state = case when state = 'live' then 'orphan' else state end, orphaned_at = $2 \
               where id = $1 and state in ('live', 'damaged') \
               and not exists (select 1 from images where images.blob_id = $1)";
    sqlx::query(sql).bind(blob.0).bind(now.0).execute(db).await?;
    Ok(())
}
