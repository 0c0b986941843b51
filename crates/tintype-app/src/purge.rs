//! Caches in front of the server: the tags by which they know what they keep, and what they have yet to forget.
//!
//! A change that ends or alters what an address shows leaves a row for each cache in its own transaction
//! (`tintype_catalog::Purge`). Each cache has a task that tells it what is due, at once and again with growing pauses where it
//! fails, so that none waits for another. It is told twice: an answer that this server had begun before the change may
//! reach the cache after the first time. Then somebody looks from outside, as a reader does, and what is still old is told
//! anew.
//!
//! What is under way of a picture that is gone is broken off before a cache is told ([`crate::under_way`]).

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use sha2::{Digest, Sha256};
use tintype_catalog::{CacheState, Purge, PurgeOutcome, PurgePage, PurgeStep, PurgeSubject};
use tintype_cdn::{Cache, Driver, PurgeError, Reader, Seen};
use tintype_types::{ContentHash, ImageId, UnixMillis, Visibility};
use tokio::sync::watch;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    Actor, AliasKind, App, Image, Trouble, UnderWay,
    abuse::admin,
    config::CdnConfig,
    image::{ImageError, LIST_MAX},
    operator,
    serve::{Stored, etag},
    text,
    under_way::Bodies,
};

/// Time after which a cache is told again. Longer than the head of an answer that was begun takes to reach it, and a body of
/// [`SMALL`].
const AGAIN: i64 = 5;
/// Time after which one is told once more that keeps an answer when its body has ended. Large bodies are broken off, but what
/// the two systems hold of one for a slow connection, up to some megabytes, arrives all the same.
const LATE: i64 = 60;
/// Bytes of a body that is through in [`AGAIN`], however slow the connection.
const SMALL: u64 = 256 << 10;
/// Pause after the first failure, and the longest one, in seconds.
const PAUSE: (i64, i64) = (2, 600);
/// Shortest pause where only the operator can help.
const PAUSE_REFUSED: i64 = 60;
/// Purges that are looked at from outside at once.
const LOOKS: usize = 8;
/// Time in which caches that answer are told what is due when the server has stopped.
const LAST_ROUND: Duration = Duration::from_secs(3);
/// Longest sleep, so that a clock that was set back delays nothing for long.
const SLEEP_MAX: Duration = Duration::from_secs(60);

/// The tag that every answer carries which shows an image.
pub fn image_tag(id: ImageId) -> Bytes {
    Bytes::from(format!("img-{id}"))
}

/// The tag that every answer at a named path carries besides.
pub fn path_tag(path: &str) -> Bytes {
    let hash = ContentHash(Sha256::digest(path).into());
    Bytes::from(format!("path-{}", &hash.to_hex()[..16]))
}

/// Caches in front of the server, and what is counted of them.
pub(crate) struct Purging {
    caches: Vec<Cache>,
    reader: Reader,
    wake: watch::Sender<()>,
    /// Cancelled when no request comes any more that could change anything.
    end: CancellationToken,
    tasks: TaskTracker,
    forgets_all: bool,
    bodies: Bodies,
    done: AtomicU64,
    failed: AtomicU64,
}

/// What is counted of purges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PurgeCounts {
    /// Purges that wait, one for each cache and image or path.
    pub waiting: u64,
    /// Those of them that have failed at least once.
    pub failing: u64,
    /// Purges that were done since the start.
    pub done: u64,
    /// Tries that failed since the start.
    pub failed: u64,
}

impl Purging {
    pub(crate) fn new(config: &CdnConfig) -> Self {
        Self {
            caches: config.drivers.iter().cloned().map(Cache::new).collect(),
            reader: Reader::default(),
            wake: watch::Sender::new(()),
            end: CancellationToken::new(),
            tasks: TaskTracker::new(),
            forgets_all: config.forgets_all(),
            bodies: Bodies::default(),
            done: AtomicU64::new(0),
            failed: AtomicU64::new(0),
        }
    }

    /// Says that purges may be due.
    pub(crate) fn wake(&self) {
        self.wake.send_replace(());
    }
}

impl App {
    /// Whether caches may keep pictures for long, because they are told what to forget.
    pub fn is_purged(&self) -> bool {
        self.purging.forgets_all
    }

    /// Notes a large body on its way, which ends when its picture does; `None` where no cache keeps it. `path` is the named path
    /// that was asked for.
    pub fn under_way(&self, stored: &Stored, path: Option<&str>) -> Option<UnderWay> {
        let is_kept = !self.purging.caches.is_empty() && stored.visibility != Visibility::Private;
        is_kept.then(|| self.purging.bodies.enter(stored.id, path))
    }

    /// How purges stand.
    ///
    /// # Errors
    /// The server's own trouble.
    pub async fn purge_counts(&self) -> Result<PurgeCounts, Trouble> {
        let (done, failed) =
            (self.purging.done.load(Ordering::Relaxed), self.purging.failed.load(Ordering::Relaxed));
        if self.purging.caches.is_empty() {
            return Ok(PurgeCounts::default());
        }
        let (waiting, failing) = self.catalog.waiting_purges(None).await?;
        Ok(PurgeCounts { waiting, failing, done, failed })
    }

    /// A page of the purges that wait, the oldest first, and how many there are.
    ///
    /// # Errors
    /// Not an admin, a cursor that no list gave out, or the server's own trouble.
    pub async fn list_purges(
        &self,
        actor: &Actor,
        limit: u32,
        cursor: Option<&str>,
    ) -> Result<(PurgePage, u64), ImageError> {
        admin(actor)?;
        let after = cursor.map(str::parse).transpose().map_err(|_| ImageError::InvalidCursor)?;
        let page = self.catalog.purges(after, limit.clamp(1, LIST_MAX)).await.map_err(Trouble::from)?;
        let (waiting, _) = self.catalog.waiting_purges(None).await.map_err(Trouble::from)?;
        Ok((page, waiting))
    }

    /// The caches that are told what to forget, and how each is.
    ///
    /// # Errors
    /// Not an admin, or the server's own trouble.
    pub async fn list_caches(&self, actor: &Actor) -> Result<Vec<CacheState>, ImageError> {
        admin(actor)?;
        Ok(self.caches_now().await?)
    }

    /// The caches that have failed to forget something, or asked to be left alone, and still do.
    ///
    /// # Errors
    /// The server's own trouble.
    pub async fn troubled_caches(&self) -> Result<Vec<CacheState>, Trouble> {
        if self.purging.caches.is_empty() {
            return Ok(Vec::new());
        }
        let mut caches = self.caches_now().await?;
        caches.retain(|cache| cache.failing_since.is_some() || cache.rests_until.is_some());
        Ok(caches)
    }

    /// Rests that are over are left out.
    async fn caches_now(&self) -> Result<Vec<CacheState>, Trouble> {
        let now = self.clock.now();
        let mut caches = self.catalog.caches().await?;
        for cache in &mut caches {
            cache.rests_until = cache.rests_until.filter(|end| *end > now);
        }
        Ok(caches)
    }

    /// Has every cache forget an image or a named path, named by a link of any kind; answers what it is, and how many
    /// caches there are. `None` where the link can be no address of ours. `base_url` is what links begin with.
    ///
    /// # Errors
    /// Not an admin, or the server's own trouble.
    pub async fn purge_link(
        &self,
        actor: &Actor,
        base_url: Option<&str>,
        link: &str,
    ) -> Result<Option<(PurgeSubject, u64)>, ImageError> {
        admin(actor)?;
        let Some(subject) = operator::subject_of_link(&self.catalog, base_url, link).await? else {
            return Ok(None);
        };
        let wanted = self.catalog.want_purge(subject.clone(), self.clock.now()).await;
        let caches = wanted.map_err(Trouble::from)?;
        self.purging.wake();
        Ok(Some((subject, caches)))
    }

    /// Tries everything that has failed at once, also at caches that asked to be left alone; answers how much that is.
    ///
    /// # Errors
    /// Not an admin, or the server's own trouble.
    pub async fn hurry_purges(&self, actor: &Actor) -> Result<u64, ImageError> {
        admin(actor)?;
        let waiting = self.catalog.hurry_purges(self.clock.now()).await.map_err(Trouble::from)?;
        self.purging.wake();
        Ok(waiting)
    }

    /// Says in the catalogue which caches there are, and starts their tasks, which go on until
    /// [`App::finish_purging`]: what is deleted while the server stops is forgotten as well.
    pub(crate) async fn start_purging(&self) -> Result<(), Trouble> {
        let names = self.purging.caches.iter().map(|cache| cache.label().to_owned()).collect();
        let dropped = self.catalog.set_caches(names).await?;
        if dropped > 0 {
            tracing::warn!(dropped, "caches that are no longer in the settings are not told what to forget");
        }
        for at in 0..self.purging.caches.len() {
            for verifying in [false, true] {
                let app = self.clone();
                self.purging.tasks.spawn(async move { app.work_on_purges(at, verifying).await });
            }
        }
        Ok(())
    }

    /// Has every cache told what is due for the last time; returns when each has answered or had its time.
    pub async fn finish_purging(&self) {
        self.purging.end.cancel();
        self.purging.tasks.close();
        self.purging.tasks.wait().await;
    }

    /// Tells one cache what is due, or looks whether it has forgotten.
    async fn work_on_purges(&self, at: usize, verifying: bool) {
        let cache = &self.purging.caches[at];
        let end = self.purging.end.clone();
        let mut woken = self.purging.wake.subscribe();
        loop {
            woken.mark_unchanged();
            let worked = tokio::select! {
                () = end.cancelled() => break,
                told = self.tell(cache), if !verifying => told,
                seen = self.verify(cache), if verifying => seen,
            };
            let pause = worked.unwrap_or_else(|error| {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "what a cache has to forget is left for later"
                );
                SLEEP_MAX
            });
            tokio::select! {
                () = end.cancelled() => break,
                _ = woken.changed() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        // A cache that does not answer holds up no stop: what it was told stays noted, and is told again by the next server.
        if verifying {
            return;
        }
        let last = tokio::time::timeout(LAST_ROUND, self.tell(cache)).await;
        if let Ok(Err(error)) = last {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "what a cache has to forget is left for later"
            );
        }
    }

    /// Tells a cache everything that is due, and answers how long there is nothing more.
    async fn tell(&self, cache: &Cache) -> Result<Duration, Trouble> {
        let (name, driver) = (cache.label(), cache.driver());
        loop {
            if self.is_paused() {
                return Ok(SLEEP_MAX);
            }
            let due = self.catalog.due_purges(name, false, self.clock.now(), driver.batch()).await?;
            if due.is_empty() {
                return self.rest(name, false).await;
            }
            let mut what = Vec::with_capacity(due.len());
            for purge in &due {
                self.break_off(purge).await?;
                what.push(self.what_of(purge).await?);
            }
            let told = cache.forget(&what, self.clock.now()).await;
            let now = self.clock.now();
            match told {
                Ok(()) => {
                    let mut settled = Vec::with_capacity(due.len());
                    for purge in due {
                        let outcome = self.after_telling(driver, &purge, now).await?;
                        settled.push((purge, outcome));
                    }
                    self.catalog.settle_purges(settled).await?;
                    // Whoever looks sleeps until then.
                    self.purging.wake();
                }
                Err(error) => {
                    self.put_off(name, due, &error, now).await?;
                    if let PurgeError::Limited(pause) = error {
                        let seconds = i64::try_from(pause.as_secs()).unwrap_or(PAUSE.1);
                        self.catalog.rest_cache(name, now.plus_seconds(seconds)).await?;
                    }
                }
            }
        }
    }

    /// Breaks off what is under way of what is shown no more, or no more at this path.
    async fn break_off(&self, purge: &Purge) -> Result<(), Trouble> {
        let now = self.clock.now();
        let ended = match &purge.subject {
            PurgeSubject::Image(id) => match self.catalog.image(*id).await? {
                Some(image) if is_shown(&image, now) => 0,
                _ => self.purging.bodies.end_image(*id),
            },
            PurgeSubject::Path(path) => {
                let image = self.image_at(path).await?.filter(|image| is_shown(image, now));
                self.purging.bodies.end_path(path, image.map(|image| image.id))
            }
        };
        if ended > 0 {
            tracing::info!(
                subject = %purge.subject,
                answers = ended,
                "broke off answers under way that show what is gone"
            );
        }
        Ok(())
    }

    /// What follows when a cache was told.
    async fn after_telling(
        &self,
        driver: &Driver,
        purge: &Purge,
        now: UnixMillis,
    ) -> Result<PurgeOutcome, Trouble> {
        let settles = i64::try_from(driver.settles().as_secs()).unwrap_or(0);
        let next = |step, pause| PurgeOutcome::Next(step, now.plus_seconds(pause));
        if purge.told == 0 {
            return Ok(next(PurgeStep::Again, settles.max(AGAIN)));
        }
        if purge.told == 1 && driver.keeps_at_the_end() && self.may_be_large(driver, purge).await? {
            return Ok(next(PurgeStep::Again, LATE - AGAIN));
        }
        if self.config.cdn.verify.is_some() {
            return Ok(next(PurgeStep::Verify, settles));
        }
        self.purging.done.fetch_add(1, Ordering::Relaxed);
        Ok(PurgeOutcome::Done)
    }

    /// Whether a body of a purge's subject may be longer than [`SMALL`].
    async fn may_be_large(&self, driver: &Driver, purge: &Purge) -> Result<bool, Trouble> {
        Ok(match &purge.subject {
            PurgeSubject::Image(id) => {
                let image = self.catalog.image(*id).await?;
                image.is_none_or(|image| image.blob.is_none_or(|blob| blob.bytes > SMALL))
            }
            // Of what stood there before nothing is known. Caches that forget by address keep named paths for minutes only.
            PurgeSubject::Path(_) => driver.reaches_all(),
        })
    }

    /// The image that readers find at a named path, whether they may see it or not.
    async fn image_at(&self, path: &str) -> Result<Option<Image>, Trouble> {
        Ok(match self.catalog.image_by_way_of(path).await? {
            Some((image, moved)) => Some(image).filter(|_| moved.is_none()),
            None => self.catalog.image_at_alias(AliasKind::Path, path).await?,
        })
    }

    /// Puts off what a cache could not be told.
    async fn put_off(
        &self,
        cache: &str,
        due: Vec<Purge>,
        error: &PurgeError,
        now: UnixMillis,
    ) -> Result<(), Trouble> {
        self.purging.failed.fetch_add(due.len() as u64, Ordering::Relaxed);
        // One pause for all, so that what was asked for in one call is again.
        let attempts = due.iter().map(|purge| purge.attempts).max().unwrap_or(0);
        let pause = self.purge_pause(attempts, Some(error));
        tracing::warn!(
            cache,
            purges = due.len(),
            error = error as &dyn std::error::Error,
            again_in_seconds = pause,
            "a cache could not be told what to forget"
        );
        let failed = due.into_iter().map(|purge| {
            let step = purge.step;
            (purge, PurgeOutcome::Failed(step, now.plus_seconds(pause), error.to_string()))
        });
        Ok(self.catalog.settle_purges(failed.collect()).await?)
    }

    async fn verify(&self, cache: &Cache) -> Result<Duration, Trouble> {
        let name = cache.label();
        loop {
            if self.is_paused() {
                return Ok(SLEEP_MAX);
            }
            let due = self.catalog.due_purges(name, true, self.clock.now(), LOOKS as u32).await?;
            if due.is_empty() {
                return self.rest(name, true).await;
            }
            let seen: Vec<_> = stream::iter(due)
                .map(|purge| async move {
                    let problem = self.see(&purge).await?;
                    Ok::<_, Trouble>((purge, problem))
                })
                .buffer_unordered(LOOKS)
                .collect()
                .await;
            let now = self.clock.now();
            let mut settled = Vec::with_capacity(seen.len());
            for one in seen {
                let (purge, problem) = one?;
                let counted = if problem.is_none() { &self.purging.done } else { &self.purging.failed };
                counted.fetch_add(1, Ordering::Relaxed);
                let outcome = match problem {
                    None => PurgeOutcome::Done,
                    Some((step, problem)) => {
                        let pause = self.purge_pause(purge.attempts, None);
                        tracing::warn!(
                            cache = name,
                            subject = %purge.subject,
                            problem,
                            again_in_seconds = pause,
                            "it was not seen that a cache has forgotten what it was told to forget"
                        );
                        PurgeOutcome::Failed(step, now.plus_seconds(pause), problem)
                    }
                };
                settled.push((purge, outcome));
            }
            self.catalog.settle_purges(settled).await?;
            self.purging.wake();
        }
    }

    /// What is wrong with what a reader sees, and what is to be done again: telling, or looking alone where nothing could be seen.
    async fn see(&self, purge: &Purge) -> Result<Option<(PurgeStep, String)>, Trouble> {
        // It was on when the purge came to be here, and may be off by now.
        let Some(base) = &self.config.cdn.verify else { return Ok(None) };
        let (image, path) = match &purge.subject {
            PurgeSubject::Image(id) => match self.catalog.image(*id).await? {
                Some(image) => {
                    let path = format!("/i/{id}.{}", image.media_type.extension());
                    (Some(image), path)
                }
                None => return Ok(None),
            },
            PurgeSubject::Path(path) => (self.image_at(path).await?, text::address_of_path(path)),
        };
        let url = format!("{base}{path}");
        let shown = image.filter(|image| is_shown(image, self.clock.now()));
        let etag = shown.and_then(|image| Some(etag(image.blob?.hash)));
        Ok(match self.purging.reader.look(&url).await {
            Ok(seen) if matches!(seen.status, 401 | 403 | 429 | 500..) => {
                Some((PurgeStep::Verify, format!("{url} answers {}, which says nothing", seen.status)))
            }
            Ok(seen) => {
                complaint(&seen, etag.as_deref()).map(|words| (PurgeStep::Again, format!("{url} {words}")))
            }
            Err(error) => {
                Some((PurgeStep::Verify, format!("nobody could look whether it has forgotten: {error}")))
            }
        })
    }

    /// Seconds until the next try, a quarter of them by chance, so that not everything that failed together comes back
    /// together.
    fn purge_pause(&self, attempts: u32, error: Option<&PurgeError>) -> i64 {
        let growing = (PAUSE.0 << attempts.min(10)).min(PAUSE.1);
        let pause = match error {
            Some(PurgeError::Limited(pause)) => return i64::try_from(pause.as_secs()).unwrap_or(PAUSE.1),
            Some(PurgeError::Unauthorised(_) | PurgeError::Refused(_) | PurgeError::Malformed(_)) => {
                growing.max(PAUSE_REFUSED)
            }
            _ => growing,
        };
        pause + pause * i64::from(self.random.nonce()[0]) / 1024
    }

    async fn rest(&self, cache: &str, verifying: bool) -> Result<Duration, Trouble> {
        let next = self.catalog.next_purge_due(cache, verifying).await?;
        let millis = next.map_or(i64::MAX, |due| due.0.saturating_sub(self.clock.now().0));
        let pause = Duration::from_millis(u64::try_from(millis).unwrap_or(0));
        Ok(pause.clamp(Duration::from_millis(50), SLEEP_MAX))
    }
}

/// Whether whoever has the link sees the image.
fn is_shown(image: &Image, now: UnixMillis) -> bool {
    image.deleted_at.is_none()
        && image.visibility != Visibility::Private
        && image.expires_at.is_none_or(|end| end > now)
}

/// What is old in an answer where `etag` is what readers are to see, or nothing. A redirect may lead to the object storage
/// or to where a path has moved, and says nothing of what stands there.
fn complaint(seen: &Seen, etag: Option<&str>) -> Option<String> {
    match (seen.status, etag) {
        (200..300, None) => Some("still shows what is gone".to_owned()),
        (200..300, Some(etag)) if seen.etag.as_deref().is_some_and(|seen| seen != etag) => {
            Some("still shows what it showed before".to_owned())
        }
        (400..500, Some(_)) => Some(format!("answers {}, but there is a picture", seen.status)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_reader_sees_is_judged() {
        let check = |status, etag: Option<&str>, expected: Option<&str>, fine: bool| {
            let seen = Seen { status, etag: etag.map(str::to_owned) };
            assert_eq!(complaint(&seen, expected).is_none(), fine, "{seen:?} {expected:?}");
        };
        check(410, None, None, true);
        check(404, None, None, true);
        check(301, None, None, true);
        check(200, Some("\"a\""), None, false);
        check(206, None, None, false);
        check(200, Some("\"a\""), Some("\"a\""), true);
        check(200, None, Some("\"a\""), true);
        check(200, Some("\"b\""), Some("\"a\""), false);
        check(302, None, Some("\"a\""), true);
        check(410, None, Some("\"a\""), false);
    }

    #[test]
    fn tags_are_told_apart_and_fit_into_every_header() {
        let tags = [path_tag("a.jpg"), path_tag("b.jpg"), image_tag("11111111111111111".parse().unwrap())];
        assert_eq!(&tags[2][..], b"img-11111111111111111");
        for tag in &tags {
            assert!(tag.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-'), "{tag:?}");
        }
        assert_ne!(tags[0], tags[1]);
    }
}
