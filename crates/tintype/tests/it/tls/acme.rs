//! Certificates from an authority, from nothing.

use std::time::Duration;

use tintype_testkit::{
    engine::{PATIENCE, Pebble, PebbleOptions},
    ports, wait,
};

use super::support::{ONE, Ports, Secure, TAKEN, TWO, folder, with_pebble};

#[test]
fn two_domains_get_certificates_that_clients_trust() {
    let Some((pebble, secure)) =
        with_pebble("two_domains_get_certificates_that_clients_trust", &[ONE, TWO], &[])
    else {
        return;
    };
    secure.wait_for(TAKEN, 2);
    let root = pebble.issuing_root();
    for (domain, protocol, version) in
        [(ONE, "--http1.1", "1.1"), (TWO, "--http1.1", "1.1"), (ONE, "--http2", "2"), (TWO, "--http2", "2")]
    {
        let reply = secure.curl(&root, domain).ask(&[protocol], "/api/v1/config").expect(200);
        assert_eq!(reply.header(":version"), version);
    }
    assert_ne!(secure.serial(ONE), secure.serial(TWO), "one certificate a domain");
    // Confirmed over TLS, and by nothing else.
    assert_eq!(secure.server.access_log().matches("acme-challenge").count(), 0);
    assert!(secure.curl(&root, "three.example.test").try_ask(&[], "/").is_none(), "a name that is not ours");
    let metrics = secure.server.client().get("/metrics").expect(200).text();
    for domain in [ONE, TWO] {
        let line = format!("tintype_certificate_expires_seconds{{domain=\"{domain}\"}} ");
        let left: i64 = metrics.split_once(&line).unwrap().1.lines().next().unwrap().parse().unwrap();
        assert!((150_000_000..160_000_000).contains(&left), "{left}");
    }
    // Whoever reads the log or the settings reads no key.
    assert!(!secure.server.log().contains("PRIVATE KEY"));
}

#[test]
fn http_serves_where_tls_is_not_reached() {
    let (ports, nowhere) = (Ports::free(), ports::free());
    let options = PebbleOptions { nonces_refused: 5, ..PebbleOptions::new(ports.http, nowhere) };
    let Some(pebble) = Pebble::start("http_serves_where_tls_is_not_reached", options) else { return };
    let secure = Secure::with_pebble(&pebble, folder(), ports, &[ONE], &[]);
    // Each call is made three times at most, so that one order in a few hundred fails; the next attempt is a minute later.
    wait::until(TAKEN, Duration::from_secs(200), || secure.server.log().contains(TAKEN));
    secure.curl(&pebble.issuing_root(), ONE).ask(&["--http2"], "/").expect(200);
    wait::until("the challenge in the access log", PATIENCE, || {
        secure.server.access_log().contains("/.well-known/acme-challenge/")
    });
}

#[test]
fn a_domain_that_is_refused_holds_up_no_other() {
    let ports = Ports::free();
    let options = PebbleOptions::new(ports.http, ports.https);
    let Some(pebble) = Pebble::start("a_domain_that_is_refused_holds_up_no_other", options) else { return };
    pebble.hide(ONE);
    let secure = Secure::with_pebble(&pebble, folder(), ports, &[ONE, TWO], &[]);
    secure.wait_for(TAKEN, 1);
    let words = "no certificate yet; HTTPS for this domain is refused";
    secure.wait_for(words, 1);
    let log = secure.server.log();
    let line = log.lines().find(|line| line.contains(words)).unwrap();
    assert!(line.contains(ONE) && line.contains("could not confirm the domain by tls-alpn-01"), "{line}");
    // In the authority's own words, with the time of the next attempt.
    assert!(line.contains("nor by http-01") && line.contains("could not resolve URL"), "{line}");
    assert!(line.contains("(connection)") && line.contains("\"next\""), "{line}");
    let root = pebble.issuing_root();
    secure.curl(&root, TWO).ask(&[], "/").expect(200);
    for _ in 0..2 {
        assert!(secure.curl(&root, ONE).try_ask(&[], "/").is_none());
    }
    let refused = "refusing HTTPS for this domain until it has a certificate";
    assert_eq!(secure.server.log().matches(refused).count(), 1, "it is told once");
    let notes = secure.server.health("/notes");
    assert_eq!(notes.as_array().map(Vec::len), Some(1), "{notes}");
    let note = notes.to_string();
    assert!(note.contains(&format!("{ONE} has none yet")) && !note.contains("resolve"), "{note}");
    let output = secure.server.run(&[
        "doctor",
        "--domain",
        &format!("{ONE},{TWO}"),
        "--tls-acme-directory",
        &pebble.directory(),
    ]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    for words in [
        format!("FAIL  certificate    {ONE}: none yet; the last attempt: "),
        format!("ok    certificate    {TWO}: in use until 20"),
    ] {
        assert!(said.contains(&words), "{said}");
    }
    // The plain address answers all the while.
    secure.server.client().get("/health").expect(200);
}

#[test]
fn a_restart_uses_what_is_kept_and_asks_nobody() {
    let Some((mut pebble, secure)) = with_pebble("a_restart_uses_what_is_kept_and_asks_nobody", &[ONE], &[])
    else {
        return;
    };
    secure.wait_for(TAKEN, 1);
    let (root, serial, ports) = (pebble.issuing_root(), secure.serial(ONE).unwrap(), secure.ports);
    let dir = secure.server.stop();
    pebble.kill();
    let secure = Secure::with_pebble(&pebble, dir, ports, &[ONE], &[]);
    secure.wait_for(TAKEN, 1);
    secure.curl(&root, ONE).ask(&[], "/").expect(200);
    assert_eq!(secure.serial(ONE).unwrap(), serial);
    assert!(!secure.server.log().contains("\"problem\""), "{}", secure.server.log());
}

#[test]
fn links_and_cookies_are_those_of_https() {
    let Some((pebble, secure)) =
        with_pebble("links_and_cookies_are_those_of_https", &[ONE], &["--tls-hsts", "365d"])
    else {
        return;
    };
    secure.wait_for(TAKEN, 1);
    let curl = secure.curl(&pebble.issuing_root(), ONE);
    let reply = curl.ask(&[], "/api/v1/config").expect(200);
    let cookie = reply.header("set-cookie");
    assert!(cookie.starts_with("__Host-tintype_owner=") && cookie.contains("Secure"), "{cookie}");
    assert_eq!(reply.header("strict-transport-security"), "max-age=31536000");
    let picture = tintype_testkit::build::jpeg(40, 30, 1);
    let reply = curl.upload(&[], &picture).expect(201);
    let link = reply.at("/links/image");
    let path = link.strip_prefix(&format!("https://{ONE}")).unwrap_or_else(|| panic!("{link}"));
    // The shortest way has the header too; plain HTTP never has it.
    for _ in 0..2 {
        assert_eq!(curl.ask(&[], path).expect(200).header("strict-transport-security"), "max-age=31536000");
    }
    assert_eq!(secure.server.client().get(path).expect(200).header("strict-transport-security"), "");
}
