//! nginx in front of the program, as a CDN is: it speaks HTTPS itself, leads plain HTTP there, and asks the program plainly.

use std::{
    fs,
    net::TcpStream,
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

use super::{
    START,
    authority::Pair,
    process::{Process, folder},
    skip_without,
};
use crate::wait;

/// Starts nginx at these ports of 127.0.0.1 in front of `origin` (`127.0.0.1:port`), which need not listen yet. Where it is not
/// installed, prints `skipped: <test> needs nginx` and answers `None`.
///
/// # Panics
/// When it is missing and `CI` is set, and when it does not start.
pub fn front(test: &str, http: u16, https: u16, pair: &Pair, origin: &str) -> Option<Front> {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    if skip_without(test, &["nginx"]) {
        return None;
    }
    let home = folder(&format!("front{}", NEXT.fetch_add(1, Ordering::Relaxed)));
    let at = home.display();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {at}/{kind};"))
        .concat();
    let (certificate, key) = (pair.certificate.display(), pair.key.display());
    let config = format!(
        "daemon off; worker_processes 1; user root; pid {at}/pid; error_log {at}/error.log;\n\
         events {{}}\n\
         http {{\n\
           access_log off; {temporary}\n\
           server {{ listen 127.0.0.1:{http}; return 301 https://$host:{https}$request_uri; }}\n\
           server {{\n\
             listen 127.0.0.1:{https} ssl; ssl_certificate {certificate}; ssl_certificate_key {key};\n\
             location / {{ proxy_pass http://{origin}; proxy_set_header Host $host; }}\n\
           }}\n\
         }}\n"
    );
    fs::write(home.join("nginx.conf"), config).expect("a file for nginx");
    let arguments = ["-c".to_owned(), home.join("nginx.conf").display().to_string()];
    let process = Process::start(Path::new("nginx"), &arguments, &home);
    wait::until("nginx", START, || {
        [http, https].iter().all(|port| TcpStream::connect(("127.0.0.1", *port)).is_ok())
    });
    Some(Front { _process: process })
}

/// A running nginx, gone when it is dropped.
#[derive(Debug)]
pub struct Front {
    _process: Process,
}
