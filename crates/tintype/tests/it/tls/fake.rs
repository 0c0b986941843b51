//! An authority that refuses for a while, which Pebble never does.

use std::{
    io::{BufReader, Write as _},
    net::TcpListener,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use tintype_testkit::engine::Authority;

use super::support::{ONE, Ports, Secure, folder, skipped};

/// Answers requests, each on a connection of its own, and counts those for a new account.
fn rate_limited(authority: &Authority) -> (String, Arc<AtomicUsize>) {
    let pair = authority.issue("directory", &["IP:127.0.0.1"]);
    let chain = vec![CertificateDer::from_pem_file(&pair.certificate).unwrap()];
    let key = PrivateKeyDer::from_pem_file(&pair.key).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = Arc::new(config.with_no_client_auth().with_single_cert(chain, key).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("https://{}", listener.local_addr().unwrap());
    let (asked, counted, own) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)), base.clone());
    let count = asked.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let connection = ServerConnection::new(config.clone()).unwrap();
            let mut reader = BufReader::new(StreamOwned::new(connection, stream));
            let Some((path, body)) = request(&mut reader) else { continue };
            let nonce = format!("nonce{}", counted.fetch_add(1, Ordering::Relaxed));
            let (status, more, answer) = match path.as_str() {
                "/directory" => (
                    "200 OK",
                    "",
                    format!(
                        r#"{{"newNonce":"{own}/nonce","newAccount":"{own}/account","newOrder":"{own}/order","revokeCert":"{own}/revoke","keyChange":"{own}/key"}}"#
                    ),
                ),
                "/nonce" => ("200 OK", "", String::new()),
                "/account" => {
                    assert!(body.contains("\"signature\""), "{body}");
                    count.fetch_add(1, Ordering::SeqCst);
                    let problem = r#"{"type":"urn:ietf:params:acme:error:rateLimited","detail":"too many registrations for this address: see the documentation","status":429}"#;
                    ("429 Too Many Requests", "Retry-After: 7200\r\n", problem.to_owned())
                }
                other => panic!("nobody asks for {other}"),
            };
            let head = format!(
                "HTTP/1.1 {status}\r\nReplay-Nonce: {nonce}\r\n{more}Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                answer.len()
            );
            let mut stream = reader.into_inner();
            let _ = stream.write_all(format!("{head}{answer}").as_bytes()).and_then(|()| stream.flush());
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
    });
    (format!("{base}/directory"), asked)
}

/// Path and body of a request.
fn request(reader: &mut impl std::io::BufRead) -> Option<(String, String)> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut len = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let line = line.trim_end().to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length: ") {
            len = value.parse().ok()?;
        }
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; len];
    reader.read_exact(&mut body).ok()?;
    Some((path, String::from_utf8(body).ok()?))
}

#[test]
fn an_authority_that_limits_is_asked_when_it_says() {
    if skipped("an_authority_that_limits_is_asked_when_it_says") {
        return;
    }
    let dir = folder();
    let authority = Authority::new(dir.path());
    let (directory, asked) = rate_limited(&authority);
    let root: PathBuf = authority.root();
    let flags =
        ["--domain", ONE, "--tls-acme-directory", &directory, "--tls-acme-root", root.to_str().unwrap()];
    let secure = Secure::on(folder(), Ports::free(), &flags);
    let words = "no certificate yet; HTTPS for this domain is refused";
    secure.wait_for(words, 1);
    let log = secure.server.log();
    let line: serde_json::Value =
        serde_json::from_str(log.lines().find(|line| line.contains(words)).unwrap()).unwrap();
    let problem = line["problem"].as_str().unwrap();
    assert!(problem.contains("too many registrations") && problem.contains("(rateLimited)"), "{problem}");
    // Two hours, where our own pause would have been a minute.
    let time = |key: &str| line[key].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let pause = time("next").as_second() - time("timestamp").as_second();
    assert!((7_199..=7_200 + 1_500).contains(&pause), "{pause}");
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    // A restart does not forget it.
    let (ports, dir) = (secure.ports, secure.server.stop());
    let secure = Secure::on(dir, ports, &flags);
    // It says so again.
    secure.wait_for(words, 1);
    assert!(secure.server.log().contains("too many registrations"));
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}
