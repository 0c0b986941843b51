//! The certificates in use and the challenges under way, chosen by name.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};

use rustls::{
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use tintype_app::types::UnixMillis;

use super::{
    key::Key,
    standing::{Life, Standing},
};
use crate::reply::rfc3339;

/// What handshakes choose from.
pub(crate) struct Keys {
    /// The names that this server answers to.
    domains: Vec<String>,
    table: RwLock<Table>,
    challenges: Arc<Challenges>,
    /// Configured names that were asked for in vain, each told once.
    refused: Mutex<HashSet<String>>,
}

#[derive(Default)]
struct Table {
    /// The certificate from the operator's files, for every name.
    own: Option<Key>,
    /// Those of an authority, by name.
    issued: HashMap<String, Key>,
    /// What their keepers saw last, by name.
    seen: HashMap<String, Seen>,
}

/// What a keeper saw of a domain's certificate.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    /// How long the one in use is good; `None` where there is none.
    pub(super) life: Option<Life>,
    /// Whether the last attempt to get one came to nothing.
    pub(super) failed: bool,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("domains", &self.domains).finish_non_exhaustive()
    }
}

impl Keys {
    pub(super) fn new(domains: Vec<String>) -> Self {
        Self { domains, table: RwLock::default(), challenges: Arc::default(), refused: Mutex::default() }
    }

    /// The names that this server answers to.
    pub(crate) fn domains(&self) -> &[String] {
        &self.domains
    }

    pub(super) fn set_own(&self, key: Key) {
        self.table.write().unwrap_or_else(PoisonError::into_inner).own = Some(key);
    }

    /// The operator's own certificate.
    pub(crate) fn own(&self) -> Option<Key> {
        self.table.read().unwrap_or_else(PoisonError::into_inner).own.clone()
    }

    pub(super) fn set_seen(&self, domain: &str, seen: Seen) {
        self.table.write().unwrap_or_else(PoisonError::into_inner).seen.insert(domain.to_owned(), seen);
    }

    /// What is wrong with the certificates, in plain words. Everybody may read them: the authority's own stay in the log.
    pub(crate) fn notes(&self, now: UnixMillis) -> Vec<String> {
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        let own = table.own.as_ref().and_then(|own| own_note(own.life, now));
        // In the order of the settings.
        let seen = self.domains.iter().filter_map(|domain| Some((domain, table.seen.get(domain)?)));
        own.into_iter().chain(seen.filter_map(|(domain, seen)| note(domain, seen, now))).collect()
    }

    pub(super) fn set_issued(&self, domain: &str, key: Key) {
        self.table.write().unwrap_or_else(PoisonError::into_inner).issued.insert(domain.to_owned(), key);
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).remove(domain);
    }

    /// Every certificate in use: a name of it, and until when it is good.
    pub(crate) fn ends(&self) -> Vec<(String, UnixMillis)> {
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        let own = table.own.iter().map(|key| (key.names.first().cloned().unwrap_or_default(), key.life.end));
        own.chain(table.issued.iter().map(|(domain, key)| (domain.clone(), key.life.end))).collect()
    }

    pub(super) fn challenges(&self) -> Arc<Challenges> {
        self.challenges.clone()
    }

    /// What is to be answered to a challenge by HTTP (RFC 8555, 8.3).
    pub(crate) fn http_answer(&self, token: &str) -> Option<String> {
        self.challenges.lock().by_token.get(token).cloned()
    }
}

fn own_note(life: Life, now: UnixMillis) -> Option<String> {
    let (begin, end) = (rfc3339(life.begin), rfc3339(life.end));
    Some(match Standing::of_own(life, now) {
        Standing::Good => return None,
        Standing::Early => {
            format!("certificate: the one in tls.certificate is not good before {begin}; look at the clock")
        }
        Standing::Ending => format!(
            "certificate: the one in tls.certificate ends at {end}; what renews it may have stopped, see docs/https.md"
        ),
        Standing::Ended => {
            format!("certificate: the one in tls.certificate ended at {end}; browsers warn their readers")
        }
    })
}

fn note(domain: &str, seen: &Seen, now: UnixMillis) -> Option<String> {
    let words = match seen.life {
        None => "has none yet, and HTTPS for it is refused".to_owned(),
        Some(life) => match (Standing::of_issued(life, now), seen.failed) {
            (Standing::Ended, _) => {
                format!("has one that ended at {}; browsers warn their readers", rfc3339(life.end))
            }
            (Standing::Ending, true) => {
                format!("has one that ends at {} and could not be renewed", rfc3339(life.end))
            }
            _ => return None,
        },
    };
    Some(format!("certificate: {domain} {words}; the log and `tintype doctor` say why"))
}

impl ResolvesServerCert for Keys {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = &table.own {
            return Some(own.certified.clone());
        }
        // Whoever names nobody, such as a check by address, means the first.
        let asked = hello.server_name().map(str::to_ascii_lowercase);
        let name = asked.as_ref().or(self.domains.first())?;
        if let Some(key) = table.issued.get(name) {
            return Some(key.certified.clone());
        }
        let known = self.domains.contains(name);
        if known && self.refused.lock().unwrap_or_else(PoisonError::into_inner).insert(name.clone()) {
            tracing::warn!(domain = name, "refusing HTTPS for this domain until it has a certificate");
        }
        None
    }
}

/// Challenges under way.
#[derive(Default)]
pub(super) struct Challenges(Mutex<Open>);

#[derive(Default)]
pub(super) struct Open {
    pub(super) by_name: HashMap<String, Arc<CertifiedKey>>,
    pub(super) by_token: HashMap<String, String>,
}

impl Challenges {
    pub(super) fn lock(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Challenges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Challenges")
    }
}

impl ResolvesServerCert for Challenges {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.lock().by_name.get(&hello.server_name()?.to_ascii_lowercase()).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_certificate_is_noted_and_nothing_else() {
        const DAY: i64 = 86_400;
        let now = UnixMillis(1_800_000_000_000);
        let keys = Keys::new(vec!["a.test".to_owned()]);
        assert!(keys.notes(now).is_empty(), "nobody has looked yet");
        for (left, failed, words) in [
            (None, false, "a.test has none yet"),
            (None, true, "a.test has none yet"),
            (Some(80), false, ""),
            (Some(20), true, ""),
            (Some(10), true, "ends at 2027-01-25T08:00:00Z and could not be renewed"),
            (Some(10), false, ""),
            (Some(-1), false, "ended at 2027-01-14T08:00:00Z"),
            (Some(-1), true, "ended at 2027-01-14T08:00:00Z"),
        ] {
            let life = left.map(|left: i64| Life {
                begin: now.plus_seconds((left - 90) * DAY),
                end: now.plus_seconds(left * DAY),
            });
            keys.set_seen("a.test", Seen { life, failed });
            let notes = keys.notes(now).join(" ");
            assert!(
                notes.contains(words) && notes.is_empty() == words.is_empty(),
                "{left:?} {failed}: {notes}"
            );
        }
    }
}
