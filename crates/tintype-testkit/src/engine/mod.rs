//! A real S3 engine to test against: one for all tests of a program, gone with it. SeaweedFS where nothing else is asked for.

mod authority;
mod cache;
mod cluster;
mod front;
mod garage;
mod pebble;
mod process;
mod seaweed;

use std::{
    env,
    io::{self, Write as _},
    path::PathBuf,
    process::{Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

pub use authority::{Authority, Pair};
pub use cache::{Cache, Place, nginx, slow_nginx, varnish};
pub use cluster::Cluster;
pub use front::{Front, front};
pub use pebble::{PATIENCE, Pebble, PebbleOptions};
use process::Process;

/// The bucket that is there from the start.
pub const BUCKET: &str = "images";
/// Its region. SeaweedFS takes any, Garage the one that it was told.
pub const REGION: &str = "garage";
/// Who may do everything. The keys are of the form that Garage asks for.
pub const ACCESS_KEY: &str = "GK7a1c0ffee5eed0fab1e0d00d";
/// Who may read and list.
pub const READER_KEY: &str = "GK7a1c0ffee5eed0fab1e0beef";
/// What both sign with.
pub const SECRET_KEY: &str = "5ec2e7c0de5ec2e7c0de5ec2e7c0de5ec2e7c0de5ec2e7c0de5ec2e7c0de5ec2";

/// Time in which an engine must answer.
const START: Duration = Duration::from_secs(60);

/// Which engine it is, for what they do differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// SeaweedFS: answers every origin, syncs nothing, checks everything that is signed.
    SeaweedFs,
    /// Garage: ignores conditions of writes and knows no policies.
    Garage,
}

/// A running engine.
#[derive(Debug)]
pub struct Engine {
    /// Where it listens: `127.0.0.1:port`.
    pub address: String,
    /// What it is.
    pub kind: Kind,
    _process: Process,
}

impl Engine {
    /// Its endpoint.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// The engine of this program's tests, started by the first who asks: Garage where `TINTYPE_GARAGE` names its program, else
/// SeaweedFS. Where `TINTYPE_WEED` names no program either, prints `skipped: <test> needs SeaweedFS` and answers `None`, so
/// that the test can return.
///
/// # Panics
/// When it is missing and `CI` is set, and when it does not start.
pub fn running(test: &str) -> Option<&'static Engine> {
    static ENGINE: OnceLock<Option<Engine>> = OnceLock::new();
    let engine = ENGINE.get_or_init(|| match program("TINTYPE_GARAGE") {
        Some(garage) => Some(garage::start(&garage)),
        None => weed().map(|weed| seaweed::start(&weed)),
    });
    if engine.is_none() {
        skip(test);
    }
    engine.as_ref()
}

/// A prefix that no other test uses.
pub fn fresh_prefix() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("t{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

fn weed() -> Option<PathBuf> {
    program("TINTYPE_WEED")
}

#[expect(clippy::disallowed_methods, reason = "the tests' tools are named by the environment")]
fn program(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).map(PathBuf::from).filter(|path| path.exists())
}

/// Whether a test has to be skipped for want of one of these programs; says so.
///
/// # Panics
/// When one is missing and `CI` is set.
pub fn skip_without(test: &str, programs: &[&str]) -> bool {
    let missing = programs.iter().find(|program| {
        let mut command = Command::new("which");
        let found = command.arg(program).stdout(Stdio::null()).stderr(Stdio::null()).status();
        !found.is_ok_and(|status| status.success())
    });
    if let Some(program) = missing {
        skip_for(test, program);
    }
    missing.is_some()
}

fn skip(test: &str) {
    skip_for(test, "SeaweedFS (TINTYPE_WEED)");
}

#[expect(clippy::disallowed_methods, reason = "whether tests may be skipped is said by the environment")]
fn skip_for(test: &str, wanted: &str) {
    let skipped = format!("skipped: {test} needs {wanted}");
    assert!(env::var_os("CI").is_none(), "{skipped}");
    // Not `eprintln!`, which the harness keeps to itself.
    writeln!(io::stderr(), "{skipped}").expect("there is a standard error");
}
