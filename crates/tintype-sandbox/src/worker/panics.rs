//! The words of the last panic, kept instead of printed: a worker has nowhere to print to.

use std::{
    panic,
    sync::{Mutex, PoisonError},
};

static LAST: Mutex<String> = Mutex::new(String::new());

/// From now on keeps a panic's words and place.
pub(super) fn keep() {
    panic::set_hook(Box::new(|info| {
        *LAST.lock().unwrap_or_else(PoisonError::into_inner) = info.to_string().replace('\n', " ");
    }));
}

/// From now on prints them, as usual.
pub(super) fn print() {
    drop(panic::take_hook());
}

/// The words of the last panic.
pub(super) fn last() -> String {
    LAST.lock().unwrap_or_else(PoisonError::into_inner).clone()
}
