//! Deleting images: into the trash, back, and out of it for good.

use sqlx::AnyConnection;
use tintype_types::{ImageId, UnixMillis};

use crate::{
    Catalog,
    error::Result,
    image::{self, DeletedReason, Image},
    job,
    owner::{self, OwnerId},
    path, purge,
    row::{Columns, written},
    sweep::{self, BlobId},
};

/// What became of the wish to restore an image.
#[derive(Clone, Debug)]
pub enum Restored {
    /// It is back.
    Yes(Box<Image>),
    /// It was deleted too long ago, expired, or its bytes are gone.
    TooLate,
    /// It is not deleted.
    NotDeleted,
    /// There never was an image of that id.
    Unknown,
}

impl Catalog {
    /// Deletes an image so that it can be restored, and answers it; one that is deleted stays as it is. `None` where there
    /// never was an image of that id.
    ///
    /// # Errors
    /// As every write.
    pub async fn trash_image(&self, id: ImageId, now: UnixMillis) -> Result<Option<Image>> {
        self.write(move |db| {
            Box::pin(async move {
                trash(db, id, now).await?;
                image::by_id(db, id).await
            })
        })
        .await
    }

    /// Takes an image back that was deleted at `deleted_after` or later. Its named paths come back with it, unless they lead
    /// to another image by now.
    ///
    /// # Errors
    /// As every write.
    pub async fn restore_image(&self, id: ImageId, deleted_after: UnixMillis) -> Result<Restored> {
        self.write(move |db| Box::pin(restore(db, id, deleted_after))).await
    }

    /// Deletes an image for good, from the trash or not: its bytes are released, its named paths are free again, its title,
    /// description, alt text, label, tags, file name and thumbhash are erased. Its id, delete token and aliases stay, so that
    /// they are known as deleted. `false` where there is no such image, or it was purged before.
    ///
    /// # Errors
    /// As every write.
    pub async fn purge_image(&self, id: ImageId, now: UnixMillis) -> Result<bool> {
        self.write(move |db| {
            Box::pin(async move {
                trash(db, id, now).await?;
                let sql = "select sequence, blob_id from images where id = $1 and purged_at is null";
                let Some(row) = sqlx::query(sql).bind(id.as_str()).fetch_optional(&mut *db).await? else {
                    return Ok(false);
                };
                let row = Columns(&row);
                purge(db, row.get("sequence")?, row.get::<Option<i64>>("blob_id")?.map(BlobId), now).await?;
                Ok(true)
            })
        })
        .await
    }
}

/// Deletes an image so that it can be restored, inside the caller's transaction; one that is deleted stays as it is.
pub(crate) async fn trash(db: &mut AnyConnection, id: ImageId, now: UnixMillis) -> Result<()> {
    let sql = "update images set deleted_at = $2, deleted_reason = $3, updated_at = $2 \
               where id = $1 and deleted_at is null returning owner_id";
    let write = sqlx::query(sql).bind(id.as_str()).bind(now.0).bind(DeletedReason::Asked.as_str());
    if let Some(row) = written(db, write).await? {
        owner::count(db, OwnerId(Columns(&row).get("owner_id")?), -1).await?;
        job::queue_copy(db, id, false, now).await?;
        purge::queue_image(db, id, now).await?;
    }
    Ok(())
}

async fn restore(db: &mut AnyConnection, id: ImageId, deleted_after: UnixMillis) -> Result<Restored> {
    let Some(mut image) = image::by_id(db, id).await? else { return Ok(Restored::Unknown) };
    let Some(deleted_at) = image.deleted_at else { return Ok(Restored::NotDeleted) };
    let expired = image.deleted_reason == Some(DeletedReason::Expired);
    if deleted_at < deleted_after || expired || image.purged_at.is_some() {
        return Ok(Restored::TooLate);
    }
    let sql = "update images set deleted_at = null, deleted_reason = null where id = $1";
    sqlx::query(sql).bind(id.as_str()).execute(&mut *db).await?;
    owner::count(db, image.owner, 1).await?;
    job::queue_copy(db, id, false, deleted_at).await?;
    purge::queue_image(db, id, deleted_at).await?;
    (image.deleted_at, image.deleted_reason) = (None, None);
    Ok(Restored::Yes(Box::new(image)))
}

/// Makes a deleted image a tombstone, inside the caller's transaction.
pub(crate) async fn purge(
    db: &mut AnyConnection,
    sequence: i64,
    blob: Option<BlobId>,
    now: UnixMillis,
) -> Result<()> {
    let sql = "update images set blob_id = null, purged_at = $2, updated_at = $2, file_name = null, title = null, \
               description = null, alt = null, label = null, tags = '[]', thumbhash = $3 where sequence = $1";
    sqlx::query(sql).bind(sequence).bind(now.0).bind(Vec::<u8>::new()).execute(&mut *db).await?;
    let freed = sqlx::query("delete from paths where image_id = $1 returning path").bind(sequence);
    for path in freed.fetch_all(&mut *db).await? {
        let path: String = Columns(&path).get("path")?;
        path::forget_redirects(db, &path, now).await?;
        purge::queue_path(db, &path, now).await?;
    }
    match blob {
        Some(blob) => sweep::release(db, blob, now).await,
        None => Ok(()),
    }
}
