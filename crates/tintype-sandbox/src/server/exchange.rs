//! One job through one worker: ask, wait, read what comes back without believing it.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd},
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, Interest},
    time::{error::Elapsed, timeout},
};

use super::{memory::Memory, worker::Worker};
use crate::{
    message,
    wire::{
        Malformed,
        control::Exit,
        job::Job,
        reply::{REPLY_MAX, Reply},
    },
};

/// How long the spawner may take to report how a worker ended that hung up.
const EXIT_WAIT: Duration = Duration::from_secs(1);

/// What came of it.
pub(super) enum Outcome {
    /// An answer that is a possible one to the job.
    Reply(Reply),
    /// The worker ended without one.
    Ended(Exit),
    /// The worker hung up and did not end.
    HungUp,
    /// The spawner was lost, and the worker with it.
    SpawnerLost,
    /// An answer that no honest worker gives.
    Nonsense(Malformed),
    /// No answer in time.
    Deadline,
    /// The memory that it asked for was not free in time.
    Busy,
}

/// Sends `job` and waits at most `deadline` for the answer, not counting how long the worker waits for `memory`.
pub(super) async fn exchange(
    worker: &mut Worker,
    job: &Job,
    descriptors: &[BorrowedFd<'_>],
    deadline: Duration,
    memory: &Memory,
) -> Outcome {
    let began = Instant::now();
    let first = async {
        ask(worker, job, descriptors).await?;
        read_answer(worker).await
    };
    let first = timeout(deadline, first).await;
    let left = deadline.saturating_sub(began.elapsed());
    let bytes = match outcome(worker, job, first).await {
        Outcome::Reply(Reply::Asks(bytes)) => bytes,
        outcome => return outcome,
    };
    if bytes > memory.budget() {
        return Outcome::Nonsense(Malformed("it asks for more memory than a picture may"));
    }
    // Held until the answer is there. What the worker holds a moment longer, until it is reaped, is not counted.
    let Some(_share) = memory.share(bytes).await else { return Outcome::Busy };
    let second = async {
        worker.socket.write_all(&[1]).await?;
        read_answer(worker).await
    };
    let second = timeout(left, second).await;
    match outcome(worker, job, second).await {
        Outcome::Reply(Reply::Asks(_)) => Outcome::Nonsense(Malformed("it asks for memory twice")),
        outcome => outcome,
    }
}

type Answer = io::Result<Result<Vec<u8>, Malformed>>;

async fn outcome(worker: &mut Worker, job: &Job, answer: Result<Answer, Elapsed>) -> Outcome {
    match answer {
        Err(_) => Outcome::Deadline,
        Ok(Ok(Ok(bytes))) => match Reply::parse(&bytes, job) {
            Ok(reply) => Outcome::Reply(reply),
            Err(malformed) => Outcome::Nonsense(malformed),
        },
        Ok(Ok(Err(malformed))) => Outcome::Nonsense(malformed),
        Ok(Err(_hung_up)) => match timeout(EXIT_WAIT, &mut worker.exit).await {
            Ok(Ok(exit)) => Outcome::Ended(exit),
            Ok(Err(_)) => Outcome::SpawnerLost,
            Err(_) => Outcome::HungUp,
        },
    }
}

async fn ask(worker: &Worker, job: &Job, descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
    let bytes = job.encode();
    let send = || message::send(worker.socket.as_fd(), &bytes, descriptors);
    // The socket is empty and a job is far smaller than its buffer, so that it goes whole or not at all.
    let sent = worker.socket.async_io(Interest::WRITABLE, send).await?;
    if sent == bytes.len() { Ok(()) } else { Err(io::ErrorKind::WriteZero.into()) }
}

/// Reads one reply. Its length is checked before it is believed; descriptors that come beside are thrown away by the
/// kernel, as nothing asks for them.
async fn read_answer(worker: &mut Worker) -> Answer {
    let len = usize::try_from(worker.socket.read_u32_le().await?).unwrap_or(usize::MAX);
    if len == 0 || len > REPLY_MAX {
        return Ok(Err(Malformed("the reply's length is out of range")));
    }
    let mut bytes = vec![0; len];
    worker.socket.read_exact(&mut bytes).await?;
    match worker.socket.try_read(&mut [0; 1]) {
        Ok(1) => Ok(Err(Malformed("bytes follow the reply"))),
        _ => Ok(Ok(bytes)),
    }
}
