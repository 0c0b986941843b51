//! Starting the spawner process.

use std::{
    io,
    os::{fd::OwnedFd, unix::process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
};

use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use tokio::sync::oneshot;

use crate::Mode;

/// The word that makes the binary a spawner.
const SUBCOMMAND: &str = "sandbox-spawner";
const THREAD_STACK_BYTES: usize = 128 << 10;

/// A running spawner that has not been told what to do yet.
#[derive(Debug)]
pub struct Spawner {
    pub(super) control: OwnedFd,
    pub(super) pid: u32,
    pub(super) program: PathBuf,
    pub(super) mode: Mode,
    /// How the process ended, once it has been reaped.
    pub(super) exited: oneshot::Receiver<String>,
}

/// Starts the spawner as a copy of the running program. To be called first in `serve`, while the process is small.
///
/// # Errors
/// Those of starting a process; `/proc` must be mounted.
pub fn launch(mode: Mode) -> io::Result<Spawner> {
    launch_program(Path::new("/proc/self/exe"), mode)
}

/// Starts the spawner from another program that calls [`spawner_main`](crate::spawner_main) for its first argument
/// `sandbox-spawner`: for tests whose own binary does not.
///
/// # Errors
/// Those of starting a process.
pub fn launch_program(program: &Path, mode: Mode) -> io::Result<Spawner> {
    let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
    rustix::io::ioctl_fionbio(&ours, true)?;
    let (started, start) = mpsc::channel();
    let (ended, exited) = oneshot::channel();
    let path = program.to_path_buf();
    // The kernel kills the spawner when the thread that started it ends (PR_SET_PDEATHSIG counts threads), so that
    // thread must be one that stays: it waits for the spawner's end and reaps it.
    thread::Builder::new().name("sandbox-spawner".to_owned()).stack_size(THREAD_STACK_BYTES).spawn(
        move || match start_process(&path, theirs) {
            Ok(mut child) => {
                let _ = started.send(Ok(child.id()));
                let _ = ended.send(match child.wait() {
                    Ok(status) => status.to_string(),
                    Err(error) => error.to_string(),
                });
            }
            Err(error) => {
                let _ = started.send(Err(error));
            }
        },
    )?;
    let pid = start.recv().map_err(io::Error::other)??;
    Ok(Spawner { control: ours, pid, program: program.to_path_buf(), mode, exited })
}

/// Nothing of the server goes along: no environment, no descriptor but the socket (Rust's are all closed on exec, and
/// the spawner closes what was inherited), no signal of the terminal.
fn start_process(program: &Path, control: OwnedFd) -> io::Result<Child> {
    Command::new(program)
        .arg0("tintype")
        .arg(SUBCOMMAND)
        .env_clear()
        .stdin(Stdio::from(control))
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .process_group(0)
        .spawn()
}
