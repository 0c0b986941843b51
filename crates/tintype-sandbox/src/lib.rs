//! The door to the CPU: confined, single-use worker processes that run tintype-image over strangers' files.
//!
//! Three kinds of process, all of the same binary. The **server** calls [`launch`] before anything else and
//! [`Sandbox::start`] inside its runtime. The **spawner**, executed anew and tiny, forks **workers** ahead of need. A
//! worker drops what it can ([`State`] says how far that went), takes one job over its own socket, the input as a
//! read-only descriptor beside it, answers, and ends. What it answers is read as if an attacker had written it, because
//! one may have. Nothing that a worker does costs more than its own job.
//!
//! Linux only, x86-64 and aarch64. The program's allocator also serves its workers: one that reserves a lot of address
//! space or starts threads does not go with [`Options::memory_max`] and the spawner's single thread.

mod error;
mod message;
mod mode;
mod options;
mod samples;
mod server;
mod spawner;
mod state;
mod wire;
mod worker;

pub use error::{SandboxError, StartError};
pub use mode::{InvalidMode, Mode};
#[cfg(feature = "testing")]
pub use options::Missing;
pub use options::Options;
pub use server::{Sandbox, Spawner, launch, launch_program};
pub use spawner::spawner_main;
pub use state::{SelfTest, State, Status};
