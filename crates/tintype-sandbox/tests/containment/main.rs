//! The sandbox with real processes: every misbehaviour is contained and named, nothing is left behind.
//!
//! This binary is its own spawner, as the program is; therefore it has no libtest around it.

#![expect(clippy::unwrap_used, reason = "tests, which clippy does not know without libtest's attributes")]

mod attacks;
mod harness;
mod lifecycle;
mod modes;
mod pictures;
mod queue;

use std::{env, process::ExitCode};

fn main() -> ExitCode {
    if env::args().nth(1).as_deref() == Some("sandbox-spawner") {
        tintype_sandbox::spawner_main();
    }
    let tests = [attacks::TESTS, lifecycle::TESTS, modes::TESTS, pictures::TESTS, queue::TESTS].concat();
    harness::run(&tests)
}
