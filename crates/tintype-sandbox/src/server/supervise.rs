//! Keeps a spawner running: talks to it, and starts another when it is lost.

use std::{io, os::fd::OwnedFd, sync::Arc, time::Duration};

use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    io::unix::AsyncFd,
    sync::{mpsc, oneshot, watch},
    task::spawn_blocking,
    time::{Instant, sleep, timeout},
};
use tracing::{error, info, warn};

use super::{
    connection::{End, converse},
    launch::{Spawner, launch_program},
    pool::Pool,
};
use crate::{
    Mode, Options,
    wire::control::{Command, Settings},
};

/// A spawner that lived this long was no failure of starting it.
const STEADY: Duration = Duration::from_secs(10);
const PAUSE_MIN: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// How long a spawner may take to end its workers and itself.
const END_WAIT: Duration = Duration::from_secs(5);

/// What the rest of the server wants of the supervisor.
pub(super) enum Order {
    /// Tell the spawner.
    Say(Command),
    /// End the spawner and all workers.
    Stop,
}

/// A spawner whose socket is watched by the runtime.
pub(super) struct Watched {
    control: AsyncFd<OwnedFd>,
    exited: oneshot::Receiver<String>,
    pid: u32,
}

impl Watched {
    /// Registers a spawner with the runtime.
    ///
    /// # Errors
    /// Where the runtime refuses its socket.
    pub(super) fn new(spawner: Spawner) -> io::Result<Self> {
        // SAFETY: the registration owns the descriptor, which nothing replaces or closes before it.
        let control = unsafe { AsyncFd::register(spawner.control) }?;
        Ok(Self { control, exited: spawner.exited, pid: spawner.pid })
    }

    /// Closes the socket, which tells the spawner to end, and waits until it was reaped.
    async fn end(self) -> String {
        drop(self.control);
        let mut exited = self.exited;
        if let Ok(status) = timeout(END_WAIT, &mut exited).await {
            return status.unwrap_or_default();
        }
        // Not reaped, so the process id is still its own.
        if let Some(pid) = i32::try_from(self.pid).ok().and_then(Pid::from_raw) {
            let _ = kill_process(pid, Signal::KILL);
        }
        exited.await.unwrap_or_default()
    }
}

/// Runs until [`Order::Stop`]; then `stopped` becomes true.
pub(super) async fn supervise(
    pool: Arc<Pool>,
    program: std::path::PathBuf,
    mut spawner: Watched,
    mut orders: mpsc::UnboundedReceiver<Order>,
    stopped: watch::Sender<bool>,
) {
    let mut pause = PAUSE_MIN;
    for generation in 0u64.. {
        let since = Instant::now();
        let spares = u32::try_from(pool.options.spares.max(1)).unwrap_or(u32::MAX);
        // Worker numbers of different spawners never meet.
        let first = [Command::Configure(settings(&pool.options, generation << 32)), Command::Fork(spares)];
        let end = converse(&pool, &spawner.control, &mut orders, &first).await;
        if matches!(end, End::Stopped) {
            pool.board.close();
        }
        let status = spawner.end().await;
        // All workers died with it: their jobs learn that by the loss of these entries.
        pool.live().clear();
        let End::Lost(why) = end else { break };
        warn!(spawner.status = status, error = why, "sandbox: the spawner is gone; starting another");
        pause = if since.elapsed() > STEADY { PAUSE_MIN } else { (pause * 2).min(PAUSE_MAX) };
        let Some(next) = restart(&pool, &program, &mut orders, pause).await else { break };
        spawner = next;
    }
    stopped.send_replace(true);
}

/// Starts a spawner, as often as it takes; `None` where a stop was ordered meanwhile.
async fn restart(
    pool: &Pool,
    program: &std::path::Path,
    orders: &mut mpsc::UnboundedReceiver<Order>,
    mut pause: Duration,
) -> Option<Watched> {
    loop {
        sleep(pause).await;
        // Orders to the spawner that is gone mean nothing to the next.
        while let Ok(order) = orders.try_recv() {
            if matches!(order, Order::Stop) {
                pool.board.close();
                return None;
            }
        }
        let (path, mode) = (program.to_path_buf(), pool.options.mode);
        let started = match spawn_blocking(move || launch_program(&path, mode)).await {
            Ok(Ok(spawner)) => Watched::new(spawner),
            Ok(Err(error)) => Err(error),
            Err(error) => Err(io::Error::other(error)),
        };
        match started {
            Ok(spawner) => {
                info!(spawner.pid, "sandbox: another spawner runs");
                return Some(spawner);
            }
            Err(error) => {
                error!(%error, "sandbox: the spawner cannot be started");
                pool.board.set_broken(format!("the spawner cannot be started: {error}"));
                pause = (pause * 2).min(PAUSE_MAX);
            }
        }
    }
}

fn settings(options: &Options, first_id: u64) -> Settings {
    let confined = options.mode != Mode::Off;
    #[cfg(feature = "testing")]
    let (landlock, seccomp) = (!options.pretend_missing.landlock, !options.pretend_missing.seccomp);
    #[cfg(not(feature = "testing"))]
    let (landlock, seccomp) = (true, true);
    Settings {
        landlock: confined && landlock,
        seccomp: confined && seccomp,
        memory_max: options.memory_max,
        output_max: options.output_max,
        cpu_seconds: cpu_seconds(options),
        first_id,
    }
}

/// Processor time of a worker: no job can honestly use more than its deadline, as a worker has one thread.
pub(super) fn cpu_seconds(options: &Options) -> u64 {
    options.inspect_deadline.max(options.render_deadline).as_secs() + 1
}
