//! Bodies beyond `upload.bytes_max`.

use crate::support::{Form, Raw, Server, picture};

const MAX: usize = 1 << 20;

fn server() -> Server {
    Server::with(&["--upload-bytes-max", "1MB"])
}

#[test]
fn a_declared_length_is_refused_before_the_body_comes() {
    let server = server();
    let mut raw = Raw::connect(&server);
    let head = "POST /api/v1/images HTTP/1.1\r\nHost: a\r\nContent-Type: image/png\r\nContent-Length: 50000000\r\n\r\n";
    assert!(raw.send(head.as_bytes()));
    let reply = raw.reply().expect_problem(413, "file_too_large");
    assert_eq!(reply.at("/limit"), MAX.to_string());
    assert!(reply.at("/detail").contains("1 MB"), "{}", reply.text());

    let mut put = Raw::connect(&server);
    let bearer = server.token("upload,paths").token();
    let head = format!(
        "PUT /api/v1/files/x/a.png HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {bearer}\r\nContent-Length: 50000000\r\n\r\n"
    );
    assert!(put.send(head.as_bytes()));
    put.reply().expect_problem(413, "file_too_large");

    let mut form = Raw::connect(&server);
    let head = "POST /api/v1/images HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 5000000000\r\n\r\n";
    assert!(form.send(head.as_bytes()));
    form.reply().expect_problem(413, "file_too_large");
    server.settle();
    assert_eq!(server.originals(), 0);
}

#[test]
fn a_chunked_body_is_refused_as_soon_as_it_passes() {
    let server = server();
    let mut raw = Raw::connect(&server);
    let head = "POST /api/v1/images HTTP/1.1\r\nHost: a\r\nContent-Type: image/png\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert!(raw.send(head.as_bytes()));
    let chunk = [b"10000\r\n".to_vec(), vec![b'x'; 0x10000], b"\r\n".to_vec()].concat();
    for _ in 0..20 {
        assert!(raw.send(&chunk));
    }
    // The body has not ended, and yet the answer comes.
    raw.reply().expect_problem(413, "file_too_large");
    server.settle();
    assert_eq!(server.originals(), 0);
}

#[test]
fn one_file_of_a_form_does_not_spoil_the_others() {
    let server = server();
    let small = picture::noise(100, 100, 1);
    let form = Form::new().file("big.png", &vec![b'x'; MAX + 1]).file("small.png", &small);
    let reply = server.client().form(&form).expect(201);
    assert_eq!(reply.at("/problems/0/problem/code"), "file_too_large");
    assert_eq!(reply.at("/images/0/file_name"), "small.png");
    let alone = server.client().form(&Form::new().file("big.png", &vec![b'x'; MAX + 1]));
    alone.expect_problem(413, "file_too_large");
    server.settle();
    assert_eq!(server.originals(), 1);
    server.assert_clean();
}

#[test]
fn the_limit_itself_is_taken() {
    let server = server();
    let mut picture = picture::noise(550, 600, 1);
    assert!(picture.len() < MAX);
    // Bytes after the end of a picture are not published, but they count.
    picture.resize(MAX, 0);
    server.client().post("/api/v1/images", "image/png", &picture).expect(201);
    picture.push(0);
    server.client().post("/api/v1/images", "image/png", &picture).expect_problem(413, "file_too_large");
}

#[test]
fn the_answer_is_heard_while_the_body_is_still_being_sent() {
    let server = server();
    let client = server.client();
    let body = vec![b'x'; 20 * MAX];
    for _ in 0..3 {
        // An ordinary client sends all before it listens: the server must not break the connection meanwhile.
        client.post("/api/v1/images", "image/png", &body).expect_problem(413, "file_too_large");
        client.post("/api/v1/images?nonsense=1", "image/png", &body).expect_problem(400, "unknown_field");
        client.post("/api/v1/none", "image/png", &body).expect(404);
        client.get("/health").expect(200);
    }
    let mut waiting = Raw::connect(&server);
    let head = "POST /api/v1/images HTTP/1.1\r\nHost: a\r\nContent-Type: image/png\r\nContent-Length: 5000000\r\nExpect: 100-continue\r\n\r\n";
    assert!(waiting.send(head.as_bytes()));
    waiting.reply().expect_problem(413, "file_too_large");
}
