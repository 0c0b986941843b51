//! What `/health` says of the sandbox.

use serde::{Serialize, Serializer};

/// Whether files can be decoded, and behind what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// No worker has reported yet.
    Starting,
    /// Landlock and seccomp hold every worker.
    Ok,
    /// One of the two is missing.
    Degraded,
    /// Switched off by the operator.
    Off,
    /// Nothing is decoded; [`State::detail`] says why.
    Broken,
}

/// Whether the built-in pictures went through a confined worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SelfTest {
    /// Not run yet.
    Pending,
    /// Every picture did.
    Passed,
    /// One did not; why.
    Failed(String),
}

impl Serialize for SelfTest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Pending => serializer.serialize_str("pending"),
            Self::Passed => serializer.serialize_str("passed"),
            Self::Failed(why) => serializer.collect_str(&format_args!("failed: {why}")),
        }
    }
}

/// The state of the sandbox at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct State {
    /// Whether files can be decoded, and behind what.
    pub status: Status,
    /// Why the status is what it is, where there is something to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// `abi 7` (the version of Landlock that holds workers), `absent`, `off`, or `unknown` before the first worker.
    pub landlock: String,
    /// `on`, `absent`, `off`, or `unknown` before the first worker.
    pub seccomp: String,
    /// Workers started since the server started.
    pub workers_started: u64,
    /// Jobs that ended with a worker's death, a deadline or a senseless reply.
    pub deaths: u64,
    /// Workers that were ended for a system call that is not allowed, be it after a good answer. Never a good sign: an
    /// attack, or a codec that needs more on this machine than it is given.
    pub forbidden_calls: u64,
    /// Whether the built-in pictures went through a worker.
    pub self_test: SelfTest,
}
