//! `tintype upload`

use std::{
    io::{Read as _, Write as _},
    process::{Output, Stdio},
};

use serde_json::Value;
use tintype_testkit::{
    badnet::{Badnet, Harm},
    build,
};

use crate::support::{Server, tintype};

fn run(server: &Server, arguments: &[&str], stdin: Option<&[u8]>) -> Output {
    let mut child = tintype()
        .args(["upload", "--to", &server.base])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(stdin.unwrap_or_default()).unwrap();
    child.wait_with_output().unwrap()
}

fn lines(output: &Output) -> Vec<String> {
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

fn pictures() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(dir.path().join("trip/day 2")).unwrap();
    std::fs::write(dir.path().join("trip/b \"x\".png"), build::png(9, 9, 1)).unwrap();
    std::fs::write(dir.path().join("trip/day 2/ü.jpg"), build::jpeg(9, 9, 2)).unwrap();
    std::fs::write(dir.path().join("trip/notes.txt"), "words").unwrap();
    dir
}

#[test]
fn files_folders_and_the_standard_input_give_a_link_each() {
    let server = Server::start();
    let dir = pictures();
    let trip = dir.path().join("trip");
    let picture = build::png(12, 9, 3);
    let output = run(&server, &[trip.to_str().unwrap(), "-"], Some(&picture));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let links = lines(&output);
    assert_eq!(links.len(), 3);
    let client = server.client();
    for link in &links {
        client.get(link).expect(200);
    }
    assert_eq!(client.get(&links[2]).body, picture);
    let output = run(
        &server,
        &["--format", "markdown", "--title", "A & B", trip.join("b \"x\".png").to_str().unwrap()],
        None,
    );
    assert!(lines(&output)[0].starts_with("![A & B](http"), "{output:?}");
    let json: Value = serde_json::from_str(
        &lines(&run(&server, &["--json", trip.join("day 2/ü.jpg").to_str().unwrap()], None))[0],
    )
    .unwrap();
    assert_eq!(json["file_name"], "ü.jpg");
}

#[test]
fn a_folder_goes_to_named_paths_and_again_replaces_them() {
    let server = Server::start();
    let dir = pictures();
    let token = server.token("upload,paths").token();
    let upload = || run(&server, &["--token", &token, "--path", "/blog", dir.path().to_str().unwrap()], None);
    let links = lines(&upload());
    assert_eq!(
        links,
        [
            format!("{}/blog/trip/b%20%22x%22.png", server.base),
            format!("{}/blog/trip/day%202/%C3%BC.jpg", server.base)
        ]
    );
    let changed = build::jpeg(20, 9, 9);
    std::fs::write(dir.path().join("trip/day 2/ü.jpg"), &changed).unwrap();
    assert!(upload().status.success());
    assert_eq!(server.client().get(&links[1]).expect(200).body, changed);
}

#[test]
fn what_is_refused_is_said_and_the_others_go_on() {
    let server = Server::start();
    let dir = pictures();
    let path = |name: &str| dir.path().join("trip").join(name).to_str().unwrap().to_owned();
    let output = run(&server, &[&path("notes.txt"), &path("b \"x\".png")], None);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), lines(&output).len()), (Some(1), 1));
    assert!(
        error.contains("notes.txt: This is not an image that is known here. Accepted are JPEG"),
        "{error}"
    );
    assert!(error.contains("1 of 2 files were not uploaded"), "{error}");
    let missing = run(&server, &[&path("missing.png")], None);
    assert!(!missing.status.success() && String::from_utf8_lossy(&missing.stderr).contains("does not exist"));
    let closed = Server::with(&["--upload-who", "token"]);
    let output = run(&closed, &[&path("b \"x\".png")], None);
    assert!(String::from_utf8_lossy(&output.stderr).contains("token"), "{output:?}");
    let token = closed.token("upload").token();
    let output = tintype()
        .args(["upload", &path("b \"x\".png")])
        .env("TINTYPE_TO", &closed.base)
        .env("TINTYPE_TOKEN", &token)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn a_broken_connection_is_tried_again_and_makes_no_second_image() {
    let server = Server::start();
    let token = server.token("upload,read");
    // The upload is done, and its sender does not hear of it.
    let net = Badnet::before(server.address());
    net.harm_next(1, "POST", Harm::LoseAnswer);
    let dir = pictures();
    let file = dir.path().join("trip/b \"x\".png");
    let output = tintype()
        .args(["upload", "--to", &net.endpoint(), "--token", &token.token(), file.to_str().unwrap()])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("trying again"), "{output:?}");
    assert_eq!(token.get("/api/v1/images").expect(200).at("/total"), "1");
}

#[test]
fn a_file_that_cannot_be_read_is_not_tried_again() {
    let server = Server::start();
    let dir = pictures();
    let socket = dir.path().join("socket.png");
    let _listening = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    // Nobody opens a socket as a file, and nothing stands at the beginning of a program's memory.
    for (file, why) in [(socket.to_str().unwrap(), "cannot open"), ("/proc/self/mem", "cannot read")] {
        let output = run(&server, &[file, dir.path().join("trip").to_str().unwrap()], None);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), lines(&output).len()), (Some(1), 2), "{error}");
        assert!(error.contains(why) && error.contains("1 of 3 files were not uploaded"), "{error}");
        assert!(!error.contains("trying again"), "{error}");
    }
}

#[test]
fn an_address_that_is_none_is_refused_with_one_that_would_do() {
    for address in ["ftp://a b", "127.0.0.1:8080", "img.example.org", "https://"] {
        let output = tintype().args(["upload", "--to", address, "a.png"]).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && error.contains("https://img.example.org"), "{error}");
    }
}

#[test]
fn a_redirect_is_said_and_not_followed() {
    // As a server does that leads plain HTTP to HTTPS.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let redirecting = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.extend(byte);
        }
        let head = String::from_utf8(head).unwrap();
        let path = head.split(' ').nth(1).unwrap();
        write!(stream, "HTTP/1.1 308 Permanent Redirect\r\nLocation: https://img.example.org{path}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
    });
    let folder = pictures();
    let to = format!("http://{address}");
    let output = tintype().args(["sync", "--to", &to]).arg(folder.path()).arg("blog/").output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains("use --to https://img.example.org") && !error.contains("again"), "{error}");
    redirecting.join().unwrap();
}
