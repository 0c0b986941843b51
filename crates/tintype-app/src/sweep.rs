//! The one timer: expiry, trash, staging, blobs.

use std::time::Duration;

use tintype_types::UnixMillis;
use tokio_util::sync::CancellationToken;

use crate::{App, Trouble, operator};

/// Rows that one statement of a sweep takes, so that uploads never wait long behind it.
pub(crate) const BATCH: u32 = 200;

/// Age at which an intent can no longer belong to an upload under way: from intent to row takes seconds.
const INTENT_SECONDS: i64 = 3_600;

/// How long the key of a repeatable upload is remembered.
const KEY_SECONDS: i64 = 86_400;

/// What one sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Images whose time was over.
    pub expired: usize,
    /// Deleted images whose time to be restored was over.
    pub purged: usize,
    /// Files removed because nothing names them any more.
    pub files: usize,
    /// Direct uploads whose time was over.
    pub direct: usize,
}

impl App {
    /// Settles what an earlier life left behind and starts the timer, which stops when `stop` is cancelled.
    ///
    /// # Errors
    /// The server's own trouble.
    pub async fn start(&self, stop: CancellationToken) -> Result<(), Trouble> {
        self.settle().await?;
        self.load_abuse().await?;
        self.tasks.spawn({
            let (app, stop) = (self.clone(), stop.clone());
            async move { app.work_on_jobs(stop).await }
        });
        self.start_purging().await?;
        let app = self.clone();
        let pause = Duration::from_secs(self.config.sweep_interval.max(1).unsigned_abs());
        self.tasks.spawn(async move {
            app.sandbox.self_test().await;
            loop {
                if let Err(error) = app.sweep().await {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "a sweep failed; the next one tries again"
                    );
                }
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(pause) => {}
                }
            }
        });
        Ok(())
    }

    /// Removes what uploads left that a crash cut off between their intent and their row.
    async fn settle(&self) -> Result<(), Trouble> {
        let staged = self.blobs.sweep_staging().await?;
        // Nothing is under way yet: every intent is of an earlier life.
        let files = self.settle_intents(self.clock.now()).await?;
        if staged + files > 0 {
            tracing::info!(staged, files, "removed what interrupted uploads had left");
        }
        self.unlink_deleting().await?;
        if self.config.store_bytes_max.is_some() {
            // The limit holds from the first upload on; without one the first sweep counts.
            self.count_usage().await?;
        }
        Ok(())
    }

    /// Settles the intents that were written at `until` or before, and counts the files that go with them.
    async fn settle_intents(&self, until: UnixMillis) -> Result<usize, Trouble> {
        let mut files = 0;
        for intent in self.catalog.intents().await? {
            if intent.started_at > until {
                continue;
            }
            if self.catalog.blob_by_key(intent.key).await?.is_none() && self.blobs.delete(intent.key).await? {
                files += 1;
            }
            self.catalog.settle_intent(intent.id).await?;
        }
        Ok(files)
    }

    /// One sweep.
    ///
    /// # Errors
    /// The server's own trouble; what was done stays done.
    pub async fn sweep(&self) -> Result<Swept, Trouble> {
        if self.is_paused() {
            return Ok(Swept::default());
        }
        let now = self.clock.now();
        let mut swept = Swept {
            files: self.settle_intents(now.minus_seconds(INTENT_SECONDS)).await?,
            ..Swept::default()
        };
        loop {
            let expired = self.catalog.expire_images(now, BATCH).await?;
            expired.iter().for_each(|id| self.forget_cached(*id));
            swept.expired += expired.len();
            if expired.len() < BATCH as usize {
                break;
            }
        }
        if swept.expired > 0 {
            self.jobs.notify_one();
            self.purging.wake();
        }
        // What one of these cannot do, as beside a store that is away, keeps the others from nothing.
        let purged = self.sweep_trash(now).await;
        let files = self.sweep_orphans(now).await;
        swept.direct = self.sweep_direct(now).await?;
        while self.catalog.forget_keys(now.minus_seconds(KEY_SECONDS), BATCH).await? == BATCH as usize {}
        self.count_usage().await?;
        swept.purged = purged?;
        swept.files += files?;
        if swept != Swept::default() {
            tracing::info!(
                expired = swept.expired,
                purged = swept.purged,
                files = swept.files,
                direct = swept.direct,
                "swept"
            );
        }
        Ok(swept)
    }

    /// Purges images that nobody may take back any more, and counts them.
    async fn sweep_trash(&self, now: UnixMillis) -> Result<usize, Trouble> {
        let before = now.minus_seconds(self.config.trash_keep);
        let mut count = 0;
        loop {
            for id in self.catalog.trashed_images(before, BATCH).await? {
                operator::remove_variants(&self.catalog, &self.blobs, id).await?;
            }
            let purged = self.catalog.purge_trashed(before, now, BATCH).await?.len();
            count += purged;
            if purged > 0 {
                self.purging.wake();
            }
            if purged < BATCH as usize {
                return Ok(count);
            }
        }
    }

    /// Removes files that nothing has named since the grace period began, and counts them.
    async fn sweep_orphans(&self, now: UnixMillis) -> Result<usize, Trouble> {
        // What an earlier sweep or a delete for good could not finish.
        let mut count = self.unlink_deleting().await?;
        loop {
            let before = now.minus_seconds(self.config.sweep_grace);
            let orphans = self.catalog.take_orphans(before, BATCH).await?.len();
            if orphans == 0 {
                return Ok(count);
            }
            count += self.unlink_deleting().await?;
        }
    }

    /// Removes the files of blobs that were taken out of use, also by whom a crash or a fault cut off; counts them.
    async fn unlink_deleting(&self) -> Result<usize, Trouble> {
        let deleting = self.catalog.deleting_blobs().await?;
        for (id, key) in &deleting {
            self.blobs.delete(*key).await?;
            self.catalog.forget_blob(*id).await?;
        }
        Ok(deleting.len())
    }
}
