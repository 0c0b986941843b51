//! Why a job gave nothing, by what the caller does about it.

use std::{io, time::Duration};

use tintype_types::Refusal;

use crate::Mode;

/// Why a job gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The file is not an acceptable picture: the sender's fault.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The worker died of this file, so the file is to blame.
    #[error("the worker died: {detail}")]
    Died {
        /// The signal that ended it; `None` where it gave up by itself.
        signal: Option<i32>,
        /// What is known of the cause. Fit for a log, not for the sender.
        detail: String,
    },
    /// The job was not done in time and its worker was killed.
    #[error("the picture took longer than {:.1} s and was given up", .0.as_secs_f64())]
    Deadline(Duration),
    /// Every worker is at work and the queue is full, or the turn, or the memory, did not come in time. Try again later.
    #[error("all workers are busy; try again in a moment")]
    Busy,
    /// The worker's reply did not make sense: it was taken over by the file, or there is a bug.
    #[error("the worker's reply made no sense: {0}")]
    Nonsense(String),
    /// There is no worker to be had, because confinement is missing or the spawner does not start. Not the file's fault.
    #[error("no worker is available: {0}")]
    Unavailable(String),
    /// The kernel killed two workers in a row over this job, most likely for want of memory. Try again later.
    #[error("the machine ran out of memory over this picture, twice; try again later")]
    OutOfMemory,
    /// The file to work on could not be opened for the worker. The server's own trouble.
    #[error("the file cannot be handed to a worker")]
    Input(#[source] io::Error),
}

/// Why the sandbox did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The options name another mode than the spawner was launched with.
    #[error(
        "the spawner was launched with sandbox = {launched} and the options say {wanted}; they must agree"
    )]
    ModeDiffers {
        /// The mode given to [`launch`](crate::launch).
        launched: Mode,
        /// The mode of the options.
        wanted: Mode,
    },
    /// The spawner's socket could not be registered with the runtime.
    #[error("the spawner's socket cannot be watched")]
    Control(#[from] io::Error),
}
