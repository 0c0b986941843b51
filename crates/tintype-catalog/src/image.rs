//! Images: what a person uploaded and sees.

use sqlx::{AnyConnection, any::AnyRow};
use tintype_types::{BlobKey, ContentHash, ImageId, MediaType, UnixMillis, Visibility};

use crate::{
    Catalog,
    error::Result,
    job,
    owner::OwnerId,
    purge,
    row::{Columns, invalid},
};

/// The row of an image, deleted ones included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Its place in the order of arrival; grows by at least one with each image.
    pub sequence: i64,
    /// Its public name.
    pub id: ImageId,
    /// Who may list, change and delete it.
    pub owner: OwnerId,
    /// SHA-256 of the bytes as they were received.
    pub received_hash: ContentHash,
    /// Length of the bytes as they were received.
    pub received_bytes: u64,
    /// Whether its metadata was published.
    pub keep_metadata: bool,
    /// The sender's name of the file.
    pub file_name: Option<String>,
    /// Its title.
    pub title: Option<String>,
    /// Its description.
    pub description: Option<String>,
    /// The text for those who do not see it.
    pub alt: Option<String>,
    /// The sender's own string, by which lists are filtered.
    pub label: Option<String>,
    /// Its tags, in the sender's order.
    pub tags: Vec<String>,
    /// Its format.
    pub media_type: MediaType,
    /// Width in pixels as shown.
    pub width: u32,
    /// Height in pixels as shown.
    pub height: u32,
    /// Number of frames; 1 for a still picture.
    pub frames: u32,
    /// EXIF orientation, 1 to 8.
    pub orientation: u8,
    /// Whether any pixel may be transparent.
    pub has_alpha: bool,
    /// ThumbHash of the first frame; empty once purged.
    pub thumbhash: Vec<u8>,
    /// Average colour, as 0xRRGGBB.
    pub colour: u32,
    /// Who may see it.
    pub visibility: Visibility,
    /// When it was published.
    pub created_at: UnixMillis,
    /// When its fields changed last.
    pub updated_at: UnixMillis,
    /// When it ends by itself. It may have passed although `deleted_at` is not set yet.
    pub expires_at: Option<UnixMillis>,
    /// When it was deleted, by its owner or because it expired.
    pub deleted_at: Option<UnixMillis>,
    /// Why it was deleted.
    pub deleted_reason: Option<DeletedReason>,
    /// When its bytes were released and its personal fields erased, for good.
    pub purged_at: Option<UnixMillis>,
    /// When the copy was made that readers get from a public bucket; `None` where there is none.
    pub copied_at: Option<UnixMillis>,
    /// The named path that leads to it; the first in alphabetical order where there are several.
    pub path: Option<String>,
    /// Where its bytes are; `None` once purged.
    pub blob: Option<StoredBlob>,
}

/// The stored bytes of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredBlob {
    /// Name of the file.
    pub key: BlobKey,
    /// Length of the file.
    pub bytes: u64,
    /// SHA-256 of the file.
    pub hash: ContentHash,
    /// Whether a check found the file missing or altered.
    pub damaged: bool,
}

/// Why an image was deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeletedReason {
    /// Somebody who may asked for it.
    Asked,
    /// Its time was over.
    Expired,
}

/// What to change of an image; `None` leaves a field as it is, `Some(None)` empties it.
#[derive(Clone, Debug, Default)]
pub struct ImageChanges {
    /// The title.
    pub title: Option<Option<String>>,
    /// The description.
    pub description: Option<Option<String>>,
    /// The text for those who do not see it.
    pub alt: Option<Option<String>>,
    /// The sender's own string.
    pub label: Option<Option<String>>,
    /// The tags, all of them.
    pub tags: Option<Vec<String>>,
    /// Who may see it.
    pub visibility: Option<Visibility>,
    /// When it ends by itself.
    pub expires_at: Option<Option<UnixMillis>>,
    /// Now.
    pub updated_at: UnixMillis,
}

/// Every column of an image, its bytes and its path included.
macro_rules! image_columns {
    () => {
        "images.sequence, images.id, images.owner_id, images.received_hash, images.received_bytes, \
         images.keep_metadata, images.file_name, images.title, images.description, images.alt, images.label, \
         images.tags, images.media_type, images.width, images.height, images.frames, images.orientation, \
         images.has_alpha, images.thumbhash, images.colour, images.visibility, images.created_at, \
         images.updated_at, images.expires_at, images.deleted_at, images.deleted_reason, images.purged_at, \
         images.copied_at, blobs.key as blob_key, blobs.bytes as blob_bytes, blobs.state as blob_state, \
         (select min(paths.path) from paths where paths.image_id = images.sequence) as path"
    };
}
pub(crate) use image_columns;

/// Everything of an image in one statement.
macro_rules! select_image {
    ($($rest:literal),+ $(,)?) => {
        concat!(
            "select ",
            $crate::image::image_columns!(),
            " from images left join blobs on blobs.id = images.blob_id ",
            $($rest),+
        )
    };
}
pub(crate) use select_image;

impl Image {
    pub(crate) fn from_row(row: &AnyRow) -> Result<Self> {
        let row = Columns(row);
        Ok(Self {
            sequence: row.get("sequence")?,
            id: row.parsed("id")?,
            owner: OwnerId(row.get("owner_id")?),
            received_hash: ContentHash(row.digest("received_hash")?),
            received_bytes: row.number("received_bytes")?,
            keep_metadata: row.flag("keep_metadata")?,
            file_name: row.get("file_name")?,
            title: row.get("title")?,
            description: row.get("description")?,
            alt: row.get("alt")?,
            label: row.get("label")?,
            tags: tags_from(row.get("tags")?)?,
            media_type: media_type_from(row.get("media_type")?)?,
            width: row.number("width")?,
            height: row.number("height")?,
            frames: row.number("frames")?,
            orientation: row.number("orientation")?,
            has_alpha: row.flag("has_alpha")?,
            thumbhash: row.get("thumbhash")?,
            colour: row.number("colour")?,
            visibility: row.parsed("visibility")?,
            created_at: row.time("created_at")?,
            updated_at: row.time("updated_at")?,
            expires_at: row.optional_time("expires_at")?,
            deleted_at: row.optional_time("deleted_at")?,
            deleted_reason: DeletedReason::from_column(row.get("deleted_reason")?)?,
            purged_at: row.optional_time("purged_at")?,
            copied_at: row.optional_time("copied_at")?,
            path: row.get("path")?,
            blob: StoredBlob::from_columns(&row)?,
        })
    }
}

impl StoredBlob {
    fn from_columns(row: &Columns<'_>) -> Result<Option<Self>> {
        let Some(key) = row.get::<Option<&str>>("blob_key")? else { return Ok(None) };
        let key: BlobKey = key.parse().map_err(|_| invalid("blobs.key", key))?;
        let damaged = row.get::<&str>("blob_state")? == "damaged";
        Ok(Some(Self { key, bytes: row.number("blob_bytes")?, hash: key.hash, damaged }))
    }
}

impl DeletedReason {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Expired => "expired",
        }
    }

    fn from_column(text: Option<&str>) -> Result<Option<Self>> {
        match text {
            None => Ok(None),
            Some("asked") => Ok(Some(Self::Asked)),
            Some("expired") => Ok(Some(Self::Expired)),
            Some(other) => Err(invalid("deleted_reason", other)),
        }
    }
}

impl Catalog {
    /// The image of an id, whatever its state.
    ///
    /// # Errors
    /// As every question.
    pub async fn image(&self, id: ImageId) -> Result<Option<Image>> {
        by_id(&mut *self.reader().await?, id).await
    }

    /// The image that a delete token deletes, by the token's SHA-256.
    ///
    /// # Errors
    /// As every question.
    pub async fn image_by_delete_token(&self, hash: [u8; 32]) -> Result<Option<Image>> {
        let query = sqlx::query(select_image!("where images.delete_token_hash = $1")).bind(hash.to_vec());
        let row = query.fetch_optional(&mut *self.reader().await?).await?;
        row.as_ref().map(Image::from_row).transpose()
    }

    /// Changes fields of an image and answers it; `None` where there is none of that id, or it is deleted.
    ///
    /// # Errors
    /// As every write.
    pub async fn update_image(&self, id: ImageId, changes: ImageChanges) -> Result<Option<Image>> {
        self.write(move |db| Box::pin(update(db, id, changes))).await
    }
}

pub(crate) async fn by_id(db: &mut AnyConnection, id: ImageId) -> Result<Option<Image>> {
    let row = sqlx::query(select_image!("where images.id = $1")).bind(id.as_str()).fetch_optional(db).await?;
    row.as_ref().map(Image::from_row).transpose()
}

async fn update(db: &mut AnyConnection, id: ImageId, changes: ImageChanges) -> Result<Option<Image>> {
    let Some(mut image) = by_id(db, id).await?.filter(|image| image.deleted_at.is_none()) else {
        return Ok(None);
    };
    let ImageChanges { title, description, alt, label, tags, visibility, expires_at, updated_at } = changes;
    let touches_copy = visibility.is_some() || expires_at.is_some();
    let changes_view = visibility.is_some_and(|new| new != image.visibility)
        || expires_at.is_some_and(|new| new != image.expires_at);
    image.title = title.unwrap_or(image.title);
    image.description = description.unwrap_or(image.description);
    image.alt = alt.unwrap_or(image.alt);
    image.label = label.unwrap_or(image.label);
    image.tags = tags.unwrap_or(image.tags);
    image.visibility = visibility.unwrap_or(image.visibility);
    image.expires_at = expires_at.unwrap_or(image.expires_at);
    image.updated_at = updated_at;
    let sql = "update images set title = $2, description = $3, alt = $4, label = $5, tags = $6, visibility = $7, \
               expires_at = $8, updated_at = $9 where id = $1";
    sqlx::query(sql)
        .bind(id.as_str())
        .bind(image.title.as_deref())
        .bind(image.description.as_deref())
        .bind(image.alt.as_deref())
        .bind(image.label.as_deref())
        .bind(tags_text(&image.tags))
        .bind(image.visibility.as_str())
        .bind(image.expires_at.map(|time| time.0))
        .bind(updated_at.0)
        .execute(&mut *db)
        .await?;
    if touches_copy {
        job::queue_copy(db, id, false, updated_at).await?;
    }
    if changes_view {
        purge::queue_image(db, id, updated_at).await?;
    }
    Ok(Some(image))
}

/// Tags as the catalogue keeps them: a JSON array.
pub(crate) fn tags_text(tags: &[String]) -> String {
    serde_json::to_string(tags).expect("a list of strings is JSON")
}

fn tags_from(text: &str) -> Result<Vec<String>> {
    serde_json::from_str(text).map_err(|_| invalid("tags", text))
}

fn media_type_from(text: &str) -> Result<MediaType> {
    MediaType::from_mime(text).ok_or_else(|| invalid("media_type", text))
}
