//! Reports of images, and bans of content and addresses.

use sqlx::any::AnyRow;
use tintype_types::{ContentHash, ImageId, UnixMillis};

use crate::{
    Catalog,
    error::Result,
    row::{Columns, inserted},
};

/// A report to be kept.
#[derive(Clone, Debug)]
pub struct NewReport {
    /// The image that it is about.
    pub image: ImageId,
    /// One of the caller's words.
    pub reason: &'static str,
    /// What the reporter says.
    pub detail: Option<String>,
    /// How to reach them.
    pub contact: Option<String>,
    /// Now.
    pub created_at: UnixMillis,
}

/// A report that was kept.
#[derive(Clone, Debug)]
pub struct Report {
    /// Its number.
    pub id: i64,
    /// The image that it is about.
    pub image: ImageId,
    /// Whether that image is deleted by now.
    pub image_deleted: bool,
    /// Why it was reported.
    pub reason: String,
    /// What the reporter says.
    pub detail: Option<String>,
    /// How to reach them.
    pub contact: Option<String>,
    /// When.
    pub created_at: UnixMillis,
    /// When it was dealt with.
    pub closed_at: Option<UnixMillis>,
}

impl Report {
    fn from_row(row: &AnyRow) -> Result<Self> {
        let row = Columns(row);
        Ok(Self {
            id: row.get("id")?,
            image: row.parsed("image")?,
            image_deleted: row.flag("image_deleted")?,
            reason: row.get("reason")?,
            detail: row.get("detail")?,
            contact: row.get("contact")?,
            created_at: row.time("created_at")?,
            closed_at: row.optional_time("closed_at")?,
        })
    }
}

/// What kind of thing is banned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BanKind {
    /// The bytes of a file.
    Content,
    /// A network.
    Address,
}

impl BanKind {
    /// The word in the catalogue and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Content => "content",
            Self::Address => "address",
        }
    }
}

/// Something banned.
#[derive(Clone, Debug)]
pub struct Ban {
    /// What kind.
    pub kind: BanKind,
    /// A SHA-256 in hex, or a network such as `192.0.2.0/24`.
    pub value: String,
    /// Why, for the operator.
    pub note: Option<String>,
    /// Since when.
    pub created_at: UnixMillis,
}

impl Catalog {
    /// Keeps a report; returns its number.
    ///
    /// # Errors
    /// As every write; [`Constraint::UnknownReference`](crate::Constraint::UnknownReference) for an image that never was.
    pub async fn add_report(&self, new: NewReport) -> Result<i64> {
        self.write_one(move |db| {
            Box::pin(async move {
                let sql = "insert into reports (image_id, reason, detail, contact, created_at) \
                           values ((select sequence from images where id = $1), $2, $3, $4, $5) returning id";
                let write = sqlx::query(sql)
                    .bind(new.image.as_str())
                    .bind(new.reason)
                    .bind(new.detail.as_deref())
                    .bind(new.contact.as_deref())
                    .bind(new.created_at.0);
                inserted(db, write).await
            })
        })
        .await
    }

    /// Reports, newest first; those that were dealt with only where `closed`.
    ///
    /// # Errors
    /// As every question.
    pub async fn reports(&self, closed: bool, limit: u32) -> Result<Vec<Report>> {
        let sql = "select reports.id, images.id as image, (images.deleted_at is not null) as image_deleted, reports.reason, \
                   reports.detail, reports.contact, reports.created_at, reports.closed_at \
                   from reports join images on images.sequence = reports.image_id \
                   where reports.closed_at is null or $1 = 1 order by reports.id desc limit $2";
        let query = sqlx::query(sql).bind(i64::from(closed)).bind(i64::from(limit));
        query.fetch_all(&mut *self.reader().await?).await?.iter().map(Report::from_row).collect()
    }

    /// How many reports wait.
    ///
    /// # Errors
    /// As every question.
    pub async fn open_reports(&self) -> Result<u64> {
        let query = sqlx::query("select count(*) as waiting from reports where closed_at is null");
        Columns(&query.fetch_one(&mut *self.reader().await?).await?).number("waiting")
    }

    /// Marks a report as dealt with; false where there is none that waits of this number.
    ///
    /// # Errors
    /// As every write.
    pub async fn close_report(&self, id: i64, now: UnixMillis) -> Result<bool> {
        self.write_one(move |db| {
            Box::pin(async move {
                let sql =
                    "update reports set closed_at = $2 where id = $1 and closed_at is null returning id";
                Ok(!sqlx::query(sql).bind(id).bind(now.0).fetch_all(db).await?.is_empty())
            })
        })
        .await
    }

    /// Bans something; banned again, it gets the new note.
    ///
    /// # Errors
    /// As every write.
    pub async fn add_ban(&self, ban: Ban) -> Result<()> {
        self.write_one(move |db| {
            Box::pin(async move {
                let sql = "insert into bans (kind, value, note, created_at) values ($1, $2, $3, $4) \
                           on conflict (kind, value) do update set note = excluded.note";
                let query = sqlx::query(sql)
                    .bind(ban.kind.as_str())
                    .bind(ban.value)
                    .bind(ban.note)
                    .bind(ban.created_at.0);
                query.execute(db).await?;
                Ok(())
            })
        })
        .await
    }

    /// Lifts a ban; false where there is none.
    ///
    /// # Errors
    /// As every write.
    pub async fn lift_ban(&self, kind: BanKind, value: String) -> Result<bool> {
        self.write_one(move |db| {
            Box::pin(async move {
                let sql = "delete from bans where kind = $1 and value = $2 returning value";
                Ok(!sqlx::query(sql).bind(kind.as_str()).bind(value).fetch_all(db).await?.is_empty())
            })
        })
        .await
    }

    /// Every ban, oldest first.
    ///
    /// # Errors
    /// As every question.
    pub async fn bans(&self) -> Result<Vec<Ban>> {
        let query = sqlx::query("select kind, value, note, created_at from bans order by created_at, value");
        let rows = query.fetch_all(&mut *self.reader().await?).await?;
        rows.iter()
            .map(|row| {
                let row = Columns(row);
                let kind =
                    if row.get::<&str>("kind")? == "address" { BanKind::Address } else { BanKind::Content };
                Ok(Ban {
                    kind,
                    value: row.get("value")?,
                    note: row.get("note")?,
                    created_at: row.time("created_at")?,
                })
            })
            .collect()
    }

    /// The images, not deleted, whose file is these bytes, as received or as published.
    ///
    /// # Errors
    /// As every question.
    pub async fn images_of_content(&self, hash: ContentHash) -> Result<Vec<ImageId>> {
        let sql = "select images.id from images left join blobs on blobs.id = images.blob_id \
                   where images.deleted_at is null and (images.received_hash = $1 or blobs.hash = $1)";
        let query = sqlx::query(sql).bind(hash.0.to_vec());
        let rows = query.fetch_all(&mut *self.reader().await?).await?;
        rows.iter().map(|row| Columns(row).parsed("id")).collect()
    }
}
