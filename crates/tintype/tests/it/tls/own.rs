//! Certificates of the operator's own that have ended, are for other names, or of no use.

use std::{fs, path::Path};

use serde_json::Value;
use tintype_testkit::{
    engine::{Authority, PATIENCE, Pair},
    wait,
};

use super::support::{ONE, Ports, Secure, TWO, folder, skipped};
use crate::support::{Raw, tintype};

/// Puts a pair where the server looks for it, as tools do: each file at once.
fn install(pair: &Pair, dir: &Path) {
    for (from, to) in [(&pair.key, "live.key"), (&pair.certificate, "live.pem")] {
        fs::copy(from, dir.join("new")).unwrap();
        fs::rename(dir.join("new"), dir.join(to)).unwrap();
    }
}

/// What `tintype doctor` says of certificates.
fn doctor(flags: &[&str]) -> Vec<Value> {
    let dir = folder();
    let output = tintype().args(["doctor", "--json"]).args(flags).current_dir(dir.path()).output().unwrap();
    let all: Vec<Value> =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    all.into_iter().filter(|each| each["check"] == "certificate").collect()
}

#[test]
fn one_that_has_ended_does_not_replace_a_good_one() {
    if skipped("one_that_has_ended_does_not_replace_a_good_one") {
        return;
    }
    let dir = folder();
    let authority = Authority::new(dir.path());
    let name = format!("DNS:{ONE}");
    let good = ["first", "second"].map(|file| authority.issue(file, &[&name]));
    let ended = authority.issue_for("ended", &[&name], -1);
    install(&good[0], dir.path());
    let (certificate, key) = (dir.path().join("live.pem"), dir.path().join("live.key"));
    let flags = ["--tls-certificate", certificate.to_str().unwrap(), "--tls-key", key.to_str().unwrap()];
    let secure = Secure::on(folder(), Ports::free(), &flags);
    let first = secure.serial(ONE).unwrap();
    install(&ended, dir.path());
    secure.wait_for("is not good at this time; the one before, which is, stays in use", 1);
    assert_eq!(secure.serial(ONE).as_ref(), Some(&first));
    secure.curl(&authority.root(), ONE).ask(&[], "/").expect(200);
    assert_eq!(secure.server.health("/status"), "ok");
    install(&good[1], dir.path());
    secure.next_serial(ONE, Some(&first));
    assert_eq!(secure.server.log().matches("is not good at this time").count(), 1, "it is told once");
}

#[test]
fn one_that_has_ended_is_served_where_there_is_no_other_and_told() {
    if skipped("one_that_has_ended_is_served_where_there_is_no_other_and_told") {
        return;
    }
    let dir = folder();
    let authority = Authority::new(dir.path());
    let name = format!("DNS:{ONE}");
    install(&authority.issue_for("ended", &[&name], -1), dir.path());
    let (certificate, key) = (dir.path().join("live.pem"), dir.path().join("live.key"));
    let flags = ["--tls-certificate", certificate.to_str().unwrap(), "--tls-key", key.to_str().unwrap()];
    let secure = Secure::on(folder(), Ports::free(), &flags);
    let words = "has ended; browsers warn their readers";
    secure.wait_for(words, 1);
    let log = secure.server.log();
    let line = log.lines().find(|line| line.contains(words)).unwrap();
    assert!(line.contains("\"ERROR\"") && line.contains("live.pem") && line.contains("\"until\""), "{line}");
    let ended = secure.serial(ONE).unwrap();
    assert_eq!(secure.server.health("/status"), "degraded");
    let note = secure.server.health("/notes").to_string();
    assert!(note.contains("certificate: the one in tls.certificate ended at 20"), "{note}");
    secure.server.client().get("/ready").expect(200);
    let told = doctor(&flags);
    assert_eq!(told[0]["verdict"], "fail", "{told:?}");
    assert!(told[0].to_string().contains(ONE), "{told:?}");
    // Any other is better.
    install(&authority.issue("good", &[&name]), dir.path());
    secure.next_serial(ONE, Some(&ended));
    wait::until("the note to go", PATIENCE, || secure.server.health("/status") == "ok");
    assert_eq!(doctor(&flags)[0]["verdict"], "ok");
}

#[test]
fn names_that_it_is_not_for_are_told() {
    if skipped("names_that_it_is_not_for_are_told") {
        return;
    }
    let dir = folder();
    let authority = Authority::new(dir.path());
    install(&authority.issue("one", &["DNS:*.a.test", "IP:127.0.0.1"]), dir.path());
    let (certificate, key) = (dir.path().join("live.pem"), dir.path().join("live.key"));
    let flags = [
        "--tls-certificate",
        certificate.to_str().unwrap(),
        "--tls-key",
        key.to_str().unwrap(),
        "--domain",
        "www.a.test,other.test",
        "--base-url",
        "https://127.0.0.1:8443",
        "--server-media-url",
        "https://x.y.a.test",
    ];
    let secure = Secure::on(folder(), Ports::free(), &flags);
    let words = "is not for all names of this site";
    secure.wait_for(words, 1);
    let line = |times: usize| -> Value {
        let log = secure.server.log();
        serde_json::from_str(log.lines().filter(|line| line.contains(words)).nth(times - 1).unwrap()).unwrap()
    };
    assert_eq!(line(1)["missing"], "other.test, x.y.a.test", "{}", line(1));
    assert_eq!(line(1)["names"], "*.a.test, 127.0.0.1");
    let told = doctor(&flags);
    assert_eq!((&told[0]["verdict"], &told[1]["verdict"]), (&"ok".into(), &"warn".into()), "{told:?}");
    assert!(told[1].to_string().contains("not for other.test, x.y.a.test"), "{told:?}");
    // Another that is for fewer, and one that is for all.
    let all = ["www.a.test", "other.test", "x.y.a.test"].map(|name| format!("DNS:{name}"));
    install(&authority.issue("two", &[&all[0], "IP:127.0.0.1"]), dir.path());
    secure.wait_for(words, 2);
    install(&authority.issue("three", &[&all[0], &all[1], &all[2], "IP:127.0.0.1"]), dir.path());
    secure.wait_for("took the certificate in", 2);
    assert_eq!(secure.server.log().matches(words).count(), 2);
    assert_eq!(doctor(&flags).len(), 1);
}

#[test]
fn its_names_are_led_to_https_where_no_domain_is_named() {
    if skipped("its_names_are_led_to_https_where_no_domain_is_named") {
        return;
    }
    let dir = folder();
    let authority = Authority::new(dir.path());
    install(&authority.issue("one", &[&format!("DNS:{ONE}"), "DNS:*.a.test"]), dir.path());
    let (certificate, key) = (dir.path().join("live.pem"), dir.path().join("live.key"));
    let flags = [
        "--tls-certificate",
        certificate.to_str().unwrap(),
        "--tls-key",
        key.to_str().unwrap(),
        "--base-url",
        &format!("https://{TWO}:8443"),
    ];
    let secure = Secure::on(folder(), Ports::free(), &flags);
    let address = format!("127.0.0.1:{}", secure.ports.http);
    let ask = |host: &str| Raw::ask_at(&address, &format!("GET /i/x HTTP/1.1\r\nHost: {host}\r\n\r\n"));
    for (host, target) in [
        (ONE, format!("https://{ONE}/i/x")),
        ("IMG.a.test:80", "https://img.a.test/i/x".to_owned()),
        (TWO, format!("https://{TWO}:8443/i/x")),
    ] {
        assert_eq!(ask(host).expect(308).header("location"), target, "{host}");
    }
    for host in ["evil.example", "x.y.a.test", "*.a.test", "e@a.test"] {
        let reply = ask(host).expect(421);
        let names = format!("{TWO}, {ONE}, *.a.test");
        assert!(reply.header("location").is_empty() && reply.text().contains(&names), "{}", reply.text());
    }
}
