//! Pebble, the ACME authority that Let's Encrypt tests clients with, and the DNS that it asks.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    path::PathBuf,
    process::Command,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use super::{
    START,
    authority::Authority,
    process::{Process, folder},
    skip_without,
};
use crate::{ports, wait};

/// How an authority is to be.
#[derive(Clone, Copy, Debug)]
pub struct PebbleOptions {
    /// Where it looks for challenges by HTTP.
    pub http_port: u16,
    /// Where it looks for challenges by TLS.
    pub tls_port: u16,
    /// Seconds that its certificates are good for.
    pub validity: u64,
    /// Per cent of good nonces that it refuses.
    pub nonces_refused: u8,
}

impl PebbleOptions {
    /// One that looks for challenges at these ports, and issues for five years.
    pub fn new(http_port: u16, tls_port: u16) -> Self {
        Self { http_port, tls_port, validity: 157_766_400, nonces_refused: 0 }
    }
}

/// A running authority. Every name leads to 127.0.0.1.
#[derive(Debug)]
pub struct Pebble {
    dir: PathBuf,
    authority: Authority,
    options: PebbleOptions,
    ports: [u16; 4],
    process: Option<Process>,
    _dns: Process,
}

impl Pebble {
    /// Starts one. Where Pebble is not installed, prints `skipped: <test> needs pebble` and answers `None`.
    ///
    /// # Panics
    /// When it is missing and `CI` is set, and when it does not start.
    pub fn start(test: &str, options: PebbleOptions) -> Option<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        if skip_without(test, &["pebble", "pebble-challtestsrv", "openssl", "curl"]) {
            return None;
        }
        let dir = folder(&format!("pebble{}", NEXT.fetch_add(1, Ordering::Relaxed)));
        let authority = Authority::new(&dir);
        let pair = authority.issue("server", &["DNS:localhost", "IP:127.0.0.1"]);
        let ports = ports::free_all::<4>();
        let config = format!(
            r#"{{"pebble":{{"listenAddress":"127.0.0.1:{}","managementListenAddress":"127.0.0.1:{}","certificate":"{}","privateKey":"{}","httpPort":{},"tlsPort":{},"ocspResponderURL":"","externalAccountBindingRequired":false,"certificateValidityPeriod":{}}}}}"#,
            ports[0],
            ports[1],
            pair.certificate.display(),
            pair.key.display(),
            options.http_port,
            options.tls_port,
            options.validity,
        );
        fs::write(dir.join("config.json"), config).expect("the folder takes files");
        let dns = [
            ("management", format!("127.0.0.1:{}", ports[2])),
            ("dns01", format!("127.0.0.1:{}", ports[3])),
            ("http01", String::new()),
            ("https01", String::new()),
            ("tlsalpn01", String::new()),
            ("defaultIPv4", "127.0.0.1".to_owned()),
            ("defaultIPv6", String::new()),
        ];
        let dns = dns.map(|(name, value)| format!("-{name}={value}"));
        let dns = Process::start("pebble-challtestsrv".as_ref(), &dns, &dir.join("dns"));
        let mut this = Self { dir, authority, options, ports, process: None, _dns: dns };
        this.resume();
        Some(this)
    }

    /// The address of its directory.
    pub fn directory(&self) -> String {
        format!("https://127.0.0.1:{}/dir", self.ports[0])
    }

    /// The root in PEM by which its own address is known.
    pub fn own_root(&self) -> PathBuf {
        self.authority.root()
    }

    /// Fetches the root in PEM of what it issues, which is another after each start.
    ///
    /// # Panics
    /// When it does not answer.
    pub fn issuing_root(&self) -> PathBuf {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let path = self.dir.join(format!("root{}.pem", NEXT.fetch_add(1, Ordering::Relaxed)));
        let root =
            self.curl(&format!("https://127.0.0.1:{}/roots/0", self.ports[1])).expect("Pebble answers");
        fs::write(&path, root).expect("the folder takes files");
        path
    }

    /// Has every question after a name's address fail.
    ///
    /// # Panics
    /// When the DNS does not answer.
    pub fn hide(&self, domain: &str) {
        self.tell_dns("set-servfail", domain);
    }

    /// Has them answered again.
    ///
    /// # Panics
    /// When the DNS does not answer.
    pub fn show(&self, domain: &str) {
        self.tell_dns("clear-servfail", domain);
    }

    fn tell_dns(&self, what: &str, domain: &str) {
        let body = format!(r#"{{"host":"{domain}."}}"#);
        let mut stream = TcpStream::connect(("127.0.0.1", self.ports[2])).expect("the DNS listens");
        let head = format!(
            "POST /{what} HTTP/1.1\r\nHost: dns\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        stream.write_all(format!("{head}{body}").as_bytes()).expect("the DNS takes the request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("the DNS answers");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    /// Ends it without a word.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Starts it anew: it has forgotten every account and has another root.
    ///
    /// # Panics
    /// When it does not start.
    pub fn resume(&mut self) {
        let arguments = [
            "PEBBLE_VA_NOSLEEP=1".to_owned(),
            "PEBBLE_AUTHZREUSE=0".to_owned(),
            format!("PEBBLE_WFE_NONCEREJECT={}", self.options.nonces_refused),
            "pebble".to_owned(),
            "-config".to_owned(),
            self.dir.join("config.json").display().to_string(),
            "-strict=false".to_owned(),
            "-dnsserver".to_owned(),
            format!("127.0.0.1:{}", self.ports[3]),
        ];
        self.process = Some(Process::start("env".as_ref(), &arguments, &self.dir));
        let directory = self.directory();
        wait::until("Pebble", START, || self.curl(&directory).is_some());
    }

    /// What it logged since it was started last.
    pub fn log(&self) -> String {
        fs::read_to_string(self.dir.join("log")).unwrap_or_default()
    }

    fn curl(&self, url: &str) -> Option<Vec<u8>> {
        let mut command = Command::new("curl");
        command.args(["--silent", "--fail", "--max-time", "10", "--cacert"]).arg(self.own_root()).arg(url);
        let output = command.output().expect("curl runs");
        output.status.success().then_some(output.stdout)
    }
}

/// How long an authority has for what it does.
pub const PATIENCE: Duration = Duration::from_secs(60);
