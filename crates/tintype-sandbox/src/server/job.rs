//! One job from its queue to its answer, over two workers where the first was killed through no fault of the file.

use std::{
    fs::File,
    os::fd::{AsFd, BorrowedFd},
    sync::atomic::Ordering,
    time::Duration,
};

use tracing::warn;

use super::{
    exchange::{Outcome, exchange},
    pool::Pool,
    supervise::cpu_seconds,
};
use crate::{
    SandboxError,
    wire::{
        control::Exit,
        job::{Job, Op},
        reply::Reply,
    },
};

const ATTEMPTS: u32 = 2;

/// What one attempt came to.
enum Attempt {
    Done(Reply),
    /// Not the file's fault, as far as can be told.
    Again(SandboxError),
    Failed(SandboxError),
    Busy,
}

impl Pool {
    /// Runs `job` over `input` and, for a rendering, `output`.
    ///
    /// # Errors
    /// Every [`SandboxError`] but [`SandboxError::Input`].
    pub(super) async fn run(
        &self,
        job: &Job,
        input: &File,
        output: Option<&File>,
    ) -> Result<Reply, SandboxError> {
        let descriptors: Vec<BorrowedFd<'_>> =
            [Some(input), output].into_iter().flatten().map(AsFd::as_fd).collect();
        let permit = self.turn(&job.op).await?;
        let mut attempt = 1;
        loop {
            let mut worker = self.take_worker(&permit).await?;
            let outcome =
                exchange(&mut worker, job, &descriptors, self.deadline(&job.op), &self.memory).await;
            match self.judge(outcome, &job.op) {
                Attempt::Done(Reply::Refused(refusal)) => return Err(refusal.into()),
                Attempt::Done(reply) => return Ok(reply),
                Attempt::Busy => return Err(SandboxError::Busy),
                Attempt::Again(error) if attempt < ATTEMPTS => {
                    warn!(worker.pid, op = job.op.name(), %error, "worker lost; trying once more in a fresh one");
                    attempt += 1;
                }
                Attempt::Again(error) | Attempt::Failed(error) => {
                    self.note(worker.pid, job, &error);
                    return Err(error);
                }
            }
        }
    }

    fn deadline(&self, op: &Op) -> Duration {
        match op {
            Op::Inspect { .. } => self.options.inspect_deadline,
            Op::Render { .. } => self.options.render_deadline,
        }
    }

    fn judge(&self, outcome: Outcome, op: &Op) -> Attempt {
        match outcome {
            Outcome::Reply(Reply::Failed(detail)) => {
                Attempt::Failed(SandboxError::Died { signal: None, detail })
            }
            Outcome::Busy => Attempt::Busy,
            Outcome::Reply(reply) => Attempt::Done(reply),
            Outcome::Ended(exit) => self.judge_exit(&exit),
            Outcome::HungUp => {
                Attempt::Failed(SandboxError::Nonsense("it hung up without an answer".to_owned()))
            }
            Outcome::SpawnerLost => {
                Attempt::Again(SandboxError::Unavailable("the spawner was lost with the worker".to_owned()))
            }
            Outcome::Nonsense(malformed) => Attempt::Failed(SandboxError::Nonsense(malformed.to_string())),
            Outcome::Deadline => Attempt::Failed(SandboxError::Deadline(self.deadline(op))),
        }
    }

    fn judge_exit(&self, exit: &Exit) -> Attempt {
        let cpu_max = Duration::from_secs(cpu_seconds(&self.options));
        let out_of_time = Duration::from_micros(exit.cpu_us) >= cpu_max;
        let detail = match exit.signal {
            0 => format!("it ended with status {} without an answer", exit.status),
            libc::SIGXCPU => return Attempt::Failed(SandboxError::Deadline(cpu_max)),
            libc::SIGKILL if out_of_time => return Attempt::Failed(SandboxError::Deadline(cpu_max)),
            // Nobody here killed it: it is the kernel, out of memory, or an operator.
            libc::SIGKILL => return Attempt::Again(SandboxError::OutOfMemory),
            libc::SIGSYS => "it made a system call that is not allowed".to_owned(),
            libc::SIGABRT => {
                format!("it aborted, as where it has no memory left of {} MiB", self.options.memory_max >> 20)
            }
            signal => format!("it was killed by signal {signal}"),
        };
        Attempt::Failed(SandboxError::Died { signal: (exit.signal != 0).then_some(exit.signal), detail })
    }

    /// Counts and logs a death; says nothing of the content.
    fn note(&self, pid: i32, job: &Job, error: &SandboxError) {
        self.board.deaths.fetch_add(1, Ordering::Relaxed);
        let signal = match error {
            SandboxError::Died { signal, .. } => *signal,
            _ => None,
        };
        let (op, input_bytes) = (job.op.name(), job.input_len);
        warn!(worker.pid = pid, worker.signal = signal, op, input_bytes, %error, "a worker died of its job");
    }
}
