//! Certificates that come to their end, and clocks that were moved.

use std::{
    path::Path,
    process::Command,
    time::{SystemTime, UNIX_EPOCH},
};

use tempfile::TempDir;
use tintype_catalog::{Catalog, Issued};
use tintype_testkit::{
    engine::{PATIENCE, Pebble, PebbleOptions, skip_without},
    wait,
};
use tintype_types::UnixMillis;

use super::support::{ONE, Ports, Secure, TAKEN, folder, with_pebble};

/// Has the kept certificate begin and end so many seconds from now, in the catalogue of a server that is stopped.
fn age(dir: &TempDir, directory: &str, begin: i64, end: i64) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let path = dir.path().join("data/tintype.db");
        let catalog = Catalog::open(&path, || panic!("there is a catalogue")).await.unwrap();
        let kept = catalog.certificate(ONE, directory).await.unwrap().issued.unwrap();
        let issued =
            Issued { not_before: now().plus_seconds(begin), not_after: now().plus_seconds(end), ..kept };
        catalog.keep_certificate(ONE.to_owned(), directory.to_owned(), issued).await.unwrap();
        catalog.close().await.unwrap();
    });
}

#[expect(clippy::disallowed_methods, reason = "the program under test goes by the same clock")]
fn now() -> UnixMillis {
    UnixMillis(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64)
}

#[test]
fn certificates_are_renewed_before_they_expire() {
    let ports = Ports::free();
    let options = PebbleOptions { validity: 36, ..PebbleOptions::new(ports.http, ports.https) };
    let Some(pebble) = Pebble::start("certificates_are_renewed_before_they_expire", options) else { return };
    let secure = Secure::with_pebble(&pebble, folder(), ports, &[ONE], &[]);
    let curl = secure.curl(&pebble.issuing_root(), ONE);
    secure.wait_for(TAKEN, 1);
    let first = secure.next_serial(ONE, None);
    // curl refuses what has expired.
    while secure.serial(ONE).is_none_or(|serial| serial == first) {
        curl.ask(&[], "/version").expect(200);
    }
    curl.ask(&[], "/version").expect(200);
    assert!(!secure.server.log().contains("\"problem\""), "{}", secure.server.log());
}

#[test]
fn an_authority_that_is_down_leaves_the_old_one_in_use() {
    let Some((mut pebble, secure)) =
        with_pebble("an_authority_that_is_down_leaves_the_old_one_in_use", &[ONE], &[])
    else {
        return;
    };
    secure.wait_for(TAKEN, 1);
    let (root, old, ports) = (pebble.issuing_root(), secure.serial(ONE).unwrap(), secure.ports);
    let dir = secure.server.stop();
    // It is due; and near enough to its end that the next attempt follows soon.
    age(&dir, &pebble.directory(), -300, 40);
    pebble.kill();
    let secure = Secure::with_pebble(&pebble, dir, ports, &[ONE], &[]);
    let words = "a certificate could not be renewed; the old one stays in use";
    secure.wait_for(words, 1);
    let log = secure.server.log();
    let line = log.lines().find(|line| line.contains(words)).unwrap();
    assert!(line.contains("\"WARN\"") && line.contains("\"until\"") && line.contains("refused"), "{line}");
    secure.curl(&root, ONE).ask(&[], "/").expect(200);
    assert_eq!(secure.serial(ONE).as_ref(), Some(&old));
    let noted = || secure.server.health("/notes").to_string();
    wait::until("a note of the end", PATIENCE, || {
        noted().contains(&format!("{ONE} has one that ends at 20"))
            || noted().contains(&format!("{ONE} has one that ended at 20"))
    });
    pebble.resume();
    secure.next_serial(ONE, Some(&old));
    // It had forgotten the account, too.
    secure.wait_for("the certificate authority does not know the account any more", 1);
    secure.curl(&pebble.issuing_root(), ONE).ask(&[], "/").expect(200);
}

#[test]
fn a_clock_that_went_on_while_nobody_looked_gets_a_new_one() {
    let Some((pebble, secure)) =
        with_pebble("a_clock_that_went_on_while_nobody_looked_gets_a_new_one", &[ONE], &[])
    else {
        return;
    };
    secure.wait_for(TAKEN, 1);
    let (old, ports) = (secure.serial(ONE).unwrap(), secure.ports);
    let dir = secure.server.stop();
    age(&dir, &pebble.directory(), -400 * 86_400, -300 * 86_400);
    let secure = Secure::with_pebble(&pebble, dir, ports, &[ONE], &[]);
    secure.next_serial(ONE, Some(&old));
}

#[test]
fn a_clock_that_was_set_back_asks_for_nothing() {
    let Some((mut pebble, secure)) = with_pebble("a_clock_that_was_set_back_asks_for_nothing", &[ONE], &[])
    else {
        return;
    };
    secure.wait_for(TAKEN, 1);
    let (root, old, ports) = (pebble.issuing_root(), secure.serial(ONE).unwrap(), secure.ports);
    let dir = secure.server.stop();
    age(&dir, &pebble.directory(), 400 * 86_400, 490 * 86_400);
    // Whoever asked now would have something to log.
    pebble.kill();
    let secure = Secure::with_pebble(&pebble, dir, ports, &[ONE], &[]);
    secure.wait_for(TAKEN, 1);
    secure.curl(&root, ONE).ask(&[], "/").expect(200);
    assert_eq!(secure.serial(ONE), Some(old));
    assert!(!secure.server.log().contains("\"problem\""), "{}", secure.server.log());
}

#[test]
fn another_authority_leaves_the_certificate_at_hand_in_use() {
    let test = "another_authority_leaves_the_certificate_at_hand_in_use";
    let Some((pebble, secure)) = with_pebble(test, &[ONE], &[]) else { return };
    secure.wait_for(TAKEN, 1);
    let (root, old, ports) = (pebble.issuing_root(), secure.serial(ONE).unwrap(), secure.ports);
    // A word in the address that is not there, as of somebody who mistyped it.
    let (wrong, own_root) = (format!("{}x", pebble.directory()), pebble.own_root().display().to_string());
    let flags = ["--domain", ONE, "--tls-acme-directory", &wrong, "--tls-acme-root", &own_root];
    let secure = Secure::on(secure.server.stop(), ports, &flags);
    secure.wait_for("serving another authority's certificate until this one has issued its own", 1);
    secure.curl(&root, ONE).ask(&[], "/").expect(200);
    assert_eq!(secure.serial(ONE), Some(old.clone()));
    // The new one is asked at once, and what it says is told.
    secure.wait_for("a certificate could not be renewed; the old one stays in use", 1);
    assert!(!secure.server.log().contains("HTTPS for this domain is refused"));
    let output = secure.server.run(&[&["doctor"], &flags[..]].concat());
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let words = format!("warn  certificate    {ONE}: another authority's, in use until 20");
    assert!(said.contains(&words) && said.contains("; the last attempt: "), "{said}");
    let secure = Secure::with_pebble(&pebble, secure.server.stop(), ports, &[ONE], &[]);
    secure.wait_for(TAKEN, 1);
    assert_eq!(secure.serial(ONE), Some(old));
    assert!(!secure.server.log().contains("another authority"));
}

/// Runs SQL on the catalogue of a server that may run.
fn execute(data: &Path, sql: &str) {
    let script = "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=30, isolation_level=None).execute(sys.argv[2])";
    let status = Command::new("python3").args(["-c", script]).arg(data.join("tintype.db")).arg(sql).status();
    assert!(status.expect("Python runs").success(), "{sql}");
}

#[test]
fn what_the_authority_issued_is_served_and_kept_as_soon_as_it_can_be() {
    let test = "what_the_authority_issued_is_served_and_kept_as_soon_as_it_can_be";
    if skip_without(test, &["python3"]) {
        return;
    }
    let Some((pebble, secure)) = with_pebble(test, &[ONE], &[]) else { return };
    secure.wait_for(TAKEN, 1);
    let (old, ports) = (secure.serial(ONE).unwrap(), secure.ports);
    let dir = secure.server.stop();
    age(&dir, &pebble.directory(), -300, 20);
    let data = dir.path().join("data");
    // The catalogue takes no certificate, as on a full disk.
    let refuse =
        "create trigger refuse before update of chain on certificates begin select raise(abort, 'full'); end";
    execute(&data, refuse);
    let secure = Secure::with_pebble(&pebble, dir, ports, &[ONE], &[]);
    secure.wait_for("the catalogue's certificates could not be used", 1);
    let new = secure.next_serial(ONE, Some(&old));
    execute(&data, "drop trigger refuse");
    // Kept at last: it is served after a restart, and no other was asked for.
    let kept = "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute('select attempts from certificates').fetchone()[0])";
    wait::until("the certificate to be kept", PATIENCE, || {
        let output = Command::new("python3").args(["-c", kept]).arg(data.join("tintype.db")).output();
        output.expect("Python runs").stdout == b"0\n"
    });
    let secure = Secure::with_pebble(&pebble, secure.server.stop(), ports, &[ONE], &[]);
    secure.wait_for(TAKEN, 1);
    assert_eq!(secure.serial(ONE), Some(new));
}

#[test]
fn whoever_mended_what_was_wrong_need_not_wait() {
    let test = "whoever_mended_what_was_wrong_need_not_wait";
    if skip_without(test, &["python3"]) {
        return;
    }
    let ports = Ports::free();
    let Some(pebble) = Pebble::start(test, PebbleOptions::new(ports.http, ports.https)) else { return };
    pebble.hide(ONE);
    let secure = Secure::with_pebble(&pebble, folder(), ports, &[ONE], &[]);
    secure.wait_for("no certificate yet", 1);
    pebble.show(ONE);
    // As after many attempts.
    let later = now().plus_seconds(5 * 3600).0;
    execute(secure.server.data(), &format!("UPDATE certificates SET attempts = 9, due_at = {later}"));
    let process = secure.server.process().to_string();
    assert!(Command::new("kill").args(["-HUP", &process]).status().unwrap().success());
    secure.wait_for(TAKEN, 1);
}
