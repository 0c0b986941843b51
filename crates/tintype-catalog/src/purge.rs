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
    list::Cursor,
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
    /// How often the cache was told since the subject changed last.
    pub told: u32,
    /// How often it failed since the subject changed last.
    pub attempts: u32,
    /// When it is tried next.
    pub due_at: UnixMillis,
    /// When it was noted.
    pub created_at: UnixMillis,
    /// Why it failed last.
    pub problem: Option<String>,
}

/// A page of purges.
#[derive(Clone, Debug)]
pub struct PurgePage {
    /// The purges.
    pub purges: Vec<Purge>,
    /// Where the next page begins; `None` where this is the last.
    pub next: Option<Cursor>,
}

/// A cache, and how it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheState {
    /// Its name.
    pub name: String,
    /// Until when it is left alone, because it asked for that. That may be over.
    pub rests_until: Option<UnixMillis>,
    /// When the oldest purge was noted that has failed; `None` where none has.
    pub failing_since: Option<UnixMillis>,
    /// Why the newest of them failed last.
    pub problem: Option<String>,
}

/// What becomes of a purge after a try.
#[derive(Clone, Debug)]
pub enum PurgeOutcome {
    /// It is done.
    Done,
    /// The cache was told; it goes on with this step at that time.
    Next(PurgeStep, UnixMillis),
    /// It failed: this step is tried at that time, and this was the problem.
    Failed(PurgeStep, UnixMillis, String),
}

/// Columns of a purge, and which of them.
macro_rules! select_purges {
    ($($which:expr),+) => {
        concat!(
            "select id, cache, subject, revision, step, told, attempts, due_at, created_at, problem from purges ",
            $($which),+
        )
    };
}

/// What is to be told to a cache that does not rest.
macro_rules! select_due {
    ($which:literal) => {
        select_purges!(
            "where cache = $1 and due_at <= $2 and step <> 'verify' and ",
            $which,
            " and not exists (select 1 from caches where name = $1 and rests_until > $2) order by due_at, id limit $3"
        )
    };
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
                let sql = "delete from served_variants \
                           where not exists (select 1 from images where images.id = served_variants.image)";
                sqlx::query(sql).execute(&mut *db).await?;
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
    /// verified. Of those to be told, what never failed goes first and alone, so that retries hold up nothing new; there are
    /// none while the cache rests.
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
        let mut db = self.reader().await?;
        let mut rows = if verifying {
            let sql = select_purges!(
                "where cache = $1 and due_at <= $2 and step = 'verify' order by due_at, id limit $3"
            );
            sqlx::query(sql).bind(cache).bind(now.0).bind(i64::from(limit)).fetch_all(&mut *db).await?
        } else {
            let sql = select_due!("attempts = 0");
            sqlx::query(sql).bind(cache).bind(now.0).bind(i64::from(limit)).fetch_all(&mut *db).await?
        };
        if rows.is_empty() && !verifying {
            let sql = select_due!("attempts > 0");
            let query = sqlx::query(sql).bind(cache).bind(now.0).bind(i64::from(limit));
            rows = query.fetch_all(&mut *db).await?;
        }
        rows.iter().map(from_row).collect()
    }

    /// When the next purge of a cache is due, of those that are to be told or to be verified; `None` where none waits.
    ///
    /// # Errors
    /// As every question.
    pub async fn next_purge_due(&self, cache: &str, verifying: bool) -> Result<Option<UnixMillis>> {
        let sql = "select min(due_at) as due_at, (select rests_until from caches where name = $1) as rests_until \
                   from purges where cache = $1 and (step = 'verify') = ($2 = 1)";
        let query = sqlx::query(sql).bind(cache).bind(i32::from(verifying));
        let row = query.fetch_one(&mut *self.reader().await?).await?;
        let rests_until = Columns(&row).optional_time("rests_until")?.filter(|_| !verifying);
        Ok(Columns(&row).optional_time("due_at")?.map(|due| rests_until.map_or(due, |end| due.max(end))))
    }

    /// Leaves a cache alone until then: nothing is told to it.
    ///
    /// # Errors
    /// As every write.
    pub async fn rest_cache(&self, name: &str, until: UnixMillis) -> Result<()> {
        let name = name.to_owned();
        self.write_one(move |db| {
            Box::pin(async move {
                let query = sqlx::query("update caches set rests_until = $2 where name = $1");
                query.bind(name).bind(until.0).execute(db).await?;
                Ok(())
            })
        })
        .await
    }

    /// Every cache and how it is.
    ///
    /// # Errors
    /// As every question.
    pub async fn caches(&self) -> Result<Vec<CacheState>> {
        let sql = "select name, rests_until, \
                   (select min(created_at) from purges where cache = name and problem is not null) as failing_since, \
                   (select problem from purges where cache = name and problem is not null \
                   order by created_at desc, id desc limit 1) as last_problem from caches order by name";
        let rows = sqlx::query(sql).fetch_all(&mut *self.reader().await?).await?;
        rows.iter()
            .map(|row| {
                let row = Columns(row);
                Ok(CacheState {
                    name: row.get("name")?,
                    rests_until: row.optional_time("rests_until")?,
                    failing_since: row.optional_time("failing_since")?,
                    problem: row.get("last_problem")?,
                })
            })
            .collect()
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

    /// One page of the purges that wait, the oldest first.
    ///
    /// # Errors
    /// As every question.
    pub async fn purges(&self, after: Option<Cursor>, limit: u32) -> Result<PurgePage> {
        let after = after.unwrap_or(Cursor { created_at: i64::MIN, sequence: i64::MIN });
        let sql = select_purges!("where (created_at, id) > ($1, $2) order by created_at, id limit $3");
        let query = sqlx::query(sql).bind(after.created_at).bind(after.sequence);
        let rows = query.bind(i64::from(limit) + 1).fetch_all(&mut *self.reader().await?).await?;
        let mut purges: Vec<Purge> = rows.iter().map(from_row).collect::<Result<_>>()?;
        let more = purges.len() > limit as usize;
        purges.truncate(limit as usize);
        let last = purges.last().filter(|_| more);
        let next = last.map(|last| Cursor { created_at: last.created_at.0, sequence: last.id });
        Ok(PurgePage { purges, next })
    }

    /// How many purges wait, and how many of them have failed at least once; of one cache, or of all.
    ///
    /// # Errors
    /// As every question.
    pub async fn waiting_purges(&self, cache: Option<&str>) -> Result<(u64, u64)> {
        let query = match cache {
            Some(cache) => sqlx::query(
                "select (select count(*) from purges where cache = $1) as waiting, \
                 (select count(*) from purges where cache = $1 and problem is not null) as failing",
            )
            .bind(cache),
            None => sqlx::query(
                "select (select count(*) from purges) as waiting, \
                 (select count(*) from purges where problem is not null) as failing",
            ),
        };
        let row = query.fetch_one(&mut *self.reader().await?).await?;
        Ok((Columns(&row).number("waiting")?, Columns(&row).number("failing")?))
    }

    /// Makes all purges due now that have failed, and ends every cache's rest; answers how many purges these are.
    ///
    /// # Errors
    /// As every write.
    pub async fn hurry_purges(&self, now: UnixMillis) -> Result<u64> {
        self.write(move |db| {
            Box::pin(async move {
                sqlx::query("update caches set rests_until = null").execute(&mut *db).await?;
                let sql = "update purges set due_at = $1, attempts = 0 where problem is not null";
                Ok(sqlx::query(sql).bind(now.0).execute(db).await?.rows_affected())
            })
        })
        .await
    }

    /// The variants of an image that may be in a cache: recipes in their canonical form.
    ///
    /// # Errors
    /// As every question.
    pub async fn noted_variants(&self, image: ImageId) -> Result<Vec<String>> {
        let query = sqlx::query("select recipe from served_variants where image = $1 order by recipe");
        let rows = query.bind(image.as_str()).fetch_all(&mut *self.reader().await?).await?;
        rows.iter().map(|row| Columns(row).get("recipe")).collect()
    }

    /// Notes that a variant is about to be sent, where that is not known.
    ///
    /// # Errors
    /// As every write.
    pub async fn note_served_variant(&self, image: ImageId, recipe: String) -> Result<()> {
        let known = sqlx::query("select 1 as known from served_variants where image = $1 and recipe = $2");
        let known = known.bind(image.as_str()).bind(&recipe);
        if known.fetch_optional(&mut *self.reader().await?).await?.is_some() {
            return Ok(());
        }
        self.write_one(move |db| {
            Box::pin(async move {
                let sql =
                    "insert into served_variants (image, recipe) values ($1, $2) on conflict do nothing";
                sqlx::query(sql).bind(image.as_str()).bind(recipe).execute(db).await?;
                Ok(())
            })
        })
        .await
    }

    /// Notes the variants of an image whose files are about to be removed, where a cache has yet to forget it.
    ///
    /// # Errors
    /// As every write.
    pub async fn note_variants(&self, image: ImageId, variants: Vec<String>) -> Result<()> {
        if variants.is_empty() {
            return Ok(());
        }
        self.write(move |db| {
            Box::pin(async move {
                for recipe in variants {
                    let sql = "insert into served_variants (image, recipe) select $1, $2 \
                               where exists (select 1 from purges where subject = $1) on conflict do nothing";
                    sqlx::query(sql).bind(image.as_str()).bind(recipe).execute(&mut *db).await?;
                }
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
               told = 0, attempts = 0, due_at = excluded.due_at, problem = null";
    Ok(sqlx::query(sql).bind(subject.to_string()).bind(now.0).execute(db).await?.rows_affected())
}

async fn settle(db: &mut AnyConnection, purge: &Purge, outcome: PurgeOutcome) -> Result<()> {
    let sql = match outcome {
        PurgeOutcome::Done => {
            let sql = "delete from purges where id = $1 and revision = $2";
            let done = sqlx::query(sql).bind(purge.id).bind(purge.revision).execute(&mut *db).await?;
            return match &purge.subject {
                PurgeSubject::Image(id) if done.rows_affected() > 0 => forget_variants(db, *id).await,
                _ => Ok(()),
            };
        }
        PurgeOutcome::Next(step, due_at) => {
            let sql = "update purges set step = $3, due_at = $4, told = told + 1 \
                       where id = $1 and revision = $2";
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

/// Forgets which variants were sent of an image that is gone, once every cache has forgotten it.
async fn forget_variants(db: &mut AnyConnection, id: ImageId) -> Result<()> {
    let sql = "delete from served_variants where image = $1 \
               and not exists (select 1 from purges where subject = $1) \
               and not exists (select 1 from images where id = $1 and deleted_at is null)";
    sqlx::query(sql).bind(id.as_str()).execute(db).await?;
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
        told: row.number("told")?,
        attempts: row.number("attempts")?,
        due_at: row.time("due_at")?,
        created_at: row.time("created_at")?,
        problem: row.get("problem")?,
    })
}
