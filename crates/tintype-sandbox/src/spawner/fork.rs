//! Making and reaping workers.

use std::{
    io,
    mem::MaybeUninit,
    os::fd::{OwnedFd, RawFd},
};

use rustix::{
    net::{AddressFamily, SocketFlags, SocketType, socketpair},
    process::getpid,
};

use super::signals;
use crate::{
    wire::control::{Exit, Settings},
    worker::{self, Prepared},
};

/// Forks a worker; returns its process id and the server's end of its socket.
///
/// # Errors
/// Those of socketpair(2) and fork(2).
pub(super) fn worker(settings: &Settings, prepared: &mut Prepared) -> io::Result<(i32, OwnedFd)> {
    let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    let spawner = getpid();
    // SAFETY: this process has one thread, so no lock can be held and no structure half-changed in the child, which may
    // therefore go on as any program. The child never returns into the spawner's code.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => {
            drop(ours);
            signals::unblock_all();
            worker::run(theirs, settings, prepared, spawner)
        }
        pid => Ok((pid, ours)),
    }
}

/// Reaps one child; `None` where none has ended (or, waiting, where there is none). The exit's number is left at 0.
///
/// # Errors
/// Those of wait4(2) other than having no children.
pub(super) fn reap(wait: bool) -> io::Result<Option<(i32, Exit)>> {
    let mut status = 0;
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    let flags = if wait { 0 } else { libc::WNOHANG };
    // SAFETY: both pointers are to live values of the right types; a zeroed rusage is a valid one.
    let (pid, usage) =
        unsafe { (libc::wait4(-1, &raw mut status, flags, usage.as_mut_ptr()), usage.assume_init()) };
    if pid < 0 {
        let error = io::Error::last_os_error();
        return if error.raw_os_error() == Some(libc::ECHILD) { Ok(None) } else { Err(error) };
    }
    if pid == 0 {
        return Ok(None);
    }
    let signaled = libc::WIFSIGNALED(status);
    let exit = Exit {
        id: 0,
        signal: if signaled { libc::WTERMSIG(status) } else { 0 },
        status: if signaled { 0 } else { libc::WEXITSTATUS(status) },
        cpu_us: microseconds(usage.ru_utime) + microseconds(usage.ru_stime),
        resident_kib: u64::try_from(usage.ru_maxrss).unwrap_or(0),
    };
    Ok(Some((pid, exit)))
}

fn microseconds(time: libc::timeval) -> u64 {
    u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000 + u64::try_from(time.tv_usec).unwrap_or(0)
}

/// Closes every descriptor from `first` on.
///
/// # Errors
/// Those of close_range(2), which Linux has since 5.9.
pub(crate) fn close_from(first: RawFd) -> io::Result<()> {
    let first = libc::c_uint::try_from(first).map_err(io::Error::other)?;
    // SAFETY: the caller keeps no descriptor that is closed here, so nothing can use one again.
    match unsafe { libc::syscall(libc::SYS_close_range, first, libc::c_uint::MAX, 0) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
