//! Planned failures, for tests alone (feature `testing`).

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use rustix::io::Errno;

use crate::Step;

/// A plan of failures, shared with the store it is given to, and the count of what the store did.
#[derive(Debug, Default)]
pub struct Faults {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    planned: Vec<Planned>,
    slow: Vec<(Step, Duration)>,
    calls: [usize; Step::ALL.len()],
}

#[derive(Debug)]
struct Planned {
    step: Step,
    /// How many calls of the step are let through before.
    skip: usize,
    errno: i32,
    /// Whether later calls fail too, as on a disk that stays full.
    forever: bool,
}

impl Faults {
    /// No failures yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The call of `step` after `skip` more fails with `errno`, once.
    pub fn fail(&self, step: Step, skip: usize, errno: i32) {
        self.lock().planned.push(Planned { step, skip, errno, forever: false });
    }

    /// Every call of `step` after `skip` more fails with `errno`, until [`Faults::clear`].
    pub fn fail_from(&self, step: Step, skip: usize, errno: i32) {
        self.lock().planned.push(Planned { step, skip, errno, forever: true });
    }

    /// Every call of `step` takes at least this long, as on a slow disk.
    pub fn slow(&self, step: Step, delay: Duration) {
        self.lock().slow.push((step, delay));
    }

    /// Forgets what was planned.
    pub fn clear(&self) {
        let mut state = self.lock();
        state.planned.clear();
        state.slow.clear();
    }

    /// Calls of `step` so far, failed ones included.
    pub fn calls(&self, step: Step) -> usize {
        self.lock().calls[step as usize]
    }

    /// Counts a call and says whether it is to fail.
    pub(crate) fn enter(&self, step: Step) -> Result<(), Errno> {
        let mut state = self.lock();
        state.calls[step as usize] += 1;
        let mut failure = None;
        state.planned.retain_mut(|planned| {
            if planned.step != step || failure.is_some() {
                return true;
            }
            if planned.skip > 0 {
                planned.skip -= 1;
                return true;
            }
            failure = Some(Errno::from_raw_os_error(planned.errno));
            planned.forever
        });
        let delay: Duration = state.slow.iter().filter(|slow| slow.0 == step).map(|slow| slow.1).sum();
        drop(state);
        std::thread::sleep(delay);
        failure.map_or(Ok(()), Err)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
