//! Caches in front of the server: the tags by which they know what they keep, and what they have yet to forget.
//!
//! A change that ends or alters what an address shows leaves a row for each cache in its own transaction
//! (`tintype_catalog::Purge`). Each cache has a task that tells it what is due, at once and again with growing pauses where it
//! fails, so that none waits for another. It is told twice: an answer that this server had begun before the change may
//! reach the cache after the first time. Then somebody looks from outside, as a reader does, and what is still old is told
//! anew.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use sha2::{Digest, Sha256};
use tintype_catalog::{Purge, PurgeOutcome, PurgeStep, PurgeSubject};
use tintype_cdn::{Cache, Forget, PurgeError, Reader, Seen};
use tintype_types::{ContentHash, ImageId, Recipe, UnixMillis, Visibility};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{
    Actor, AliasKind, App, Image, Trouble, abuse::admin, config::CdnConfig, image::ImageError, operator,
    serve::etag, text,
};

/// Time after which a cache is told again. Longer than an answer that was begun takes to reach it, headers first.
const AGAIN: i64 = 5;
/// Pause after the first failure, and the longest one, in seconds.
const PAUSE: (i64, i64) = (2, 600);
/// Shortest pause where only the operator can help.
const PAUSE_REFUSED: i64 = 60;
/// Purges that are looked at from outside at once.
const LOOKS: usize = 8;
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
    forgets_all: bool,
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
            forgets_all: config.forgets_all(),
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
        let (waiting, failing) = self.catalog.waiting_purges().await?;
        Ok(PurgeCounts { waiting, failing, done, failed })
    }

    /// Every purge that waits, the oldest first.
    ///
    /// # Errors
    /// Not an admin, or the server's own trouble.
    pub async fn list_purges(&self, actor: &Actor) -> Result<Vec<Purge>, ImageError> {
        admin(actor)?;
        Ok(self.catalog.purges().await.map_err(Trouble::from)?)
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

    /// Tries everything that has failed at once; answers how much that is.
    ///
    /// # Errors
    /// Not an admin, or the server's own trouble.
    pub async fn hurry_purges(&self, actor: &Actor) -> Result<u64, ImageError> {
        admin(actor)?;
        let waiting = self.catalog.hurry_purges(self.clock.now()).await.map_err(Trouble::from)?;
        self.purging.wake();
        Ok(waiting)
    }

    /// Says in the catalogue which caches there are, and starts their tasks, which stop when `stop` is cancelled.
    pub(crate) async fn start_purging(&self, stop: &CancellationToken) -> Result<(), Trouble> {
        let names = self.purging.caches.iter().map(|cache| cache.driver().name().to_owned()).collect();
        let dropped = self.catalog.set_caches(names).await?;
        if dropped > 0 {
            tracing::warn!(dropped, "caches that are no longer in the settings are not told what to forget");
        }
        for at in 0..self.purging.caches.len() {
            for verifying in [false, true] {
                let (app, stop) = (self.clone(), stop.clone());
                self.tasks.spawn(async move { app.work_on_purges(at, verifying, stop).await });
            }
        }
        Ok(())
    }

    /// Tells one cache what is due, or looks whether it has forgotten.
    async fn work_on_purges(&self, at: usize, verifying: bool, stop: CancellationToken) {
        let cache = &self.purging.caches[at];
        let mut woken = self.purging.wake.subscribe();
        loop {
            woken.mark_unchanged();
            let work = async {
                if verifying { self.verify(cache, &stop).await } else { self.tell(cache, &stop).await }
            };
            // A cache that does not answer holds up no stop: what it was told stays noted, and is told again.
            let worked = tokio::select! {
                () = stop.cancelled() => return,
                worked = work => worked,
            };
            let rest = worked.unwrap_or_else(|error| {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "what a cache has to forget is left for later"
                );
                Rest::Until(SLEEP_MAX)
            });
            let (pause, wakes) = match rest {
                Rest::Until(pause) => (pause, true),
                Rest::Held(pause) => (pause, false),
            };
            tokio::select! {
                () = stop.cancelled() => return,
                _ = woken.changed(), if wakes => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    async fn tell(&self, cache: &Cache, stop: &CancellationToken) -> Result<Rest, Trouble> {
        let driver = cache.driver();
        loop {
            if self.is_paused() {
                return Ok(Rest::Until(SLEEP_MAX));
            }
            let due = self.catalog.due_purges(driver.name(), false, self.clock.now(), driver.batch()).await?;
            if due.is_empty() || stop.is_cancelled() {
                return self.rest(driver.name(), false).await;
            }
            let mut what = Vec::with_capacity(due.len());
            for purge in &due {
                what.push(self.what_of(purge).await?);
            }
            let told = cache.forget(&what, self.clock.now()).await;
            let now = self.clock.now();
            let settles = i64::try_from(driver.settles().as_secs()).unwrap_or(0);
            match told {
                Ok(()) => {
                    let looks = self.config.cdn.verify.is_some();
                    let ended = due.iter().filter(|purge| purge.step == PurgeStep::Again && !looks).count();
                    self.purging.done.fetch_add(ended as u64, Ordering::Relaxed);
                    let next = |purge: Purge| {
                        let outcome = match purge.step {
                            PurgeStep::Again if !looks => PurgeOutcome::Done,
                            PurgeStep::Again => {
                                PurgeOutcome::Next(PurgeStep::Verify, now.plus_seconds(settles))
                            }
                            _ => PurgeOutcome::Next(PurgeStep::Again, now.plus_seconds(settles.max(AGAIN))),
                        };
                        (purge, outcome)
                    };
                    self.catalog.settle_purges(due.into_iter().map(next).collect()).await?;
                    // Whoever looks sleeps until then.
                    self.purging.wake();
                }
                Err(error) => {
                    self.put_off(driver.name(), due, &error, now).await?;
                    if let PurgeError::Limited(pause) = error {
                        return Ok(Rest::Held(pause));
                    }
                }
            }
        }
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

    async fn verify(&self, cache: &Cache, stop: &CancellationToken) -> Result<Rest, Trouble> {
        let name = cache.driver().name();
        loop {
            if self.is_paused() {
                return Ok(Rest::Until(SLEEP_MAX));
            }
            let due = self.catalog.due_purges(name, true, self.clock.now(), LOOKS as u32).await?;
            if due.is_empty() || stop.is_cancelled() {
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
            PurgeSubject::Path(path) => {
                let image = match self.catalog.image_by_way_of(path).await? {
                    Some((image, moved)) => Some(image).filter(|_| moved.is_none()),
                    None => self.catalog.image_at_alias(AliasKind::Path, path).await?,
                };
                (image, text::address_of_path(path))
            }
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

    /// Everything that a cache may have of a purge's subject.
    async fn what_of(&self, purge: &Purge) -> Result<Forget, Trouble> {
        let utf8 = |tag: Bytes| String::from_utf8_lossy(&tag).into_owned();
        let id = match &purge.subject {
            PurgeSubject::Path(path) => {
                let paths = vec![text::address_of_path(path)];
                return Ok(Forget { image: None, tag: utf8(path_tag(path)), paths, prefix: None });
            }
            PurgeSubject::Image(id) => *id,
        };
        let mut paths = vec![format!("/i/{id}"), format!("/images/{id}"), format!("/p/{id}")];
        if let Some(image) = self.catalog.image(id).await? {
            let extensions = match image.media_type.extension() {
                "jpg" => &["jpg", "jpeg"][..],
                other => &[other],
            };
            for extension in extensions {
                paths.extend([format!("/i/{id}.{extension}"), format!("/images/{id}.{extension}")]);
            }
        }
        paths.extend(self.catalog.paths_of(id).await?.iter().map(|path| text::address_of_path(path)));
        for (kind, name) in self.catalog.aliases_of(id).await? {
            let name = text::address_of_path(&name);
            paths.push(match kind {
                AliasKind::I => format!("/i{name}"),
                AliasKind::Images => format!("/images{name}"),
                AliasKind::Path => name,
            });
        }
        // In this order: they are noted before their files go.
        let mut variants = self.blobs.variant_recipes(id).await?;
        variants.extend(self.catalog.noted_variants(purge.id).await?);
        for recipe in &variants {
            let recipe =
                recipe.rsplit_once('.').and_then(|(ops, extension)| Recipe::parse(ops, extension).ok());
            let spellings = recipe.map(|recipe| recipe.spellings()).unwrap_or_default();
            paths.extend(spellings.into_iter().map(|spelling| format!("/i/{id}/{spelling}")));
        }
        Ok(Forget { image: Some(id), tag: utf8(image_tag(id)), paths, prefix: Some(format!("/i/{id}")) })
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

    async fn rest(&self, cache: &str, verifying: bool) -> Result<Rest, Trouble> {
        let next = self.catalog.next_purge_due(cache, verifying).await?;
        let millis = next.map_or(i64::MAX, |due| due.0.saturating_sub(self.clock.now().0));
        let pause = Duration::from_millis(u64::try_from(millis).unwrap_or(0));
        Ok(Rest::Until(pause.clamp(Duration::from_millis(50), SLEEP_MAX)))
    }
}

/// How long a task has nothing to do.
enum Rest {
    /// Until then, or until something is due.
    Until(Duration),
    /// Until then, whatever is due: the cache asked for it.
    Held(Duration),
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
