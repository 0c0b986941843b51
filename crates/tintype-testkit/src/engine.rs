//! A real S3 engine to test against: SeaweedFS, one process for all tests of a program, gone with it.

use std::{
    env, fs,
    io::{self, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use crate::wait;

/// The bucket that is there from the start.
pub const BUCKET: &str = "images";
/// Who may do everything.
pub const ACCESS_KEY: &str = "testkey";
/// What they sign with.
pub const SECRET_KEY: &str = "testsecret";

/// Time in which the engine must answer.
const START: Duration = Duration::from_secs(60);

/// A running engine.
#[derive(Debug)]
pub struct Engine {
    /// Where it listens: `127.0.0.1:port`.
    pub address: String,
}

impl Engine {
    /// Its endpoint.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// The engine of this program's tests, started by the first who asks. Where `TINTYPE_WEED` names no program, prints
/// `skipped: <test> needs SeaweedFS` and answers `None`, so that the test can return.
///
/// # Panics
/// When it is missing and `CI` is set, and when it does not start.
#[expect(clippy::disallowed_methods, reason = "the tests' tools are named by the environment")]
pub fn running(test: &str) -> Option<&'static Engine> {
    static ENGINE: OnceLock<Option<Engine>> = OnceLock::new();
    let engine = ENGINE.get_or_init(|| {
        let program = env::var_os("TINTYPE_WEED").map(PathBuf::from).filter(|path| path.exists())?;
        Some(start(&program))
    });
    if engine.is_none() {
        let skipped = format!("skipped: {test} needs SeaweedFS (TINTYPE_WEED)");
        assert!(env::var_os("CI").is_none(), "{skipped}");
        // Not `eprintln!`, which the harness keeps to itself.
        writeln!(io::stderr(), "{skipped}").expect("there is a standard error");
    }
    engine.as_ref()
}

/// A prefix that no other test uses.
pub fn fresh_prefix() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("t{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

fn start(program: &Path) -> Engine {
    let dir = env::temp_dir().join(format!("tintype-seaweed-{}", std::process::id()));
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(dir.join("data")).expect("a folder for the engine");
    let identities = format!(
        r#"{{"identities":[{{"name":"app","credentials":[{{"accessKey":"{ACCESS_KEY}","secretKey":"{SECRET_KEY}"}}],"actions":["Admin","Read","Write","List","Tagging"]}},{{"name":"ro","credentials":[{{"accessKey":"rokey","secretKey":"rosecret"}}],"actions":["Read","List"]}}]}}"#
    );
    fs::write(dir.join("s3.json"), identities).expect("the engine's users");
    let ports = free_ports();
    let mut arguments = vec![
        "mini".to_owned(),
        format!("-dir={}/data", dir.display()),
        format!("-s3.config={}/s3.json", dir.display()),
        format!("-bucket={BUCKET}"),
        "-ip=127.0.0.1".to_owned(),
        "-ip.bind=127.0.0.1".to_owned(),
    ];
    for (name, port) in PORTS.iter().zip(ports) {
        arguments.push(format!("-{name}={port}"));
    }
    for plain in [
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        "-webdav=false",
        "-admin.ui=false",
        "-master.telemetry=false",
        "-s3.autoCreateBucket=false",
    ] {
        arguments.push(plain.to_owned());
    }
    let (program, log) = (program.to_owned(), dir.join("log"));
    let home = dir.clone();
    // The engine is killed when the thread that started it ends, which is when this process does: nothing is left behind
    // however the tests end.
    thread::spawn(move || {
        let log = fs::File::create(log).expect("the engine's log");
        let mut child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "--"])
            .arg(program)
            .args(arguments)
            .env("HOME", home)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("the engine's log"))
            .stderr(log)
            .spawn()
            .expect("the engine starts");
        let _ = child.wait();
    });
    let (address, filer) = (format!("127.0.0.1:{}", ports[S3]), format!("127.0.0.1:{}", ports[FILER]));
    // The door for S3 opens before the bucket is made, and remembers what was not there.
    wait::until("the engine's bucket", START, || answers(&filer, &format!("/buckets/{BUCKET}/"), "200"));
    wait::until("the engine's door for S3", START, || answers(&address, "/", "403"));
    Engine { address }
}

/// The engine's parts that listen, each on a port of its own.
const PORTS: [&str; 10] = [
    "master.port",
    "master.port.grpc",
    "volume.port",
    "volume.port.grpc",
    "filer.port",
    "filer.port.grpc",
    "s3.port",
    "s3.port.grpc",
    "admin.port",
    "admin.port.grpc",
];
/// The one that knows the buckets.
const FILER: usize = 4;
/// The one that speaks S3.
const S3: usize = 6;

fn free_ports() -> [u16; 10] {
    let listeners = [(); 10].map(|()| TcpListener::bind("127.0.0.1:0").expect("a free port"));
    listeners.map(|listener| listener.local_addr().expect("its address").port())
}

/// Whether a part of it answers with this status.
fn answers(address: &str, path: &str, status: &str) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else { return false };
    let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    let mut answer = String::new();
    stream.write_all(request.as_bytes()).is_ok()
        && stream.read_to_string(&mut answer).is_ok()
        && answer.starts_with(&format!("HTTP/1.1 {status}"))
}
