//! A server that speaks HTTPS, and a client of another make: curl.

use std::{path::Path, process::Command};

use tempfile::TempDir;
use tintype_testkit::{
    engine::{PATIENCE, Pebble, PebbleOptions, skip_without},
    ports, wait,
};

use crate::support::{Reply, Server};

pub(super) const ONE: &str = "one.example.test";
pub(super) const TWO: &str = "two.example.test";

/// What is logged when a certificate is taken into use.
pub(super) const TAKEN: &str = "took a certificate into use";

/// The ports that a server is to have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ports {
    pub(super) https: u16,
    pub(super) http: u16,
}

impl Ports {
    pub(super) fn free() -> Self {
        Self { https: ports::free(), http: ports::free() }
    }

    fn flags(self) -> Vec<String> {
        let at = |port: u16| format!("127.0.0.1:{port}");
        vec!["--tls-listen".to_owned(), at(self.https), "--tls-http-listen".to_owned(), at(self.http)]
    }
}

/// A server that speaks HTTPS.
pub(super) struct Secure {
    pub(super) server: Server,
    pub(super) ports: Ports,
}

impl Secure {
    /// Starts a server whose certificates are `pebble`'s.
    pub(super) fn with_pebble(
        pebble: &Pebble,
        dir: TempDir,
        ports: Ports,
        domains: &[&str],
        flags: &[&str],
    ) -> Self {
        let (directory, root) = (pebble.directory(), pebble.own_root().display().to_string());
        let mut all = vec!["--tls-acme-directory", &directory, "--tls-acme-root", &root];
        for domain in domains {
            all.extend(["--domain", domain]);
        }
        Self::on(dir, ports, &[&all[..], flags].concat())
    }

    /// Starts a server with these flags, on a folder that may hold an earlier one's data.
    pub(super) fn on(dir: TempDir, ports: Ports, flags: &[&str]) -> Self {
        let own = ports.flags();
        let own: Vec<&str> = own.iter().map(String::as_str).collect();
        let mut server = Server::on(dir, &[&own[..], flags].concat());
        // The ready line says what people open; tests reach the plain address.
        let holder =
            std::fs::read_to_string(server.data().join("tintype.lock")).expect("the lock names its holder");
        let (_, address) = holder.trim().split_once("listening on ").expect("the holder's address");
        server.base = format!("http://{address}");
        Self { server, ports }
    }

    /// A client that trusts `root` and believes this server to be at `domain`.
    pub(super) fn curl(&self, root: &Path, domain: &str) -> Curl {
        let port = self.ports.https;
        let arguments = vec![
            "--cacert".to_owned(),
            root.display().to_string(),
            "--resolve".to_owned(),
            format!("{domain}:{port}:127.0.0.1"),
        ];
        Curl { base: format!("https://{domain}:{port}"), arguments }
    }

    /// Waits until the log has this so many times.
    #[track_caller]
    pub(super) fn wait_for(&self, words: &str, times: usize) {
        wait::until(words, PATIENCE, || self.server.log().matches(words).count() >= times);
    }

    /// The certificate that is served for a name: its serial number.
    pub(super) fn serial(&self, domain: &str) -> Option<String> {
        let shell = format!(
            "openssl s_client -connect 127.0.0.1:{} -servername {domain} </dev/null 2>/dev/null | openssl x509 -noout -serial",
            self.ports.https
        );
        let output = Command::new("sh").args(["-c", &shell]).output().expect("a shell runs");
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        text.starts_with("serial=").then_some(text)
    }

    /// Waits until a name has another certificate than `old`; answers its serial number.
    pub(super) fn next_serial(&self, domain: &str, old: Option<&str>) -> String {
        wait::until_some("another certificate", PATIENCE, || {
            self.serial(domain).filter(|serial| Some(serial.as_str()) != old)
        })
    }
}

/// Starts Pebble and a server on an empty folder.
pub(super) fn with_pebble(test: &str, domains: &[&str], flags: &[&str]) -> Option<(Pebble, Secure)> {
    let ports = Ports::free();
    let pebble = Pebble::start(test, PebbleOptions::new(ports.http, ports.https))?;
    let secure = Secure::with_pebble(&pebble, folder(), ports, domains, flags);
    Some((pebble, secure))
}

pub(super) fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// Whether a test has to be skipped that needs a certificate and a client.
pub(super) fn skipped(test: &str) -> bool {
    skip_without(test, &["openssl", "curl"])
}

/// curl, with what it trusts.
pub(super) struct Curl {
    base: String,
    arguments: Vec<String>,
}

impl Curl {
    /// Asks; `None` where the connection could not be made or broke.
    pub(super) fn try_ask(&self, arguments: &[&str], path: &str) -> Option<Reply> {
        let dir = folder();
        let (head, body) = (dir.path().join("head"), dir.path().join("body"));
        let own = if arguments.contains(&"-o") { Vec::new() } else { vec!["-o".as_ref(), body.as_os_str()] };
        let output = Command::new("curl")
            .args(["--silent", "--show-error", "--max-time", "60", "-w", "%{http_version}"])
            .args(&self.arguments)
            .arg("--dump-header")
            .arg(&head)
            .args(own)
            .args(arguments)
            .arg(format!("{}{path}", self.base))
            .output()
            .expect("curl runs");
        if !output.status.success() {
            return None;
        }
        let head = std::fs::read_to_string(&head).expect("curl keeps the head");
        // The last head counts: others are 100 Continue.
        let head = head.trim_end().rsplit("\r\n\r\n").next().unwrap_or_default();
        let mut lines = head.lines();
        let status =
            lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).expect("a status line");
        let mut headers: Vec<_> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let version = String::from_utf8_lossy(&output.stdout).into_owned();
        headers.push((":version".to_owned(), version));
        Some(Reply::new(status, headers, std::fs::read(&body).unwrap_or_default()))
    }

    /// Asks.
    #[track_caller]
    pub(super) fn ask(&self, arguments: &[&str], path: &str) -> Reply {
        self.try_ask(arguments, path).unwrap_or_else(|| panic!("curl {arguments:?} {path} failed"))
    }

    /// Uploads a picture.
    #[track_caller]
    pub(super) fn upload(&self, arguments: &[&str], picture: &[u8]) -> Reply {
        let dir = folder();
        let file = dir.path().join("picture");
        std::fs::write(&file, picture).expect("a file for curl");
        let form = format!("file=@{};filename=picture", file.display());
        self.ask(&[arguments, &["--form", &form]].concat(), "/api/v1/images")
    }
}
