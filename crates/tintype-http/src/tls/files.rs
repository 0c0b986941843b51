//! A certificate in files of the operator's, read anew when they change.

use std::{
    fs, io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tintype_app::{clock::Clock, types::UnixMillis};
use tokio::sync::Notify;

use super::{
    key::{Key, KeyError},
    keys::Keys,
    reminder::Reminder,
    standing::{Life, Standing},
};
use crate::{
    config::{CertificateSource, HttpConfig},
    reply::rfc3339,
};

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(2);

/// The certificate's files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// A file is not for the server's user to read.
    #[error(
        "the user that runs the server may not read {path}, which {setting} names: give that user a copy, as docs/https.md \
         shows for certbot, or the right to read it and to enter its folders"
    )]
    Forbidden {
        /// Its path.
        path: PathBuf,
        /// Who names it.
        setting: &'static str,
        /// The system's word.
        source: io::Error,
    },
    /// A file cannot be read.
    #[error("cannot read {path}, which {setting} names")]
    Read {
        /// Its path.
        path: PathBuf,
        /// Who names it.
        setting: &'static str,
        /// The system's word.
        source: io::Error,
    },
    /// What stands in them.
    #[error("{certificate} and {key} are no certificate with its key")]
    Content {
        /// The file that `tls.certificate` names.
        certificate: PathBuf,
        /// The file that `tls.key` names.
        key: PathBuf,
        /// What is wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl FilesError {
    fn unreadable(path: &Path, setting: &'static str, source: io::Error) -> Self {
        let path = path.to_owned();
        if source.kind() == io::ErrorKind::PermissionDenied {
            return Self::Forbidden { path, setting, source };
        }
        Self::Read { path, setting, source }
    }
}

/// A certificate of the operator's own, for a report.
#[derive(Clone, Debug)]
pub struct OwnCertificate {
    /// The names and addresses that it is for.
    pub names: Vec<String>,
    /// The site's names that it is not for.
    pub missing: Vec<String>,
    /// How long it is good.
    pub life: Life,
}

impl OwnCertificate {
    /// Reads the one that the settings name; `None` where they name none.
    ///
    /// # Errors
    /// [`FilesError`] names the file that cannot be used.
    pub fn read(config: &HttpConfig) -> Result<Option<Self>, FilesError> {
        let CertificateSource::Files { certificate, key } = &config.tls.source else { return Ok(None) };
        let files = Files::new(certificate.clone(), key.clone(), config.https_hosts());
        let (key, _) = files.load()?;
        Ok(Some(Self { missing: files.missing(&key), life: key.life, names: key.names }))
    }
}

/// What tells that a file changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Mark {
    inode: u64,
    len: u64,
    modified: (i64, i64),
    /// Its rights are a change too.
    changed: (i64, i64),
}

/// The two files.
#[derive(Clone)]
pub(super) struct Files {
    certificate: PathBuf,
    key: PathBuf,
    /// The names that the certificate should be for.
    hosts: Vec<String>,
    wake: Arc<Notify>,
    /// What they were when the certificate in use was taken from them.
    taken: Arc<Mutex<Marks>>,
}

type Marks = [Option<Mark>; 2];

impl Files {
    pub(super) fn new(certificate: PathBuf, key: PathBuf, hosts: Vec<String>) -> Self {
        Self { certificate, key, hosts, wake: Arc::default(), taken: Arc::default() }
    }

    /// Has the files looked at now.
    pub(super) fn look(&self) {
        self.wake.notify_one();
    }

    /// Reads them for use, whatever their certificate's life: some readers prefer one that has ended to nothing.
    pub(super) fn take(&self) -> Result<Key, FilesError> {
        let (key, marks) = self.load()?;
        self.set_taken(marks);
        Ok(key)
    }

    fn load(&self) -> Result<(Key, Marks), FilesError> {
        // Before they are read: what changes meanwhile is read again.
        let marks = self.marks();
        let read = |path: &Path, setting| {
            fs::read(path).map_err(|source| FilesError::unreadable(path, setting, source))
        };
        let chain = read(&self.certificate, "tls.certificate")?;
        let private_key = read(&self.key, "tls.key")?;
        let key = Key::from_pem(&chain, &private_key).map_err(|error: KeyError| FilesError::Content {
            certificate: self.certificate.clone(),
            key: self.key.clone(),
            source: Box::new(error),
        })?;
        Ok((key, marks))
    }

    fn set_taken(&self, marks: Marks) {
        *self.taken.lock().unwrap_or_else(PoisonError::into_inner) = marks;
    }

    /// The site's names that a certificate is not for.
    fn missing(&self, key: &Key) -> Vec<String> {
        self.hosts.iter().filter(|host| !key.is_for(host)).cloned().collect()
    }

    /// Takes the files again whenever they change, and tells of a certificate that comes to its end. What cannot be used leaves
    /// the certificate before in use, is told once, and tried again: the reason may have been another than the files.
    pub(super) async fn watch(&self, keys: &Keys, clock: &Clock) {
        let (mut told, mut reminder) = (None, Reminder::default());
        if let Some(key) = keys.own() {
            self.tell_missing(&key);
        }
        loop {
            if let Some(key) = keys.own() {
                self.remind(&mut reminder, &key, clock.now());
            }
            let asked = tokio::time::timeout(LOOK, self.wake.notified()).await.is_ok();
            let marks = self.marks();
            if marks == *self.taken.lock().unwrap_or_else(PoisonError::into_inner) && !asked {
                continue;
            }
            let told_before = told == Some(marks) && !asked;
            told = Some(marks);
            match self.load() {
                Ok((key, _)) if is_worse(&key, keys, clock.now()) => {
                    if !told_before {
                        self.tell_worse(&key);
                    }
                }
                Ok((key, marks)) => {
                    self.set_taken(marks);
                    tracing::info!(
                        names = key.names.join(", "),
                        until = %rfc3339(key.life.end),
                        "took the certificate in {} into use", self.certificate.display()
                    );
                    self.tell_missing(&key);
                    keys.set_own(key);
                    told = None;
                }
                Err(error) if !told_before => tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "the certificate's new files cannot be used; the one before stays in use"
                ),
                Err(_) => {}
            }
        }
    }

    fn tell_worse(&self, key: &Key) {
        tracing::warn!(
            names = key.names.join(", "),
            since = %rfc3339(key.life.begin),
            until = %rfc3339(key.life.end),
            "the new certificate in {} is not good at this time; the one before, which is, stays in use",
            self.certificate.display()
        );
    }

    fn tell_missing(&self, key: &Key) {
        let missing = self.missing(key);
        if !missing.is_empty() {
            tracing::warn!(
                names = key.names.join(", "),
                missing = missing.join(", "),
                "the certificate in {} is not for all names of this site",
                self.certificate.display()
            );
        }
    }

    fn remind(&self, reminder: &mut Reminder, key: &Key, now: UnixMillis) {
        let Some(standing) = reminder.due(Standing::of_own(key.life, now), now) else { return };
        let (file, since, until) =
            (self.certificate.display(), rfc3339(key.life.begin), rfc3339(key.life.end));
        match standing {
            Standing::Good => {}
            Standing::Early => {
                tracing::warn!(since, "the certificate in {file} is not good yet; look at the clock");
            }
            Standing::Ending => {
                tracing::warn!(until, "the certificate in {file} ends soon; what renews it may have stopped");
            }
            Standing::Ended => {
                tracing::error!(until, "the certificate in {file} has ended; browsers warn their readers");
            }
        }
    }

    fn marks(&self) -> Marks {
        [&self.certificate, &self.key].map(|path| {
            let data = fs::metadata(path).ok()?;
            Some(Mark {
                inode: data.ino(),
                len: data.len(),
                modified: (data.mtime(), data.mtime_nsec()),
                changed: (data.ctime(), data.ctime_nsec()),
            })
        })
    }
}

/// Whether the certificate in use is good now and this one is not.
fn is_worse(key: &Key, keys: &Keys, now: UnixMillis) -> bool {
    !key.life.contains(now) && keys.own().is_some_and(|own| own.life.contains(now))
}

#[cfg(test)]
mod tests {
    use super::{super::key::tests::made, *};

    #[test]
    fn a_good_certificate_gives_way_to_a_good_one_alone() {
        const NOW: UnixMillis = UnixMillis(1_800_000_000_000);
        let key = |(begin, end)| {
            let (chain, private_key) = made(&["a.test"], NOW, begin, end);
            Key::from_pem(chain.as_bytes(), private_key.as_bytes()).unwrap()
        };
        let (ended, good, early) = ((-20, -10), (-10, 10), (10, 20));
        for (before, after, worse) in [
            (good, good, false),
            (good, ended, true),
            (good, early, true),
            (ended, ended, false),
            (ended, early, false),
            (early, ended, false),
            (ended, good, false),
        ] {
            let keys = Keys::new(Vec::new());
            keys.set_own(key(before));
            assert_eq!(is_worse(&key(after), &keys, NOW), worse, "{before:?} {after:?}");
        }
        let keys = Keys::new(Vec::new());
        keys.set_own(key(good));
        // The one before has ended meanwhile.
        assert!(!is_worse(&key(ended), &keys, NOW.plus_seconds(10)));
    }

    #[test]
    fn what_may_not_be_read_says_what_to_do() {
        let path = Path::new("/etc/letsencrypt/live/a.test/privkey.pem");
        let said = |kind: io::ErrorKind| FilesError::unreadable(path, "tls.key", kind.into()).to_string();
        let forbidden = said(io::ErrorKind::PermissionDenied);
        for words in ["/etc/letsencrypt/live/a.test/privkey.pem", "tls.key", "docs/https.md", "certbot"] {
            assert!(forbidden.contains(words), "{forbidden}");
        }
        assert!(!said(io::ErrorKind::NotFound).contains("certbot"));
    }
}
