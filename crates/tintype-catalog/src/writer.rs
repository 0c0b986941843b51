//! The one task that writes. It takes every unit of work that waits, runs them in one transaction, each behind a savepoint,
//! commits once and answers all: while one group is being synced to the disk, the next one gathers.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use sqlx::{AnyConnection, Connection as _};
use tokio::sync::{mpsc, oneshot};

use crate::{
    dialect,
    error::{CatalogError, Result},
    sqlite,
};

/// Units that may wait before those who bring more are held up.
const WAITING_MAX: usize = 1024;
/// Most units of one transaction, so that the first of them is not kept waiting without bound.
const GROUP_MAX: usize = 256;

/// What a unit does with the connection, inside the group's transaction.
pub(crate) type Work<'c, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'c>>;

/// The way to the writing task.
pub(crate) struct Units {
    queue: mpsc::Sender<Message>,
}

enum Message {
    Unit(Box<dyn Job>),
    /// Whether the units that follow are refused.
    Seal(bool, oneshot::Sender<()>),
    Close(oneshot::Sender<Result<()>>),
}

/// A unit of work without its types.
trait Job: Send {
    /// Runs the work once and keeps what it yields.
    fn run<'c>(&'c mut self, db: &'c mut AnyConnection) -> Work<'c, ()>;
    /// Whether one statement is all there is.
    fn is_one_statement(&self) -> bool;
    /// Tells the caller how the transaction ended.
    fn answer(self: Box<Self>, end: Result<()>);
}

struct Unit<T, F> {
    work: Option<F>,
    one_statement: bool,
    outcome: Option<Result<T>>,
    reply: oneshot::Sender<Result<T>>,
}

impl<T, F> Job for Unit<T, F>
where
    T: Send + 'static,
    F: for<'c> FnOnce(&'c mut AnyConnection) -> Work<'c, T> + Send + 'static,
{
    fn run<'c>(&'c mut self, db: &'c mut AnyConnection) -> Work<'c, ()> {
        Box::pin(async move {
            let work = self.work.take().expect("a unit runs once");
            match work(db).await {
                Ok(outcome) => {
                    self.outcome = Some(Ok(outcome));
                    Ok(())
                }
                Err(error) => {
                    self.outcome = Some(Err(error.clone()));
                    Err(error)
                }
            }
        })
    }

    fn is_one_statement(&self) -> bool {
        self.one_statement
    }

    fn answer(self: Box<Self>, end: Result<()>) {
        let answer = match (end, self.outcome) {
            (_, Some(Err(own))) => Err(own),
            (Ok(()), Some(outcome)) => outcome,
            (Err(error), _) => Err(error),
            (Ok(()), None) => Err(CatalogError::closed()),
        };
        // Whoever stopped waiting does not hear that it is done.
        let _ = self.reply.send(answer);
    }
}

impl Units {
    pub(crate) async fn submit<T, F>(&self, work: F, one_statement: bool) -> Result<T>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut AnyConnection) -> Work<'c, T> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let unit = Box::new(Unit { work: Some(work), one_statement, outcome: None, reply });
        self.queue.send(Message::Unit(unit)).await.map_err(|_| CatalogError::closed())?;
        answer.await.map_err(|_| CatalogError::closed())?
    }

    /// Refuses the units that follow, or takes them again; those that wait are done first.
    pub(crate) async fn seal(&self, sealed: bool) -> Result<()> {
        let (reply, answer) = oneshot::channel();
        self.queue.send(Message::Seal(sealed, reply)).await.map_err(|_| CatalogError::closed())?;
        answer.await.map_err(|_| CatalogError::closed())
    }

    /// Ends the task after the units that wait. Closing twice is no error.
    pub(crate) async fn close(&self) -> Result<()> {
        let (reply, answer) = oneshot::channel();
        if self.queue.send(Message::Close(reply)).await.is_err() {
            return Ok(());
        }
        answer.await.unwrap_or(Ok(()))
    }
}

/// Starts the task. It ends with [`Units::close`], or when nobody is left who could bring a unit.
pub(crate) fn start(db: AnyConnection, commits: Arc<AtomicU64>) -> Units {
    let (queue, waiting) = mpsc::channel(WAITING_MAX);
    tokio::spawn(Writer { db, waiting, commits, sealed: false }.run());
    Units { queue }
}

struct Writer {
    db: AnyConnection,
    waiting: mpsc::Receiver<Message>,
    commits: Arc<AtomicU64>,
    sealed: bool,
}

impl Writer {
    async fn run(mut self) {
        let mut messages = Vec::new();
        let mut closing = Vec::new();
        while self.waiting.recv_many(&mut messages, GROUP_MAX).await > 0 {
            let mut group = Vec::with_capacity(messages.len());
            for message in messages.drain(..) {
                match message {
                    Message::Unit(unit) => group.push(unit),
                    Message::Seal(sealed, reply) => {
                        self.group(std::mem::take(&mut group)).await;
                        self.sealed = sealed;
                        let _ = reply.send(());
                    }
                    Message::Close(reply) => {
                        // Nothing new is taken in; what stands in the queue is still done.
                        self.waiting.close();
                        closing.push(reply);
                    }
                }
            }
            self.group(group).await;
        }
        let checkpointed = sqlite::checkpoint(&mut self.db).await;
        let closed = self.db.close().await.map_err(CatalogError::from);
        for reply in closing {
            let _ = reply.send(checkpointed.clone().and(closed.clone()));
        }
    }

    async fn group(&mut self, mut group: Vec<Box<dyn Job>>) {
        if group.is_empty() {
            return;
        }
        if self.sealed {
            for unit in group {
                unit.answer(Err(CatalogError::Sealed));
            }
            return;
        }
        let end = self.transaction(&mut group).await;
        if end.is_ok() {
            self.commits.fetch_add(1, Ordering::Relaxed);
        } else {
            // The engine may have rolled back by itself, as it does on a full disk; then this fails, and that is well.
            let _ = execute(&mut self.db, dialect::ROLLBACK).await;
        }
        for unit in group {
            unit.answer(end.clone());
        }
    }

    /// Runs and commits the units. A unit that fails alone keeps its error to itself; an error returned is that of all.
    async fn transaction(&mut self, group: &mut [Box<dyn Job>]) -> Result<()> {
        let db = &mut self.db;
        execute(db, dialect::BEGIN).await?;
        let alone = group.len() == 1;
        let mut mark = Mark::None;
        for unit in group {
            if alone {
                unit.run(db).await?;
            } else if unit.is_one_statement() {
                match unit.run(db).await {
                    Ok(()) | Err(CatalogError::Conflict(_)) => mark.pass(),
                    // Anything else may have rolled back the transaction, neighbours and all.
                    Err(error) => return Err(error),
                }
            } else {
                mark.set(db).await?;
                if unit.run(db).await.is_ok() {
                    mark.pass();
                } else {
                    // Fails where the engine rolled back the whole transaction: then all units fail.
                    execute(db, dialect::ROLLBACK_TO).await?;
                }
            }
        }
        execute(db, dialect::COMMIT).await
    }
}

/// Where the savepoint stands to which a unit that fails is taken back. The commit takes it away.
enum Mark {
    /// There is none yet.
    None,
    /// Just behind the last unit.
    Here,
    /// Units that went well have passed it.
    Passed,
}

impl Mark {
    async fn set(&mut self, db: &mut AnyConnection) -> Result<()> {
        match self {
            Self::None => execute(db, dialect::SAVEPOINT).await?,
            Self::Passed => execute(db, dialect::NEXT_SAVEPOINT).await?,
            Self::Here => {}
        }
        *self = Self::Here;
        Ok(())
    }

    fn pass(&mut self) {
        if matches!(self, Self::Here) {
            *self = Self::Passed;
        }
    }
}

async fn execute(db: &mut AnyConnection, sql: &'static str) -> Result<()> {
    sqlx::query(sql).execute(db).await?;
    Ok(())
}

#[cfg(test)]
mod tests;
