//! The laboratory: what is promised for bad days, held against a running server. Each experiment has a short run, which is a
//! test like any other, and a long one, whose figures stand in docs/reliability.md.
//!
//! `bench/lab` runs it at length, by `LAB_KILLS`, `LAB_UPLOADS`, `LAB_CUTS`, `LAB_OPERATIONS`, `LAB_FILLS`, `LAB_FLIPS`,
//! `LAB_RESTARTS`, `LAB_SLOW`, `LAB_BUCKET_KILLS`, `LAB_BUCKET_UPLOADS` and `LAB_OUTAGE`; `LAB_SEED` makes other pictures and
//! another order.

#![expect(clippy::unwrap_used, reason = "a laboratory fails by panicking, its helpers too")]

mod bucket;
mod cluster;
mod crash;
mod disk;
mod full;
mod history;
mod ledger;
mod outage;
mod restarts;
mod rot;
mod slow;

#[path = "../it/support/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the laboratory needs a part of what the tests share")]
mod support;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// One experiment at a time: each wants the machine for itself.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

#[expect(clippy::disallowed_methods, reason = "a laboratory is told by its environment how long to run")]
fn wanted(variable: &str, short: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(short)
}
