//! Limits of the sandbox.

use std::{thread, time::Duration};

use tintype_types::ImageLimits;

use crate::Mode;

/// How many workers there are and what each may use.
#[derive(Clone, Debug)]
pub struct Options {
    /// How much confinement is asked for.
    pub mode: Mode,
    /// Workers that are forked and confined ahead of need. At least 1 is kept.
    pub spares: usize,
    /// Most workers that work at the same time. At least 1.
    pub workers_max: usize,
    /// Wall-clock time after which an inspection is killed.
    pub inspect_deadline: Duration,
    /// Wall-clock time after which a rendering is killed.
    pub render_deadline: Duration,
    /// Most address space of one worker in bytes (`RLIMIT_AS`), its program and the mapped input included.
    pub memory_max: u64,
    /// Bytes that all pictures being decoded may hold together, by what their headers say. Limits a single one too.
    pub decode_memory: u64,
    /// Most bytes of one rendered file.
    pub output_max: u64,
    /// Limits on the pictures themselves.
    pub limits: ImageLimits,
    /// How long a job may wait for its turn before it is [`Busy`](crate::SandboxError::Busy).
    pub queue_wait: Duration,
    /// Most jobs of a kind, inspections or renderings, that wait for their turn; the next is
    /// [`Busy`](crate::SandboxError::Busy) at once.
    pub queue_max: usize,
    /// Layers that workers are told to leave out, so that tests see what the other one holds alone.
    #[cfg(feature = "testing")]
    pub pretend_missing: Missing,
}

/// Layers to leave out on purpose.
#[cfg(feature = "testing")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Missing {
    /// Leave Landlock out.
    pub landlock: bool,
    /// Leave seccomp out.
    pub seccomp: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            mode: Mode::Auto,
            spares: 2,
            workers_max: thread::available_parallelism().map_or(2, std::num::NonZero::get),
            inspect_deadline: Duration::from_secs(30),
            render_deadline: Duration::from_secs(20),
            memory_max: 1 << 30,
            decode_memory: 512 << 20,
            output_max: 64 << 20,
            limits: ImageLimits::default(),
            queue_wait: Duration::from_secs(30),
            queue_max: 64,
            #[cfg(feature = "testing")]
            pretend_missing: Missing::default(),
        }
    }
}

impl Options {
    /// The limits on one picture, that it alone fits the memory for all.
    pub(crate) fn image_limits(&self) -> ImageLimits {
        let decoded_bytes_max = self.limits.decoded_bytes_max.min(self.decode_memory);
        ImageLimits { decoded_bytes_max, ..self.limits }
    }
}
