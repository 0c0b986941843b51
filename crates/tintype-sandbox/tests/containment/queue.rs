//! Who waits, who is turned away, and what is tried again.

use std::time::Duration;

use tintype_sandbox::{Options, SandboxError};
use tintype_types::{Fit, MediaType, Recipe, Refusal, refusal::LimitKind};

use crate::harness::{Test, family, inspect, kill, misbehave, options, picture, staged, wait_until, with};

pub(crate) const TESTS: &[Test] = &[
    ("queue::a_full_queue_is_busy_at_once", a_full_queue_is_busy_at_once),
    ("queue::a_long_wait_is_busy", a_long_wait_is_busy),
    ("queue::no_more_workers_work_than_allowed", no_more_workers_work_than_allowed),
    ("queue::the_kinds_of_jobs_take_turns", the_kinds_of_jobs_take_turns),
    ("queue::memory_is_shared_by_what_pictures_need", memory_is_shared_by_what_pictures_need),
    ("queue::a_picture_larger_than_the_memory_is_refused", a_picture_larger_than_the_memory_is_refused),
    ("queue::a_job_killed_once_is_done_in_a_fresh_worker", a_job_killed_once_is_done_in_a_fresh_worker),
    ("queue::a_job_killed_twice_is_out_of_memory", a_job_killed_twice_is_out_of_memory),
];

fn recipe() -> Recipe {
    Recipe { width: Some(32), height: None, fit: Fit::ScaleDown, format: MediaType::Webp }
}

fn a_full_queue_is_busy_at_once() {
    with(Options { workers_max: 1, queue_max: 1, ..options() }, async |sandbox| {
        let picture = picture();
        let (first, second, third) = tokio::join!(
            misbehave(&sandbox, "slow"),
            inspect(&sandbox, &picture),
            inspect(&sandbox, &picture)
        );
        first.unwrap();
        second.unwrap();
        assert!(matches!(third, Err(SandboxError::Busy)), "{third:?}");
        inspect(&sandbox, &picture).await.unwrap();
    });
}

fn a_long_wait_is_busy() {
    let queue_wait = Duration::from_millis(50);
    with(Options { workers_max: 1, queue_wait, ..options() }, async |sandbox| {
        let picture = picture();
        let (first, second) = tokio::join!(misbehave(&sandbox, "slow"), inspect(&sandbox, &picture));
        first.unwrap();
        assert!(matches!(second, Err(SandboxError::Busy)), "{second:?}");
    });
}

fn no_more_workers_work_than_allowed() {
    with(Options { workers_max: 2, spares: 1, ..options() }, async |sandbox| {
        let jobs: Vec<_> = (0..6)
            .map(|_| {
                let sandbox = sandbox.clone();
                tokio::spawn(async move { misbehave(&sandbox, "slow").await })
            })
            .collect();
        let mut most = 0;
        while !jobs.iter().all(tokio::task::JoinHandle::is_finished) {
            most = most.max(family().1.iter().filter(|worker| worker.state == 'R').count());
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
        for job in jobs {
            job.await.unwrap().unwrap();
        }
        // A spare may be seen while it starts.
        assert!((1..=3).contains(&most), "{most} workers ran at once");
    });
}

fn the_kinds_of_jobs_take_turns() {
    with(Options { workers_max: 1, ..options() }, async |sandbox| {
        let order = std::sync::Mutex::new(Vec::new());
        let upload = async |name| {
            misbehave(&sandbox, "slow").await.unwrap();
            order.lock().unwrap().push(name);
        };
        let variant = async {
            sandbox.render(staged(&picture()), recipe()).await.unwrap();
            order.lock().unwrap().push("variant");
        };
        tokio::join!(upload("first"), upload("second"), upload("third"), upload("fourth"), variant);
        // One works, one is at the head of its lane; the variant comes right behind, whoever else came before it.
        assert_eq!(*order.lock().unwrap(), ["first", "second", "variant", "third", "fourth"]);
    });
}

fn memory_is_shared_by_what_pictures_need() {
    let short = Options { workers_max: 2, decode_memory: 12 << 20, ..options() };
    with(short.clone(), async |sandbox| {
        let (first, second) = tokio::join!(misbehave(&sandbox, "hold"), misbehave(&sandbox, "hold"));
        first.unwrap();
        second.unwrap();
        assert_eq!(sandbox.state().deaths, 0);
    });
    with(Options { queue_wait: Duration::from_millis(50), ..short }, async |sandbox| {
        let (first, second) = tokio::join!(misbehave(&sandbox, "hold"), misbehave(&sandbox, "hold"));
        let busy = match (first, second) {
            (Ok(_), Err(error)) | (Err(error), Ok(_)) => error,
            both => panic!("{both:?}"),
        };
        assert!(matches!(busy, SandboxError::Busy), "{busy:?}");
        misbehave(&sandbox, "hold").await.unwrap();
        assert_eq!(sandbox.state().deaths, 0);
    });
}

fn a_picture_larger_than_the_memory_is_refused() {
    with(Options { decode_memory: 1 << 10, ..options() }, async |sandbox| {
        let error = sandbox.render(staged(&picture()), recipe()).await.unwrap_err();
        let SandboxError::Refused(Refusal::Limit { kind: LimitKind::DecodedBytes, max: 1024, .. }) = error
        else {
            panic!("{error:?}")
        };
    });
}

fn a_job_killed_once_is_done_in_a_fresh_worker() {
    with(options(), async |sandbox| {
        let job = tokio::spawn({
            let sandbox = sandbox.clone();
            async move { misbehave(&sandbox, "slow").await }
        });
        let busy = || family().1.into_iter().find(|worker| worker.state == 'R');
        tokio::task::block_in_place(|| {
            wait_until("the worker works", || busy().is_some() && sandbox.state().workers_started > 1);
        });
        kill(busy().unwrap().pid, libc::SIGKILL);
        job.await.unwrap().unwrap();
        assert_eq!(sandbox.state().deaths, 0);
    });
}

fn a_job_killed_twice_is_out_of_memory() {
    with(options(), async |sandbox| {
        let error = misbehave(&sandbox, "killed").await.unwrap_err();
        assert!(matches!(error, SandboxError::OutOfMemory), "{error:?}");
        inspect(&sandbox, &picture()).await.unwrap();
        assert_eq!(sandbox.state().deaths, 1);
    });
}
