//! Prints what the sandbox says of files: `cargo run -p tintype-sandbox --example inspect FILE…`
//!
//! Folders are walked. Last comes how often each kind of answer was given; deaths and senseless replies make it fail.

use std::{
    collections::BTreeMap,
    env,
    fs::File,
    io,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Instant,
};

use tintype_sandbox::{Mode, Options, Sandbox, SandboxError, launch};
use tintype_types::MediaType;

fn main() -> ExitCode {
    if env::args().nth(1).as_deref() == Some("sandbox-spawner") {
        tintype_sandbox::spawner_main();
    }
    let spawner = launch(Mode::Auto).expect("the spawner starts");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime starts");
    runtime.block_on(async {
        let sandbox = Sandbox::start(spawner, Options::default()).expect("the sandbox starts");
        let mut counts = BTreeMap::new();
        for file in env::args().skip(1).flat_map(|path| files(Path::new(&path)).expect("readable folders")) {
            *counts.entry(inspect(&sandbox, &file).await).or_insert(0) += 1;
        }
        println!("{counts:?}\n{:?}", sandbox.state());
        sandbox.shutdown().await;
        if ["died", "nonsense"].iter().any(|kind| counts.contains_key(kind)) {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        }
    })
}

async fn inspect(sandbox: &Sandbox, path: &Path) -> &'static str {
    let since = Instant::now();
    let file = Arc::new(File::open(path).expect("a readable file"));
    let (kind, words) = match sandbox.inspect(file, false, &MediaType::ALL).await {
        Ok(found) => {
            ("fine", format!("{} {} × {}, {}", found.media_type, found.width, found.height, found.frames))
        }
        Err(error) => (kind(&error), error.to_string()),
    };
    println!("{kind} {} ms {}: {words}", since.elapsed().as_millis(), path.display());
    kind
}

fn kind(error: &SandboxError) -> &'static str {
    match error {
        SandboxError::Refused(_) => "refused",
        SandboxError::Died { .. } => "died",
        SandboxError::Deadline(_) => "deadline",
        SandboxError::Busy => "busy",
        SandboxError::Nonsense(_) => "nonsense",
        SandboxError::Unavailable(_) => "unavailable",
        SandboxError::OutOfMemory => "out of memory",
        SandboxError::Input(_) => "input",
    }
}

fn files(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_path_buf()]);
    }
    let mut entries = path.read_dir()?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    entries.sort();
    entries.iter().map(|entry| files(entry)).collect::<io::Result<Vec<_>>>().map(|found| found.concat())
}
