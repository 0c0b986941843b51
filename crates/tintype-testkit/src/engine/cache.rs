//! Real caches in front of the program: Varnish with vmod xkey, and nginx with `ngx_cache_purge`.
//!
//! Each runs on the very file that `deploy/` ships; only addresses and folders in it are replaced.

use std::{
    env, fs,
    io::Write as _,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use super::{
    START,
    process::{Process, answers, folder},
};
use crate::{ports, wait};

/// What `deploy/varnish.vcl` says.
const VARNISH: &str = include_str!("../../../../deploy/varnish.vcl");
/// What `deploy/nginx-cache.conf` says.
const NGINX: &str = include_str!("../../../../deploy/nginx-cache.conf");

/// Where a cache is going to listen, so that the program behind it can be told before.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    listen: u16,
    purge: u16,
}

impl Place {
    /// Ports that nobody listens on.
    pub fn free() -> Self {
        let [listen, purge] = ports::free_all();
        Self { listen, purge }
    }

    /// Address and port at which readers ask.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.listen)
    }

    /// Where readers ask.
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// Where nginx forgets. Varnish does where readers ask.
    pub fn purge_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.purge)
    }
}

/// A cache in front of the program, gone when it is dropped.
#[derive(Debug)]
pub struct Cache {
    process: Process,
}

impl Cache {
    /// Kills it without a word.
    pub fn kill(&self) {
        self.process.kill();
    }
}

/// Starts Varnish at `place` in front of `origin` (`127.0.0.1:port`). Where it is not installed, prints
/// `skipped: <test> needs Varnish` and answers `None`, so that the test can return.
///
/// # Panics
/// When it is missing and `CI` is set, and when it does not start.
pub fn varnish(test: &str, place: Place, origin: &str) -> Option<Cache> {
    let program = installed(test, "Varnish", &["/usr/sbin/varnishd"])?;
    let home = fresh("varnish");
    let (host, port) = origin.rsplit_once(':').expect("an origin has a port");
    let vcl = replaced(VARNISH, ".host = \"127.0.0.1\";", &format!(".host = \"{host}\";"));
    let vcl = replaced(&vcl, ".port = \"8080\";", &format!(".port = \"{port}\";"));
    fs::write(home.join("default.vcl"), vcl).expect("a file for Varnish");
    let address = place.address();
    let arguments = [
        "-F",
        "-n",
        &home.join("work").display().to_string(),
        "-a",
        &address,
        "-f",
        &home.join("default.vcl").display().to_string(),
        "-s",
        "malloc,64m",
        "-T",
        "none",
        "-j",
        "none",
    ]
    .map(str::to_owned);
    let process = Process::start(&program, &arguments, &home);
    wait::until("Varnish", START, || answers(&address, "/health", "200"));
    Some(Cache { process })
}

/// Starts nginx at `place` in front of `origin` (`127.0.0.1:port`). Where it or its module is not installed, prints
/// `skipped: <test> needs nginx with ngx_cache_purge` and answers `None`, so that the test can return.
///
/// # Panics
/// When it is missing and `CI` is set, and when it does not start.
pub fn nginx(test: &str, place: Place, origin: &str) -> Option<Cache> {
    nginx_with(test, place, origin, "")
}

/// The same with an nginx that takes no more of its origin than `rate` a second, such as `1400k`.
///
/// # Panics
/// As [`nginx`].
pub fn slow_nginx(test: &str, place: Place, origin: &str, rate: &str) -> Option<Cache> {
    nginx_with(test, place, origin, &format!("proxy_limit_rate {rate};"))
}

fn nginx_with(test: &str, place: Place, origin: &str, settings: &str) -> Option<Cache> {
    let module = "/usr/lib/nginx/modules/ngx_http_cache_purge_module.so";
    let program = installed(test, "nginx with ngx_cache_purge", &["/usr/sbin/nginx", module])?;
    let home = fresh("nginx");
    let Place { listen, purge } = place;
    let site = replaced(NGINX, "server 127.0.0.1:8080;", &format!("server {origin};"));
    let site = replaced(&site, "listen 80;", &format!("listen 127.0.0.1:{listen};"));
    let site = replaced(&site, "listen 127.0.0.1:8081;", &format!("listen 127.0.0.1:{purge};"));
    let site = replaced(&site, "/var/cache/nginx/tintype", &home.join("cache").display().to_string());
    fs::write(home.join("site.conf"), site).expect("a file for nginx");
    let home_name = home.display();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {home_name}/{kind};"))
        .concat();
    let main = format!(
        "load_module {module};\ndaemon off; master_process on; worker_processes 2; user root;\npid {home_name}/pid; \
         error_log {home_name}/error.log;\nevents {{}}\nhttp {{ access_log off; {settings} {temporary} include {home_name}/site.conf; }}\n"
    );
    fs::write(home.join("nginx.conf"), main).expect("a file for nginx");
    let config = home.join("nginx.conf").display().to_string();
    let process = Process::start(&program, &["-c".to_owned(), config], &home);
    let address = place.address();
    wait::until("nginx", START, || answers(&address, "/health", "200"));
    Some(Cache { process })
}

/// The first of the files, where all are there.
#[expect(clippy::disallowed_methods, reason = "whether tests may be skipped is said by the environment")]
fn installed(test: &str, what: &str, files: &[&str]) -> Option<PathBuf> {
    if files.iter().all(|file| Path::new(file).exists()) {
        return files.first().map(PathBuf::from);
    }
    let skipped = format!("skipped: {test} needs {what}");
    assert!(env::var_os("CI").is_none(), "{skipped}");
    // Not `eprintln!`, which the harness keeps to itself.
    writeln!(std::io::stderr(), "{skipped}").expect("there is a standard error");
    None
}

/// A folder of its own for each: several may run at once.
fn fresh(kind: &str) -> PathBuf {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let home = folder(&format!("{kind}{}", NEXT.fetch_add(1, Ordering::Relaxed)));
    fs::create_dir_all(home.join("work")).expect("a folder for the cache");
    home
}

fn replaced(text: &str, old: &str, new: &str) -> String {
    assert_eq!(text.matches(old).count(), 1, "the sample in deploy/ has {old:?} once");
    text.replace(old, new)
}
