//! A certificate in files of the operator's, read anew when they change.

use std::{
    fs, io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::Notify;

use super::keys::{Key, KeyError, Keys};

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(2);

/// The certificate's files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
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
    wake: Arc<Notify>,
    /// What they were when the certificate in use was taken from them.
    taken: Arc<Mutex<Marks>>,
}

type Marks = [Option<Mark>; 2];

impl Files {
    pub(super) fn new(certificate: PathBuf, key: PathBuf) -> Self {
        Self { certificate, key, wake: Arc::default(), taken: Arc::default() }
    }

    /// Has the files looked at now.
    pub(super) fn look(&self) {
        self.wake.notify_one();
    }

    pub(super) fn load(&self) -> Result<Key, FilesError> {
        // Before they are read: what changes meanwhile is read again.
        let marks = self.marks();
        let read = |path: &Path, setting| {
            fs::read(path).map_err(|source| FilesError::Read { path: path.to_owned(), setting, source })
        };
        let chain = read(&self.certificate, "tls.certificate")?;
        let private_key = read(&self.key, "tls.key")?;
        let key = Key::from_pem(&chain, &private_key).map_err(|error: KeyError| FilesError::Content {
            certificate: self.certificate.clone(),
            key: self.key.clone(),
            source: Box::new(error),
        })?;
        *self.taken.lock().unwrap_or_else(PoisonError::into_inner) = marks;
        Ok(key)
    }

    /// Takes the files again whenever they change. What cannot be used leaves the certificate before in use, is told once, and
    /// tried again: the reason may have been another than the files.
    pub(super) async fn watch(&self, keys: &Keys) {
        let mut told = None;
        loop {
            let asked = tokio::time::timeout(LOOK, self.wake.notified()).await.is_ok();
            let marks = self.marks();
            if marks == *self.taken.lock().unwrap_or_else(PoisonError::into_inner) && !asked {
                continue;
            }
            match self.load() {
                Ok(key) => {
                    tracing::info!(
                        names = key.names.join(", "),
                        until = %crate::reply::rfc3339(key.not_after),
                        "took the certificate in {} into use", self.certificate.display()
                    );
                    keys.set_own(key);
                    told = None;
                }
                Err(error) if told != Some(marks) || asked => {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "the certificate's new files cannot be used; the one before stays in use"
                    );
                    told = Some(marks);
                }
                Err(_) => {}
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
