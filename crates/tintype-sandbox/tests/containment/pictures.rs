//! Honest jobs.

use std::sync::Arc;

use tintype_sandbox::{SandboxError, SelfTest, Status};
use tintype_types::{Fit, ImageLimits, MediaType, Recipe, Refusal};

use crate::harness::{Test, family, inspect, kernel, options, picture, skipped, staged, wait_until, with};

pub(crate) const TESTS: &[Test] = &[
    ("pictures::the_self_test_passes_and_is_told", the_self_test_passes_and_is_told),
    ("pictures::a_picture_is_inspected_and_rendered", a_picture_is_inspected_and_rendered),
    ("pictures::refusals_come_through", refusals_come_through),
    ("pictures::limits_reach_the_worker", limits_reach_the_worker),
];

fn the_self_test_passes_and_is_told() {
    let kernel = kernel();
    with(options(), async |sandbox| {
        assert_eq!(sandbox.state().self_test, SelfTest::Pending);
        sandbox.self_test().await;
        let state = sandbox.state();
        assert_eq!(state.self_test, SelfTest::Passed, "{state:?}");
        wait_until("only the spare is left", || family().1.len() == 1);
        assert_eq!(sandbox.state().forbidden_calls, 0, "honest workers need a call that is not allowed");
        if kernel.landlock == 0 || !kernel.seccomp {
            skipped("Landlock or seccomp");
            assert_eq!(state.status, Status::Degraded);
        } else {
            assert_eq!((state.status, state.seccomp.as_str(), state.deaths), (Status::Ok, "on", 0));
            assert_eq!(state.landlock, format!("abi {}", kernel.landlock));
        }
    });
}

fn a_picture_is_inspected_and_rendered() {
    with(options(), async |sandbox| {
        let bytes = picture();
        let found = inspect(&sandbox, &bytes).await.unwrap();
        assert_eq!((found.media_type, found.width, found.height, found.frames), (MediaType::Png, 64, 48, 1));
        assert_eq!(found.plan.len(), bytes.len() as u64);
        for (format, beginning) in [
            (MediaType::Jpeg, &b"\xff\xd8\xff"[..]),
            (MediaType::Png, b"\x89PNG"),
            (MediaType::Webp, b"RIFF"),
        ] {
            let recipe = Recipe { width: Some(32), height: None, fit: Fit::ScaleDown, format };
            let rendered = sandbox.render(staged(&bytes), recipe).await.unwrap();
            assert_eq!((rendered.width, rendered.height), (32, 24));
            assert!(rendered.bytes.starts_with(beginning), "{format}");
        }
    });
}

fn refusals_come_through() {
    with(options(), async |sandbox| {
        let refusal = async |bytes: &[u8], accepted: &[MediaType]| match sandbox
            .inspect(Arc::new(staged(bytes)), false, accepted)
            .await
        {
            Err(SandboxError::Refused(refusal)) => refusal,
            other => panic!("{other:?}"),
        };
        assert_eq!(refusal(b"", &MediaType::ALL).await, Refusal::Empty);
        assert!(matches!(refusal(b"hello, world", &MediaType::ALL).await, Refusal::Unsupported { .. }));
        assert!(matches!(refusal(&picture(), &[MediaType::Jpeg]).await, Refusal::Unsupported { .. }));
        let bytes = picture();
        let cut = refusal(&bytes[..bytes.len() / 2], &MediaType::ALL).await;
        assert!(matches!(cut, Refusal::Truncated { .. } | Refusal::Corrupt { .. }), "{cut:?}");
        assert_eq!(sandbox.state().deaths, 0);
    });
}

fn limits_reach_the_worker() {
    let limits = ImageLimits { side_max: 63, ..ImageLimits::default() };
    with(tintype_sandbox::Options { limits, ..options() }, async |sandbox| {
        let error = inspect(&sandbox, &picture()).await.unwrap_err();
        assert!(
            matches!(error, SandboxError::Refused(Refusal::Limit { actual: 64, max: 63, .. })),
            "{error:?}"
        );
    });
}
