//! One job through one worker: ask, wait, read what comes back without believing it.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, Interest},
    time::timeout,
};

use super::worker::Worker;
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
}

/// Sends `job` and waits at most `deadline` for the answer.
pub(super) async fn exchange(
    worker: &mut Worker,
    job: &Job,
    descriptors: &[BorrowedFd<'_>],
    deadline: Duration,
) -> Outcome {
    let answer = async {
        ask(worker, job, descriptors).await?;
        read_answer(worker).await
    };
    match timeout(deadline, answer).await {
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
async fn read_answer(worker: &mut Worker) -> io::Result<Result<Vec<u8>, Malformed>> {
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
