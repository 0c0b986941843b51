//! What `tintype check` asks: every blob in order, the totals, and whether the catalogue is sound in itself.

use std::str::FromStr;

use sqlx::{AnyConnection, Row as _, any::AnyRow};
use tintype_types::{BlobKey, MediaType, UnixMillis};

use crate::{Catalog, error::Result, row::Columns, sweep::BlobId};

/// A blob's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blob {
    /// Its number.
    pub id: BlobId,
    /// Name of its file; the first half is the SHA-256 of its bytes.
    pub key: BlobKey,
    /// Length of its file.
    pub bytes: u64,
    /// What may be done with it.
    pub state: BlobState,
    /// Whether any image refers to it, in the trash or not.
    pub referenced: bool,
    /// What its bytes are, where an image refers to it.
    pub media_type: Option<MediaType>,
    /// When it was published first.
    pub created_at: UnixMillis,
    /// When its last reference went; `None` while it has one.
    pub orphaned_at: Option<UnixMillis>,
}

/// What may be done with a blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlobState {
    /// It is an image's.
    Live,
    /// It is nobody's; an upload of the same bytes takes it up again until it is removed.
    Orphan,
    /// Its file is being removed.
    Deleting,
    /// Its file was found missing or altered. Uploads of the same bytes are stored anew.
    Damaged,
}

impl FromStr for BlobState {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "live" => Ok(Self::Live),
            "orphan" => Ok(Self::Orphan),
            "deleting" => Ok(Self::Deleting),
            "damaged" => Ok(Self::Damaged),
            _ => Err(()),
        }
    }
}

/// How much the catalogue holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Images that are not deleted.
    pub images: u64,
    /// Stored files, those that wait to be removed included.
    pub blobs: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Images in the trash.
    pub trashed: u64,
    /// Owners.
    pub owners: u64,
    /// Tokens that are not revoked.
    pub tokens: u64,
}

macro_rules! select_blob {
    ($rest:literal) => {
        concat!(
            "select blobs.id, blobs.key, blobs.bytes, blobs.state, blobs.created_at, blobs.orphaned_at, \
             case when exists (select 1 from images where images.blob_id = blobs.id) then 1 else 0 end as referenced, \
             (select min(images.media_type) from images where images.blob_id = blobs.id) as media_type \
             from blobs ",
            $rest
        )
    };
}

impl Blob {
    fn from_row(row: &AnyRow) -> Result<Self> {
        let row = Columns(row);
        Ok(Self {
            id: BlobId(row.get("id")?),
            key: row.parsed("key")?,
            bytes: row.number("bytes")?,
            state: row.parsed("state")?,
            referenced: row.flag("referenced")?,
            media_type: row.get::<Option<&str>>("media_type")?.and_then(MediaType::from_mime),
            created_at: row.time("created_at")?,
            orphaned_at: row.optional_time("orphaned_at")?,
        })
    }
}

impl Catalog {
    /// The next blobs in the order of their keys, at most `limit`.
    ///
    /// # Errors
    /// As every question.
    pub async fn blobs_after(&self, after: Option<BlobKey>, limit: u32) -> Result<Vec<Blob>> {
        let after = after.map(|key| key.to_string()).unwrap_or_default();
        let sql = select_blob!("where blobs.key > $1 order by blobs.key limit $2");
        let query = sqlx::query(sql).bind(after).bind(i64::from(limit));
        query.fetch_all(&mut *self.reader().await?).await?.iter().map(Blob::from_row).collect()
    }

    /// The blob whose file has this name.
    ///
    /// # Errors
    /// As every question.
    pub async fn blob_by_key(&self, key: BlobKey) -> Result<Option<Blob>> {
        let query = sqlx::query(select_blob!("where blobs.key = $1")).bind(key.to_string());
        let row = query.fetch_optional(&mut *self.reader().await?).await?;
        row.as_ref().map(Blob::from_row).transpose()
    }

    /// Notes that a blob's file is missing or altered: it takes no new references and its images are no duplicates. `false`
    /// where no blob of that name is in use.
    ///
    /// # Errors
    /// As every write.
    pub async fn mark_damaged(&self, key: BlobKey, now: UnixMillis) -> Result<bool> {
        self.write_one(move |db| {
            Box::pin(async move {
                let sql = "update blobs set state = 'damaged', damaged_at = coalesce(damaged_at, $2) \
                           where key = $1 and state in ('live', 'orphan', 'damaged')";
                let done = sqlx::query(sql).bind(key.to_string()).bind(now.0).execute(db).await?;
                Ok(done.rows_affected() > 0)
            })
        })
        .await
    }

    /// How much there is of everything. Counts rows: for a person who asks, not for every request.
    ///
    /// # Errors
    /// As every question.
    pub async fn counts(&self) -> Result<Counts> {
        let sql = "select (select count(*) from images where deleted_at is null) as images, \
                   (select count(*) from blobs) as blobs, \
                   (select cast(coalesce(sum(bytes), 0) as bigint) from blobs) as bytes, \
                   (select count(*) from images where deleted_at is not null and purged_at is null) as trashed, \
                   (select count(*) from owners) as owners, \
                   (select count(*) from tokens where revoked_at is null) as tokens";
        let row = sqlx::query(sql).fetch_one(&mut *self.reader().await?).await?;
        let row = Columns(&row);
        Ok(Counts {
            images: row.number("images")?,
            blobs: row.number("blobs")?,
            bytes: row.number("bytes")?,
            trashed: row.number("trashed")?,
            owners: row.number("owners")?,
            tokens: row.number("tokens")?,
        })
    }

    /// Reads the whole catalogue and says what is wrong with it, one sentence each: damaged pages and indexes, broken
    /// references, counters and states that do not fit the rows. Empty where it is sound.
    ///
    /// # Errors
    /// As every question.
    pub async fn integrity_check(&self) -> Result<Vec<String>> {
        let mut db = self.reader().await?;
        let mut findings = Vec::new();
        for row in sqlx::query("pragma integrity_check").fetch_all(&mut *db).await? {
            let text: String = row.try_get(0)?;
            if text != "ok" {
                findings.push(text);
            }
        }
        for row in sqlx::query("pragma foreign_key_check").fetch_all(&mut *db).await? {
            let row = Columns(&row);
            let (table, parent): (&str, &str) = (row.get("table")?, row.get("parent")?);
            let number: i64 = row.get::<Option<i64>>("rowid")?.unwrap_or_default();
            findings.push(format!("row {number} of {table} refers to a row of {parent} that does not exist"));
        }
        findings.extend(rules(&mut db).await?);
        Ok(findings)
    }
}

/// What the engine does not know: our own rules about the rows.
async fn rules(db: &mut AnyConnection) -> Result<Vec<String>> {
    let mut findings = Vec::new();
    let counters = "select owners.id, owners.images as counted, (select count(*) from images \
                    where images.owner_id = owners.id and images.deleted_at is null) as found \
                    from owners where owners.images <> (select count(*) from images \
                    where images.owner_id = owners.id and images.deleted_at is null) order by owners.id";
    for row in sqlx::query(counters).fetch_all(&mut *db).await? {
        let row = Columns(&row);
        let (owner, counted, found): (i64, i64, i64) =
            (row.get("id")?, row.get("counted")?, row.get("found")?);
        findings.push(format!("owner {owner} counts {counted} images and has {found}"));
    }
    let states = "select blobs.key, blobs.state from blobs where \
                  (blobs.state = 'live' and not exists (select 1 from images where images.blob_id = blobs.id)) or \
                  (blobs.state in ('orphan', 'deleting') \
                  and exists (select 1 from images where images.blob_id = blobs.id)) order by blobs.key";
    for row in sqlx::query(states).fetch_all(&mut *db).await? {
        let row = Columns(&row);
        let (key, state): (&str, &str) = (row.get("key")?, row.get("state")?);
        let has = if state == "live" { "no image refers to it" } else { "an image refers to it" };
        findings.push(format!("blob {key} is {state}, but {has}"));
    }
    let redirects = "select path, target from path_redirects \
                     where not exists (select 1 from paths where paths.path = path_redirects.target) \
                     or exists (select 1 from paths where paths.path = path_redirects.path) order by path";
    for row in sqlx::query(redirects).fetch_all(&mut *db).await? {
        let (path, target): (&str, &str) = (Columns(&row).get("path")?, Columns(&row).get("target")?);
        findings
            .push(format!("the redirect from {path} to {target} leads nowhere, or an image stands there"));
    }
    Ok(findings)
}
