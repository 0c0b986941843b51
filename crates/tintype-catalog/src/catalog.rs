//! The open catalogue: one connection that writes, a few that read.

use std::{
    fs::File,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use sqlx::{Any, AnyConnection, AnyPool, pool::PoolConnection};

use crate::{
    error::{CatalogError, Result},
    migrate::{self, Opened},
    private, sqlite,
    writer::{self, Units, Work},
};

/// An open catalogue. Clones share its connections.
///
/// A caller that stops waiting for a write does not undo it: the unit runs to its end.
#[derive(Clone)]
pub struct Catalog {
    inner: Arc<Inner>,
}

struct Inner {
    units: Units,
    readers: AnyPool,
    commits: Arc<AtomicU64>,
    opened: Opened,
}

impl Catalog {
    /// Opens the catalogue at `path`, makes it where there is none, and brings its schema up to date.
    ///
    /// `identity` is asked for the store's identity (32 hex digits of random bytes) when the catalogue is made.
    /// Must be called within a tokio runtime; the task that writes lives on it.
    ///
    /// # Errors
    /// [`CatalogError::TooNew`], [`CatalogError::Outdated`], [`CatalogError::Unsafe`] and [`CatalogError::Corrupt`] refuse
    /// the file before anything in it changes; otherwise as every write.
    pub async fn open(path: &Path, identity: impl FnOnce() -> String) -> Result<Self> {
        let mut db = sqlite::connect_writer(path, migrate::newest()).await?;
        let opened = migrate::run(&mut db, identity).await?;
        if opened.created {
            sync_folder(path)?;
        }
        let readers = sqlite::readers(path)?;
        let commits = Arc::new(AtomicU64::new(0));
        let units = writer::start(db, Arc::clone(&commits));
        Ok(Self { inner: Arc::new(Inner { units, readers, commits, opened }) })
    }

    /// Opens the catalogue at `path`, which is there, for a look that leaves its schema alone: `None` where that is an older
    /// release's, which the server brings up to date at its start.
    ///
    /// # Errors
    /// As [`Catalog::open`].
    pub async fn open_as_it_is(path: &Path) -> Result<Option<Self>> {
        let mut db = sqlite::connect_writer(path, migrate::newest()).await?;
        if sqlite::user_version(&mut db).await? < migrate::newest() {
            return Ok(None);
        }
        drop(db);
        Self::open(path, || unreachable!("a catalogue of this release has its identity")).await.map(Some)
    }

    /// Whether this opening made the catalogue.
    pub fn was_created(&self) -> bool {
        self.inner.opened.created
    }

    /// What ties this catalogue to its store: 32 hex digits, made once.
    pub fn store_identity(&self) -> &str {
        &self.inner.opened.identity
    }

    /// How many transactions were committed since the opening. Units that wait together share one.
    pub fn commits(&self) -> u64 {
        self.inner.commits.load(Ordering::Relaxed)
    }

    /// Finishes the writes that wait, moves the log into the file and closes every connection. Later questions are answered
    /// [`CatalogError::Unavailable`].
    ///
    /// # Errors
    /// The log could not be moved: it stays beside the file and nothing is lost.
    pub async fn close(&self) -> Result<()> {
        self.inner.readers.close().await;
        self.inner.units.close().await
    }

    /// Asks the smallest question there is.
    ///
    /// # Errors
    /// As every question.
    pub async fn ping(&self) -> Result<()> {
        sqlx::query("select 1").execute(&mut *self.reader().await?).await?;
        Ok(())
    }

    /// Writes a copy of the catalogue as of this moment to `path`, where nothing may stand yet, while it is being used. The
    /// copy is one file for its owner alone, and is not synced.
    ///
    /// # Errors
    /// As every question; the copy's disk may be full.
    pub async fn copy_to(&self, path: &Path) -> Result<()> {
        // The engine takes an empty file for none.
        private::create(path);
        let path = path.to_str().ok_or_else(|| CatalogError::unavailable("the copy's path is not UTF-8"))?;
        let mut db = self.reader().await?;
        // A reader refuses every write, and the engine takes a copy for one.
        sqlx::query("pragma query_only = off").execute(&mut *db).await?;
        let copied = sqlx::query("vacuum into $1").bind(path).execute(&mut *db).await;
        sqlx::query("pragma query_only = on").execute(&mut *db).await?;
        copied?;
        Ok(())
    }

    /// Finishes the writes that wait and refuses all that follow with [`CatalogError::Sealed`]; questions are answered as
    /// before.
    ///
    /// # Errors
    /// [`CatalogError::Unavailable`] once it is closed.
    pub async fn seal(&self) -> Result<()> {
        self.inner.units.seal(true).await
    }

    /// Takes writes again.
    ///
    /// # Errors
    /// As [`Catalog::seal`].
    pub async fn unseal(&self) -> Result<()> {
        self.inner.units.seal(false).await
    }

    /// A connection that reads, outside any transaction.
    pub(crate) async fn reader(&self) -> Result<PoolConnection<Any>> {
        Ok(self.inner.readers.acquire().await?)
    }

    /// Hands a unit of work to the writer: all of its statements last, or none.
    pub(crate) async fn write<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut AnyConnection) -> Work<'c, T> + Send + 'static,
    {
        self.inner.units.submit(work, false).await
    }

    /// As [`Catalog::write`], for a unit of one statement, which lasts whole or not at all by itself and needs no savepoint.
    pub(crate) async fn write_one<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut AnyConnection) -> Work<'c, T> + Send + 'static,
    {
        self.inner.units.submit(work, true).await
    }
}

/// Makes the name of a new file durable.
fn sync_folder(path: &Path) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(CatalogError::unavailable)
}
