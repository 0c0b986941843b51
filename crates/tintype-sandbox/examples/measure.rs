//! Prints what the sandbox costs: memory of the spawner and spares, time and processor time of a job.
//!
//! `cargo run --release -p tintype-sandbox --example measure [jobs]`

use std::{
    env,
    fs::{self, File},
    io::Write,
    sync::Arc,
    time::{Duration, Instant},
};

use tintype_image::InspectOptions;
use tintype_sandbox::{Mode, Options, Sandbox, launch};
use tintype_types::{ImageLimits, MediaType};

const PICTURE: &[u8] = include_bytes!("../src/samples/sample.png");

fn main() {
    let argument = env::args().nth(1);
    if argument.as_deref() == Some("sandbox-spawner") {
        tintype_sandbox::spawner_main();
    }
    let jobs: u32 = argument.and_then(|text| text.parse().ok()).unwrap_or(500);
    for mode in [Mode::Auto, Mode::Off] {
        println!("sandbox = {mode}, {jobs} jobs one after another, a PNG of {} bytes", PICTURE.len());
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        runtime.expect("a runtime starts").block_on(measure(mode, jobs));
    }
}

async fn measure(mode: Mode, jobs: u32) {
    let since = Instant::now();
    let spawner = launch(mode).expect("the spawner starts");
    let launched = since.elapsed();
    let options = Options { mode, ..Options::default() };
    let spares = options.spares;
    let sandbox = Sandbox::start(spawner, options).expect("the sandbox starts");
    inspect(&sandbox).await;
    println!("  launch {launched:.1?}; launch to the first answer {:.1?}", since.elapsed());
    tokio::time::sleep(Duration::from_millis(200)).await;
    print_memory(spares);

    let (before, mut times) = (cpu(), Vec::new());
    for _ in 0..jobs {
        let since = Instant::now();
        inspect(&sandbox).await;
        times.push(since.elapsed());
    }
    times.sort_unstable();
    let percentile = |percent: usize| times[times.len() * percent / 100];
    println!(
        "  answer after {} µs (half), {} µs (95 %)",
        percentile(50).as_micros(),
        percentile(95).as_micros()
    );
    sandbox.shutdown().await;
    // The spawner was reaped, so its time and that of every worker it reaped is counted.
    let sandboxed = (cpu() - before) / jobs;
    let before = cpu();
    for _ in 0..jobs {
        let options = InspectOptions {
            keep_metadata: false,
            accepted: MediaType::ALL.to_vec(),
            limits: ImageLimits::default(),
        };
        std::hint::black_box(tintype_image::inspect(PICTURE, &options, &mut |_| {}).is_ok());
    }
    let bare = (cpu() - before) / jobs;
    let (sandboxed, bare) = (sandboxed.as_micros(), bare.as_micros());
    println!("  processor time of a job {sandboxed} µs; the picture without a sandbox {bare} µs");
}

async fn inspect(sandbox: &Sandbox) {
    let memory =
        rustix::fs::memfd_create(c"measure", rustix::fs::MemfdFlags::CLOEXEC).expect("memory is there");
    let mut file = File::from(memory);
    file.write_all(PICTURE).expect("memory is there");
    sandbox.inspect(Arc::new(file), false, &MediaType::ALL).await.expect("the picture is good");
}

/// Processor time of this process and of every descendant that was reaped.
fn cpu() -> Duration {
    [libc::RUSAGE_SELF, libc::RUSAGE_CHILDREN]
        .into_iter()
        .map(|who| {
            // SAFETY: a zeroed rusage is a valid one, and the pointer is to it.
            let usage = unsafe {
                let mut usage = std::mem::zeroed::<libc::rusage>();
                libc::getrusage(who, &raw mut usage);
                usage
            };
            let micros =
                |time: libc::timeval| u64::try_from(time.tv_sec * 1_000_000 + time.tv_usec).unwrap_or(0);
            Duration::from_micros(micros(usage.ru_utime) + micros(usage.ru_stime))
        })
        .sum()
}

/// Resident and proportional memory of the spawner and its workers, from /proc.
fn print_memory(spares: usize) {
    let mut total = 0;
    for entry in fs::read_dir("/proc").expect("/proc is mounted").flatten() {
        let folder = entry.path();
        let name = fs::read_to_string(folder.join("comm")).unwrap_or_default();
        if !name.starts_with("tintype-") {
            continue;
        }
        let rollup = fs::read_to_string(folder.join("smaps_rollup")).unwrap_or_default();
        let field = |field: &str| -> u64 {
            let line = rollup.lines().find_map(|line| line.strip_prefix(field));
            line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
        };
        let (resident, proportional) = (field("Rss:"), field("Pss:"));
        println!("  {}: {resident} KiB resident, {proportional} KiB proportional", name.trim());
        total += proportional;
    }
    println!("  spawner and {spares} spares: {total} KiB proportional");
}
