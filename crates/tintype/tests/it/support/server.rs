//! A running server, stopped and looked over when it is dropped.

use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use serde_json::Value;
use tempfile::TempDir;
use tintype_testkit::wait;

use super::Client;

/// Generous, because tests share the machine with others.
const START: Duration = Duration::from_secs(60);
const STOP: Duration = Duration::from_secs(60);

/// A server of the program under test.
pub(crate) struct Server {
    child: Child,
    dir: TempDir,
    data: PathBuf,
    access: Arc<Mutex<String>>,
    environment: Environment,
    pub(crate) base: String,
}

/// Variables that the program sees.
pub(crate) type Environment = Vec<(&'static str, String)>;

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
        let data = dir.path().join("data");
        Self::spawn(dir, data, flags)
    }

    /// Starts with a base URL that is not the address on which the tests reach it.
    pub(crate) fn with_base(base_url: &str) -> Self {
        Self::with_base_and(base_url, &[])
    }

    /// The same with further flags.
    pub(crate) fn with_base_and(base_url: &str, flags: &[&str]) -> Self {
        let mut server = Self::with(&[&["--base-url", base_url], flags].concat());
        assert_eq!(server.base, base_url, "the ready line says what to open");
        let holder =
            std::fs::read_to_string(server.data.join("tintype.lock")).expect("the lock names its holder");
        let (_, address) = holder.trim().split_once("listening on ").expect("the holder's address");
        server.base = format!("http://{address}");
        server
    }

    /// Starts with these variables in its environment; commands on its folder see them too.
    pub(crate) fn with_environment(dir: TempDir, environment: Environment, flags: &[&str]) -> Self {
        let data = dir.path().join("data");
        Self::spawn_in(dir, data, environment, flags)
    }

    /// Starts with a data folder that lies elsewhere and outlasts the server.
    pub(crate) fn at(data: PathBuf, flags: &[&str]) -> Self {
        Self::at_with_environment(data, Environment::new(), flags)
    }

    /// The same with these variables in its environment.
    pub(crate) fn at_with_environment(data: PathBuf, environment: Environment, flags: &[&str]) -> Self {
        Self::spawn_in(tempfile::tempdir().expect("a temporary folder"), data, environment, flags)
    }

    fn spawn(dir: TempDir, data: PathBuf, flags: &[&str]) -> Self {
        Self::spawn_in(dir, data, Environment::new(), flags)
    }

    fn spawn_in(dir: TempDir, data: PathBuf, environment: Environment, flags: &[&str]) -> Self {
        let listen = if flags.contains(&"--listen") { &[][..] } else { &["--listen", "127.0.0.1:0"] };
        let mut child = tintype()
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .arg("serve")
            .args(listen)
            .arg("--data")
            .arg(&data)
            .args(flags)
            .current_dir(dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::from(std::fs::File::create(dir.path().join("app.log")).expect("a log file")))
            .spawn()
            .expect("the program starts");
        let stdout = child.stdout.take().expect("stdout is piped");
        let access = Arc::new(Mutex::new(String::new()));
        let (send, receive) = std::sync::mpsc::channel();
        let lines = access.clone();
        std::thread::spawn(move || {
            // Keeps reading to the end, so that the access log never fills the pipe.
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let mut text = lines.lock().unwrap_or_else(PoisonError::into_inner);
                text.push_str(&line);
                text.push('\n');
                let _ = send.send(line);
            }
        });
        let line = receive.recv_timeout(START).unwrap_or_else(|_| {
            let _ = child.kill();
            let log = std::fs::read_to_string(dir.path().join("app.log")).unwrap_or_default();
            panic!("the server did not say that it is ready; its log:\n{log}")
        });
        let base = line.strip_prefix("Tintype is ready: ").expect("the ready line");
        let base = base.trim_end_matches('/').to_owned();
        Self { child, dir, data, access, environment, base }
    }

    /// A client without any cookie or token.
    pub(crate) fn client(&self) -> Client {
        Client::new(&self.base)
    }

    /// A client with a new token of these scopes.
    pub(crate) fn token(&self, scopes: &str) -> Client {
        static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);
        let name = format!("t{}", NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        self.token_with(&["--name", &name, "--scope", scopes])
    }

    /// A client with a token that `token create` makes of these flags.
    pub(crate) fn token_with(&self, flags: &[&str]) -> Client {
        let output = self.run(&[&["token", "create"], flags].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Client::new(&self.base).with_token(String::from_utf8_lossy(&output.stdout).trim())
    }

    /// Runs another command of the program on this server's folder.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        tintype()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .args(arguments)
            .arg("--data")
            .arg(&self.data)
            .current_dir(self.dir.path())
            .output()
            .expect("the program starts")
    }

    /// Asserts that `tintype check` finds catalogue and store alike.
    #[track_caller]
    pub(crate) fn assert_clean(&self) {
        let output = self.run(&["check"]);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
    }

    /// The data folder.
    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    /// Address and port.
    pub(crate) fn address(&self) -> &str {
        self.base.trim_start_matches("http://")
    }

    /// What the program logged so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("app.log")).unwrap_or_default()
    }

    /// The lines on the standard output so far: the access log.
    pub(crate) fn access_log(&self) -> String {
        self.access.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The number of stored originals.
    pub(crate) fn originals(&self) -> usize {
        count_files(&self.data.join("originals"))
    }

    /// What `/health` says at a pointer such as `/sandbox/deaths`.
    pub(crate) fn health(&self, pointer: &str) -> Value {
        let health = self.client().get("/health").expect(200).json();
        health.pointer(pointer).unwrap_or_else(|| panic!("no {pointer} in {health}")).clone()
    }

    /// The server's own process.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Files without a name that the server holds open: uploads under way.
    pub(crate) fn nameless_files(&self) -> usize {
        let open = std::fs::read_dir(format!("/proc/{}/fd", self.process())).expect("the server runs");
        open.flatten()
            .filter_map(|entry| std::fs::read_link(entry.path()).ok())
            .filter(|target| {
                target.starts_with(&self.data) && target.to_string_lossy().ends_with("(deleted)")
            })
            .count()
    }

    /// Waits until no upload is under way: a file is closed a moment after its answer.
    #[track_caller]
    pub(crate) fn settle(&self) {
        wait::until("the uploads under way to end", STOP, || self.nameless_files() == 0);
    }

    /// Sends SIGTERM and does not wait.
    pub(crate) fn ask_to_stop(&self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill runs").success());
    }

    /// Waits until the server has ended.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        wait::until_some("the server to stop", STOP, || self.child.try_wait().ok().flatten())
    }

    /// Kills the server without a word and gives its folder back.
    pub(crate) fn kill(mut self) -> TempDir {
        self.child.kill().expect("the server runs");
        self.child.wait().expect("a killed process ends");
        self.take_dir()
    }

    /// The folder of a server that has ended.
    pub(crate) fn stopped(self) -> TempDir {
        self.take_dir()
    }

    /// Asks the server to stop and waits until it has.
    pub(crate) fn stop(mut self) -> TempDir {
        self.terminate();
        self.take_dir()
    }

    fn terminate(&mut self) {
        self.ask_to_stop();
        let ended = self.ended();
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

/// Files in a folder and those below it; none where there is no folder.
pub(crate) fn count_files(dir: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(dir) else { return 0 };
    entries.flatten().map(|entry| if entry.path().is_dir() { count_files(&entry.path()) } else { 1 }).sum()
}
