//! Keeping the certificates of domains fresh: one task a domain, so that one that fails holds up no other.

use std::{error::Error as _, fmt::Write as _, sync::Arc, time::Duration};

use tintype_app::{
    App, Trouble,
    certificate::{Certificate, Certificates, Issued},
    types::UnixMillis,
};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use super::{
    TlsError,
    keys::{Key, Keys},
    order::{Attempt, OrderError},
    schedule,
    transport::{self, Transport},
};
use crate::{config::AcmeConfig, reply::rfc3339};

/// Longest sleep. The clock may be moved meanwhile.
const NAP: Duration = Duration::from_secs(30);
/// Pause after the catalogue did not answer.
const TROUBLE: Duration = Duration::from_secs(10);

/// The authority that certificates are asked of.
#[derive(Clone)]
pub(super) struct Authority {
    config: Arc<AcmeConfig>,
    client: reqwest::Client,
    registering: Arc<Mutex<()>>,
}

impl Authority {
    pub(super) fn new(config: AcmeConfig) -> Result<Self, TlsError> {
        let client = transport::client(config.root.as_ref())?;
        Ok(Self { config: Arc::new(config), client, registering: Arc::default() })
    }

    /// Begins to keep the certificate of every domain.
    pub(super) fn keep(&self, app: &App, keys: &Arc<Keys>, http: bool, stop: &CancellationToken) {
        let store = app.certificates(self.config.directory.clone());
        for domain in keys.domains() {
            let keeper = Keeper {
                authority: self.clone(),
                store: store.clone(),
                keys: keys.clone(),
                domain: domain.clone(),
                http,
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
    http: bool,
}

impl Keeper {
    async fn run(&self) {
        let mut used = None;
        loop {
            let wait = match self.step(&mut used).await {
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
            tokio::time::sleep(wait).await;
        }
    }

    /// Takes into use what is kept and asks for what is due; answers how long to sleep.
    async fn step(&self, used: &mut Option<Issued>) -> Result<Duration, Trouble> {
        let kept = self.store.of(&self.domain).await?;
        if kept.issued != *used {
            self.put_into_use(kept.issued.as_ref());
            used.clone_from(&kept.issued);
        }
        let now = self.store.now();
        let due = schedule::due(&kept, now);
        if due > now {
            let left = u64::try_from(due.0.saturating_sub(now.0)).unwrap_or(u64::MAX);
            return Ok(Duration::from_millis(left).min(NAP));
        }
        // The server that took over asks, and the catalogue is no longer ours to write.
        if self.store.is_paused() {
            return Ok(NAP);
        }
        self.ask(&kept, now).await?;
        Ok(Duration::ZERO)
    }

    /// What was issued is served to whoever asks from now on.
    fn put_into_use(&self, issued: Option<&Issued>) {
        let Some(issued) = issued else { return };
        match Key::from_pem(issued.chain.as_bytes(), issued.private_key.as_bytes()) {
            Ok(key) => {
                let until = rfc3339(key.not_after);
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

    async fn ask(&self, kept: &Certificate, now: UnixMillis) -> Result<(), Trouble> {
        let attempt = Attempt {
            store: &self.store,
            config: &self.authority.config,
            transport: Transport::new(self.authority.client.clone(), now),
            challenges: &self.keys.challenges(),
            registering: &self.authority.registering,
            http: self.http,
        };
        let not_after = kept.issued.as_ref().map(|issued| issued.not_after);
        match attempt.order(&self.domain).await {
            Ok(issued) => {
                let stale = schedule::is_stale(&issued, self.store.now());
                let until = rfc3339(issued.not_after);
                self.store.keep(&self.domain, issued).await?;
                if stale {
                    tracing::error!(
                        domain = self.domain,
                        %until,
                        now = rfc3339(self.store.now()),
                        "a new certificate is old by this machine's clock; set the clock"
                    );
                    let problem = "a new certificate is old by this machine's clock".to_owned();
                    self.put_off(kept.attempts, None, None, problem).await?;
                }
                Ok(())
            }
            Err(OrderError::Trouble(trouble)) => Err(trouble),
            Err(error) => {
                let asked = attempt.transport.asked_to_wait();
                let problem = chain(&error);
                let next = self.put_off(kept.attempts, not_after, asked, problem.clone()).await?;
                self.tell(&problem, not_after, next);
                Ok(())
            }
        }
    }

    /// Notes a failure; answers when the authority is asked again.
    async fn put_off(
        &self,
        attempts: u32,
        not_after: Option<UnixMillis>,
        asked: Option<i64>,
        problem: String,
    ) -> Result<UnixMillis, Trouble> {
        let now = self.store.now();
        let pause = schedule::pause(attempts.saturating_add(1), not_after, asked, now);
        let next = now.plus_seconds(pause + self.store.spread(pause / 5));
        self.store.put_off(&self.domain, next, problem).await?;
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
