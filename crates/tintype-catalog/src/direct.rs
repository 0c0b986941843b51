//! Direct uploads: a file that one request sends and another publishes.

use sqlx::AnyConnection;
use tintype_types::{ContentHash, ImageId, UnixMillis};

use crate::{
    Catalog, OwnerId,
    error::Result,
    image::{Image, select_image},
    row::Columns,
};

/// A direct upload as it begins.
#[derive(Clone, Debug)]
pub struct NewDirectUpload {
    /// SHA-256 of its id.
    pub id_hash: [u8; 32],
    /// Whose image it will be.
    pub owner: OwnerId,
    /// The sender's name of the file.
    pub file_name: Option<String>,
    /// The length that the sender declared.
    pub bytes: Option<u64>,
    /// The SHA-256 that the sender declared.
    pub sha256: Option<ContentHash>,
    /// Now.
    pub created_at: UnixMillis,
}

/// A direct upload that began.
#[derive(Clone, Debug)]
pub struct DirectUpload {
    /// How it began.
    pub begun: NewDirectUpload,
    /// What it became, if it was published.
    pub image: Option<ImageId>,
}

impl Catalog {
    /// Notes that a direct upload begins.
    ///
    /// # Errors
    /// As every write.
    pub async fn begin_direct_upload(&self, new: NewDirectUpload) -> Result<()> {
        self.write_one(move |db| {
            Box::pin(async move {
                let sql = "insert into direct_uploads (id_hash, owner_id, file_name, bytes, sha256, created_at) \
                           values ($1, $2, $3, $4, $5, $6)";
                sqlx::query(sql)
                    .bind(new.id_hash.to_vec())
                    .bind(new.owner.0)
                    .bind(new.file_name.as_deref())
                    .bind(new.bytes.map(|bytes| i64::try_from(bytes).unwrap_or(i64::MAX)))
                    .bind(new.sha256.map(|hash| hash.0.to_vec()))
                    .bind(new.created_at.0)
                    .execute(db)
                    .await?;
                Ok(())
            })
        })
        .await
    }

    /// A direct upload by the hash of its id.
    ///
    /// # Errors
    /// As every question.
    pub async fn direct_upload(&self, id_hash: [u8; 32]) -> Result<Option<DirectUpload>> {
        let sql = "select direct_uploads.owner_id, direct_uploads.file_name, direct_uploads.bytes, \
                   direct_uploads.sha256, direct_uploads.created_at, images.id as image \
                   from direct_uploads left join images on images.sequence = direct_uploads.image_id \
                   where direct_uploads.id_hash = $1";
        let query = sqlx::query(sql).bind(id_hash.to_vec());
        let Some(row) = query.fetch_optional(&mut *self.reader().await?).await? else { return Ok(None) };
        let row = Columns(&row);
        let begun = NewDirectUpload {
            id_hash,
            owner: OwnerId(row.get("owner_id")?),
            file_name: row.get("file_name")?,
            bytes: row.get::<Option<i64>>("bytes")?.map(i64::cast_unsigned),
            sha256: match row.get::<Option<&[u8]>>("sha256")? {
                Some(_) => Some(ContentHash(row.digest("sha256")?)),
                None => None,
            },
            created_at: row.time("created_at")?,
        };
        let image = match row.get::<Option<&str>>("image")? {
            Some(_) => Some(row.parsed("image")?),
            None => None,
        };
        Ok(Some(DirectUpload { begun, image }))
    }

    /// Direct uploads that began at `until` or before, oldest first, by the hashes of their ids.
    ///
    /// # Errors
    /// As every question.
    pub async fn old_direct_uploads(&self, until: UnixMillis, limit: u32) -> Result<Vec<[u8; 32]>> {
        let sql = "select id_hash from direct_uploads where created_at <= $1 order by created_at limit $2";
        let query = sqlx::query(sql).bind(until.0).bind(i64::from(limit));
        let rows = query.fetch_all(&mut *self.reader().await?).await?;
        rows.iter().map(|row| Columns(row).digest("id_hash")).collect()
    }

    /// Forgets a direct upload. To be called after its file was removed.
    ///
    /// # Errors
    /// As every write.
    pub async fn forget_direct_upload(&self, id_hash: [u8; 32]) -> Result<()> {
        self.write_one(move |db| {
            Box::pin(async move {
                let sql = "delete from direct_uploads where id_hash = $1";
                sqlx::query(sql).bind(id_hash.to_vec()).execute(db).await?;
                Ok(())
            })
        })
        .await
    }
}

/// The image that a direct upload became already, whatever its state.
pub(crate) async fn published(db: &mut AnyConnection, id_hash: [u8; 32]) -> Result<Option<Image>> {
    let sql = select_image!(
        "where images.sequence = (select image_id from direct_uploads where id_hash = $1 and image_id is not null)"
    );
    let row = sqlx::query(sql).bind(id_hash.to_vec()).fetch_optional(db).await?;
    row.as_ref().map(Image::from_row).transpose()
}

/// Ties a direct upload to the image that it became.
pub(crate) async fn became(db: &mut AnyConnection, id_hash: [u8; 32], image: i64) -> Result<()> {
    let sql = "update direct_uploads set image_id = $2 where id_hash = $1";
    sqlx::query(sql).bind(id_hash.to_vec()).bind(image).execute(db).await?;
    Ok(())
}
