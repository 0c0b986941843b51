//! What a worker gives up before its first byte of work.

use std::{
    fs, io,
    os::{
        fd::{FromRawFd, IntoRawFd, OwnedFd},
        linux::fs::MetadataExt,
    },
};

use rustix::{
    fs::{Gid, Uid},
    process::{
        DumpableBehavior, Pid, Resource, Rlimit, Signal, chdir, geteuid, getppid, getrlimit,
        set_dumpable_behavior, set_parent_process_death_signal, setrlimit,
    },
    thread::{set_no_new_privs, set_thread_groups, set_thread_res_gid, set_thread_res_uid},
};

use super::{Prepared, seccomp};
use crate::{
    spawner::fork::close_from,
    wire::{
        control::Settings,
        ready::{Fault, Layers, Ready, Step},
    },
};

/// The user and group called nobody and nogroup by custom: the kernel's own overflow ids.
const NOBODY: u32 = 65_534;
/// The worker's one descriptor beside 0 to 2, which are nothing: a stray write to one of them must not meet another file.
const SOCKET: i32 = 3;
/// Stack of a worker in bytes.
const STACK_MAX: u64 = 8 << 20;

/// Confines this process. The order matters: what needs a privilege comes before the privilege is given up, and the
/// list of system calls comes last.
pub(super) fn confine(
    socket: OwnedFd,
    settings: &Settings,
    prepared: &mut Prepared,
    spawner: Pid,
) -> (OwnedFd, Ready) {
    // So that a machine out of memory takes a worker and not the server; where it is refused, the kernel picks by size.
    let _ = fs::write("/proc/self/oom_score_adj", "1000");
    if let Err(fault) = step(Step::SingleThread, single_thread()) {
        return (socket, Err(fault));
    }
    let mut layers = Layers::default();
    if step(Step::Privileges, set_no_new_privs(true).map_err(io::Error::from)).is_ok()
        && let Some(ruleset) = prepared.landlock.take()
    {
        layers.landlock_abi = ruleset.enforce();
    }
    let Ok(socket) = keep_only(socket) else {
        // Without its socket the worker cannot report; the server sees it end.
        // SAFETY: ends the process at once.
        unsafe { libc::_exit(3) }
    };
    let report = give_up(settings, spawner, &mut layers).map(|()| {
        layers.seccomp = prepared.seccomp && seccomp::enforce();
        layers
    });
    (socket, report)
}

fn give_up(settings: &Settings, spawner: Pid, layers: &mut Layers) -> Result<(), Fault> {
    step(Step::Folder, chdir("/").map_err(io::Error::from))?;
    step(Step::User, become_nobody(layers))?;
    step(Step::Limits, limit(settings))?;
    // After the change of user, which resets it.
    step(Step::Parent, set_parent_process_death_signal(Some(Signal::KILL)).map_err(io::Error::from))?;
    if getppid() != Some(spawner) {
        // It died before the line above could tell the kernel to take this process along. Nothing is wrong here.
        // SAFETY: ends the process at once.
        unsafe { libc::_exit(0) }
    }
    step(Step::Privileges, set_no_new_privs(true).map_err(io::Error::from))?;
    step(Step::Privileges, set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(io::Error::from))
}

fn step<T>(step: Step, outcome: io::Result<T>) -> Result<T, Fault> {
    outcome.map_err(|error| Fault { step, errno: error.raw_os_error().unwrap_or(0) })
}

/// Makes sure that this process has one thread. A folder of procfs has two links and one for each entry: a thread here.
pub(crate) fn single_thread() -> io::Result<()> {
    match fs::metadata("/proc/self/task")?.st_nlink() {
        3 => Ok(()),
        links => Err(io::Error::other(format!("{} threads", links.saturating_sub(2)))),
    }
}

fn keep_only(socket: OwnedFd) -> io::Result<OwnedFd> {
    // 0 is nothing already; 2 is the server's own error stream, which is not for workers to write to.
    rustix::stdio::dup2_stdout(io::stdin())?;
    rustix::stdio::dup2_stderr(io::stdin())?;
    let from = socket.into_raw_fd();
    if from != SOCKET {
        // SAFETY: both are descriptors of this process; whatever stood at SOCKET belongs to the spawner's copied state,
        // which this process never uses again.
        if unsafe { libc::dup2(from, SOCKET) } < 0 {
            return Err(io::Error::last_os_error());
        }
    }
    close_from(SOCKET + 1)?;
    // SAFETY: the descriptor is open and this is its only owner.
    Ok(unsafe { OwnedFd::from_raw_fd(SOCKET) })
}

/// Where the process is root, it becomes nobody. A container may forbid that, and then root has little left to give up:
/// the other layers hold.
fn become_nobody(layers: &mut Layers) -> io::Result<()> {
    if !geteuid().is_root() {
        return Ok(());
    }
    let (user, group) = (Uid::from_raw(NOBODY), Gid::from_raw(NOBODY));
    let change = || {
        set_thread_groups(&[])?;
        set_thread_res_gid(group, group, group)?;
        set_thread_res_uid(user, user, user)
    };
    match change() {
        Ok(()) => layers.nobody = true,
        Err(rustix::io::Errno::PERM | rustix::io::Errno::INVAL) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

fn limit(settings: &Settings) -> io::Result<()> {
    for (resource, most) in [
        (Resource::As, settings.memory_max),
        (Resource::Fsize, settings.output_max),
        (Resource::Stack, STACK_MAX),
        (Resource::Nofile, 16),
        (Resource::Nproc, 0),
        (Resource::Core, 0),
    ] {
        lower(resource, most, most)?;
    }
    // The first gives SIGXCPU, which says what happened; the second kills who does not listen.
    lower(Resource::Cpu, settings.cpu_seconds, settings.cpu_seconds + 1)
}

/// Lowers a limit; one that is lower already stays.
fn lower(resource: Resource, soft: u64, hard: u64) -> io::Result<()> {
    let there = getrlimit(resource);
    let least = |wanted: u64| Some(there.maximum.map_or(wanted, |there| there.min(wanted)));
    Ok(setrlimit(resource, Rlimit { current: least(soft), maximum: least(hard) })?)
}
