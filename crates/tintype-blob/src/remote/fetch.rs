//! An original on its way from the service, read by everybody who asked for it meanwhile, and kept in a file of its own
//! when it is there: from then on it costs what an original in a folder costs.

use std::{
    fs::File,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use sha2::{Digest as _, Sha256};
use tintype_types::{BlobKey, ContentHash};
use tokio::sync::Notify;

use super::{Remote, read::ByteStream};
use crate::{BlobError, Staging, folder::Folder};

/// Originals of up to this size are handed on only when their hash is known to fit, larger ones as they come, but for
/// their last piece.
const WHOLE_BELOW: u64 = 128 << 10;
/// Times that a small original is asked for where other bytes come than were stored.
const ATTEMPTS: u32 = 3;

/// One original, being fetched or fetched.
#[derive(Debug)]
pub(crate) struct Fetch {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug)]
enum State {
    /// What has come so far and may be read: where each piece begins, and the piece.
    Coming { pieces: Vec<(u64, Bytes)>, released: u64 },
    /// All of it, in a file without a name.
    There(Arc<File>),
    /// It came to nothing; the cause was logged, or given to whoever began.
    Failed,
}

/// What a read meets.
pub(crate) enum Read {
    /// Bytes at the offset: at least one.
    Bytes(Bytes),
    /// They are in this file.
    File(Arc<File>),
}

impl Fetch {
    /// Begins to fetch into a file of the folder; answers when the service does. `None` where the disk takes no file.
    pub(crate) async fn begin(
        remote: &Arc<Remote>,
        folder: &Arc<Folder>,
        key: BlobKey,
        len: u64,
    ) -> Result<Option<Arc<Self>>, BlobError> {
        let room = remote.room(usize::try_from(len).unwrap_or(usize::MAX)).await;
        // The file is made while the service looks for the object.
        let (staging, bytes) =
            tokio::join!(Staging::create(Arc::clone(folder)), remote.get_blob(key, len, None));
        let (bytes, Ok(staging)) = (bytes?, staging) else { return Ok(None) };
        let fetch = Arc::new(Self {
            state: Mutex::new(State::Coming { pieces: Vec::new(), released: 0 }),
            changed: Notify::new(),
        });
        let work = Work { remote: Arc::clone(remote), staging, key, len, fetch: Arc::clone(&fetch) };
        if len <= WHOLE_BELOW {
            // Waited for, so that an original that cannot be had whole is a clear answer and not a broken picture. It is
            // read from memory while it is written into the file.
            let all = work.whole(bytes).await?;
            work.release(vec![(0, all)]);
            tokio::spawn(async move {
                work.keep().await;
                drop(room);
            });
        } else {
            tokio::spawn(async move {
                work.piece_by_piece(bytes).await;
                drop(room);
            });
        }
        Ok(Some(fetch))
    }

    /// The file, where all of it is there.
    pub(crate) fn file(&self) -> Option<Arc<File>> {
        match &*self.lock() {
            State::There(file) => Some(Arc::clone(file)),
            State::Coming { .. } | State::Failed => None,
        }
    }

    /// Whether it came to nothing and has to be fetched anew.
    pub(crate) fn has_failed(&self) -> bool {
        matches!(&*self.lock(), State::Failed)
    }

    /// Waits until there is something to read at `offset`, at most `len` bytes.
    pub(crate) async fn read(&self, key: BlobKey, offset: u64, len: usize) -> Result<Read, BlobError> {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // Registered before the state is looked at, so that no change is missed in between.
            changed.as_mut().enable();
            match &*self.lock() {
                State::There(file) => return Ok(Read::File(Arc::clone(file))),
                State::Failed => return Err(lost(key)),
                State::Coming { pieces, released } if *released > offset => {
                    let at = pieces.partition_point(|(start, _)| *start <= offset).saturating_sub(1);
                    let (start, piece) = &pieces[at];
                    let begin = usize::try_from(offset - start).unwrap_or(usize::MAX);
                    let readable = usize::try_from(released - start).unwrap_or(usize::MAX).min(piece.len());
                    return Ok(Read::Bytes(piece.slice(begin..readable.min(begin.saturating_add(len)))));
                }
                State::Coming { .. } => {}
            }
            changed.await;
        }
    }

    /// Waits until all of it is there.
    pub(crate) async fn whole(&self, key: BlobKey) -> Result<Arc<File>, BlobError> {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            match &*self.lock() {
                State::There(file) => return Ok(Arc::clone(file)),
                State::Failed => return Err(lost(key)),
                State::Coming { .. } => {}
            }
            changed.await;
        }
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.lock());
        self.changed.notify_waiters();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // Nothing under this lock can leave the state half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn lost(key: BlobKey) -> BlobError {
    BlobError::Corrupt(format!("{key} could not be fetched whole; the log says why"))
}

/// What fetching needs.
struct Work {
    remote: Arc<Remote>,
    /// The file to keep it in.
    staging: Staging,
    key: BlobKey,
    len: u64,
    fetch: Arc<Fetch>,
}

impl Work {
    async fn whole(&self, mut bytes: ByteStream) -> Result<Bytes, BlobError> {
        let mut attempt = 1;
        loop {
            let mut all = BytesMut::with_capacity(usize::try_from(self.len).unwrap_or(0));
            while let Some(piece) = bytes.next().await {
                all.extend_from_slice(&piece?);
            }
            let all = all.freeze();
            if self.fits(&Sha256::digest(&all).into(), all.len() as u64) {
                return Ok(all);
            }
            let wrong = format!("{} came with other bytes than were stored", self.key);
            if attempt == ATTEMPTS {
                return Err(BlobError::Corrupt(wrong));
            }
            tracing::warn!(key = %self.key, attempt, "the store sent other bytes than were stored; asking again");
            attempt += 1;
            bytes = self.remote.get_blob(self.key, self.len, None).await?;
        }
    }

    async fn piece_by_piece(self, mut bytes: ByteStream) {
        let (mut hasher, mut seen) = (Sha256::new(), 0_u64);
        let (key, fetch) = (self.key, Arc::clone(&self.fetch));
        let fail = |error: &BlobError| failed(&fetch, key, error);
        while let Some(piece) = bytes.next().await {
            let piece = match piece {
                Ok(piece) if piece.is_empty() => continue,
                Ok(piece) => piece,
                Err(error) => return fail(&error),
            };
            let start = seen;
            seen += piece.len() as u64;
            // The last piece waits for the hash, which is taken when readers have the others.
            let readable = if seen < self.len { seen } else { start };
            self.fetch.change(|state| {
                if let State::Coming { pieces, released } = state {
                    pieces.push((start, piece.clone()));
                    *released = readable;
                }
            });
            hasher.update(&piece);
        }
        if !self.fits(&hasher.finalize().into(), seen) {
            return fail(&BlobError::Corrupt(format!("{} came with other bytes than were stored", self.key)));
        }
        self.fetch.change(|state| {
            if let State::Coming { released, .. } = state {
                *released = self.len;
            }
        });
        self.keep().await;
    }

    fn fits(&self, hash: &[u8; 32], len: u64) -> bool {
        ContentHash(*hash) == self.key.hash && len == self.len
    }

    fn release(&self, pieces: Vec<(u64, Bytes)>) {
        self.fetch.change(|state| *state = State::Coming { pieces, released: self.len });
    }

    /// Writes what has come, all of it, into the file, which readers get from then on. Where the disk takes no more it has to
    /// be fetched anew next time.
    async fn keep(self) {
        let Self { mut staging, key, fetch, .. } = self;
        let pieces = match &*fetch.lock() {
            State::Coming { pieces, .. } => pieces.clone(),
            State::There(_) | State::Failed => return,
        };
        let written = async {
            for (_, piece) in pieces {
                staging.write(piece).await?;
            }
            staging.finish().await
        };
        match written.await {
            Ok(staged) => fetch.change(|state| *state = State::There(staged.file())),
            Err(error) => failed(&fetch, key, &error),
        }
    }
}

fn failed(fetch: &Fetch, key: BlobKey, error: &BlobError) {
    tracing::error!(%key, error = error as &dyn std::error::Error, "an original could not be fetched whole");
    fetch.change(|state| *state = State::Failed);
}
