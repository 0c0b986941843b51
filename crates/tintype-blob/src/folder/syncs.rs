//! Folder syncs, shared: whoever waits for the same folder waits for the same fsync.
//!
//! A sync that has begun may have missed a name made since, so a newcomer waits for the folder's next one, together with
//! whoever else comes until then. A few threads work the waiting folders off, in the order they came: syncs of different
//! folders at the same time share the journal's commit and the disk's cache flush, one after the other would pay for
//! each.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rustix::io::Errno;
use tokio::sync::oneshot;

use super::{Folder, names};
use crate::BlobError;

/// Folders synced at the same time. More threads gain nothing: what waits longer shares more.
const THREADS_MAX: usize = 8;

type Waiters = Vec<oneshot::Sender<Result<(), Errno>>>;

/// Who waits for which fan-out folder.
#[derive(Debug, Default)]
pub(crate) struct FolderSyncs {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    waiting: BTreeMap<u8, Waiters>,
    /// The folders that are waited for and not being synced, oldest first.
    queue: VecDeque<u8>,
    syncing: BTreeSet<u8>,
    threads: usize,
}

impl State {
    /// Adds a waiter; whether one more thread is wanted.
    fn wait(&mut self, fan_out: u8, waiter: oneshot::Sender<Result<(), Errno>>) -> bool {
        let waiters = self.waiting.entry(fan_out).or_default();
        waiters.push(waiter);
        if waiters.len() > 1 || self.syncing.contains(&fan_out) {
            // Queued already, or to be queued by the thread that syncs it now.
            return false;
        }
        self.queue.push_back(fan_out);
        let more = self.threads < THREADS_MAX;
        self.threads += usize::from(more);
        more
    }

    /// The next folder and everybody who waits for it; `None` ends the thread.
    fn begin(&mut self) -> Option<(u8, Waiters)> {
        let Some(fan_out) = self.queue.pop_front() else {
            self.threads -= 1;
            return None;
        };
        self.syncing.insert(fan_out);
        Some((fan_out, self.waiting.remove(&fan_out).unwrap_or_default()))
    }

    fn end(&mut self, fan_out: u8) {
        self.syncing.remove(&fan_out);
        if self.waiting.contains_key(&fan_out) {
            self.queue.push_back(fan_out);
        }
    }
}

impl FolderSyncs {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing under this lock can leave the state half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Folder {
    /// Waits until what stood in the fan-out folder before the call is durable.
    ///
    /// A dropped future takes nobody else's sync away. An error is final: the store is poisoned by then.
    pub(crate) async fn synced(self: &Arc<Self>, fan_out: u8) -> Result<(), BlobError> {
        let (sender, receiver) = oneshot::channel();
        if self.syncs.lock().wait(fan_out, sender) {
            let folder = Arc::clone(self);
            tokio::task::spawn_blocking(move || folder.work_off_syncs());
        }
        match receiver.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(errno)) => {
                Err(BlobError::unavailable(format!("syncing {}", names::fan_out(fan_out)), errno))
            }
            Err(_) => Err(BlobError::unavailable("waiting for a folder's sync", Errno::CANCELED)),
        }
    }

    fn work_off_syncs(&self) {
        loop {
            let next = self.syncs.lock().begin();
            let Some((fan_out, waiters)) = next else { return };
            let path = names::fan_out(fan_out);
            let result = self.disk.sync_folder(&path);
            if let Err(errno) = result {
                self.poison(&format!("syncing {path}"), errno);
            }
            self.syncs.lock().end(fan_out);
            for waiter in waiters {
                let _ = waiter.send(result);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(state: &mut State, fan_out: u8) -> bool {
        state.wait(fan_out, oneshot::channel().0)
    }

    fn begin(state: &mut State) -> Option<(u8, usize)> {
        state.begin().map(|(fan_out, waiters)| (fan_out, waiters.len()))
    }

    #[test]
    fn whoever_comes_during_a_sync_waits_for_the_next_one() {
        let mut state = State::default();
        assert!(wait(&mut state, 1));
        assert!(!wait(&mut state, 1));
        assert_eq!(begin(&mut state), Some((1, 2)));
        assert!(!wait(&mut state, 1));
        assert!(wait(&mut state, 2));
        assert_eq!(begin(&mut state), Some((2, 1)));
        assert!(!wait(&mut state, 1));
        state.end(1);
        assert_eq!(begin(&mut state), Some((1, 2)));
        state.end(1);
        state.end(2);
        assert_eq!(begin(&mut state), None);
        assert_eq!(begin(&mut state), None);
        assert_eq!((state.threads, state.waiting.len(), state.syncing.len()), (0, 0, 0));
    }

    #[test]
    fn folders_are_synced_in_the_order_they_came_by_a_few_threads() {
        let mut state = State::default();
        let wanted = (0..=255).rev().filter(|fan_out| wait(&mut state, *fan_out)).count();
        assert_eq!(wanted, THREADS_MAX);
        for fan_out in (0..=255).rev() {
            assert_eq!(begin(&mut state), Some((fan_out, 1)));
            state.end(fan_out);
        }
    }
}
