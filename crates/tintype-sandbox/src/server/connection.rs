//! The conversation with one spawner.

use std::{
    collections::VecDeque,
    io,
    os::fd::{AsFd, OwnedFd},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, unix::AsyncFd},
    net::UnixStream,
    select,
    sync::{mpsc, oneshot},
    time::{sleep, timeout},
};
use tracing::{debug, error, warn};

use super::{
    pool::{Live, Pool},
    supervise::Order,
    worker::Worker,
};
use crate::{
    message,
    wire::{
        control::{CONTROL_MAX, Command, Event, Exit},
        ready::{self, READY_LEN},
    },
};

/// How long a new worker may take to confine itself.
const CONFINE_WAIT: Duration = Duration::from_secs(10);
/// Pause before a spare that died without a job is replaced.
const REPLACE_PAUSE: Duration = Duration::from_millis(100);
/// The same while workers cannot be made, so that trying costs next to nothing.
const BROKEN_PAUSE: Duration = Duration::from_secs(5);

/// Why the conversation ended.
pub(super) enum End {
    /// The server wants no more.
    Stopped,
    /// The spawner is gone.
    Lost(String),
}

/// Sends what is ordered and takes in what is reported, until either side ends.
pub(super) async fn converse(
    pool: &Arc<Pool>,
    control: &AsyncFd<OwnedFd>,
    orders: &mut mpsc::UnboundedReceiver<Order>,
    first: &[Command],
) -> End {
    let mut unsent: VecDeque<Vec<u8>> = first.iter().map(Command::encode).collect();
    loop {
        select! {
            order = orders.recv() => match order {
                Some(Order::Say(command)) => unsent.push_back(command.encode()),
                Some(Order::Stop) | None => return End::Stopped,
            },
            ready = control.readable() => {
                let Ok(mut ready) = ready else { return End::Lost("its socket cannot be watched".to_owned()) };
                match ready.try_io(|control| receive(control.get_ref())) {
                    Ok(Ok(Some((event, descriptor)))) => take_in(pool, event, descriptor),
                    Ok(Ok(None)) => return End::Lost("it closed its socket".to_owned()),
                    Ok(Err(error)) => return End::Lost(error.to_string()),
                    Err(_would_block) => {}
                }
            }
            ready = control.writable(), if !unsent.is_empty() => {
                let Ok(mut ready) = ready else { return End::Lost("its socket cannot be watched".to_owned()) };
                let Some(next) = unsent.front() else { continue };
                match ready.try_io(|control| message::send(control.get_ref().as_fd(), next, &[])) {
                    Ok(Ok(_)) => drop(unsent.pop_front()),
                    Ok(Err(error)) => return End::Lost(error.to_string()),
                    Err(_would_block) => {}
                }
            }
        }
    }
}

fn receive(control: &OwnedFd) -> io::Result<Option<(Event, Option<OwnedFd>)>> {
    let (mut bytes, mut descriptors) = ([0; CONTROL_MAX], Vec::new());
    match message::receive(control.as_fd(), &mut bytes, &mut descriptors)? {
        0 => Ok(None),
        len => Ok(Some((Event::parse(&bytes[..len]).map_err(io::Error::other)?, descriptors.pop()))),
    }
}

fn take_in(pool: &Arc<Pool>, event: Event, descriptor: Option<OwnedFd>) {
    match event {
        Event::Forked { id, pid } => {
            pool.board.workers_started.fetch_add(1, Ordering::Relaxed);
            let (exited, exit) = oneshot::channel();
            pool.live().insert(id, Live { pid, exited, taken: false, permit: None });
            let Some(socket) = descriptor.and_then(|socket| into_stream(socket).ok()) else {
                error!(worker.pid = pid, "a new worker came without its socket");
                return;
            };
            let worker = Worker { id, pid, socket, exit, orders: pool.orders.clone() };
            tokio::spawn(greet(Arc::clone(pool), worker));
        }
        Event::Exited(exit) => take_leave(pool, exit),
        Event::ForkFailed { errno } => {
            let why = format!("a worker cannot be forked: {}", io::Error::from_raw_os_error(errno));
            error!(error = why, "sandbox: no new worker");
            pool.board.set_broken(why);
            replace_later(pool, BROKEN_PAUSE);
        }
    }
}

fn into_stream(socket: OwnedFd) -> io::Result<UnixStream> {
    let socket = std::os::unix::net::UnixStream::from(socket);
    socket.set_nonblocking(true)?;
    UnixStream::from_std(socket)
}

/// Reads a new worker's report, and adds it to the spares where it is confined enough.
async fn greet(pool: Arc<Pool>, mut worker: Worker) {
    let mut bytes = [0; READY_LEN];
    let report = match timeout(CONFINE_WAIT, worker.socket.read_exact(&mut bytes)).await {
        Ok(Ok(_)) => ready::parse(&bytes),
        // It ended first, which its exit says, or it hangs, and dropping it kills it.
        Ok(Err(_)) | Err(_) => return,
    };
    match report {
        Ok(Ok(layers)) => {
            if pool.board.admit(layers, pool.options.mode) {
                let _ = pool.ready_sender.send(worker);
            } else if let Some(entry) = pool.live().get_mut(&worker.id) {
                // Another one would not be better confined.
                entry.taken = true;
            }
        }
        Ok(Err(fault)) => {
            let error = io::Error::from_raw_os_error(fault.errno);
            let why = format!("a worker could not {}: {error}", fault.step.what());
            error!(worker.pid, error = why, "sandbox: a worker could not be confined");
            pool.board.set_broken(why);
        }
        Err(malformed) => error!(worker.pid, error = %malformed, "sandbox: a worker's report cannot be read"),
    }
}

fn take_leave(pool: &Arc<Pool>, exit: Exit) {
    let Some(Live { pid, exited, taken, permit }) = pool.live().remove(&exit.id) else { return };
    let Exit { signal, status, cpu_us, resident_kib, .. } = exit;
    debug!(
        worker.pid = pid,
        worker.signal = signal,
        worker.status = status,
        worker.cpu_us = cpu_us,
        worker.resident_kib = resident_kib,
        "worker ended"
    );
    if signal == libc::SIGSYS {
        pool.board.forbidden_calls.fetch_add(1, Ordering::Relaxed);
        warn!(worker.pid = pid, "a worker was ended for a system call that is not allowed");
    }
    let _ = exited.send(exit);
    drop(permit);
    if !taken {
        warn!(
            worker.pid = pid,
            worker.signal = signal,
            worker.status = status,
            "a spare worker died without a job"
        );
        replace_later(pool, if pool.board.is_broken() { BROKEN_PAUSE } else { REPLACE_PAUSE });
    }
}

fn replace_later(pool: &Arc<Pool>, pause: Duration) {
    let pool = Arc::clone(pool);
    tokio::spawn(async move {
        sleep(pause).await;
        pool.order(Command::Fork(1));
    });
}
