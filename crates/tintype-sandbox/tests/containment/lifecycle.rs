//! Processes and descriptors: how workers start, and that nothing is left of them.

use std::{fs, time::Duration};

use tintype_sandbox::{Mode, SandboxError};

use crate::harness::{
    Process, Test, family, inspect, kernel, kill, misbehave, options, picture, wait_until, with,
};

pub(crate) const TESTS: &[Test] = &[
    ("lifecycle::a_spare_has_given_up_everything", a_spare_has_given_up_everything),
    ("lifecycle::fifty_workers_leave_nothing", fifty_workers_leave_nothing),
    ("lifecycle::a_job_given_up_kills_its_worker", a_job_given_up_kills_its_worker),
    ("lifecycle::a_lost_spawner_is_replaced", a_lost_spawner_is_replaced),
    ("lifecycle::a_spare_that_dies_is_replaced", a_spare_that_dies_is_replaced),
    ("lifecycle::signals_meant_for_the_server_are_not_heard", signals_meant_for_the_server_are_not_heard),
    ("lifecycle::after_shutdown_nothing_runs", after_shutdown_nothing_runs),
];

fn spares() -> Vec<Process> {
    family().1.into_iter().filter(|worker| worker.state == 'S').collect()
}

fn status(pid: i32, field: &str) -> String {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    line.unwrap_or_default().trim().to_owned()
}

fn a_spare_has_given_up_everything() {
    let seccomp = kernel().seccomp;
    with(options(), async |sandbox| {
        inspect(&sandbox, &picture()).await.unwrap();
        wait_until("a spare waits", || spares().len() == 1);
        let spare = &spares()[0];
        assert_eq!(spare.name, "tintype-worker");
        assert_eq!(status(spare.pid, "Threads"), "1");
        assert_eq!(status(spare.pid, "NoNewPrivs"), "1");
        assert_eq!(status(spare.pid, "Seccomp"), if seccomp { "2" } else { "0" });
        // SAFETY: asks for a number.
        if unsafe { libc::geteuid() } != 0 {
            println!("skipped: user and descriptors of a worker, which only root can see");
            return;
        }
        assert_eq!(status(spare.pid, "Uid"), "65534\t65534\t65534\t65534");
        assert_eq!(status(spare.pid, "Gid"), "65534\t65534\t65534\t65534");
        assert_eq!(status(spare.pid, "Groups"), "");
        assert_eq!(status(spare.pid, "CapEff"), "0000000000000000");
        let folder = format!("/proc/{}/fd", spare.pid);
        let mut open: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        open.sort();
        let targets: Vec<_> = open.iter().map(|path| fs::read_link(path).unwrap()).collect();
        assert_eq!(targets.len(), 4, "{targets:?}");
        assert!(targets[..3].iter().all(|target| target.as_os_str() == "/dev/null"), "{targets:?}");
        assert_eq!(fs::read(format!("/proc/{}/environ", spare.pid)).unwrap(), b"");
    });
}

fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

fn fifty_workers_leave_nothing() {
    with(options(), async |sandbox| {
        inspect(&sandbox, &picture()).await.unwrap();
        wait_until("a spare waits, and the server has its socket", || {
            spares().len() == 1 && sandbox.state().workers_started == 2
        });
        let before = descriptors();
        for round in 0..50 {
            match round % 5 {
                0 => drop(misbehave(&sandbox, "crash").await.unwrap_err()),
                1 => drop(misbehave(&sandbox, "leak-fd").await.unwrap_err()),
                2 => drop(misbehave(&sandbox, "garbage-length").await.unwrap_err()),
                _ => drop(inspect(&sandbox, &picture()).await.unwrap()),
            }
        }
        // One for each job, the first one's, and the spare.
        wait_until("the last spare is known", || sandbox.state().workers_started == 52);
        wait_until("one spare is all that is left", || {
            let (spawners, workers) = family();
            spawners.len() == 1 && workers.len() == 1 && workers[0].state == 'S'
        });
        wait_until("every descriptor is closed", || descriptors() == before);
    });
}

fn a_job_given_up_kills_its_worker() {
    with(options(), async |sandbox| {
        let job = misbehave(&sandbox, "loop");
        assert!(tokio::time::timeout(Duration::from_millis(200), job).await.is_err());
        wait_until("the spare alone is left", || {
            let left = family().1;
            left.len() == 1 && left[0].state == 'S'
        });
    });
}

fn a_lost_spawner_is_replaced() {
    with(options(), async |sandbox| {
        inspect(&sandbox, &picture()).await.unwrap();
        let job = tokio::spawn({
            let sandbox = sandbox.clone();
            async move { misbehave(&sandbox, "slow").await }
        });
        let works = || family().1.iter().any(|worker| worker.state == 'R');
        tokio::task::block_in_place(|| wait_until("the worker works", works));
        let lost = family().0[0].pid;
        kill(lost, libc::SIGKILL);
        // The job that lost its worker is done in another one, and the next ones are as ever.
        job.await.unwrap().unwrap();
        inspect(&sandbox, &picture()).await.unwrap();
        assert_ne!(family().0[0].pid, lost);
        assert_eq!(family().0.len(), 1);
    });
}

fn a_spare_that_dies_is_replaced() {
    with(options(), async |sandbox| {
        inspect(&sandbox, &picture()).await.unwrap();
        wait_until("a spare waits", || spares().len() == 1);
        let spare = spares()[0].pid;
        kill(spare, libc::SIGKILL);
        tokio::task::block_in_place(|| {
            wait_until("another spare waits", || spares().iter().any(|other| other.pid != spare));
        });
        inspect(&sandbox, &picture()).await.unwrap();
    });
}

fn signals_meant_for_the_server_are_not_heard() {
    with(options(), async |sandbox| {
        inspect(&sandbox, &picture()).await.unwrap();
        let spawner = family().0[0].pid;
        let job = tokio::spawn({
            let sandbox = sandbox.clone();
            async move { misbehave(&sandbox, "slow").await }
        });
        let works = || family().1.iter().any(|worker| worker.state == 'R');
        tokio::task::block_in_place(|| wait_until("the worker works", works));
        let (spawners, workers) = family();
        for process in spawners.iter().chain(&workers) {
            for signal in [libc::SIGTERM, libc::SIGINT, libc::SIGHUP] {
                kill(process.pid, signal);
            }
        }
        job.await.unwrap().unwrap();
        assert_eq!(family().0[0].pid, spawner);
        assert_eq!(sandbox.state().deaths, 0);
    });
}

fn after_shutdown_nothing_runs() {
    with(tintype_sandbox::Options { mode: Mode::Auto, spares: 3, ..options() }, async |sandbox| {
        inspect(&sandbox, &picture()).await.unwrap();
        let job = tokio::spawn({
            let sandbox = sandbox.clone();
            async move { misbehave(&sandbox, "loop").await }
        });
        let works = || family().1.iter().any(|worker| worker.state == 'R');
        tokio::task::block_in_place(|| wait_until("the worker works", works));
        let (_, workers) = family();
        sandbox.shutdown().await;
        assert!(family().0.is_empty(), "{:?}", family());
        for worker in workers {
            assert!(
                !fs::exists(format!("/proc/{}", worker.pid)).unwrap(),
                "{worker:?} outlived the shutdown"
            );
        }
        let error = job.await.unwrap().unwrap_err();
        assert!(matches!(error, SandboxError::Unavailable(_)), "{error:?}");
        let error = inspect(&sandbox, &picture()).await.unwrap_err();
        assert!(
            matches!(&error, SandboxError::Unavailable(why) if why.contains("shutting down")),
            "{error:?}"
        );
    });
}
