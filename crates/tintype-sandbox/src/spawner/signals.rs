//! Signals of the spawner: a child's end as something to poll, and deafness to what is meant for the server.

use std::{
    io,
    mem::MaybeUninit,
    os::fd::{FromRawFd, OwnedFd},
    ptr,
};

use rustix::io::Errno;

/// Makes SIGCHLD readable, and ignores the signals that a terminal or a service manager sends to every process of the
/// server: the server is to finish its work, so its workers must outlive them. Workers inherit the deafness.
pub(super) fn listen_for_children() -> io::Result<OwnedFd> {
    for signal in [
        libc::SIGINT,
        libc::SIGTERM,
        libc::SIGHUP,
        libc::SIGQUIT,
        libc::SIGUSR1,
        libc::SIGUSR2,
        libc::SIGPIPE,
    ] {
        // SAFETY: SIG_IGN is a valid disposition and no handler is replaced that anything relies on.
        unsafe { libc::signal(signal, libc::SIG_IGN) };
    }
    let mut set = MaybeUninit::uninit();
    // SAFETY: sigemptyset initialises the set, which the later calls read; the signalfd is new and owned by nobody else.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        libc::sigaddset(set.as_mut_ptr(), libc::SIGCHLD);
        if libc::sigprocmask(libc::SIG_BLOCK, set.as_ptr(), ptr::null_mut()) != 0 {
            return Err(io::Error::last_os_error());
        }
        match libc::signalfd(-1, set.as_ptr(), libc::SFD_CLOEXEC | libc::SFD_NONBLOCK) {
            -1 => Err(io::Error::last_os_error()),
            fd => Ok(OwnedFd::from_raw_fd(fd)),
        }
    }
}

/// Takes what is waiting. Several children's ends may stand behind one signal, so the caller reaps until none is left.
pub(super) fn drain(signals: &OwnedFd) -> io::Result<()> {
    let mut bytes = [0u8; 1024];
    loop {
        match rustix::io::read(signals, &mut bytes) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
}

/// Lets a worker receive every signal again; what the spawner ignores stays ignored.
pub(crate) fn unblock_all() {
    let mut set = MaybeUninit::uninit();
    // SAFETY: sigemptyset initialises the set before it is read.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        libc::sigprocmask(libc::SIG_SETMASK, set.as_ptr(), ptr::null_mut());
    }
}
