//! What caches in front of the server have yet to forget.
//!
//! A purge is noted in the transaction that makes it necessary, once for each cache, so that one that does not answer keeps
//! no other waiting. It names a subject only: which addresses that has is read from the catalogue when the cache is told.

use std::{fmt, str::FromStr};

use sqlx::{AnyConnection, any::AnyRow};
use tintype_types::{ImageId, UnixMillis};

use crate::{
    Catalog,
    error::Result,
    row::{Columns, invalid},
};

/// What is to be forgotten.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PurgeSubject {
    /// Everything that shows an image.
    Image(ImageId),
    /// A named path, without its leading slash.
    Path(String),
}

impl fmt::Display for PurgeSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Image(id) => f.write_str(id.as_str()),
            Self::Path(path) => write!(f, "/{path}"),
        }
    }
}

/// The text is neither an id nor a path with a slash before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidPurgeSubject;

impl FromStr for PurgeSubject {
    type Err = InvalidPurgeSubject;

    fn from_str(text: &str) -> std::result::Result<Self, InvalidPurgeSubject> {
        match text.strip_prefix('/') {
            Some(path) => Ok(Self::Path(path.to_owned())),
            None => text.parse().map(Self::Image).map_err(|_| InvalidPurgeSubject),
        }
    }
}

/// How far a purge has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PurgeStep {
    /// The cache is to be told.
    Purge,
    /// It is to be told once more: an answer that was under way may have come to it after the first time.
    Again,
    /// It is to be seen whether it has forgotten.
    Verify,
}

impl PurgeStep {
    /// The word of the catalogue.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Purge => "purge",
            Self::Again => "again",
            Self::Verify => "verify",
        }
    }

    fn from_column(text: &str) -> Result<Self> {
        [Self::Purge, Self::Again, Self::Verify]
            .into_iter()
            .find(|step| step.as_str() == text)
            .ok_or_else(|| invalid("step", text))
    }
}

/// A purge that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purge {
    /// Its number, which never returns.
    pub id: i64,
    /// The cache, by the name of its driver.
    pub cache: String,
    /// What it is to forget.
    pub subject: PurgeSubject,
    /// How often the subject changed since the purge was noted.
    pub revision: i64,
    /// How far it has come.
    pub step: PurgeStep,
    /// How often it failed since the subject changed last.
    pub attempts: u32,
    /// When it is tried next.
    pub due_at: UnixMillis,
    /// When it was noted.
    pub created_at: UnixMillis,
    /// Why it failed last.
    pub problem: Option<String>,
}

/// What becomes of a purge after a try.
#[derive(Clone, Debug)]
pub enum PurgeOutcome {
    /// It is done.
    Done,
    /// It goes on with this step at that time.
    Next(PurgeStep, UnixMillis),
    /// It failed: this step is tried at that time, and this was the problem.
    Failed(PurgeStep, UnixMillis, String),
}

impl Catalog {
    /// Says which caches there are, and drops what others had yet to forget; answers how many purges that were.
    ///
    /// # Errors
    /// As every write.
    pub async fn set_caches(&self, mut names: Vec<String>) -> Result<u64> {
        names.sort_unstable();
        let known = sqlx::query("select name from caches order by name");
        let known = known.fetch_all(&mut *self.reader().await?).await?;
        let known: Vec<String> = known.iter().map(|row| Columns(row).get("name")).collect::<Result<_>>()?;
        if known == names {
            return Ok(0);
        }
        self.write(move |db| {
            Box::pin(async move {
                sqlx::query("delete from caches").execute(&mut *db).await?;
                for name in names {
                    sqlx::query("insert into caches (name) values ($1)").bind(name).execute(&mut *db).await?;
                }
                let sql = "delete from purges where not exists (select 1 from caches where caches.name = purges.cache)";
                Ok(sqlx::query(sql).execute(db).await?.rows_affected())
            })
        })
        .await
    }

    /// Notes that every cache is to forget something; answers how many caches there are.
    ///
    /// # Errors
    /// As every write.
    pub async fn want_purge(&self, subject: PurgeSubject, now: UnixMillis) -> Result<u64> {
        self.write_one(move |db| Box::pin(async move { queue(db, &subject, now).await })).await
    }

    /// Purges of a cache that are due, the longest waiting first: those that are to be told it, or those that are to be
    /// verified.
    ///
    /// # Errors
    /// As every question.
    pub async fn due_purges(
        &self,
        cache: &str,
        verifying: bool,
        now: UnixMillis,
        limit: u32,
    ) -> Result<Vec<Purge>> {
        let sql = "select id, cache, subject, revision, step, attempts, due_at, created_at, problem from purges \
                   where cache = $1 and due_at <= $2 and (step = 'verify') = ($3 = 1) order by due_at, id limit $4";
        let query =
            sqlx::query(sql).bind(cache).bind(now.0).bind(i32::from(verifying)).bind(i64::from(limit));
        query.fetch_all(&mut *self.reader().await?).await?.iter().map(from_row).collect()
    }

    /// When the next purge of a cache is due, of those that are to be told or to be verified; `None` where none waits.
    ///
    /// # Errors
    /// As every question.
    pub async fn next_purge_due(&self, cache: &str, verifying: bool) -> Result<Option<UnixMillis>> {
        let sql =
            "select min(due_at) as due_at from purges where cache = $1 and (step = 'verify') = ($2 = 1)";
        let query = sqlx::query(sql).bind(cache).bind(i32::from(verifying));
        Columns(&query.fetch_one(&mut *self.reader().await?).await?).optional_time("due_at")
    }

    /// Notes what became of purges. Those whose subject changed meanwhile stay as they are.
    ///
    /// # Errors
    /// As every write.
    pub async fn settle_purges(&self, settled: Vec<(Purge, PurgeOutcome)>) -> Result<()> {
        self.write(move |db| {
            Box::pin(async move {
                for (purge, outcome) in settled {
                    settle(db, &purge, outcome).await?;
                }
                Ok(())
            })
        })
        .await
    }

    /// Every purge that waits, the oldest first.
    ///
    /// # Errors
    /// As every question.
    pub async fn purges(&self) -> Result<Vec<Purge>> {
        let sql = "select id, cache, subject, revision, step, attempts, due_at, created_at, problem \
                   from purges order by created_at, id";
        let rows = sqlx::query(sql).fetch_all(&mut *self.reader().await?).await?;
        rows.iter().map(from_row).collect()
    }

    /// How many purges wait, and how many of them have failed at least once.
    ///
    /// # Errors
    /// As every question.
    pub async fn waiting_purges(&self) -> Result<(u64, u64)> {
        let sql = "select count(*) as waiting, count(problem) as failing from purges";
        let row = sqlx::query(sql).fetch_one(&mut *self.reader().await?).await?;
        Ok((Columns(&row).number("waiting")?, Columns(&row).number("failing")?))
    }

    /// Makes all purges due now that have failed; answers how many these are.
    ///
    /// # Errors
    /// As every write.
    pub async fn hurry_purges(&self, now: UnixMillis) -> Result<u64> {
        self.write_one(move |db| {
            Box::pin(async move {
                let sql = "update purges set due_at = $1, attempts = 0 where problem is not null";
                Ok(sqlx::query(sql).bind(now.0).execute(db).await?.rows_affected())
            })
        })
        .await
    }

    /// The variants that were noted with a purge: recipes in their canonical form.
    ///
    /// # Errors
    /// As every question.
    pub async fn noted_variants(&self, id: i64) -> Result<Vec<String>> {
        let query = sqlx::query("select variants from purges where id = $1").bind(id);
        let Some(row) = query.fetch_optional(&mut *self.reader().await?).await? else {
            return Ok(Vec::new());
        };
        let noted: &str = Columns(&row).get("variants")?;
        serde_json::from_str(noted).map_err(|_| invalid("variants", noted))
    }

    /// Notes the variants of an image whose files are about to be removed, where a cache has yet to forget it.
    ///
    /// # Errors
    /// As every write.
    pub async fn note_variants(&self, image: ImageId, variants: &[String]) -> Result<()> {
        let variants = serde_json::to_string(variants).expect("a list of strings is JSON");
        self.write_one(move |db| {
            Box::pin(async move {
                let sql = "update purges set variants = $2 where subject = $1 and variants = '[]'";
                sqlx::query(sql).bind(image.as_str()).bind(variants).execute(db).await?;
                Ok(())
            })
        })
        .await
    }
}

/// Notes that every cache is to forget an image, inside the transaction that changes it.
pub(crate) async fn queue_image(db: &mut AnyConnection, id: ImageId, now: UnixMillis) -> Result<()> {
    queue(db, &PurgeSubject::Image(id), now).await.map(drop)
}

/// Notes that every cache is to forget a named path, inside the transaction that leads it elsewhere.
pub(crate) async fn queue_path(db: &mut AnyConnection, path: &str, now: UnixMillis) -> Result<()> {
    queue(db, &PurgeSubject::Path(path.to_owned()), now).await.map(drop)
}

async fn queue(db: &mut AnyConnection, subject: &PurgeSubject, now: UnixMillis) -> Result<u64> {
    let sql = "insert into purges (cache, subject, revision, step, attempts, due_at, created_at, variants) \
               select caches.name, $1, 1, 'purge', 0, $2, $2, '[]' from caches where true \
               on conflict (cache, subject) do update set revision = purges.revision + 1, step = 'purge', \
               attempts = 0, due_at = excluded.due_at, problem = null";
    Ok(sqlx::query(sql).bind(subject.to_string()).bind(now.0).execute(db).await?.rows_affected())
}

async fn settle(db: &mut AnyConnection, purge: &Purge, outcome: PurgeOutcome) -> Result<()> {
    let sql = match outcome {
        PurgeOutcome::Done => {
            let sql = "delete from purges where id = $1 and revision = $2";
            sqlx::query(sql).bind(purge.id).bind(purge.revision)
        }
        PurgeOutcome::Next(step, due_at) => {
            let sql = "update purges set step = $3, due_at = $4 where id = $1 and revision = $2";
            sqlx::query(sql).bind(purge.id).bind(purge.revision).bind(step.as_str()).bind(due_at.0)
        }
        PurgeOutcome::Failed(step, due_at, problem) => {
            let sql = "update purges set step = $3, due_at = $4, attempts = attempts + 1, problem = $5 \
                       where id = $1 and revision = $2";
            let query = sqlx::query(sql).bind(purge.id).bind(purge.revision);
            query.bind(step.as_str()).bind(due_at.0).bind(problem)
        }
    };
    sql.execute(db).await?;
    Ok(())
}

fn from_row(row: &AnyRow) -> Result<Purge> {
    let row = Columns(row);
    let subject: &str = row.get("subject")?;
    Ok(Purge {
        id: row.get("id")?,
        cache: row.get("cache")?,
        subject: subject.parse().map_err(|_| invalid("subject", subject))?,
        revision: row.get("revision")?,
        step: PurgeStep::from_column(row.get("step")?)?,
        attempts: row.number("attempts")?,
        due_at: row.time("due_at")?,
        created_at: row.time("created_at")?,
        problem: row.get("problem")?,
    })
}
