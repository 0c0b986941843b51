//! Copies of images in a public bucket, where links point at it.
//!
//! A change of the catalogue that ends or begins the view of an image leaves a job in the same transaction
//! (`tintype_catalog::Job`). The job is done at once, before the caller hears of the change; what fails is tried again, with
//! growing pauses, until it is done. Links lead to a copy only once it is there, and to this server otherwise.

use std::{collections::HashSet, time::Duration};

use tintype_blob::{BlobError, BlobStore, PublicHeaders};
use tintype_catalog::{Catalog, Job};
use tintype_types::{ImageId, UnixMillis, Visibility};
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::{
    App, Image, Trouble,
    cache::CacheKey,
    config::Delivery,
    headers::{Lasting, cache_control, disposition, http_date},
};

/// Jobs that are taken at a time.
const BATCH: u32 = 100;
/// Jobs that are done at once.
const AT_ONCE: usize = 8;
/// Pause after the first failure, and the longest one, in seconds.
const PAUSE: (i64, i64) = (2, 600);
/// Longest sleep, so that a clock that was set back delays nothing for long.
const SLEEP_MAX: Duration = Duration::from_secs(60);

impl App {
    /// Does the job that a change of this image left, if it left one. Trouble is logged, and the job stays.
    pub(crate) async fn settle_copy(&self, id: ImageId) {
        if let Err(error) = self.try_to_settle(id).await {
            tracing::error!(image = %id, error = &error as &dyn std::error::Error, "an image's copy is left as it is");
        }
    }

    /// The image as it is with its copy, once that is made; as it was where there is to be none.
    pub(crate) async fn with_copy(&self, image: Image) -> Image {
        if !self.makes_copies() {
            return image;
        }
        self.settle_copy(image.id).await;
        match self.catalog.image(image.id).await {
            Ok(Some(image)) => image,
            _ => image,
        }
    }

    /// Whether new images get a copy.
    pub(crate) fn makes_copies(&self) -> bool {
        self.config.delivery == Delivery::Public && self.blobs.is_remote()
    }

    async fn try_to_settle(&self, id: ImageId) -> Result<(), Trouble> {
        // One at a time for an image: of two that read the catalogue at different moments the later must act later.
        let flight = self.copying.join(CacheKey { id, recipe: None });
        let _landed = flight.lock().await;
        let _working = self.copy_work.read().await;
        if self.is_paused() {
            return Ok(());
        }
        let Some(job) = self.catalog.copy_job(id).await? else { return Ok(()) };
        self.attempt(job).await
    }

    /// Does a job. One that the bucket refuses is put off.
    async fn attempt(&self, job: Job) -> Result<(), Trouble> {
        let (id, attempts) = (job.image, job.attempts);
        match settle(&self.catalog, &self.blobs, &job, self.makes_copies(), self.clock.now()).await {
            Ok(()) => Ok(()),
            Err(Trouble::StoreUnavailable(error)) => {
                let pause = (PAUSE.0 << attempts.min(10)).min(PAUSE.1);
                tracing::warn!(
                    image = %id,
                    error = &*error as &dyn std::error::Error,
                    again_in_seconds = pause,
                    "an image's copy could not be made or removed"
                );
                let due = self.clock.now().plus_seconds(pause);
                self.catalog.put_off_job(job, due, error.to_string()).await?;
                self.jobs.notify_one();
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Looks what is missing, and does what is due until `stop`.
    pub(crate) async fn work_on_jobs(&self, stop: CancellationToken) {
        if let Err(error) = self.reconcile_copies().await {
            left(&error);
        }
        loop {
            let pause = match self.do_due_jobs(&stop).await {
                Ok(pause) => pause,
                Err(error) => {
                    left(&error);
                    SLEEP_MAX
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.jobs.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Compares the copies that are there with those that should be: a catalogue that was restored is older than the bucket, and
    /// a service that has answered with an error may have done it all the same.
    async fn reconcile_copies(&self) -> Result<(), Trouble> {
        let now = self.clock.now();
        // Read before the list, so that what is made meanwhile is not missed in it.
        let known: HashSet<ImageId> = self.catalog.copied_images().await?.into_iter().collect();
        if !self.blobs.is_remote() || (known.is_empty() && !self.makes_copies()) {
            return Ok(());
        }
        let mut found = HashSet::new();
        for (id, media_type) in self.blobs.copies().await? {
            found.insert(id);
            if !known.contains(&id) {
                let _working = self.copy_work.read().await;
                if self.is_paused() {
                    return Ok(());
                }
                let image = self.catalog.image(id).await?;
                if !image.is_some_and(|image| is_for_everybody(&image, now)) {
                    tracing::warn!(image = %id, "removed a copy of an image that nobody may see");
                    self.blobs.remove_copy(id, media_type).await?;
                }
            }
        }
        for id in known.difference(&found) {
            self.catalog.want_copy(*id, now).await?;
        }
        if self.makes_copies() {
            let missing = self.catalog.queue_missing_copies(now).await?;
            if missing > 0 {
                tracing::info!(missing, "making copies of images for the public bucket");
            }
        }
        Ok(())
    }

    /// Does all jobs that are due, and answers when to look again.
    async fn do_due_jobs(&self, stop: &CancellationToken) -> Result<Duration, Trouble> {
        loop {
            let due = self.catalog.due_copy_jobs(self.clock.now(), BATCH).await?;
            if due.is_empty() || self.is_paused() {
                break;
            }
            let mut under_way = JoinSet::new();
            for job in due {
                if stop.is_cancelled() {
                    return Ok(Duration::ZERO);
                }
                if under_way.len() >= AT_ONCE {
                    done(under_way.join_next().await)?;
                }
                let app = self.clone();
                under_way.spawn(async move { app.try_to_settle(job.image).await });
            }
            while let Some(ended) = under_way.join_next().await {
                done(Some(ended))?;
            }
        }
        let next = self.catalog.next_job_due().await?;
        let millis = next.map_or(i64::MAX, |due| due.0.saturating_sub(self.clock.now().0));
        Ok(Duration::from_millis(u64::try_from(millis).unwrap_or(0))
            .clamp(Duration::from_millis(50), SLEEP_MAX))
    }
}

fn left(error: &Trouble) {
    tracing::error!(error = error as &dyn std::error::Error, "jobs are left for later");
}

fn done(ended: Option<Result<Result<(), Trouble>, JoinError>>) -> Result<(), Trouble> {
    ended.unwrap_or(Ok(Ok(()))).unwrap_or_else(|error| {
        Err(Trouble::Internal { what: "making or removing a copy failed", source: Box::new(error) })
    })
}

/// Makes an image's copy agree with the catalogue as it is now. Copies that are there are kept up where no new ones are made.
pub(crate) async fn settle(
    catalog: &Catalog,
    blobs: &BlobStore,
    job: &Job,
    makes_copies: bool,
    now: UnixMillis,
) -> Result<(), Trouble> {
    let Some(image) = catalog.image(job.image).await? else {
        return Ok(catalog.end_copy_job(job.clone(), None).await?);
    };
    let wanted = makes_copies || image.copied_at.is_some();
    let copied = match image.blob.filter(|blob| wanted && !blob.damaged && is_for_everybody(&image, now)) {
        Some(blob) => {
            let headers = headers_of(&image);
            match blobs.publish_copy(blob.key, image.id, &headers).await {
                Ok(made) => made,
                // Whoever looks at the image hears of it. There is nothing to copy, and an earlier copy would be forgotten.
                Err(BlobError::NotFound) => {
                    blobs.remove_copy(image.id, image.media_type).await?;
                    false
                }
                Err(error) => return Err(error.into()),
            }
        }
        None => {
            blobs.remove_copy(image.id, image.media_type).await?;
            false
        }
    };
    Ok(catalog.end_copy_job(job.clone(), copied.then_some(now)).await?)
}

/// What a copy's readers are told. A copy is made once and read at any time: one with an end names the end, and no `max-age`,
/// which would count from each reading.
fn headers_of(image: &Image) -> PublicHeaders {
    let lasting = cache_control(image.visibility, None, Lasting::Immutable, false).into_owned();
    PublicHeaders {
        media_type: image.media_type,
        disposition: disposition(image.file_name.as_deref()).into_owned(),
        cache_control: if image.expires_at.is_some() { "public".to_owned() } else { lasting },
        expires: image.expires_at.map(http_date),
    }
}

fn is_for_everybody(image: &Image, now: UnixMillis) -> bool {
    image.deleted_at.is_none()
        && image.visibility != Visibility::Private
        && image.expires_at.is_none_or(|end| end > now)
}
