//! What Tintype does: take images in, keep them, serve them, turn them, delete them.
//!
//! This crate knows no HTTP, no SQL and no codec. It holds the clock, randomness and permits, decides who may do what,
//! and puts the steps of every use case in their order.

pub mod abuse;
pub mod actor;
mod addresses;
pub mod authorize;
mod cache;
pub mod certificate;
pub mod check;
pub mod clock;
pub mod config;
mod copies;
pub mod direct;
pub mod file;
pub mod headers;
pub mod image;
pub mod operator;
pub mod path;
pub mod purge;
mod random;
pub mod serve;
pub mod sweep;
pub mod text;
pub mod token;
pub mod trouble;
mod under_way;
pub mod upload;
pub mod variant;

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use tintype_blob::BlobStore;
use tintype_catalog::Catalog;
use tintype_sandbox::Sandbox;
use tokio::sync::{Notify, RwLock};
use tokio_util::task::TaskTracker;

use crate::{cache::RamCache, clock::Clock, config::AppConfig, random::Random};

pub use actor::{Actor, Credential};
pub use tintype_blob::ByteStream;
pub use tintype_catalog::{
    AliasKind, Ban, BanKind, CacheState, Counts, Entry, File, FolderPage, Image, Order, OwnerId,
    PathCondition, Purge, PurgeStep, PurgeSubject, Report, Tags, Token,
};
pub use tintype_cdn as cdn;
pub use tintype_sandbox::{SelfTest, Status};
pub use tintype_types as types;
pub use trouble::Trouble;
pub use under_way::UnderWay;

/// The program's state: one value, shared by every request.
#[derive(Clone)]
pub struct App {
    inner: Arc<Inner>,
}

/// What an [`App`] shares. Its parts are this crate's own.
pub struct Inner {
    pub(crate) catalog: Catalog,
    pub(crate) blobs: BlobStore,
    pub(crate) sandbox: Sandbox,
    pub(crate) config: AppConfig,
    pub(crate) clock: Clock,
    pub(crate) random: Random,
    pub(crate) cache: RamCache,
    pub(crate) admission: upload::Gate,
    pub(crate) flights: variant::Flights,
    /// Images whose copy is being made or removed.
    pub(crate) copying: variant::Flights,
    /// Held by whoever is changing a copy; taken whole by [`App::pause`].
    pub(crate) copy_work: RwLock<()>,
    /// Whether another server has taken over.
    pub(crate) paused: AtomicBool,
    /// Says that jobs may be due.
    pub(crate) jobs: Notify,
    /// Caches in front of the server, and what is counted of them.
    pub(crate) purging: purge::Purging,
    pub(crate) bans: abuse::Bans,
    pub(crate) usage: Mutex<Counts>,
    pub(crate) stopping: AtomicBool,
    /// Work that goes on when its caller has gone: publishing, and the timer.
    pub(crate) tasks: TaskTracker,
}

impl std::ops::Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.inner
    }
}

/// How the sandbox, the store and the work under way are, for `/health`.
#[derive(Clone, Debug)]
pub struct Health {
    /// The sandbox's layers and counters.
    pub sandbox: tintype_sandbox::State,
    /// Bytes free where the blobs are; `None` where the system does not say.
    pub free_bytes: Option<u64>,
    /// Whether uploads are refused because less than `upload.free_min` is free.
    pub storage_full: bool,
}

impl App {
    /// Puts the parts together. Nothing runs yet: see [`App::start`].
    pub fn new(
        catalog: Catalog,
        blobs: BlobStore,
        sandbox: Sandbox,
        config: AppConfig,
        clock: Clock,
    ) -> Self {
        let cache = RamCache::new(config.cache_bytes);
        let admission = upload::Gate::new(config.uploads_max);
        let purging = purge::Purging::new(&config.cdn);
        let inner = Inner {
            catalog,
            blobs,
            sandbox,
            config,
            clock,
            random: Random::default(),
            cache,
            admission,
            flights: variant::Flights::default(),
            copying: variant::Flights::default(),
            copy_work: RwLock::new(()),
            paused: AtomicBool::new(false),
            jobs: Notify::new(),
            purging,
            bans: abuse::Bans::default(),
            usage: Mutex::default(),
            stopping: AtomicBool::new(false),
            tasks: TaskTracker::new(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// The settings in force.
    pub fn config(&self) -> &AppConfig {
        &self.inner.config
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    /// Text of `len` random characters for a request id.
    pub fn request_id(&self) -> String {
        self.random.request_id()
    }

    /// Random bytes, for keys and nonces.
    pub fn random_bytes<const N: usize>(&self) -> [u8; N] {
        self.random.bytes()
    }

    /// Whether `bytes` more would pass `store.bytes_max`.
    pub(crate) fn is_over_cap(&self, bytes: u64) -> bool {
        self.config.store_bytes_max.is_some_and(|max| self.usage().bytes.saturating_add(bytes) > max)
    }

    /// How things are.
    pub fn health(&self) -> Health {
        let free_bytes = self.blobs.free_bytes().ok();
        Health {
            sandbox: self.sandbox.state(),
            free_bytes,
            storage_full: free_bytes.is_some_and(|free| free < self.config.free_min) || self.is_over_cap(0),
        }
    }

    /// How much is stored, as the last sweep counted it and uploads since added.
    pub fn usage(&self) -> Counts {
        *self.usage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts what is stored.
    ///
    /// # Errors
    /// The server's own trouble.
    pub(crate) async fn count_usage(&self) -> Result<(), Trouble> {
        let counted = self.catalog.counts().await?;
        *self.usage.lock().unwrap_or_else(PoisonError::into_inner) = counted;
        Ok(())
    }

    /// Bytes that hot pictures take in RAM.
    pub fn cache_bytes(&self) -> u64 {
        self.cache.bytes()
    }

    /// Whether the server takes all requests: it is not stopping.
    pub fn is_ready(&self) -> bool {
        !self.stopping.load(Ordering::Relaxed)
    }

    /// Ends all work that changes anything outside the catalogue, because another server does it from now on; returns when
    /// none is under way.
    pub async fn pause(&self) {
        self.paused.store(true, Ordering::SeqCst);
        drop(self.copy_work.write().await);
    }

    /// Takes that work up again.
    pub fn resume(&self) {
        self.paused.store(false, Ordering::SeqCst);
        self.jobs.notify_one();
        self.purging.wake();
    }

    /// Whether another server has taken over.
    pub fn is_paused(&self) -> bool {
        self.paused.load(Ordering::SeqCst)
    }

    /// Says that the server is about to stop.
    pub fn set_stopping(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// Whether the catalogue answers a question.
    pub async fn catalogue_answers(&self) -> bool {
        match self.catalog.ping().await {
            Ok(()) => true,
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "the catalogue does not answer");
                false
            }
        }
    }

    /// Waits until nothing is being published any more and caches in front were told what is due, then closes the sandbox and the catalogue.
    pub async fn close(&self) {
        self.finish_purging().await;
        self.tasks.close();
        self.tasks.wait().await;
        self.sandbox.shutdown().await;
        if let Err(error) = self.catalog.close().await {
            tracing::error!(error = &error as &dyn std::error::Error, "the catalogue did not close cleanly");
        }
    }
}
