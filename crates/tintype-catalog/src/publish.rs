//! The transaction that makes an upload an image.

use sqlx::AnyConnection;
use tintype_types::{BlobKey, ContentHash, ImageId, MediaType, UnixMillis, Visibility};

use crate::{
    Catalog, direct,
    error::Result,
    file::{self, PathCondition},
    idempotency,
    image::{Image, StoredBlob, select_image, tags_text},
    job,
    owner::{self, OwnerId},
    path::{self, Meaning, PathsOf},
    row::{Columns, written},
    sweep::BlobId,
    upload::{self, IntentId},
};

/// An image to be published. Its file stands under `key` and is synced.
#[derive(Clone, Debug)]
pub struct NewImage {
    /// Its public name, random.
    pub id: ImageId,
    /// Its owner.
    pub owner: OwnerId,
    /// What [`Catalog::begin_upload`] answered for `key`.
    pub intent: Option<IntentId>,
    /// Name of its own file.
    pub key: BlobKey,
    /// Length of that file.
    pub bytes: u64,
    /// SHA-256 of the bytes as they were received.
    pub received_hash: ContentHash,
    /// Length of the bytes as they were received.
    pub received_bytes: u64,
    /// Whether its metadata is published.
    pub keep_metadata: bool,
    /// The sender's name of the file.
    pub file_name: Option<String>,
    /// Its title.
    pub title: Option<String>,
    /// Its description.
    pub description: Option<String>,
    /// The text for those who do not see it.
    pub alt: Option<String>,
    /// The sender's own string.
    pub label: Option<String>,
    /// Its tags.
    pub tags: Vec<String>,
    /// Its format.
    pub media_type: MediaType,
    /// Width in pixels as shown.
    pub width: u32,
    /// Height in pixels as shown.
    pub height: u32,
    /// Number of frames.
    pub frames: u32,
    /// EXIF orientation, 1 to 8.
    pub orientation: u8,
    /// Whether any pixel may be transparent.
    pub has_alpha: bool,
    /// ThumbHash of the first frame.
    pub thumbhash: Vec<u8>,
    /// Average colour, as 0xRRGGBB.
    pub colour: u32,
    /// Who may see it; where nothing is said, whoever sees what it replaces at its path, else the default.
    pub visibility: Option<Visibility>,
    /// Now.
    pub created_at: UnixMillis,
    /// When it ends by itself.
    pub expires_at: Option<UnixMillis>,
    /// SHA-256 of its delete token.
    pub delete_token_hash: Option<[u8; 32]>,
    /// The named path to publish it at. A path of the same owner is led to this image, and so is one where an image was deleted
    /// or is over.
    pub path: Option<String>,
    /// Whether the path may be another owner's: the image becomes that owner's then.
    pub any_path: bool,
    /// What has to stand at that path for it to be published.
    pub path_condition: PathCondition,
    /// What to do where the owner has the same image already.
    pub duplicates: Duplicates,
    /// The direct upload that this publishes, by the hash of its id. It becomes one image, however often it is published.
    pub direct: Option<[u8; 32]>,
    /// Whether it gets a copy in a public bucket, unless it is private.
    pub copied: bool,
    /// The sender's key of a repeatable upload, hashed. It leads to one image, however often it comes.
    pub idempotency: Option<[u8; 32]>,
}

/// What to do with bytes that the owner has published before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duplicates {
    /// Answer the image that is there, if it also has the same `keep_metadata`, visibility and expiry, and each of title,
    /// description, alt, label, tags and path that is given. Deleted, expired and damaged images do not count.
    Return,
    /// Make a new image.
    New,
}

/// What became of an upload.
#[derive(Clone, Debug)]
pub struct Published {
    /// The image, new or found.
    pub image: Image,
    /// Whether the image was there before.
    pub duplicate: bool,
    /// Whether it is there because of an earlier request with the same key.
    pub replayed: bool,
    /// Whether the file under the upload's own key is now the image's. If not, the caller removes it and then calls
    /// [`Catalog::settle_intent`]: until then the intent stays, so that a crash in between leaves no unknown file.
    pub used_own_file: bool,
}

impl Catalog {
    /// Publishes an image in one transaction: stored bytes, image, path, counter, end of the intent.
    ///
    /// Bytes that are stored already are shared, whoever uploaded them, unless that file is damaged or being removed; bytes
    /// that waited to be removed are kept from it.
    ///
    /// # Errors
    /// [`Constraint::PathTaken`](crate::Constraint::PathTaken), [`Constraint::PathChanged`](crate::Constraint::PathChanged),
    /// [`Constraint::UnknownReference`](crate::Constraint::UnknownReference) for an owner that does not exist,
    /// [`Constraint::IdTaken`](crate::Constraint::IdTaken); then the file may be removed. After
    /// [`CatalogError::Unavailable`](crate::CatalogError::Unavailable) it must not: a commit that failed half-way may come
    /// back after a crash. File and intent stay, and the next sweep decides by [`Catalog::blob_by_key`].
    pub async fn publish_image(&self, new: NewImage) -> Result<Published> {
        self.write(|db| Box::pin(publish(db, new))).await
    }
}

async fn publish(db: &mut AnyConnection, mut new: NewImage) -> Result<Published> {
    if let Some(direct) = new.direct
        && let Some(image) = direct::published(db, direct).await?
    {
        return Ok(Published { image, duplicate: true, replayed: false, used_own_file: false });
    }
    if let Some(key) = new.idempotency
        && let Some(image) = idempotency::earlier(db, key, new.received_hash).await?
    {
        return Ok(Published { image, duplicate: false, replayed: true, used_own_file: false });
    }
    if let Some(path) = &new.path {
        let whose = if new.any_path { PathsOf::Everybody } else { PathsOf::Owner(new.owner) };
        file::expect(db, path, whose, &new.path_condition, new.created_at).await?;
        if new.any_path {
            let claims = path::claims(db, path, new.created_at).await?;
            new.owner = claims.first().map_or(new.owner, |claim| claim.owner);
        } else {
            path::refuse_taken(db, path, new.owner, new.created_at).await?;
        }
    }
    let visibility = visibility(db, &new).await?;
    if new.duplicates == Duplicates::Return
        && let Some(image) = duplicate(db, &new, visibility).await?
    {
        return Ok(Published { image, duplicate: true, replayed: false, used_own_file: false });
    }
    let (blob, stored) = share_or_add_blob(db, &new).await?;
    let used_own_file = stored.key == new.key;
    let sequence = insert_image(db, &new, visibility, blob).await?;
    owner::count(db, new.owner, 1).await?;
    if let Some(direct) = new.direct {
        direct::became(db, direct, sequence).await?;
    }
    if let Some(key) = new.idempotency {
        idempotency::note(db, key, new.received_hash, sequence, new.created_at).await?;
    }
    if let Some(path) = &new.path {
        path::set(db, path, new.owner, Meaning::Image(sequence), new.created_at).await?;
    }
    if new.copied && visibility != Visibility::Private {
        job::queue_copy(db, new.id, true, new.created_at).await?;
    }
    if let Some(intent) = new.intent.filter(|_| used_own_file) {
        upload::drop_intent(db, intent).await?;
    }
    let image = image_of(new, sequence, visibility, stored);
    Ok(Published { image, duplicate: false, replayed: false, used_own_file })
}

/// Who may see the image. A private picture stays private when its file is put anew, also where it stands in the trash.
async fn visibility(db: &mut AnyConnection, new: &NewImage) -> Result<Visibility> {
    let (None, Some(path)) = (new.visibility, &new.path) else {
        return Ok(new.visibility.unwrap_or_default());
    };
    let sql = "select visibility from images where owner_id = $2 and sequence = coalesce( \
               (select image_id from paths where path = $1), \
               (select image_id from aliases where kind = 'path' and name = $1))";
    let row = sqlx::query(sql).bind(path).bind(new.owner.0).fetch_optional(db).await?;
    row.map_or(Ok(Visibility::default()), |row| Columns(&row).parsed("visibility"))
}

/// The owner's newest image that equals the upload in everything that was given.
async fn duplicate(db: &mut AnyConnection, new: &NewImage, visibility: Visibility) -> Result<Option<Image>> {
    let sql = select_image!(
        "where images.owner_id = $1 and images.received_hash = $2 and images.deleted_at is null \
         and images.keep_metadata = $3 and images.visibility = $4 and blobs.state = 'live' \
         and (images.expires_at is null or images.expires_at > $5) and images.expires_at is not distinct from $6 \
         and (cast($7 as text) is null or images.title = $7) and (cast($8 as text) is null or images.description = $8) \
         and (cast($9 as text) is null or images.alt = $9) and (cast($10 as text) is null or images.label = $10) \
         and (cast($11 as text) is null or images.tags = $11) and (cast($12 as text) is null or exists \
         (select 1 from paths where paths.path = $12 and paths.image_id = images.sequence)) \
         order by images.sequence desc limit 1"
    );
    let row = sqlx::query(sql)
        .bind(new.owner.0)
        .bind(new.received_hash.0.to_vec())
        .bind(i32::from(new.keep_metadata))
        .bind(visibility.as_str())
        .bind(new.created_at.0)
        .bind(new.expires_at.map(|time| time.0))
        .bind(new.title.as_deref())
        .bind(new.description.as_deref())
        .bind(new.alt.as_deref())
        .bind(new.label.as_deref())
        .bind((!new.tags.is_empty()).then(|| tags_text(&new.tags)))
        .bind(new.path.as_deref())
        .fetch_optional(db)
        .await?;
    row.as_ref().map(Image::from_row).transpose()
}

/// The blob that takes references for these bytes, revived if it waited to be removed; else a new one of the own file.
async fn share_or_add_blob(db: &mut AnyConnection, new: &NewImage) -> Result<(BlobId, StoredBlob)> {
    let sql = "insert into blobs (key, hash, bytes, state, created_at) values ($1, $2, $3, 'live', $4) \
               on conflict (hash) where state in ('live', 'orphan') do update set state = 'live', orphaned_at = null \
               returning id, key, bytes";
    let write = sqlx::query(sql)
        .bind(new.key.to_string())
        .bind(new.key.hash.0.to_vec())
        .bind(stored_number(new.bytes))
        .bind(new.created_at.0);
    let row = written(db, write).await?.expect("an upsert that always writes returns its row");
    let row = Columns(&row);
    let key: BlobKey = row.parsed("key")?;
    let stored = StoredBlob { key, bytes: row.number("bytes")?, hash: key.hash, damaged: false };
    Ok((BlobId(row.get("id")?), stored))
}

async fn insert_image(
    db: &mut AnyConnection,
    new: &NewImage,
    visibility: Visibility,
    blob: BlobId,
) -> Result<i64> {
    let sql = "insert into images (id, owner_id, blob_id, received_hash, received_bytes, keep_metadata, file_name, \
               title, description, alt, label, tags, media_type, width, height, frames, orientation, has_alpha, \
               thumbhash, colour, visibility, created_at, updated_at, expires_at, delete_token_hash) \
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, \
               $21, $22, $22, $23, $24) returning sequence";
    let write = sqlx::query(sql)
        .bind(new.id.as_str())
        .bind(new.owner.0)
        .bind(blob.0)
        .bind(new.received_hash.0.to_vec())
        .bind(stored_number(new.received_bytes))
        .bind(i32::from(new.keep_metadata))
        .bind(new.file_name.as_deref())
        .bind(new.title.as_deref())
        .bind(new.description.as_deref())
        .bind(new.alt.as_deref())
        .bind(new.label.as_deref())
        .bind(tags_text(&new.tags))
        .bind(new.media_type.mime())
        .bind(i64::from(new.width))
        .bind(i64::from(new.height))
        .bind(i64::from(new.frames))
        .bind(i32::from(new.orientation))
        .bind(i32::from(new.has_alpha))
        .bind(new.thumbhash.as_slice())
        .bind(i64::from(new.colour))
        .bind(visibility.as_str())
        .bind(new.created_at.0)
        .bind(new.expires_at.map(|time| time.0))
        .bind(new.delete_token_hash.map(|hash| hash.to_vec()));
    let row = written(db, write).await?.expect("an insert returns its row");
    Columns(&row).get("sequence")
}

/// A length as the catalogue keeps it. No file has more bytes than an `i64` counts.
fn stored_number(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

fn image_of(new: NewImage, sequence: i64, visibility: Visibility, blob: StoredBlob) -> Image {
    Image {
        sequence,
        id: new.id,
        owner: new.owner,
        received_hash: new.received_hash,
        received_bytes: new.received_bytes,
        keep_metadata: new.keep_metadata,
        file_name: new.file_name,
        title: new.title,
        description: new.description,
        alt: new.alt,
        label: new.label,
        tags: new.tags,
        media_type: new.media_type,
        width: new.width,
        height: new.height,
        frames: new.frames,
        orientation: new.orientation,
        has_alpha: new.has_alpha,
        thumbhash: new.thumbhash,
        colour: new.colour,
        visibility,
        created_at: new.created_at,
        updated_at: new.created_at,
        expires_at: new.expires_at,
        deleted_at: None,
        deleted_reason: None,
        purged_at: None,
        copied_at: None,
        path: new.path,
        blob: Some(blob),
    }
}
