//! Workers that attack on command, for tests: the input says how. Compiled under the feature `testing` alone.

mod escapes;

use std::{
    hint, io,
    os::fd::{AsRawFd, OwnedFd},
    ptr,
    time::{Duration, Instant},
};

use tintype_types::{Inspection, MediaType, Span, SpanPlan};

use crate::wire::reply::Reply;

/// What an input begins with that is a command.
const PREFIX: &[u8] = b"TINTYPE-MISBEHAVE:";

/// Does what the input asks for; `None` where it is an ordinary file. A reply, where one comes back, is sent as usual.
pub(super) fn on_command(input: &[u8], socket: &OwnedFd, descriptors: &[OwnedFd]) -> Option<Reply> {
    let command = std::str::from_utf8(input.strip_prefix(PREFIX)?).ok()?.trim();
    let len = input.len() as u64;
    Some(match command {
        "crash" => crash(),
        "abort" => std::process::abort(),
        "panic" => panic!("on command\nforged: line"),
        "overflow" => Reply::Failed(overflow(1).to_string()),
        "loop" => spin(),
        "deaf-loop" => deaf_spin(),
        "slow" => slow(len),
        "hold" => hold(socket, 10 << 20, len),
        "hold-twice" => {
            super::wait_for_leave(socket, 10 << 20);
            hold(socket, 10 << 20, len)
        }
        "hold-all" => hold(socket, 1 << 40, len),
        "allocate" => allocate(100 << 30),
        "eat" => eat(),
        "killed" => kill_self(),
        "silence" => exit(0),
        "hang-up" => hang_up(socket),
        "nonsense" => raw(socket, &[5, 0, 0, 0, 99, 1, 2, 3, 4]),
        "garbage-length" => raw(socket, &[0xff; 64]),
        "empty-reply" => raw(socket, &[0; 4]),
        "half-reply" => raw(socket, &[100, 0, 0, 0, 1, 2, 3]),
        "trailing" => raw(socket, &[honest(len).encode(), b"and more".to_vec()].concat()),
        "other-kind" => Reply::Rendered { len: 10, width: 1, height: 1 },
        "bad-plan" => Reply::Inspected(Inspection { plan: SpanPlan::whole(len + 1), ..inspection(len) }),
        "huge" => Reply::Inspected(Inspection { width: u32::MAX, height: u32::MAX, ..inspection(len) }),
        "backwards" => {
            let keep = |offset| Span::Keep { offset, len: 5 };
            Reply::Inspected(Inspection { plan: SpanPlan(vec![keep(9), keep(3)]), ..inspection(len) })
        }
        "empty-output" => Reply::Rendered { len: 10, width: 1, height: 1 },
        "long-output" => Reply::Rendered { len: u64::MAX, width: 1, height: 1 },
        other => escapes::attempt(other, socket, descriptors),
    })
}

fn inspection(len: u64) -> Inspection {
    Inspection {
        media_type: MediaType::Png,
        width: 3,
        height: 2,
        frames: 1,
        orientation: 1,
        has_alpha: false,
        thumbhash: vec![1; 8],
        colour: 0,
        plan: SpanPlan::whole(len),
    }
}

fn honest(len: u64) -> Reply {
    Reply::Inspected(inspection(len))
}

fn crash() -> Reply {
    // SAFETY: none; the fault is the point, and ends the process.
    unsafe { ptr::write_volatile(ptr::without_provenance_mut::<u8>(8), 1) };
    Reply::Failed("escaped: crash".to_owned())
}

fn overflow(depth: u64) -> u64 {
    let block = hint::black_box([depth; 128]);
    if hint::black_box(true) { overflow(depth + 1) + block[7] } else { 0 }
}

fn spin() -> ! {
    loop {
        hint::spin_loop();
    }
}

/// Loops with the signal blocked that says that processor time is up.
fn deaf_spin() -> ! {
    // SAFETY: a filled set of the right type, live for the call.
    unsafe {
        let mut set = std::mem::zeroed();
        libc::sigfillset(&raw mut set);
        libc::sigprocmask(libc::SIG_BLOCK, &raw const set, ptr::null_mut());
    }
    spin()
}

fn slow(len: u64) -> Reply {
    let until = Instant::now() + Duration::from_millis(400);
    while Instant::now() < until {
        hint::spin_loop();
    }
    honest(len)
}

/// Asks for memory as a large picture does, and works for a while.
fn hold(socket: &OwnedFd, bytes: u64, len: u64) -> Reply {
    super::wait_for_leave(socket, bytes);
    slow(len)
}

fn allocate(bytes: usize) -> Reply {
    let memory = hint::black_box(vec![1u8; bytes]);
    Reply::Failed(format!("escaped: {} bytes", memory.len()))
}

fn eat() -> Reply {
    let mut eaten = Vec::new();
    loop {
        eaten.push(hint::black_box(vec![1u8; 16 << 20]));
    }
}

/// Ends as a process does that the kernel kills for memory: by SIGKILL that the server did not send.
fn kill_self() -> Reply {
    // SAFETY: signals this process alone.
    unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), libc::gettid(), libc::SIGKILL) };
    Reply::Failed("escaped: killed".to_owned())
}

fn exit(status: i32) -> ! {
    // SAFETY: ends the process at once.
    unsafe { libc::_exit(status) }
}

fn hang_up(socket: &OwnedFd) -> ! {
    // SAFETY: the process never uses the socket again.
    unsafe { libc::close(socket.as_raw_fd()) };
    spin()
}

/// Sends bytes of its own making instead of a reply, and ends.
fn raw(socket: &OwnedFd, bytes: &[u8]) -> ! {
    let sent = rustix::io::write(socket, bytes);
    exit(if sent.is_ok() { 0 } else { 9 })
}

/// Tells the outcome of something that must fail.
fn verdict(name: &str, outcome: io::Result<()>) -> Reply {
    Reply::Failed(match outcome {
        Ok(()) => format!("escaped: {name}"),
        Err(error) => format!("denied: {name}: {error}"),
    })
}
