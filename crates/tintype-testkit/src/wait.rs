//! Waiting for a condition, instead of sleeping and hoping.

use std::{
    thread,
    time::{Duration, Instant},
};

/// Looks every 5 ms until `condition` holds.
///
/// # Panics
/// After `timeout`, naming `what` was waited for.
pub fn until(what: &str, timeout: Duration, mut condition: impl FnMut() -> bool) {
    until_some(what, timeout, || condition().then_some(()));
}

/// Looks every 5 ms until `attempt` gives a value, and returns it.
///
/// # Panics
/// After `timeout`, naming `what` was waited for.
pub fn until_some<T>(what: &str, timeout: Duration, mut attempt: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(value) = attempt() {
            return value;
        }
        assert!(started.elapsed() < timeout, "waited {timeout:?} in vain for {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_looks_again_until_the_condition_holds() {
        let mut looks = 0;
        until("the third look", Duration::from_secs(10), || {
            looks += 1;
            looks == 3
        });
        assert_eq!(until_some("a value", Duration::ZERO, || Some(7)), 7);
    }

    #[test]
    #[should_panic(expected = "in vain for a miracle")]
    fn it_gives_up_and_says_what_it_waited_for() {
        until("a miracle", Duration::from_millis(20), || false);
    }
}
