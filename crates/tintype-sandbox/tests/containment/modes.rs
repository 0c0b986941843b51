//! What each mode makes of a missing layer.

use tintype_sandbox::{Missing, Mode, Options, Sandbox, SandboxError, StartError, Status, launch};

use crate::harness::{Test, inspect, kernel, options, picture, runtime, skipped, with};

pub(crate) const TESTS: &[Test] = &[
    ("modes::auto_goes_on_with_one_layer", auto_goes_on_with_one_layer),
    ("modes::auto_stops_without_any", auto_stops_without_any),
    ("modes::require_stops_without_one", require_stops_without_one),
    ("modes::off_says_so", off_says_so),
    ("modes::options_must_agree_with_the_launch", options_must_agree_with_the_launch),
];

fn without(mode: Mode, landlock: bool, seccomp: bool) -> Options {
    Options { mode, pretend_missing: Missing { landlock, seccomp }, ..options() }
}

async fn unavailable(sandbox: &Sandbox, words: &str) {
    let error = inspect(sandbox, &picture()).await.unwrap_err();
    assert!(matches!(&error, SandboxError::Unavailable(why) if why.contains(words)), "{error:?}");
    let state = sandbox.state();
    assert_eq!(state.status, Status::Broken);
    assert!(state.detail.is_some_and(|detail| detail.contains(words)));
}

fn auto_goes_on_with_one_layer() {
    let kernel = kernel();
    if kernel.landlock == 0 || !kernel.seccomp {
        return skipped("Landlock or seccomp");
    }
    with(without(Mode::Auto, true, false), async |sandbox| {
        inspect(&sandbox, &picture()).await.unwrap();
        let state = sandbox.state();
        assert_eq!(
            (state.status, state.landlock.as_str(), state.seccomp.as_str()),
            (Status::Degraded, "absent", "on")
        );
        assert!(state.detail.unwrap().contains("no Landlock"));
    });
    with(without(Mode::Auto, false, true), async |sandbox| {
        inspect(&sandbox, &picture()).await.unwrap();
        let state = sandbox.state();
        assert_eq!((state.status, state.seccomp.as_str()), (Status::Degraded, "absent"));
    });
}

fn auto_stops_without_any() {
    with(without(Mode::Auto, true, true), async |sandbox| {
        unavailable(&sandbox, "neither Landlock nor seccomp").await;
    });
}

fn require_stops_without_one() {
    with(without(Mode::Require, true, false), async |sandbox| {
        unavailable(&sandbox, "sandbox = require").await;
    });
    with(without(Mode::Require, false, true), async |sandbox| {
        unavailable(&sandbox, "sandbox = require").await;
    });
    let kernel = kernel();
    if kernel.landlock == 0 || !kernel.seccomp {
        return skipped("Landlock or seccomp");
    }
    with(Options { mode: Mode::Require, ..options() }, async |sandbox| {
        inspect(&sandbox, &picture()).await.unwrap();
        assert_eq!(sandbox.state().status, Status::Ok);
    });
}

fn off_says_so() {
    with(Options { mode: Mode::Off, ..options() }, async |sandbox| {
        inspect(&sandbox, &picture()).await.unwrap();
        let state = sandbox.state();
        assert_eq!(
            (state.status, state.landlock.as_str(), state.seccomp.as_str()),
            (Status::Off, "off", "off")
        );
    });
}

fn options_must_agree_with_the_launch() {
    runtime().block_on(async {
        let spawner = launch(Mode::Off).unwrap();
        let Err(error) = Sandbox::start(spawner, Options { mode: Mode::Require, ..options() }) else {
            panic!("the modes differ");
        };
        assert!(matches!(error, StartError::ModeDiffers { launched: Mode::Off, wanted: Mode::Require }));
    });
}
