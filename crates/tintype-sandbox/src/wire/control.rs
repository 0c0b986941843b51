//! Between server and spawner, one datagram each. Both are ours, yet both check what they read.

use super::{Malformed, Reader};

/// Room for any message.
pub(crate) const CONTROL_MAX: usize = 64;

/// How workers are to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    /// Whether Landlock is tried.
    pub(crate) landlock: bool,
    /// Whether seccomp is tried.
    pub(crate) seccomp: bool,
    /// `RLIMIT_AS`, in bytes.
    pub(crate) memory_max: u64,
    /// `RLIMIT_FSIZE`, in bytes.
    pub(crate) output_max: u64,
    /// `RLIMIT_CPU`, in seconds.
    pub(crate) cpu_seconds: u64,
    /// The number of the first worker. Numbers are never used twice, not even by the spawner's successor, so that a late
    /// kill can only hit the worker that it was meant for.
    pub(crate) first_id: u64,
}

/// Server to spawner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Once, first.
    Configure(Settings),
    /// Make so many more workers.
    Fork(u32),
    /// Kill this worker; nothing happens where it is dead already.
    Kill(u64),
}

/// How a worker ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exit {
    /// Its number.
    pub(crate) id: u64,
    /// The signal that killed it; 0 where it exited.
    pub(crate) signal: i32,
    /// Its exit status where it exited.
    pub(crate) status: i32,
    /// Processor time that it used, in microseconds.
    pub(crate) cpu_us: u64,
    /// Most memory that it had resident, in KiB.
    pub(crate) resident_kib: u64,
}

/// Spawner to server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A new worker; the server's end of its socket travels beside.
    Forked {
        /// Its number.
        id: u64,
        /// Its process id, for logs.
        pid: i32,
    },
    /// A worker ended and was reaped.
    Exited(Exit),
    /// A worker could not be made.
    ForkFailed {
        /// The system's error number.
        errno: i32,
    },
}

impl Command {
    /// The command as bytes.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(CONTROL_MAX);
        match self {
            Self::Configure(settings) => {
                out.extend([1, u8::from(settings.landlock), u8::from(settings.seccomp)]);
                let numbers =
                    [settings.memory_max, settings.output_max, settings.cpu_seconds, settings.first_id];
                numbers.into_iter().for_each(|number| out.extend(number.to_le_bytes()));
            }
            Self::Fork(count) => {
                out.push(2);
                out.extend(count.to_le_bytes());
            }
            Self::Kill(id) => {
                out.push(3);
                out.extend(id.to_le_bytes());
            }
        }
        out
    }

    /// Reads a command.
    ///
    /// # Errors
    /// [`Malformed`] where the bytes are not one.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        let command = match reader.u8()? {
            1 => Self::Configure(Settings {
                landlock: reader.bool()?,
                seccomp: reader.bool()?,
                memory_max: reader.u64()?,
                output_max: reader.u64()?,
                cpu_seconds: reader.u64()?,
                first_id: reader.u64()?,
            }),
            2 => Self::Fork(reader.u32()?),
            3 => Self::Kill(reader.u64()?),
            _ => return Err(Malformed("there is no such command")),
        };
        reader.end()?;
        Ok(command)
    }
}

impl Event {
    /// The event as bytes.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(CONTROL_MAX);
        match self {
            Self::Forked { id, pid } => {
                out.push(1);
                out.extend(id.to_le_bytes());
                out.extend(pid.to_le_bytes());
            }
            Self::Exited(exit) => {
                out.push(2);
                out.extend(exit.id.to_le_bytes());
                out.extend(exit.signal.to_le_bytes());
                out.extend(exit.status.to_le_bytes());
                out.extend(exit.cpu_us.to_le_bytes());
                out.extend(exit.resident_kib.to_le_bytes());
            }
            Self::ForkFailed { errno } => {
                out.push(3);
                out.extend(errno.to_le_bytes());
            }
        }
        out
    }

    /// Reads an event.
    ///
    /// # Errors
    /// [`Malformed`] where the bytes are not one.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        let event = match reader.u8()? {
            1 => Self::Forked { id: reader.u64()?, pid: reader.i32()? },
            2 => Self::Exited(Exit {
                id: reader.u64()?,
                signal: reader.i32()?,
                status: reader.i32()?,
                cpu_us: reader.u64()?,
                resident_kib: reader.u64()?,
            }),
            3 => Self::ForkFailed { errno: reader.i32()? },
            _ => return Err(Malformed("there is no such event")),
        };
        reader.end()?;
        Ok(event)
    }
}
