//! The site over HTTP/2, and over HTTP/1.1 with TLS.

use tintype_testkit::{build, engine::Authority};

use super::support::{Curl, ONE, Ports, Secure, folder, skipped};
use crate::support::picture;

fn secure(dir: &tempfile::TempDir, flags: &[&str]) -> (Secure, Curl) {
    let authority = Authority::new(dir.path());
    let pair = authority.issue("own", &[&format!("DNS:{ONE}")]);
    let own =
        ["--tls-certificate", pair.certificate.to_str().unwrap(), "--tls-key", pair.key.to_str().unwrap()];
    let secure = Secure::on(folder(), Ports::free(), &[&own, flags].concat());
    let curl = secure.curl(&authority.root(), ONE);
    (secure, curl)
}

#[test]
fn pictures_of_every_size_arrive_whole_and_in_parts() {
    if skipped("pictures_of_every_size_arrive_whole_and_in_parts") {
        return;
    }
    let dir = folder();
    let (_secure, curl) = secure(&dir, &[]);
    // In RAM, from an open file, and streamed.
    for picture in [build::jpeg(40, 30, 1), picture::noise(700, 500, 2), picture::noise(1400, 1300, 3)] {
        for (protocol, version) in [("--http2", "2"), ("--http1.1", "1.1")] {
            let reply = curl.upload(&[protocol], &picture).expect(201);
            assert_eq!(reply.header(":version"), version);
            let link = reply.at("/links/image");
            let base = format!("https://{ONE}:");
            assert!(link.starts_with(&base), "{link}");
            let path = &link[link.find("/i/").unwrap()..];
            for _ in 0..3 {
                let reply = curl.ask(&[protocol], path).expect(200);
                assert!(reply.body == picture, "{} bytes of {}", reply.body.len(), picture.len());
                assert_eq!(reply.header("content-length"), picture.len().to_string());
                assert_eq!(reply.header("strict-transport-security"), "");
            }
            let etag = curl.ask(&[protocol], path).header("etag").to_owned();
            let condition = format!("If-None-Match: {etag}");
            let reply = curl.ask(&[protocol, "-H", &condition], path).expect(304);
            assert!(reply.body.is_empty());
            let (from, to) = (picture.len() / 3, picture.len() / 2);
            let reply = curl.ask(&[protocol, "--range", &format!("{from}-{to}")], path).expect(206);
            assert!(reply.body == picture[from..=to]);
            let reply = curl.ask(&[protocol, "--range", "-5"], path).expect(206);
            assert!(reply.body == picture[picture.len() - 5..]);
            curl.ask(&[protocol, "--range", &format!("{}-", picture.len())], path).expect(416);
            let reply = curl.ask(&[protocol, "--head"], path).expect(200);
            assert_eq!(reply.header("content-length"), picture.len().to_string());
        }
    }
}

#[test]
fn many_requests_share_one_connection_and_its_limits() {
    if skipped("many_requests_share_one_connection_and_its_limits") {
        return;
    }
    let dir = folder();
    let flags = ["--server-trusted-proxies", "10.0.0.0/8", "--limit-requests", "40/1h"];
    let (secure, curl) = secure(&dir, &flags);
    let picture = picture::noise(300, 300, 4);
    let path = curl.upload(&["--http2"], &picture).expect(201).at("/links/image");
    let path = path[path.find("/i/").unwrap()..].to_owned();
    // One process of curl, one connection, 30 transfers at once.
    let out = dir.path().join("out").display().to_string();
    let reply = curl.ask(
        &["--http2", "--parallel", "--parallel-max", "30", "-o", &format!("{out}#1")],
        &format!("{path}?[1-30]"),
    );
    assert_eq!(reply.header(":version").matches('2').count(), 30);
    for number in 1..=29 {
        assert!(std::fs::read(format!("{out}{number}")).unwrap() == picture, "transfer {number}");
    }
    // The same client over plain HTTP has used up the rest.
    let statuses: Vec<u16> = (0..12).map(|_| secure.server.client().get("/version").status).collect();
    assert!(statuses.contains(&200) && statuses.ends_with(&[429]), "{statuses:?}");
    assert_eq!(curl.ask(&["--http2"], "/version").status, 429);
}

#[test]
fn a_stop_lets_requests_under_way_finish() {
    if skipped("a_stop_lets_requests_under_way_finish") {
        return;
    }
    let dir = folder();
    let (mut secure, curl) = secure(&dir, &[]);
    let picture = picture::noise(1000, 1000, 5);
    let path = curl.upload(&[], &picture).expect(201).at("/links/image");
    let path = path[path.find("/i/").unwrap()..].to_owned();
    for protocol in ["--http2", "--http1.1"] {
        let reply = curl.ask(&[protocol], &path).expect(200);
        assert!(reply.body == picture);
    }
    std::thread::scope(|scope| {
        // Three megabytes at one and a half a second: it is under way when the stop comes.
        let slow = scope.spawn(|| curl.ask(&["--http2", "--limit-rate", "1500k"], &path));
        let sending = || secure.server.access_log().matches(&path).count() == 3;
        tintype_testkit::wait::until("the third answer", tintype_testkit::engine::PATIENCE, sending);
        secure.server.ask_to_stop();
        assert!(slow.join().unwrap().expect(200).body == picture);
    });
    assert!(secure.server.ended().success());
}
