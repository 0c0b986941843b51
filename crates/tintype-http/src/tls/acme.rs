//! Keeping the certificates of domains fresh: one task a domain, so that one that fails holds up no other.

use std::{error::Error as _, fmt::Write as _, sync::Arc, time::Duration};

use tintype_app::{
    App, Trouble,
    certificate::{Certificate, Certificates, Issued},
    types::UnixMillis,
};
use tokio::sync::{Mutex, Notify};
use tokio_util::sync::CancellationToken;

use super::{
    TlsError,
    key::Key,
    keys::{Keys, Seen},
    order::{Attempt, OrderError},
    schedule,
    standing::Life,
    transport::{self, Transport},
};
use crate::{config::AcmeConfig, reply::rfc3339};

/// Longest sleep. The clock may be moved meanwhile.
const NAP: Duration = Duration::from_secs(30);
/// Pause after the catalogue did not answer.
const TROUBLE: Duration = Duration::from_secs(10);

/// What stands beside an attempt of which nothing more is known.
const UNFINISHED: &str = "the server stopped before the authority had answered";
/// What stands beside a certificate that was old on arrival.
const STALE: &str = "a new certificate was old by this machine's clock";

/// The authority that certificates are asked of.
#[derive(Clone)]
pub(super) struct Authority {
    config: Arc<AcmeConfig>,
    client: reqwest::Client,
    registering: Arc<Mutex<()>>,
    /// Whoever mended what kept a certificate from coming need not wait for the next attempt.
    hurry: Arc<Notify>,
}

impl Authority {
    pub(super) fn new(config: AcmeConfig) -> Result<Self, TlsError> {
        let client = transport::client(config.root.as_ref())?;
        Ok(Self { config: Arc::new(config), client, registering: Arc::default(), hurry: Arc::default() })
    }

    /// Ends the pauses after failures, but those that only an authority asks for.
    pub(super) fn hurry(&self) {
        self.hurry.notify_waiters();
    }

    /// Begins to keep the certificate of every domain.
    pub(super) fn keep(&self, app: &App, keys: &Arc<Keys>, stop: &CancellationToken) {
        let store = app.certificates(self.config.directory.clone());
        for domain in keys.domains() {
            let keeper = Keeper {
                authority: self.clone(),
                store: store.clone(),
                keys: keys.clone(),
                domain: domain.clone(),
            };
            let stop = stop.clone();
            tokio::spawn(async move { stop.run_until_cancelled(keeper.run()).await });
        }
    }
}

/// Who keeps one domain's certificate.
struct Keeper {
    authority: Authority,
    store: Certificates,
    keys: Arc<Keys>,
    domain: String,
}

/// What a keeper has seen.
#[derive(Default)]
struct Known {
    /// What is in use.
    issued: Option<Issued>,
    looked: bool,
    /// What the authority issued and the catalogue has not taken yet. Authorities issue few certificates a week for a name:
    /// none is thrown away.
    unkept: Option<Issued>,
    hurried: bool,
}

impl Keeper {
    async fn run(&self) {
        let mut known = Known::default();
        loop {
            let wait = match self.step(&mut known).await {
                Ok(wait) => wait,
                Err(trouble) => {
                    tracing::error!(
                        domain = self.domain,
                        error = &trouble as &dyn std::error::Error,
                        "the catalogue's certificates could not be used"
                    );
                    TROUBLE
                }
            };
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.authority.hurry.notified() => known.hurried = true,
            }
        }
    }

    /// Takes into use what is kept and asks for what is due; answers how long to sleep.
    async fn step(&self, known: &mut Known) -> Result<Duration, Trouble> {
        if let Some(issued) = known.unkept.clone() {
            // The server that took over asks for its own, and the catalogue is no longer ours to write.
            if self.store.is_paused() {
                return Ok(NAP);
            }
            self.keep(issued).await?;
            known.unkept = None;
        }
        let kept = self.store.of(&self.domain).await?;
        let now = self.store.now();
        let in_use = self.choose(&kept, now).await?;
        if in_use != known.issued {
            if in_use != kept.issued {
                self.tell_other(in_use.as_ref());
            }
            self.put_into_use(in_use.as_ref());
            known.issued.clone_from(&in_use);
        }
        let life = in_use.map(|issued| Life { begin: issued.not_before, end: issued.not_after });
        self.keys.set_seen(&self.domain, Seen { life, failed: kept.problem.is_some() });
        let not_after = life.map(|life| life.end);
        let hurried = std::mem::take(&mut known.hurried);
        let due = if hurried { schedule::due_hurried(&kept, now) } else { schedule::due(&kept, now) };
        let first = !std::mem::replace(&mut known.looked, true);
        if due > now {
            // An earlier run was told to wait.
            if let Some(problem) = kept.problem.as_deref().filter(|_| first) {
                self.tell(problem, not_after, due);
            }
            let left = u64::try_from(due.0.saturating_sub(now.0)).unwrap_or(u64::MAX);
            return Ok(Duration::from_millis(left).min(NAP));
        }
        if self.store.is_paused() {
            return Ok(NAP);
        }
        if let Some(issued) = self.ask(kept.attempts, not_after, now).await? {
            self.put_into_use(Some(&issued));
            known.issued = Some(issued.clone());
            known.unkept = Some(issued);
        }
        Ok(Duration::ZERO)
    }

    /// What to serve: this authority's certificate, and where there is none that is good yet, whichever is good for longest. A
    /// site whose settings name another authority goes on until that has issued.
    async fn choose(&self, kept: &Certificate, now: UnixMillis) -> Result<Option<Issued>, Trouble> {
        match &kept.issued {
            Some(issued) if issued.not_after > now => Ok(kept.issued.clone()),
            _ => self.store.latest(&self.domain).await,
        }
    }

    fn tell_other(&self, issued: Option<&Issued>) {
        let Some(issued) = issued else { return };
        let (domain, directory) = (self.domain.as_str(), self.store.directory());
        let until = rfc3339(issued.not_after);
        tracing::info!(
            domain,
            directory,
            until,
            "serving another authority's certificate until this one has issued its own"
        );
    }

    /// Writes down what the authority issued.
    async fn keep(&self, issued: Issued) -> Result<(), Trouble> {
        let now = self.store.now();
        let stale = schedule::is_stale(&issued, now);
        let until = rfc3339(issued.not_after);
        self.store.keep(&self.domain, issued).await?;
        if stale {
            let (domain, now) = (self.domain.as_str(), rfc3339(now));
            tracing::error!(
                domain,
                until,
                now,
                "a new certificate is old by this machine's clock; set the clock"
            );
            self.put_off(1, schedule::STALE_PAUSE, STALE.to_owned()).await?;
        }
        Ok(())
    }

    /// What was issued is served to whoever asks from now on.
    fn put_into_use(&self, issued: Option<&Issued>) {
        let Some(issued) = issued else { return };
        match Key::from_pem(issued.chain.as_bytes(), issued.private_key.as_bytes()) {
            Ok(key) => {
                let until = rfc3339(key.life.end);
                self.keys.set_issued(&self.domain, key);
                tracing::info!(domain = self.domain, %until, "took a certificate into use");
            }
            Err(error) => tracing::error!(
                domain = self.domain,
                error = &error as &dyn std::error::Error,
                "the certificate in the catalogue cannot be used"
            ),
        }
    }

    /// Orders a certificate after so many attempts in vain, while one is in use until `not_after`; `None` where the authority
    /// gave none, which is noted and logged.
    async fn ask(
        &self,
        attempts: u32,
        not_after: Option<UnixMillis>,
        now: UnixMillis,
    ) -> Result<Option<Issued>, Trouble> {
        let attempt = Attempt {
            store: &self.store,
            config: &self.authority.config,
            transport: Transport::new(self.authority.client.clone(), now),
            challenges: &self.keys.challenges(),
            registering: &self.authority.registering,
        };
        let attempts = attempts.saturating_add(1);
        // Written first: an authority is not asked for what could not be kept, nor again and again by a server that crashes.
        self.put_off(attempts, schedule::pause(attempts, not_after, None, now), UNFINISHED.to_owned())
            .await?;
        match attempt.order(&self.domain).await {
            Ok(issued) => Ok(Some(issued)),
            Err(OrderError::Trouble(trouble)) => Err(trouble),
            Err(error) => {
                let asked = attempt.transport.asked_to_wait();
                let problem = chain(&error);
                let pause = schedule::pause(attempts, not_after, asked, self.store.now());
                let next = self.put_off(attempts, pause, problem.clone()).await?;
                self.tell(&problem, not_after, next);
                Ok(None)
            }
        }
    }

    /// Notes when the authority is asked again, after `pause` seconds or a little more, and answers it.
    async fn put_off(&self, attempts: u32, pause: i64, problem: String) -> Result<UnixMillis, Trouble> {
        let next = self.store.now().plus_seconds(pause + self.store.spread(pause / 5));
        self.store.put_off(&self.domain, attempts, next, problem).await?;
        Ok(next)
    }

    fn tell(&self, problem: &str, not_after: Option<UnixMillis>, next: UnixMillis) {
        let (domain, next) = (self.domain.as_str(), rfc3339(next));
        let Some(end) = not_after else {
            tracing::error!(domain, problem, next, "no certificate yet; HTTPS for this domain is refused");
            return;
        };
        let until = rfc3339(end);
        if end > self.store.now() {
            tracing::warn!(
                domain,
                problem,
                until,
                next,
                "a certificate could not be renewed; the old one stays in use"
            );
        } else {
            tracing::error!(
                domain,
                problem,
                until,
                next,
                "a certificate could not be renewed and has expired"
            );
        }
    }
}

/// An error with all of its causes, in one line.
fn chain(error: &OrderError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        if !text.ends_with(&words) {
            let _ = write!(text, ": {words}");
        }
        cause = error.source();
    }
    text
}
