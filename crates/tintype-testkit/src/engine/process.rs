//! A program that tests talk to, and where it keeps its things.

use std::{
    env, fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use super::START;
use crate::wait;

/// A running program. Killed when it is dropped, and when this process ends, however it ends.
#[derive(Debug)]
pub(super) struct Process {
    id: u32,
    ended: Arc<AtomicBool>,
}

impl Process {
    /// Starts a program that works in `home` and logs there.
    pub(super) fn start(program: &Path, arguments: &[String], home: &Path) -> Self {
        fs::create_dir_all(home).expect("a folder for the program");
        let log = fs::File::create(home.join("log")).expect("the program's log");
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig", "KILL", "--"])
            .arg(program)
            .args(arguments)
            .env("HOME", home)
            .current_dir(home)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("the program's log"))
            .stderr(log)
            // With what it starts itself, such as the workers of nginx, which would go on without it.
            .process_group(0);
        let ended = Arc::new(AtomicBool::new(false));
        let (send, receive) = mpsc::channel();
        let end = Arc::clone(&ended);
        // The program is killed when the thread that started it ends, which is when this process does.
        thread::spawn(move || {
            let mut child = command.spawn().expect("the program starts");
            let _ = send.send(child.id());
            let _ = child.wait();
            end.store(true, Ordering::SeqCst);
        });
        Self { id: receive.recv().expect("the program starts"), ended }
    }

    /// Kills it, and what it started, without a word.
    pub(super) fn kill(&self) {
        if self.ended.load(Ordering::SeqCst) {
            return;
        }
        let _ = Command::new("kill").args(["-KILL", "--", &format!("-{}", self.id)]).status();
        wait::until("a killed program to end", START, || self.ended.load(Ordering::SeqCst));
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !thread::panicking() {
            self.kill();
        }
    }
}

/// An empty folder for this process's programs of a kind. Those of processes that are gone are removed: a program that is
/// killed tidies nothing up.
pub(super) fn folder(kind: &str) -> PathBuf {
    let begin = format!("tintype-{kind}-");
    for entry in fs::read_dir(env::temp_dir()).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let process = name.to_str().and_then(|name| name.strip_prefix(&begin)?.parse::<u32>().ok());
        if process.is_some_and(|process| !Path::new(&format!("/proc/{process}")).exists()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    let dir = env::temp_dir().join(format!("{begin}{}", std::process::id()));
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).expect("a folder for the engine");
    dir
}

/// What is answered to a request without a body: the whole answer, its head included.
pub(super) fn ask(method: &str, address: &str, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

/// Whether a GET is answered with this status.
pub(super) fn answers(address: &str, path: &str, status: &str) -> bool {
    ask("GET", address, path).is_some_and(|answer| answer.starts_with(&format!("HTTP/1.1 {status}")))
}
