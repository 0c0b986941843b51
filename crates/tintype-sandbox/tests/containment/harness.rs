//! Runs tests one after another, and what they share.

use std::{
    env,
    fs::{self, File},
    future::Future,
    io::Write,
    panic::catch_unwind,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use tintype_sandbox::{Mode, Options, Sandbox, SandboxError, launch};
use tintype_types::{Inspection, MediaType};

/// A test and its name.
pub(crate) type Test = (&'static str, fn());

/// Runs the tests whose names hold one of the arguments, or all; `--list` names them.
pub(crate) fn run(tests: &[Test]) -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--list") {
        tests.iter().for_each(|(name, _)| println!("{name}: test"));
        return ExitCode::SUCCESS;
    }
    let filters: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let chosen =
        |name: &str| filters.is_empty() || filters.iter().any(|filter| name.contains(filter.as_str()));
    let (mut passed, mut failed) = (0, 0);
    for (name, test) in tests.iter().filter(|(name, _)| chosen(name)) {
        let since = Instant::now();
        let ok = catch_unwind(test).is_ok();
        *(if ok { &mut passed } else { &mut failed }) += 1;
        println!(
            "test {name} ... {} ({:.2} s)",
            if ok { "ok" } else { "FAILED" },
            since.elapsed().as_secs_f64()
        );
    }
    let verdict = if failed == 0 { "ok" } else { "FAILED" };
    println!(
        "\ntest result: {verdict}. {passed} passed; {failed} failed; 0 ignored; 0 measured; 0 filtered out"
    );
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Says that this kernel or container lacks `what`; where CI is set, that is a failure.
pub(crate) fn skipped(what: &str) {
    #[expect(
        clippy::disallowed_methods,
        reason = "whether a lack may be skipped is said by the environment alone"
    )]
    let must = env::var_os("CI").is_some();
    assert!(!must, "CI is set and the kernel lacks {what}");
    println!("skipped: {what}");
}

/// Options with short deadlines and one spare.
pub(crate) fn options() -> Options {
    Options {
        spares: 1,
        workers_max: 4,
        inspect_deadline: Duration::from_secs(20),
        memory_max: 512 << 20,
        ..Options::default()
    }
}

/// Runs `test` with a sandbox of its own, and shuts that down.
pub(crate) fn with<F: Future<Output = ()>>(options: Options, test: impl FnOnce(Sandbox) -> F) {
    runtime().block_on(async {
        let spawner = launch(options.mode).unwrap();
        let sandbox = Sandbox::start(spawner, options).unwrap();
        test(sandbox.clone()).await;
        sandbox.shutdown().await;
    });
}

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// What holds workers here.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kernel {
    /// Version of Landlock; 0 where it is absent.
    pub(crate) landlock: u32,
    pub(crate) seccomp: bool,
}

/// Asks a worker what holds it.
pub(crate) fn kernel() -> Kernel {
    let mut found = Kernel { landlock: 0, seccomp: false };
    with(Options { mode: Mode::Auto, ..options() }, async |sandbox| {
        let _ = inspect(&sandbox, &picture()).await;
        let state = sandbox.state();
        let landlock = state.landlock.strip_prefix("abi ").map_or(0, |abi| abi.parse().unwrap());
        found = Kernel { landlock, seccomp: state.seccomp == "on" };
    });
    found
}

/// A PNG of 64 × 48 pixels.
pub(crate) fn picture() -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, 64, 48);
    encoder.set_color(png::ColorType::Rgb);
    let pixels: Vec<u8> = (0..64 * 48 * 3u32).map(|place| (place * 7 % 251) as u8).collect();
    encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
    file
}

/// A file that nobody else can name, open for reading and writing, as uploads are staged.
pub(crate) fn staged(bytes: &[u8]) -> File {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let name = format!("tintype-sandbox-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let path = env::temp_dir().join(name);
    let mut file = File::options().read(true).write(true).create_new(true).open(&path).unwrap();
    fs::remove_file(&path).unwrap();
    file.write_all(bytes).unwrap();
    file
}

pub(crate) async fn inspect(sandbox: &Sandbox, bytes: &[u8]) -> Result<Inspection, SandboxError> {
    sandbox.inspect(Arc::new(staged(bytes)), false, &MediaType::ALL).await
}

/// Has a worker do `what` instead of its job.
pub(crate) async fn misbehave(sandbox: &Sandbox, what: &str) -> Result<Inspection, SandboxError> {
    inspect(sandbox, format!("TINTYPE-MISBEHAVE:{what}").as_bytes()).await
}

/// A process of /proc: id, parent, state and name.
#[derive(Clone, Debug)]
pub(crate) struct Process {
    pub(crate) pid: i32,
    pub(crate) parent: i32,
    pub(crate) state: char,
    pub(crate) name: String,
}

pub(crate) fn processes() -> Vec<Process> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    entries.filter_map(|entry| read_stat(&entry.file_name().into_string().ok()?)).collect()
}

/// `pid (name) state parent …`, proc_pid_stat(5). A process may end while it is looked at.
fn read_stat(pid: &str) -> Option<Process> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.parse::<i32>().ok()?)).ok()?;
    let (start, rest) = stat.rsplit_once(") ")?;
    let (pid, name) = start.split_once(" (")?;
    let mut fields = rest.split(' ');
    let state = fields.next()?.chars().next()?;
    Some(Process {
        pid: pid.parse().ok()?,
        parent: fields.next()?.parse().ok()?,
        state,
        name: name.to_owned(),
    })
}

/// The spawners of this process, then all workers of theirs.
pub(crate) fn family() -> (Vec<Process>, Vec<Process>) {
    let all = processes();
    let children = |parent: i32| all.iter().filter(move |process| process.parent == parent).cloned();
    let spawners: Vec<Process> = children(i32::try_from(std::process::id()).unwrap()).collect();
    let workers = spawners.iter().flat_map(|spawner| children(spawner.pid)).collect();
    (spawners, workers)
}

pub(crate) fn kill(pid: i32, signal: i32) {
    // SAFETY: signals a process of this test.
    unsafe { libc::kill(pid, signal) };
}

/// Waits for a condition, at most a minute.
pub(crate) fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let since = Instant::now();
    while !condition() {
        assert!(since.elapsed() < Duration::from_secs(60), "waited in vain: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}
