//! The spawner: a tiny process with one thread that forks workers ahead of need, reaps them and says how they ended.
//!
//! It was executed anew, so it holds nothing of the server's memory, and forking it copies little. It reads nothing that
//! a stranger sent: workers talk to the server over sockets of their own, and it cannot be reached from them.

pub(crate) mod fork;
mod signals;

use std::{
    collections::HashMap,
    io,
    os::fd::{AsFd, OwnedFd},
    process::exit,
};

use rustix::{
    event::{PollFd, PollFlags, poll},
    io::Errno,
    net::{SocketType, sockopt::socket_type},
    process::{Pid, Signal, kill_process, set_parent_process_death_signal},
};

use crate::{
    message,
    wire::control::{CONTROL_MAX, Command, Event, Exit, Settings},
    worker::{Prepared, warm_up},
};

/// What the binary runs for its hidden subcommand `sandbox-spawner`, before any thread exists. Never returns.
///
/// The server's socket is its standard input. Run by hand it says what it is for and exits with status 2.
pub fn spawner_main() -> ! {
    let status = match take_over_stdin().and_then(|control| Spawner::start(control)?.run()) {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("tintype sandbox-spawner: {error}");
            2
        }
    };
    exit(status)
}

/// Takes the server's socket from standard input, which becomes what standard output is: nothing.
fn take_over_stdin() -> io::Result<OwnedFd> {
    let stdin = io::stdin();
    if !socket_type(&stdin).is_ok_and(|kind| kind == SocketType::SEQPACKET) {
        return Err(io::Error::other("this command is run by `tintype serve`, not by hand"));
    }
    set_parent_process_death_signal(Some(Signal::KILL))?;
    // Whatever the server inherited and passed on, such as sockets of a service manager, must not reach a worker.
    fork::close_from(3)?;
    let control = rustix::io::fcntl_dupfd_cloexec(&stdin, 3)?;
    rustix::stdio::dup2_stdin(io::stdout())?;
    Ok(control)
}

struct Spawner {
    control: OwnedFd,
    signals: OwnedFd,
    settings: Option<Settings>,
    prepared: Prepared,
    /// Workers that were not reaped yet, by process id.
    workers: HashMap<i32, u64>,
    next_id: u64,
}

impl Spawner {
    fn start(control: OwnedFd) -> io::Result<Self> {
        let _ = rustix::thread::set_name(c"tintype-spawner");
        let signals = signals::listen_for_children()?;
        Ok(Self {
            control,
            signals,
            settings: None,
            prepared: Prepared::default(),
            workers: HashMap::new(),
            next_id: 0,
        })
    }

    /// Serves until the server is gone, then takes every worker along.
    fn run(mut self) -> io::Result<()> {
        let outcome = self.serve();
        for pid in self.workers.keys().copied().filter_map(Pid::from_raw) {
            let _ = kill_process(pid, Signal::KILL);
        }
        while fork::reap(true)?.is_some() {}
        match outcome {
            // The server went while it was being told something.
            Err(error)
                if matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset) =>
            {
                Ok(())
            }
            outcome => outcome,
        }
    }

    fn serve(&mut self) -> io::Result<()> {
        loop {
            let mut watched =
                [PollFd::new(&self.control, PollFlags::IN), PollFd::new(&self.signals, PollFlags::IN)];
            match poll(&mut watched, None) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            let [control, children] = [&watched[0], &watched[1]].map(|watched| !watched.revents().is_empty());
            // Ends first, so that a number that the server still holds is reported before anything new.
            if children {
                signals::drain(&self.signals)?;
                while let Some((pid, exit)) = fork::reap(false)? {
                    self.report_exit(pid, exit)?;
                }
            }
            if control && !self.obey()? {
                return Ok(());
            }
        }
    }

    /// Carries out one command; `false` where the server is gone.
    fn obey(&mut self) -> io::Result<bool> {
        let mut bytes = [0; CONTROL_MAX];
        let len = message::receive(self.control.as_fd(), &mut bytes, &mut Vec::new())?;
        if len == 0 {
            return Ok(false);
        }
        match Command::parse(&bytes[..len]).map_err(io::Error::other)? {
            Command::Configure(settings) => {
                self.next_id = settings.first_id;
                warm_up()?;
                self.prepared = Prepared::new(&settings);
                self.settings = Some(settings);
            }
            Command::Fork(count) => {
                for _ in 0..count {
                    self.fork()?;
                }
            }
            // The worker was not reaped, so its process id cannot belong to another.
            Command::Kill(id) => {
                let pid = self.workers.iter().find_map(|(pid, worker)| (*worker == id).then_some(*pid));
                if let Some(pid) = pid.and_then(Pid::from_raw) {
                    let _ = kill_process(pid, Signal::KILL);
                }
            }
        }
        Ok(true)
    }

    fn fork(&mut self) -> io::Result<()> {
        let settings =
            self.settings.ok_or_else(|| io::Error::other("asked for a worker before the settings"))?;
        match fork::worker(&settings, &mut self.prepared) {
            Ok((pid, socket)) => {
                let id = self.next_id;
                self.next_id += 1;
                self.workers.insert(pid, id);
                let event = Event::Forked { id, pid }.encode();
                message::send(self.control.as_fd(), &event, &[socket.as_fd()])?;
            }
            Err(error) => {
                self.say(Event::ForkFailed { errno: error.raw_os_error().unwrap_or(0) })?;
            }
        }
        Ok(())
    }

    fn report_exit(&mut self, pid: i32, exit: Exit) -> io::Result<()> {
        match self.workers.remove(&pid) {
            Some(id) => self.say(Event::Exited(Exit { id, ..exit })),
            None => Ok(()),
        }
    }

    fn say(&self, event: Event) -> io::Result<()> {
        message::send(self.control.as_fd(), &event.encode(), &[]).map(|_| ())
    }
}
