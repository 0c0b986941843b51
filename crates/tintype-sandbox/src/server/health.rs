//! What is known of the sandbox's state.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::watch;

use crate::{Mode, SelfTest, State, Status, wire::ready::Layers};

/// What is known, watched by those who wait for a worker.
#[derive(Clone, Debug)]
pub(super) struct Health {
    /// What held the worker that reported last.
    pub(super) layers: Option<Layers>,
    /// Why no worker can be had.
    pub(super) broken: Option<String>,
    pub(super) self_test: SelfTest,
    /// Whether the server wants no more: then nothing mends what is broken.
    closed: bool,
}

/// The state, and the counts beside it.
pub(super) struct Board {
    pub(super) health: watch::Sender<Health>,
    pub(super) workers_started: AtomicU64,
    pub(super) deaths: AtomicU64,
    pub(super) forbidden_calls: AtomicU64,
}

impl Board {
    pub(super) fn new() -> Self {
        let health = watch::Sender::new(Health {
            layers: None,
            broken: None,
            self_test: SelfTest::Pending,
            closed: false,
        });
        Self {
            health,
            workers_started: AtomicU64::new(0),
            deaths: AtomicU64::new(0),
            forbidden_calls: AtomicU64::new(0),
        }
    }

    /// Takes note that no worker can be had, so that nobody waits for one.
    pub(super) fn set_broken(&self, why: String) {
        self.health.send_modify(|health| health.broken = Some(why));
    }

    /// Takes note that the server wants no more.
    pub(super) fn close(&self) {
        self.health.send_modify(|health| {
            health.closed = true;
            health.broken = Some("the server is shutting down".to_owned());
        });
    }

    pub(super) fn is_broken(&self) -> bool {
        self.health.borrow().broken.is_some()
    }

    /// Takes note of what holds a new worker; `false` where that is not enough for `mode`.
    pub(super) fn admit(&self, layers: Layers, mode: Mode) -> bool {
        let lack = lack(layers, mode);
        let enough = lack.is_none();
        self.health.send_modify(|health| {
            health.layers = Some(layers);
            if !health.closed {
                health.broken = lack.map(str::to_owned);
            }
        });
        enough
    }

    pub(super) fn state(&self, mode: Mode) -> State {
        let Health { layers, broken, self_test, closed: _ } = self.health.borrow().clone();
        let failed_test = match &self_test {
            SelfTest::Failed(why) => Some(why.clone()),
            SelfTest::Pending | SelfTest::Passed => None,
        };
        let (status, detail) = match (broken.or(failed_test), layers) {
            (Some(why), _) => (Status::Broken, Some(why)),
            (None, None) => (Status::Starting, None),
            (None, Some(_)) if mode == Mode::Off => (Status::Off, None),
            (None, Some(layers)) => match missing(layers) {
                None => (Status::Ok, None),
                Some(missing) => {
                    (Status::Degraded, Some(format!("this kernel or container has no {missing}")))
                }
            },
        };
        State {
            status,
            detail,
            landlock: describe(mode, layers, |layers| match layers.landlock_abi {
                0 => "absent".to_owned(),
                abi => format!("abi {abi}"),
            }),
            seccomp: describe(mode, layers, |layers| if layers.seccomp { "on" } else { "absent" }.to_owned()),
            workers_started: self.workers_started.load(Ordering::Relaxed),
            deaths: self.deaths.load(Ordering::Relaxed),
            forbidden_calls: self.forbidden_calls.load(Ordering::Relaxed),
            self_test,
        }
    }
}

fn describe(mode: Mode, layers: Option<Layers>, found: impl Fn(Layers) -> String) -> String {
    match (mode, layers) {
        (Mode::Off, _) => "off".to_owned(),
        (_, None) => "unknown".to_owned(),
        (_, Some(layers)) => found(layers),
    }
}

fn missing(layers: Layers) -> Option<&'static str> {
    match (layers.landlock_abi > 0, layers.seccomp) {
        (true, true) => None,
        (false, true) => Some("Landlock"),
        (true, false) => Some("seccomp"),
        (false, false) => Some("Landlock and no seccomp"),
    }
}

/// Why `layers` are not enough for `mode`; `None` where they are.
fn lack(layers: Layers, mode: Mode) -> Option<&'static str> {
    match (mode, missing(layers)) {
        (Mode::Off, _) | (_, None) => None,
        (Mode::Auto, Some(_)) if layers.landlock_abi > 0 || layers.seccomp => None,
        (Mode::Auto, Some(_)) => Some(
            "neither Landlock nor seccomp holds workers here, so nothing is decoded; use a kernel that has one \
             (Linux 5.13 or newer has both), or accept the risk with sandbox = off",
        ),
        (Mode::Require, Some(_)) => Some(
            "sandbox = require wants both Landlock and seccomp and one is missing, so nothing is decoded; use a kernel \
             and container profile that have both, or set sandbox = auto",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(mode: Mode, landlock_abi: u8, seccomp: bool, admitted: bool, status: Status) {
        let board = Board::new();
        let layers = Layers { landlock_abi, seccomp, nobody: false };
        assert_eq!(board.admit(layers, mode), admitted, "{mode} {layers:?}");
        assert_eq!(board.state(mode).status, status, "{mode} {layers:?}");
    }

    #[test]
    fn the_mode_decides_which_layers_are_enough() {
        check(Mode::Auto, 7, true, true, Status::Ok);
        check(Mode::Auto, 0, true, true, Status::Degraded);
        check(Mode::Auto, 7, false, true, Status::Degraded);
        check(Mode::Auto, 0, false, false, Status::Broken);
        check(Mode::Require, 7, true, true, Status::Ok);
        check(Mode::Require, 0, true, false, Status::Broken);
        check(Mode::Require, 7, false, false, Status::Broken);
        check(Mode::Off, 0, false, true, Status::Off);
    }

    #[test]
    fn a_failed_self_test_breaks_the_state_and_is_said() {
        let board = Board::new();
        assert_eq!(board.state(Mode::Auto).status, Status::Starting);
        board.admit(Layers { landlock_abi: 7, seccomp: true, nobody: true }, Mode::Auto);
        board.health.send_modify(|health| health.self_test = SelfTest::Failed("AVIF: died".to_owned()));
        let state = board.state(Mode::Auto);
        assert_eq!((state.status, state.detail.as_deref()), (Status::Broken, Some("AVIF: died")));
        assert_eq!((state.landlock.as_str(), state.seccomp.as_str()), ("abi 7", "on"));
    }
}
