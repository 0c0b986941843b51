//! Work that follows from a change of the catalogue and happens outside it.
//!
//! A job is noted in the transaction that makes it necessary, and names a subject only: what to do is read from the catalogue
//! when it is done. So it may be done twice, late, or after a crash, and comes out right.

use sqlx::{AnyConnection, any::AnyRow};
use tintype_types::{ImageId, UnixMillis};

use crate::{Catalog, error::Result, row::Columns};

/// Making the copy of an image in a public bucket agree with the catalogue.
const COPY: &str = "copy";

/// A job that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its number, which never returns.
    pub id: i64,
    /// The image whose copy it is about.
    pub image: ImageId,
    /// How often its subject changed since it was noted.
    pub revision: i64,
    /// How often it failed since its subject changed last.
    pub attempts: u32,
}

impl Catalog {
    /// The job of an image's copy, due or not.
    ///
    /// # Errors
    /// As every question.
    pub async fn copy_job(&self, image: ImageId) -> Result<Option<Job>> {
        let sql = "select id, subject, revision, attempts from jobs where kind = $1 and subject = $2";
        let query = sqlx::query(sql).bind(COPY).bind(image.as_str());
        query.fetch_optional(&mut *self.reader().await?).await?.as_ref().map(from_row).transpose()
    }

    /// Jobs that are due, the longest waiting first.
    ///
    /// # Errors
    /// As every question.
    pub async fn due_copy_jobs(&self, now: UnixMillis, limit: u32) -> Result<Vec<Job>> {
        let sql = "select id, subject, revision, attempts from jobs where kind = $1 and due_at <= $2 \
                   order by due_at, id limit $3";
        let query = sqlx::query(sql).bind(COPY).bind(now.0).bind(i64::from(limit));
        query.fetch_all(&mut *self.reader().await?).await?.iter().map(from_row).collect()
    }

    /// When the next job is due; `None` where none waits.
    ///
    /// # Errors
    /// As every question.
    pub async fn next_job_due(&self) -> Result<Option<UnixMillis>> {
        let query = sqlx::query("select min(due_at) as due_at from jobs");
        Columns(&query.fetch_one(&mut *self.reader().await?).await?).optional_time("due_at")
    }

    /// Notes that an image's copy was made at `copied_at`, or that there is none, and ends the job unless its subject changed
    /// meanwhile.
    ///
    /// # Errors
    /// As every write.
    pub async fn end_copy_job(&self, job: Job, copied_at: Option<UnixMillis>) -> Result<()> {
        self.write(move |db| {
            Box::pin(async move {
                let sql = "update images set copied_at = $2 where id = $1";
                let noting = sqlx::query(sql).bind(job.image.as_str()).bind(copied_at.map(|time| time.0));
                noting.execute(&mut *db).await?;
                let ending = sqlx::query("delete from jobs where id = $1 and revision = $2");
                ending.bind(job.id).bind(job.revision).execute(db).await?;
                Ok(())
            })
        })
        .await
    }

    /// Puts off a job that failed.
    ///
    /// # Errors
    /// As every write.
    pub async fn put_off_job(&self, job: Job, due_at: UnixMillis, problem: String) -> Result<()> {
        self.write_one(move |db| {
            Box::pin(async move {
                let sql = "update jobs set attempts = attempts + 1, due_at = $3, problem = $4 \
                           where id = $1 and revision = $2";
                let update = sqlx::query(sql).bind(job.id).bind(job.revision).bind(due_at.0).bind(problem);
                update.execute(db).await?;
                Ok(())
            })
        })
        .await
    }

    /// Notes that an image is to have a copy, if it may.
    ///
    /// # Errors
    /// As every write.
    pub async fn want_copy(&self, image: ImageId, now: UnixMillis) -> Result<()> {
        self.write_one(move |db| Box::pin(queue_copy(db, image, true, now))).await
    }

    /// Notes a job for each image that may be seen by everybody and has no copy; answers how many.
    ///
    /// # Errors
    /// As every write.
    pub async fn queue_missing_copies(&self, now: UnixMillis) -> Result<u64> {
        self.write_one(move |db| {
            Box::pin(async move {
                let sql = "insert into jobs (kind, subject, revision, attempts, due_at, created_at) \
                           select $1, images.id, 1, 0, $2, $2 from images where images.deleted_at is null \
                           and images.copied_at is null and images.visibility <> 'private' \
                           on conflict (kind, subject) do nothing";
                Ok(sqlx::query(sql).bind(COPY).bind(now.0).execute(db).await?.rows_affected())
            })
        })
        .await
    }

    /// Images that the catalogue says have a copy.
    ///
    /// # Errors
    /// As every question.
    pub async fn copied_images(&self) -> Result<Vec<ImageId>> {
        let query = sqlx::query("select id from images where copied_at is not null");
        let rows = query.fetch_all(&mut *self.reader().await?).await?;
        rows.iter().map(|row| Columns(row).parsed("id")).collect()
    }

    /// Forgets all copies and their jobs, once nobody can make or remove copies any more; answers how many copies there were.
    ///
    /// # Errors
    /// As every write.
    pub async fn forget_copies(&self) -> Result<u64> {
        self.write(move |db| {
            Box::pin(async move {
                sqlx::query("delete from jobs where kind = $1").bind(COPY).execute(&mut *db).await?;
                let sql = "update images set copied_at = null where copied_at is not null";
                Ok(sqlx::query(sql).execute(db).await?.rows_affected())
            })
        })
        .await
    }

    /// How many jobs wait.
    ///
    /// # Errors
    /// As every question.
    pub async fn waiting_jobs(&self) -> Result<u64> {
        let query = sqlx::query("select count(*) as waiting from jobs");
        Columns(&query.fetch_one(&mut *self.reader().await?).await?).number("waiting")
    }
}

/// Notes that an image's copy is to be looked at, inside the transaction that changes the image: where it has a copy or is
/// about to get one, and where it is `wanted`.
pub(crate) async fn queue_copy(
    db: &mut AnyConnection,
    image: ImageId,
    wanted: bool,
    now: UnixMillis,
) -> Result<()> {
    let sql = "insert into jobs (kind, subject, revision, attempts, due_at, created_at) \
               select $1, images.id, 1, 0, $3, $3 from images where images.id = $2 and ($4 = 1 \
               or images.copied_at is not null or exists (select 1 from jobs where kind = $1 and subject = $2)) \
               on conflict (kind, subject) do update set revision = jobs.revision + 1, attempts = 0, \
               due_at = excluded.due_at, problem = null";
    sqlx::query(sql).bind(COPY).bind(image.as_str()).bind(now.0).bind(i32::from(wanted)).execute(db).await?;
    Ok(())
}

fn from_row(row: &AnyRow) -> Result<Job> {
    let row = Columns(row);
    Ok(Job {
        id: row.get("id")?,
        image: row.parsed("subject")?,
        revision: row.get("revision")?,
        attempts: row.number("attempts")?,
    })
}
