//! The spare workers, those at work, and who may have one.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    select,
    sync::{Mutex as AsyncMutex, OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
    time::timeout,
};

use super::{health::Board, memory::Memory, supervise::Order, worker::Worker};
use crate::{
    Options, SandboxError,
    wire::{
        control::{Command, Exit},
        job::Op,
    },
};

/// How long a job waits for a worker to become ready. It is ready already, unless the spawner is being replaced.
const READY_WAIT: Duration = Duration::from_secs(10);

/// The right to run one worker. Held by the job and by the worker's entry: given back when the job has its answer and
/// the process is gone, so that no more than [`Options::workers_max`] ever use the processor.
pub(super) type Permit = Arc<OwnedSemaphorePermit>;

/// A worker that was not reaped yet.
pub(super) struct Live {
    pub(super) pid: i32,
    pub(super) exited: oneshot::Sender<Exit>,
    /// Whether it was given to a job, or is not to be used: then its end makes no replacement necessary.
    pub(super) taken: bool,
    pub(super) permit: Option<Permit>,
}

/// What the supervisor and all jobs share.
pub(super) struct Pool {
    pub(super) options: Options,
    pub(super) board: Board,
    pub(super) orders: mpsc::UnboundedSender<Order>,
    pub(super) ready_sender: mpsc::UnboundedSender<Worker>,
    ready: AsyncMutex<mpsc::UnboundedReceiver<Worker>>,
    live: Mutex<HashMap<u64, Live>>,
    permits: Arc<Semaphore>,
    inspections: Lane,
    renderings: Lane,
    pub(super) memory: Memory,
}

impl Pool {
    pub(super) fn new(options: Options, orders: mpsc::UnboundedSender<Order>) -> Self {
        let (ready_sender, ready) = mpsc::unbounded_channel();
        let permits = Arc::new(Semaphore::new(options.workers_max.max(1)));
        let memory = Memory::new(options.decode_memory, options.queue_wait);
        Self {
            options,
            board: Board::new(),
            orders,
            ready_sender,
            ready: AsyncMutex::new(ready),
            live: Mutex::default(),
            permits,
            inspections: Lane::default(),
            renderings: Lane::default(),
            memory,
        }
    }

    pub(super) fn live(&self) -> MutexGuard<'_, HashMap<u64, Live>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn order(&self, command: Command) {
        let _ = self.orders.send(Order::Say(command));
    }

    /// Waits for a job's turn.
    ///
    /// # Errors
    /// [`SandboxError::Busy`] where the queue is full or the turn does not come in time.
    pub(super) async fn turn(&self, op: &Op) -> Result<Permit, SandboxError> {
        if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            return Ok(Arc::new(permit));
        }
        let lane = match op {
            Op::Inspect { .. } => &self.inspections,
            Op::Render { .. } => &self.renderings,
        };
        let _place = Place::take(&lane.waiting, self.options.queue_max).ok_or(SandboxError::Busy)?;
        let turn = async {
            let _head = lane.head.lock().await;
            Arc::clone(&self.permits).acquire_owned().await
        };
        match timeout(self.options.queue_wait, turn).await {
            Ok(Ok(permit)) => Ok(Arc::new(permit)),
            Ok(Err(_)) | Err(_) => Err(SandboxError::Busy),
        }
    }

    /// Takes a worker that is ready and has another one made in its place.
    ///
    /// # Errors
    /// [`SandboxError::Unavailable`] where none can be had.
    pub(super) async fn take_worker(&self, permit: &Permit) -> Result<Worker, SandboxError> {
        match timeout(READY_WAIT, self.next_ready(permit)).await {
            Ok(taken) => taken,
            Err(_) => Err(SandboxError::Unavailable("no worker became ready within 10 s".to_owned())),
        }
    }

    async fn next_ready(&self, permit: &Permit) -> Result<Worker, SandboxError> {
        let mut health = self.board.health.subscribe();
        let mut ready = self.ready.lock().await;
        loop {
            let mut worker = select! {
                biased;
                Some(worker) = ready.recv() => worker,
                Ok(health) = health.wait_for(|health| health.broken.is_some()) => {
                    return Err(SandboxError::Unavailable(health.broken.clone().unwrap_or_default()));
                }
            };
            if !worker.is_alive() {
                continue;
            }
            // The entry is gone where the worker ended just now; the job will find that out by itself.
            if let Some(entry) = self.live().get_mut(&worker.id) {
                entry.taken = true;
                entry.permit = Some(Arc::clone(permit));
            }
            self.order(Command::Fork(1));
            return Ok(worker);
        }
    }
}

/// The queue of one kind of job. Only its head waits for a worker, so that the kinds take turns: a flood of uploads
/// delays a page's pictures by one job, and the other way round.
#[derive(Default)]
struct Lane {
    waiting: AtomicUsize,
    head: AsyncMutex<()>,
}

/// A place in the queue, given back when the wait is over or given up.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicUsize, most: usize) -> Option<Self> {
        if waiting.fetch_add(1, Ordering::Relaxed) < most {
            return Some(Self(waiting));
        }
        waiting.fetch_sub(1, Ordering::Relaxed);
        None
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
