//! A certificate of the operator's own.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use tintype_testkit::{
    engine::{Authority, PATIENCE, Pair},
    wait,
};

use super::support::{ONE, Ports, Secure, folder, skipped};
use crate::support::{Raw, Server, tintype};

/// Puts a pair where the server looks for it, as tools do: each file at once.
fn install(pair: &Pair, dir: &Path) {
    for (from, to) in [(&pair.key, "live.key"), (&pair.certificate, "live.pem")] {
        fs::copy(from, dir.join("new")).unwrap();
        fs::rename(dir.join("new"), dir.join(to)).unwrap();
    }
}

#[test]
fn files_are_taken_anew_when_they_change_and_broken_ones_are_not() {
    if skipped("files_are_taken_anew_when_they_change_and_broken_ones_are_not") {
        return;
    }
    let dir = folder();
    let authority = Authority::new(dir.path());
    let name = format!("DNS:{ONE}");
    let pairs = ["first", "second", "third"].map(|file| authority.issue(file, &[&name]));
    install(&pairs[0], dir.path());
    let (certificate, key) = (dir.path().join("live.pem"), dir.path().join("live.key"));
    let flags = ["--tls-certificate", certificate.to_str().unwrap(), "--tls-key", key.to_str().unwrap()];
    let secure = Secure::on(folder(), Ports::free(), &flags);
    let curl = secure.curl(&authority.root(), ONE);
    let first = secure.serial(ONE).unwrap();
    let reply = curl.ask(&["--http2"], "/api/v1/config").expect(200);
    assert!(reply.header("set-cookie").contains("Secure"), "HTTPS is known without base_url");
    install(&pairs[1], dir.path());
    let second = secure.next_serial(ONE, Some(&first));
    // Another one's key, then no certificate at all: told by name, and what was good goes on.
    let words = "the certificate's new files cannot be used; the one before stays in use";
    fs::copy(&pairs[2].key, &key).unwrap();
    secure.wait_for(words, 1);
    fs::write(&certificate, "no certificate").unwrap();
    secure.wait_for(words, 2);
    fs::remove_file(&certificate).unwrap();
    secure.wait_for(words, 3);
    let log = secure.server.log();
    assert!(log.lines().filter(|line| line.contains(words)).all(|line| line.contains("live.pem")), "{log}");
    assert_eq!(secure.serial(ONE), Some(second.clone()));
    curl.ask(&[], "/").expect(200);
    install(&pairs[2], dir.path());
    secure.next_serial(ONE, Some(&second));
    assert!(!log.contains("PRIVATE KEY"));
    // Asked to, it reads them though nothing has changed.
    let taken = || secure.server.log().matches("took the certificate in").count();
    let before = taken();
    let process = secure.server.process().to_string();
    assert!(std::process::Command::new("kill").args(["-HUP", &process]).status().unwrap().success());
    wait::until("the files to be read again", PATIENCE, || taken() > before);
}

#[test]
fn what_cannot_be_used_is_said_at_the_start() {
    if skipped("what_cannot_be_used_is_said_at_the_start") {
        return;
    }
    let dir = folder();
    let authority = Authority::new(dir.path());
    let (one, two) = (authority.issue("one", &["DNS:a.test"]), authority.issue("two", &["DNS:a.test"]));
    let old = authority.issue_version_1("old");
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let (certificate, missing) = (text(&one.certificate), text(&dir.path().join("missing.pem")));
    for (flags, words) in [
        (
            vec!["--tls-certificate", &missing, "--tls-key", &text(&one.key)],
            vec!["missing.pem", "tls.certificate"],
        ),
        (
            vec!["--tls-certificate", &certificate, "--tls-key", &text(&two.key)],
            vec!["one.pem", "two.key", "not the certificate's"],
        ),
        (vec!["--tls-certificate", &certificate, "--tls-key", &certificate], vec!["no private key"]),
        (
            vec!["--tls-certificate", &text(&old.certificate), "--tls-key", &text(&old.key)],
            vec!["old.pem", "X.509 version 1", "version 3"],
        ),
        (vec!["--domain", ONE, "--tls-acme-root", &missing], vec!["missing.pem", "tls.acme_root"]),
        (vec!["--domain", ONE, "--tls-acme-root", &text(&one.key)], vec!["one.key", "no certificate"]),
    ] {
        let output = tintype()
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--tls-listen",
                "127.0.0.1:0",
                "--tls-http-listen",
                "off",
            ])
            .arg("--data")
            .arg(dir.path().join("data"))
            .args(&flags)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            !output.status.success() && words.iter().all(|word| said.contains(word)),
            "{flags:?}: {said}"
        );
    }
}

#[test]
fn a_machine_that_trusts_nobody_says_what_to_install() {
    let dir = folder();
    let output = tintype()
        .args(["serve", "--listen", "127.0.0.1:0", "--tls-listen", "127.0.0.1:0", "--tls-http-listen", "off"])
        .args(["--domain", ONE])
        .env("SSL_CERT_FILE", dir.path().join("none.pem"))
        .env("SSL_CERT_DIR", dir.path())
        .current_dir(dir.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let words = ["ca-certificates", "tls.acme_root"];
    assert!(!output.status.success() && words.iter().all(|word| said.contains(word)), "{said}");
}

#[test]
fn a_port_that_is_taken_is_named_with_what_to_do() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for setting in ["--tls-listen", "--tls-http-listen"] {
        let other = if setting == "--tls-listen" { "--tls-http-listen" } else { "--tls-listen" };
        let output = tintype()
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--domain",
                ONE,
                setting,
                &address,
                other,
                "127.0.0.1:0",
            ])
            .current_dir(folder().path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let port = format!("port {}", taken.local_addr().unwrap().port());
        assert!(!output.status.success() && said.contains(&port) && said.contains("ss -ltnp"), "{said}");
    }
}

#[test]
fn a_slow_handshake_is_cut_and_counts_for_its_client() {
    if skipped("a_slow_handshake_is_cut_and_counts_for_its_client") {
        return;
    }
    let dir = folder();
    let authority = Authority::new(dir.path());
    let pair = authority.issue("own", &[&format!("DNS:{ONE}")]);
    let flags = [
        "--tls-certificate",
        pair.certificate.to_str().unwrap(),
        "--tls-key",
        pair.key.to_str().unwrap(),
        "--server-header-timeout",
        "1s",
    ];
    let secure = Secure::on(folder(), Ports::free(), &flags);
    let address = format!("127.0.0.1:{}", secure.ports.https);
    // Nothing, half a record of a handshake, and what is no TLS at all.
    for sent in [&b""[..], &[22, 3, 1, 0, 200, 1], b"GET / HTTP/1.1\r\n\r\n"] {
        let mut raw = Raw::connect_to(&address);
        raw.send(sent);
        assert!(raw.closed(), "{sent:?}");
    }
    // A handshake for HTTP/2, and then nothing.
    let mut silent = Command::new("openssl")
        .args(["s_client", "-quiet", "-alpn", "h2", "-servername", ONE, "-connect", &address])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    wait::until("a silent client of HTTP/2 to be cut", PATIENCE, || silent.try_wait().unwrap().is_some());
    let open = || {
        let metrics = secure.server.client().get("/metrics").expect(200).text();
        let line = metrics.lines().find(|line| line.starts_with("tintype_http_connections ")).unwrap();
        line.rsplit(' ').next().unwrap().parse::<usize>().unwrap()
    };
    wait::until("only the one that asks", PATIENCE, || open() == 1);
    // Each is cut after a second, which may be too short to be seen in.
    let held = wait::until_some("a handshake to be counted", PATIENCE, || {
        let held = Raw::connect_to(&address);
        (0..20).any(|_| open() == 2).then_some(held)
    });
    assert!(held.closed());
}

#[test]
fn the_ready_line_says_both_addresses_where_no_domain_is_known() {
    if skipped("the_ready_line_says_both_addresses_where_no_domain_is_known") {
        return;
    }
    let dir = folder();
    let authority = Authority::new(dir.path());
    let pair = authority.issue("own", &[&format!("DNS:{ONE}")]);
    let flags =
        ["--tls-certificate", pair.certificate.to_str().unwrap(), "--tls-key", pair.key.to_str().unwrap()];
    let server = Server::on(folder(), &[&flags[..], &["--tls-listen", "127.0.0.1:0"]].concat());
    let (plain, secure) = server.base.split_once(" and ").expect("two addresses");
    assert!(plain.starts_with("http://127.0.0.1:"), "{plain}");
    let reply = std::process::Command::new("curl")
        .args(["-sS", "--cacert", authority.root().to_str().unwrap(), "--connect-to"])
        .arg(format!("{ONE}:443:{}", secure.trim_start_matches("https://")))
        .arg(format!("https://{ONE}/health"))
        .output()
        .unwrap();
    assert!(reply.status.success(), "{secure}: {}", String::from_utf8_lossy(&reply.stderr));
}

#[test]
fn what_does_nothing_is_said_at_the_start() {
    let server = Server::with(&["--tls-hsts", "1d"]);
    let log = server.log();
    assert!(
        log.contains("a setting does not do what it seems to") && log.contains("tls.hsts is set"),
        "{log}"
    );
    let server = Server::start();
    assert!(!server.log().contains("a setting does not do"));
    // Nothing to reload is no reason to end.
    let process = server.process().to_string();
    assert!(Command::new("kill").args(["-HUP", &process]).status().unwrap().success());
    wait::until("the signal to be heard", PATIENCE, || server.log().contains("asked to reload"));
    server.client().get("/health").expect(200);
}
