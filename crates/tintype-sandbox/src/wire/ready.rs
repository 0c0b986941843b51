//! A worker's first words: how far its confinement went, or where it failed.

use super::{
    Malformed, Reader,
    job::{code, value},
};

/// Bytes of an encoded report.
pub(crate) const READY_LEN: usize = 16;

/// What holds a worker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Layers {
    /// Version of Landlock's interface in force; 0 where it is absent.
    pub(crate) landlock_abi: u8,
    /// Whether the list of allowed system calls is in force.
    pub(crate) seccomp: bool,
    /// Whether the worker runs as nobody; where the server is not root, it runs as the server's user.
    pub(crate) nobody: bool,
}

/// A step of a worker's start that may not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    SingleThread,
    Folder,
    User,
    Limits,
    Parent,
    Privileges,
}

impl Step {
    const ALL: [Self; 6] =
        [Self::SingleThread, Self::Folder, Self::User, Self::Limits, Self::Parent, Self::Privileges];

    /// What the step does, for "the worker could not …".
    pub(crate) const fn what(self) -> &'static str {
        match self {
            Self::SingleThread => "make sure that it is alone in its process",
            Self::Folder => "leave its folder",
            Self::User => "change its user",
            Self::Limits => "set its resource limits",
            Self::Parent => "tie its life to the spawner's",
            Self::Privileges => "give up its privileges",
        }
    }
}

/// A step that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) step: Step,
    /// The system's error number; 0 where there is none.
    pub(crate) errno: i32,
}

/// The report.
pub(crate) type Ready = Result<Layers, Fault>;

/// The report as bytes.
pub(crate) fn encode(ready: &Ready) -> [u8; READY_LEN] {
    let mut out = Vec::with_capacity(READY_LEN);
    match ready {
        Ok(layers) => {
            out.extend([1, layers.landlock_abi, u8::from(layers.seccomp), u8::from(layers.nobody)]);
        }
        Err(fault) => {
            out.extend([0, code(&Step::ALL, &fault.step)]);
            out.extend(fault.errno.to_le_bytes());
        }
    }
    out.resize(READY_LEN, 0);
    out.try_into().expect("the longest report has 6 bytes")
}

/// Reads a report.
///
/// # Errors
/// [`Malformed`] where the bytes are not one.
pub(crate) fn parse(bytes: &[u8]) -> Result<Ready, Malformed> {
    let mut reader = Reader::new(bytes);
    if reader.bool()? {
        return Ok(Ok(Layers {
            landlock_abi: reader.u8()?,
            seccomp: reader.bool()?,
            nobody: reader.bool()?,
        }));
    }
    Ok(Err(Fault { step: value(&Step::ALL, reader.u8()?)?, errno: reader.i32()? }))
}
