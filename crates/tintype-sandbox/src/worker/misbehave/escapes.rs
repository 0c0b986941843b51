//! Ways out that a worker may try. Under seccomp each ends it; under Landlock alone those that reach outside fail.

use std::{
    ffi::{c_char, c_long},
    fs, io,
    net::TcpStream,
    os::fd::{AsFd, AsRawFd, OwnedFd},
    process::Command,
    ptr,
};

use super::verdict;
use crate::{message, wire::reply::Reply};

const NAME: *const c_char = c"/tmp/tintype-escape".as_ptr();
const OUTSIDE: *const c_char = c"/etc/passwd".as_ptr();

/// Tries `name` and tells how it went.
pub(super) fn attempt(name: &str, socket: &OwnedFd, descriptors: &[OwnedFd]) -> Reply {
    let outcome = match name {
        "open" => fs::File::open("/etc/passwd").map(drop),
        "create" => fs::write("/tmp/tintype-escape", b"escaped"),
        "list" => fs::read_dir("/").map(drop),
        "connect" => connect(),
        "exec" => Command::new("/bin/true").status().map(drop),
        "thread" => std::thread::Builder::new().spawn(|| ()).map(drop),
        "leak-fd" => message::send(socket.as_fd(), b"\x02\0\0\0hi", &[descriptors[0].as_fd()]).map(drop),
        "write-input" => write_input(&descriptors[0]),
        "grow-output" => grow_output(descriptors),
        other => match raw_call(other, descriptors) {
            Some(-1) => Err(io::Error::last_os_error()),
            Some(_) => Ok(()),
            None => return Reply::Failed(format!("there is no misbehaviour called {other}")),
        },
    };
    verdict(name, outcome)
}

/// A refused connection is an escape too: the request went out.
fn connect() -> io::Result<()> {
    match TcpStream::connect("127.0.0.1:1") {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(()),
        other => other.map(drop),
    }
}

/// Maps the input to be written, which needs a descriptor that is open for writing.
fn write_input(input: &OwnedFd) -> io::Result<()> {
    // SAFETY: a new mapping at an address of the kernel's choice, written only where it was granted.
    unsafe {
        let flags = libc::PROT_READ | libc::PROT_WRITE;
        let start = libc::mmap(ptr::null_mut(), 4096, flags, libc::MAP_SHARED, input.as_raw_fd(), 0);
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        start.cast::<u8>().write_volatile(b'!');
    }
    Ok(())
}

/// Writes past the output's end.
fn grow_output(descriptors: &[OwnedFd]) -> io::Result<()> {
    let output = descriptors.get(1).ok_or_else(|| io::Error::other("no output"))?;
    rustix::io::pwrite(output, b"escaped", 1 << 40).map(drop).map_err(io::Error::from)
}

/// A system call that decoding does not need; `None` where `name` names none.
fn raw_call(name: &str, descriptors: &[OwnedFd]) -> Option<c_long> {
    let fd = c_long::from(descriptors[0].as_raw_fd());
    let null = ptr::null::<u8>();
    let call = |number: c_long, arguments: [c_long; 5]| {
        let [a, b, c, d, e] = arguments;
        // SAFETY: pointers among the arguments are null or to static text; what the call does is meant to be refused.
        unsafe { libc::syscall(number, a, b, c, d, e) }
    };
    // SAFETY: asks for a number.
    let parent = c_long::from(unsafe { libc::getppid() });
    let (name_at, outside_at, null_at) = (NAME as c_long, OUTSIDE as c_long, null as c_long);
    let here = c_long::from(libc::AT_FDCWD);
    Some(match name {
        "fork" => call(libc::SYS_clone, [c_long::from(libc::SIGCHLD), 0, 0, 0, 0]),
        "vfork" => call(
            libc::SYS_clone,
            [c_long::from(libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD), 0, 0, 0, 0],
        ),
        "clone3" => call(libc::SYS_clone3, [null_at, 88, 0, 0, 0]),
        "execveat" => call(libc::SYS_execveat, [fd, c"".as_ptr() as c_long, 0, 0, 0x1000]),
        "stat" => call(libc::SYS_statx, [here, outside_at, 0, 0, null_at]),
        "access" => call(libc::SYS_faccessat, [here, outside_at, 0, 0, 0]),
        "readlink" => call(libc::SYS_readlinkat, [here, c"/proc/self/exe".as_ptr() as c_long, 0, 0, 0]),
        "unlink" => call(libc::SYS_unlinkat, [here, name_at, 0, 0, 0]),
        "symlink" => call(libc::SYS_symlinkat, [outside_at, here, name_at, 0, 0]),
        "link" => call(libc::SYS_linkat, [here, outside_at, here, name_at, 0]),
        "rename" => call(libc::SYS_renameat2, [here, outside_at, here, name_at, 0]),
        "mkdir" => call(libc::SYS_mkdirat, [here, name_at, 0o777, 0, 0]),
        "chmod" => call(libc::SYS_fchmodat, [here, outside_at, 0o777, 0, 0]),
        "truncate-input" => call(libc::SYS_ftruncate, [fd, 0, 0, 0, 0]),
        "ioctl" => call(libc::SYS_ioctl, [fd, 0x5401, null_at, 0, 0]),
        "socket" => call(libc::SYS_socket, [c_long::from(libc::AF_INET), 1, 0, 0, 0]),
        "unix-socket" => call(libc::SYS_socket, [c_long::from(libc::AF_UNIX), 1, 0, 0, 0]),
        "netlink" => call(libc::SYS_socket, [c_long::from(libc::AF_NETLINK), 3, 0, 0, 0]),
        "ptrace" => call(libc::SYS_ptrace, [16, parent, 0, 0, 0]),
        "process-vm-read" => call(libc::SYS_process_vm_readv, [parent, null_at, 0, null_at, 0]),
        "pidfd" => call(libc::SYS_pidfd_open, [parent, 0, 0, 0, 0]),
        "kill-parent" => call(libc::SYS_kill, [parent, 9, 0, 0, 0]),
        "kill-all" => call(libc::SYS_kill, [-1, 9, 0, 0, 0]),
        "tgkill-parent" => call(libc::SYS_tgkill, [parent, parent, 9, 0, 0]),
        "io-uring" => call(libc::SYS_io_uring_setup, [1, null_at, 0, 0, 0]),
        "bpf" => call(libc::SYS_bpf, [0, null_at, 0, 0, 0]),
        "perf" => call(libc::SYS_perf_event_open, [null_at, 0, -1, -1, 0]),
        "userfaultfd" => call(libc::SYS_userfaultfd, [0, 0, 0, 0, 0]),
        "keyctl" => call(libc::SYS_keyctl, [0, -3, 1, 0, 0]),
        "unshare" => call(libc::SYS_unshare, [c_long::from(libc::CLONE_NEWUSER), 0, 0, 0, 0]),
        "mount" => call(libc::SYS_mount, [null_at, name_at, null_at, 0, 0]),
        "chroot" => call(libc::SYS_chroot, [name_at, 0, 0, 0, 0]),
        "setuid" => call(libc::SYS_setuid, [0, 0, 0, 0, 0]),
        "prlimit" => call(libc::SYS_prlimit64, [parent, 7, null_at, null_at, 0]),
        "prctl" => call(libc::SYS_prctl, [4, 1, 0, 0, 0]),
        "memfd" => call(libc::SYS_memfd_create, [name_at, 0, 0, 0, 0]),
        "code-mmap" => call(libc::SYS_mmap, [0, 4096, 5, 0x22, -1]),
        "code-mprotect" => call(libc::SYS_mprotect, [(NAME as c_long) & !4095, 4096, 5, 0, 0]),
        "personality" => call(libc::SYS_personality, [0xffff_ffff, 0, 0, 0, 0]),
        "shm" => call(libc::SYS_shmget, [0, 4096, 0o1777, 0, 0]),
        _ => return None,
    })
}
