//! Workers that attack, each contained while others go on.

use std::{fs::File, io::Read, io::Seek, sync::Arc, time::Duration};

use tintype_sandbox::{Missing, Options, Sandbox, SandboxError};
use tintype_types::{Fit, MediaType, Recipe};

use crate::harness::{Test, inspect, kernel, misbehave, options, picture, skipped, staged, with};

pub(crate) const TESTS: &[Test] = &[
    ("attacks::deaths_are_contained_and_named", deaths_are_contained_and_named),
    ("attacks::senseless_replies_are_refused", senseless_replies_are_refused),
    ("attacks::ways_out_are_closed", ways_out_are_closed),
    ("attacks::landlock_alone_closes_what_leads_outside", landlock_alone_closes_what_leads_outside),
    ("attacks::endless_work_ends_at_the_deadline", endless_work_ends_at_the_deadline),
    ("attacks::descriptors_are_no_way_out", descriptors_are_no_way_out),
];

/// Runs `attack` with honest jobs before, beside and after it, which must all succeed.
async fn amid_others<T>(sandbox: &Sandbox, attack: impl Future<Output = T>) -> T {
    let picture = picture();
    let honest = async {
        for _ in 0..2 {
            let found = inspect(sandbox, &picture).await.unwrap();
            assert_eq!((found.width, found.height), (64, 48));
        }
    };
    let (outcome, ()) = tokio::join!(attack, honest);
    inspect(sandbox, &picture).await.unwrap();
    outcome
}

async fn dies(sandbox: &Sandbox, what: &str, expected: Option<i32>, words: &str) {
    let error = amid_others(sandbox, misbehave(sandbox, what)).await.unwrap_err();
    let SandboxError::Died { signal, detail } = &error else { panic!("{what}: {error:?}") };
    assert_eq!(*signal, expected, "{what}: {detail}");
    assert!(detail.contains(words), "{what}: {detail}");
}

fn deaths_are_contained_and_named() {
    with(options(), async |sandbox| {
        dies(&sandbox, "crash", Some(libc::SIGSEGV), "signal 11").await;
        dies(&sandbox, "overflow", Some(libc::SIGABRT), "").await;
        dies(&sandbox, "abort", Some(libc::SIGABRT), "aborted").await;
        dies(&sandbox, "allocate", Some(libc::SIGABRT), "512 MiB").await;
        dies(&sandbox, "eat", Some(libc::SIGABRT), "512 MiB").await;
        dies(&sandbox, "silence", None, "status 0 without an answer").await;
        dies(&sandbox, "half-reply", None, "status 0 without an answer").await;
        dies(&sandbox, "panic", None, "panicked").await;
        // A panic's words come from the worker; they must not be able to forge a line of the log.
        dies(&sandbox, "panic", None, "on command forged: line").await;
        assert_eq!(sandbox.state().deaths, 9);
    });
}

fn senseless_replies_are_refused() {
    with(options(), async |sandbox| {
        for (what, words) in [
            ("nonsense", "no such reply"),
            ("garbage-length", "length is out of range"),
            ("empty-reply", "length is out of range"),
            ("trailing", "bytes follow the reply"),
            ("other-kind", "another kind of job"),
            ("bad-plan", "plan"),
            ("backwards", "plan"),
            ("huge", "side"),
            ("hold-twice", "memory twice"),
            ("hold-all", "more memory"),
        ] {
            let error = amid_others(&sandbox, misbehave(&sandbox, what)).await.unwrap_err();
            let SandboxError::Nonsense(detail) = &error else { panic!("{what}: {error:?}") };
            assert!(detail.contains(words), "{what}: {detail}");
        }
        for (what, words) in [("empty-output", "does not begin as WebP"), ("long-output", "does not fit")] {
            let error = amid_others(&sandbox, render(&sandbox, what)).await.unwrap_err();
            let SandboxError::Nonsense(detail) = &error else { panic!("{what}: {error:?}") };
            assert!(detail.contains(words), "{what}: {detail}");
        }
    });
}

async fn render(sandbox: &Sandbox, what: &str) -> Result<(), SandboxError> {
    let recipe = Recipe { width: Some(32), height: None, fit: Fit::ScaleDown, format: MediaType::Webp };
    sandbox.render(staged(format!("TINTYPE-MISBEHAVE:{what}").as_bytes()), recipe).await.map(drop)
}

/// Every one of these is ended by the list of system calls, with and without Landlock behind it.
const WAYS_OUT: &[&str] = &[
    "open",
    "create",
    "list",
    "connect",
    "exec",
    "execveat",
    "thread",
    "fork",
    "vfork",
    "clone3",
    "stat",
    "access",
    "readlink",
    "unlink",
    "symlink",
    "link",
    "rename",
    "mkdir",
    "chmod",
    "truncate-input",
    "ioctl",
    "socket",
    "unix-socket",
    "netlink",
    "ptrace",
    "process-vm-read",
    "pidfd",
    "kill-parent",
    "kill-all",
    "tgkill-parent",
    "io-uring",
    "bpf",
    "perf",
    "userfaultfd",
    "keyctl",
    "unshare",
    "mount",
    "chroot",
    "setuid",
    "prlimit",
    "prctl",
    "memfd",
    "code-mmap",
    "code-mprotect",
    "personality",
    "shm",
    "leak-fd",
];

/// What only seccomp says no to. None of it opens, makes or changes a file, connects, runs or reaches another process:
/// kill(-1) says yes although each process it tries is denied, and what comes by a leaked descriptor is thrown away.
const SECCOMP_ALONE: [&str; 14] = [
    "access",
    "socket",
    "unix-socket",
    "netlink",
    "pidfd",
    "kill-all",
    "keyctl",
    "unshare",
    "prctl",
    "memfd",
    "code-mprotect",
    "personality",
    "shm",
    "leak-fd",
];

fn ways_out_are_closed() {
    let kernel = kernel();
    if !kernel.seccomp {
        return skipped("seccomp");
    }
    for landlock in [false, true] {
        let pretend_missing = Missing { landlock, seccomp: false };
        with(Options { pretend_missing, ..options() }, async |sandbox| {
            for what in WAYS_OUT {
                let error = misbehave(&sandbox, what).await.unwrap_err();
                let SandboxError::Died { signal: Some(libc::SIGSYS), detail } = &error else {
                    panic!("{what}: {error:?}")
                };
                assert!(detail.contains("system call"), "{what}: {detail}");
            }
            dies(&sandbox, "open", Some(libc::SIGSYS), "system call").await;
            assert_eq!(sandbox.state().forbidden_calls, WAYS_OUT.len() as u64 + 1);
        });
    }
}

/// What reaches outside fails under Landlock (and the limits and the user, which are always there).
fn landlock_alone_closes_what_leads_outside() {
    let kernel = kernel();
    // Version 4 knows TCP, version 6 signals.
    if kernel.landlock < 6 {
        return skipped("Landlock of version 6");
    }
    with(
        Options { pretend_missing: Missing { landlock: false, seccomp: true }, ..options() },
        async |sandbox| {
            let outside = WAYS_OUT.iter().copied().filter(|what| !SECCOMP_ALONE.contains(what));
            for what in outside.chain(["open", "write-input"]) {
                dies(&sandbox, what, None, "denied").await;
            }
        },
    );
}

fn endless_work_ends_at_the_deadline() {
    // The honest jobs beside a worker that spins have the same one.
    let deadline = Duration::from_secs(3);
    with(Options { inspect_deadline: deadline, ..options() }, async |sandbox| {
        for what in ["loop", "deaf-loop"] {
            let error = amid_others(&sandbox, misbehave(&sandbox, what)).await.unwrap_err();
            assert!(matches!(error, SandboxError::Deadline(after) if after == deadline), "{what}: {error:?}");
        }
        let error = amid_others(&sandbox, misbehave(&sandbox, "hang-up")).await.unwrap_err();
        assert!(matches!(&error, SandboxError::Nonsense(detail) if detail.contains("hung up")), "{error:?}");
    });
}

fn descriptors_are_no_way_out() {
    with(options(), async |sandbox| {
        let bytes = [b"TINTYPE-MISBEHAVE:write-input".as_slice(), &[b' '; 5000]].concat();
        let file = Arc::new(staged(&bytes));
        let error = sandbox.inspect(Arc::clone(&file), false, &MediaType::ALL).await.unwrap_err();
        assert!(error.to_string().contains("denied: write-input: Permission denied"), "{error}");
        let mut file: &File = &file;
        let mut after = Vec::new();
        file.rewind().unwrap();
        file.read_to_end(&mut after).unwrap();
        assert_eq!(after, bytes, "the worker changed its input");
        let Err(SandboxError::Died { signal, detail }) = render(&sandbox, "grow-output").await else {
            panic!("the output must not grow");
        };
        // Past RLIMIT_FSIZE the kernel sends SIGXFSZ; the seal says no to whoever ignores that.
        assert!(signal == Some(libc::SIGXFSZ) || detail.contains("denied"), "{signal:?} {detail}");
    });
}
