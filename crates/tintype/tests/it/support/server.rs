//! A running server, stopped and looked over when it is dropped.

use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::Duration,
};

use tempfile::TempDir;
use tintype_testkit::wait;

use super::Client;

const START: Duration = Duration::from_secs(20);
const STOP: Duration = Duration::from_secs(40);

/// A server of the program under test.
pub(crate) struct Server {
    child: Child,
    dir: TempDir,
    pub(crate) base: String,
}

impl Server {
    /// Starts on an empty folder.
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    /// Starts on an empty folder with further flags.
    pub(crate) fn with(flags: &[&str]) -> Self {
        Self::on(tempfile::tempdir().expect("a temporary folder"), flags)
    }

    /// Starts on a folder that may hold an earlier server's data.
    pub(crate) fn on(dir: TempDir, flags: &[&str]) -> Self {
        let mut child = tintype()
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(dir.path().join("data"))
            .args(flags)
            .current_dir(dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::from(std::fs::File::create(dir.path().join("app.log")).expect("a log file")))
            .spawn()
            .expect("the program starts");
        let stdout = child.stdout.take().expect("stdout is piped");
        let (send, receive) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            // Keeps reading to the end, so that the access log never fills the pipe.
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let _ = send.send(line);
            }
        });
        let line = receive.recv_timeout(START).unwrap_or_else(|_| {
            let log = std::fs::read_to_string(dir.path().join("app.log")).unwrap_or_default();
            panic!("the server did not say that it is ready; its log:\n{log}")
        });
        let base = line.strip_prefix("Tintype is ready: ").expect("the ready line").trim_end_matches('/').to_owned();
        Self { child, dir, base }
    }

    /// A client without any cookie or token.
    pub(crate) fn client(&self) -> Client {
        Client::new(&self.base)
    }

    /// A client with a new token of these scopes.
    pub(crate) fn token(&self, scopes: &str) -> Client {
        let name = format!("t{}", unique());
        let output = self.run(&["token", "create", "--name", &name, "--scope", scopes]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Client::new(&self.base).with_token(String::from_utf8_lossy(&output.stdout).trim())
    }

    /// Runs another command of the program on this server's folder.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        tintype()
            .args(arguments)
            .arg("--data")
            .arg(self.data())
            .current_dir(self.dir.path())
            .output()
            .expect("the program starts")
    }

    /// The data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// Address and port.
    pub(crate) fn address(&self) -> &str {
        self.base.trim_start_matches("http://")
    }

    /// What the program logged so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("app.log")).unwrap_or_default()
    }

    /// The number of stored originals.
    pub(crate) fn originals(&self) -> usize {
        count_files(&self.data().join("originals"))
    }

    /// Process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Kills the server without a word and gives its folder back.
    pub(crate) fn kill(mut self) -> TempDir {
        self.child.kill().expect("the server runs");
        self.child.wait().expect("a killed process ends");
        self.take_dir()
    }

    /// Asks the server to stop and waits until it has.
    pub(crate) fn stop(mut self) -> TempDir {
        self.terminate();
        self.take_dir()
    }

    fn terminate(&mut self) {
        let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        let ended = wait::until_some("the server to stop", STOP, || self.child.try_wait().ok().flatten());
        assert!(ended.success(), "the server ended with {ended}; its log:\n{}", self.log());
    }

    fn take_dir(mut self) -> TempDir {
        std::mem::replace(&mut self.dir, tempfile::tempdir().expect("a temporary folder"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(Some(_))) {
            return;
        }
        if std::thread::panicking() {
            let _ = self.child.kill();
            let _ = self.child.wait();
            eprintln!("the server's log:\n{}", self.log());
            return;
        }
        self.terminate();
    }
}

/// The program under test, with an environment that names no settings.
pub(crate) fn tintype() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tintype"));
    command.env_clear().env("PATH", "/usr/bin:/bin");
    command
}

fn count_files(dir: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(dir) else { return 0 };
    entries.flatten().map(|entry| if entry.path().is_dir() { count_files(&entry.path()) } else { 1 }).sum()
}

fn unique() -> u64 {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);
    NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}
