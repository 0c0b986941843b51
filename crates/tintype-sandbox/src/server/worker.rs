//! One worker, seen from the server.

use tokio::{
    net::UnixStream,
    sync::{mpsc, oneshot},
};

use super::supervise::Order;
use crate::wire::control::{Command, Exit};

/// A worker that is ready for its one job. Dropping it kills it: whatever the job came to, and also where the caller
/// went away, nothing of it goes on.
pub(super) struct Worker {
    pub(super) id: u64,
    pub(super) pid: i32,
    pub(super) socket: UnixStream,
    /// Says how the worker ended; closed without a word where the spawner was lost.
    pub(super) exit: oneshot::Receiver<Exit>,
    pub(super) orders: mpsc::UnboundedSender<Order>,
}

impl Worker {
    /// Whether the worker has not ended, as far as is known.
    pub(super) fn is_alive(&mut self) -> bool {
        matches!(self.exit.try_recv(), Err(oneshot::error::TryRecvError::Empty))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.orders.send(Order::Say(Command::Kill(self.id)));
    }
}
