//! A worker: confines itself, does one job, and ends.
//!
//! It starts as a copy of the spawner and gives up everything but one socket before it sees a stranger's byte. From the
//! job on it must be taken to be in a stranger's hands.

mod confine;
mod landlock;
#[cfg(feature = "testing")]
mod misbehave;
mod panics;
mod seccomp;
mod work;

use std::{
    io,
    os::fd::{AsFd, OwnedFd},
    panic::{AssertUnwindSafe, catch_unwind},
    ptr, slice,
};

use rustix::{
    mm::{MapFlags, ProtFlags, mmap},
    process::Pid,
};

use crate::{
    message,
    wire::{
        control::Settings,
        job::{JOB_LEN, Job},
        ready,
        reply::Reply,
    },
};

/// What the spawner makes once, so that a worker need not.
#[derive(Default)]
pub(crate) struct Prepared {
    landlock: Option<landlock::Ruleset>,
    seccomp: bool,
}

impl Prepared {
    /// Makes what `settings` ask for and the kernel has.
    pub(crate) fn new(settings: &Settings) -> Self {
        Self { landlock: settings.landlock.then(landlock::prepare).flatten(), seccomp: settings.seccomp }
    }
}

/// Runs the codecs over a built-in picture, so that workers start with what is computed once per process: which
/// instructions the processor has, tables, resolved symbols.
///
/// # Errors
/// Where a codec left a thread behind: then this process must not be forked.
pub(crate) fn warm_up() -> io::Result<()> {
    panics::keep();
    let _ = catch_unwind(work::rehearse);
    panics::print();
    confine::single_thread()
}

/// The whole life of a worker on its end of `socket`.
pub(crate) fn run(socket: OwnedFd, settings: &Settings, prepared: &mut Prepared, spawner: Pid) -> ! {
    let _ = rustix::thread::set_name(c"tintype-worker");
    panics::keep();
    let (socket, report) = confine::confine(socket, settings, prepared, spawner);
    let status = match say(&socket, &ready::encode(&report)) {
        Ok(()) if report.is_ok() => serve(&socket),
        _ => 3,
    };
    // SAFETY: ends the process at once. Destructors would only give back memory that ends with it.
    unsafe { libc::_exit(status) }
}

/// Waits for the job and does it. A server that hangs up before wants nothing more.
fn serve(socket: &OwnedFd) -> i32 {
    let (job, descriptors) = match receive_job(socket) {
        Ok(Some(received)) => received,
        Ok(None) => return 0,
        Err(_) => return 4,
    };
    let done = catch_unwind(AssertUnwindSafe(|| perform(socket, &job, &descriptors)));
    let reply = match done {
        Ok(Ok(reply)) => reply,
        Ok(Err(error)) => Reply::Failed(error.to_string()),
        Err(_) => Reply::Failed(format!("panicked: {}", panics::last())),
    };
    if say(socket, &reply.encode()).is_ok() { 0 } else { 5 }
}

fn receive_job(socket: &OwnedFd) -> io::Result<Option<(Job, Vec<OwnedFd>)>> {
    let (mut bytes, mut filled, mut descriptors) = ([0; JOB_LEN], 0, Vec::new());
    while filled < JOB_LEN {
        match message::receive(socket.as_fd(), &mut bytes[filled..], &mut descriptors) {
            Ok(0) if filled == 0 => return Ok(None),
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(len) => filled += len,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let job = Job::parse(&bytes).map_err(io::Error::other)?;
    if descriptors.len() == job.op.descriptors() {
        Ok(Some((job, descriptors)))
    } else {
        Err(io::Error::other("the job came without its descriptors"))
    }
}

fn perform(socket: &OwnedFd, job: &Job, descriptors: &[OwnedFd]) -> io::Result<Reply> {
    let input = map(&descriptors[0], job.input_len)?;
    #[cfg(feature = "testing")]
    if let Some(reply) = misbehave::on_command(input, socket, descriptors) {
        return Ok(reply);
    }
    work::perform(job, input, descriptors.get(1), |bytes| wait_for_leave(socket, bytes))
}

/// Asks to hold `bytes` and waits for the answer. A server that hangs up instead wants nothing more.
fn wait_for_leave(socket: &OwnedFd, bytes: u64) {
    let given = say(socket, &Reply::Asks(bytes).encode()).is_ok()
        && loop {
            match rustix::io::read(socket, &mut [0; 1]) {
                Err(rustix::io::Errno::INTR) => {}
                answer => break answer == Ok(1),
            }
        };
    if !given {
        // SAFETY: as at the end of `run`.
        unsafe { libc::_exit(0) }
    }
}

/// Maps a file of `len` bytes to be read. It stays mapped: the process ends with the job.
///
/// A file that shrinks meanwhile kills the worker by SIGBUS, as any other of its faults does.
fn map(file: &OwnedFd, len: u64) -> io::Result<&'static [u8]> {
    let len = usize::try_from(len).map_err(io::Error::other)?;
    // SAFETY: a new mapping at an address of the kernel's choice, never unmapped and never written; the length is not 0,
    // or mmap refuses it. The server keeps the file unchanged while the worker lives.
    unsafe {
        let start = mmap(ptr::null_mut(), len, ProtFlags::READ, MapFlags::PRIVATE, file, 0)
            .map_err(|error| io::Error::other(format!("cannot map the input of {len} bytes: {error}")))?;
        Ok(slice::from_raw_parts(start.cast(), len))
    }
}

/// Writes all of `bytes`, with no call but write(2).
fn say(socket: &OwnedFd, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match rustix::io::write(socket, bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
