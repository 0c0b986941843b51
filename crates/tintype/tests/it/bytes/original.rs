//! `GET` and `HEAD` of `/i/{id}.{ext}` and its other names

use tintype_testkit::build;

use crate::support::{Reply, Server};

fn uploaded(server: &Server) -> (String, Vec<u8>) {
    let reply = server.client().upload("sunset.jpg", &build::jpeg(64, 42, 1)).expect(201);
    let bytes = server.client().get(&reply.at("/links/image")).expect(200).body;
    (reply.at("/id"), bytes)
}

fn get(server: &Server, path: &str, headers: &[(&str, &str)]) -> Reply {
    server.client().get_with(path, headers)
}

/// What every answer with bytes of a picture that is not private says.
#[track_caller]
fn assert_headers(reply: &Reply) {
    for (name, value) in [
        ("cache-control", "public, max-age=31536000, s-maxage=86400, immutable"),
        ("access-control-allow-origin", "*"),
        ("cross-origin-resource-policy", "cross-origin"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; sandbox"),
        ("set-cookie", ""),
        ("access-control-allow-credentials", ""),
    ] {
        assert_eq!(reply.header(name), value, "{name}");
    }
}

#[test]
fn an_expected_tag_that_is_another_is_412() {
    let server = Server::start();
    let token = server.token("upload,paths");
    let id = token.put("/api/v1/files/blog/a.png", &build::png(8, 8, 1)).expect(201).at("/id");
    let client = server.client();
    for path in [
        format!("/i/{id}.png"),
        format!("/images/{id}.png"),
        "/blog/a.png".to_owned(),
        format!("/i/{id}/w=16.webp"),
    ] {
        for _ in 0..2 {
            let etag = client.get(&path).expect(200).header("etag").to_owned();
            client.get_with(&path, &[("if-match", &etag)]).expect(200);
            client.get_with(&path, &[("if-match", "*")]).expect(200);
            client.get_with(&path, &[("if-match", &etag), ("range", "bytes=0-3")]).expect(206);
            client.get_with(&path, &[("if-match", &etag), ("if-none-match", &etag)]).expect(304);
            for other in ["\"x\"", &format!("W/{etag}")] {
                let asked = [("if-match", other), ("if-none-match", etag.as_str())];
                let refused = client.get_with(&path, &asked).expect_problem(412, "precondition_failed");
                assert_eq!(refused.header("cache-control"), "no-store");
            }
        }
    }
}

#[test]
fn get_and_head_say_the_same() {
    let server = Server::start();
    let (id, bytes) = uploaded(&server);
    for _ in 0..2 {
        // The second round comes from RAM.
        let full = get(&server, &format!("/i/{id}.jpg"), &[]).expect(200);
        assert_headers(&full);
        assert_eq!((full.header("content-type"), full.header("accept-ranges")), ("image/jpeg", "bytes"));
        assert_eq!(full.header("content-length"), bytes.len().to_string());
        let etag = full.header("etag");
        assert!(etag.len() > 10 && etag.starts_with('"') && etag.ends_with('"'), "{etag} is strong");
        assert!(full.header("content-disposition").starts_with("inline; filename=\"sunset.jpg\""));
        let head = server.client().head(&format!("/i/{id}.jpg")).expect(200);
        assert_headers(&head);
        assert!(head.body.is_empty());
        for name in ["etag", "content-length", "content-type", "content-disposition", "accept-ranges"] {
            assert_eq!(head.header(name), full.header(name), "{name}");
        }
    }
}

#[test]
fn the_other_names_answer_the_same_bytes_and_wrong_ones_none() {
    let server = Server::start();
    let (id, bytes) = uploaded(&server);
    let etag = get(&server, &format!("/i/{id}.jpg"), &[]).header("etag").to_owned();
    for path in [
        format!("/i/{id}"),
        format!("/i/{id}.jpeg"),
        format!("/images/{id}.jpg"),
        format!("/images/{id}.jpeg"),
    ] {
        let reply = get(&server, &path, &[]).expect(200);
        assert!(reply.body == bytes && reply.header("etag") == etag, "{path}");
        assert_headers(&reply);
    }
    for name in ["png", "jpg.png", "html", "", "jpg/", "JPGX", "webp"] {
        let reply = get(&server, &format!("/i/{id}.{name}"), &[]);
        assert!(matches!(reply.status, 400 | 404), "{name}: {}", reply.status);
        assert_eq!(reply.header("content-type"), "application/problem+json", "{name}");
    }
    let missing = get(&server, "/i/11111111111111111.jpg", &[]).expect_problem(404, "not_found");
    assert_eq!(
        (missing.header("access-control-allow-origin"), missing.header("cache-control")),
        ("*", "no-store")
    );
    server
        .client()
        .send("DELETE", &format!("/i/{id}.jpg"), &[], None)
        .expect_problem(405, "method_not_allowed");
    get(&server, &format!("/i/{id}.jpg?v=1"), &[]).expect(200);
}

#[test]
fn what_the_sender_has_is_not_sent_again() {
    let server = Server::start();
    let (id, _) = uploaded(&server);
    let path = format!("/i/{id}.jpg");
    let etag = get(&server, &path, &[]).header("etag").to_owned();
    for tag in [etag.clone(), format!("W/{etag}"), "*".to_owned(), format!("\"x\", {etag}")] {
        let reply = get(&server, &path, &[("if-none-match", &tag)]).expect(304);
        assert_headers(&reply);
        assert!(
            reply.body.is_empty() && reply.header("etag") == etag && reply.header("content-type").is_empty()
        );
    }
    get(&server, &path, &[("if-none-match", "\"other\"")]).expect(200);
    let head = server.client().send("HEAD", &path, &[("if-none-match", &etag)], None);
    assert_eq!(head.status, 304);
}

#[test]
fn one_range_is_answered_in_part() {
    let server = Server::start();
    let (id, bytes) = uploaded(&server);
    let (path, len) = (format!("/i/{id}.jpg"), bytes.len());
    let etag = get(&server, &path, &[]).header("etag").to_owned();
    for (range, start, end) in [
        ("bytes=0-0".to_owned(), 0, 1),
        ("bytes=10-19".to_owned(), 10, 20),
        ("bytes=100-".to_owned(), 100, len),
        ("bytes=-7".to_owned(), len - 7, len),
        (format!("bytes=-{}", len + 5), 0, len),
        (format!("bytes=5-{}", len * 2), 5, len),
    ] {
        let reply = get(&server, &path, &[("range", &range)]).expect(206);
        assert_headers(&reply);
        assert_eq!(reply.body, bytes[start..end], "{range}");
        assert_eq!(reply.header("content-range"), format!("bytes {start}-{}/{len}", end - 1));
        assert_eq!(reply.header("content-length"), (end - start).to_string());
        get(&server, &path, &[("range", &range), ("if-range", &etag)]).expect(206);
        let whole = get(&server, &path, &[("range", &range), ("if-range", "\"other\"")]).expect(200);
        assert_eq!(whole.body, bytes);
    }
    for range in ["bytes=0-1,5-9", "bytes=a-b", "bytes=9-5", "lines=0-1", "bytes"] {
        let reply = get(&server, &path, &[("range", range)]).expect(200);
        assert_eq!(reply.body, bytes, "{range}");
    }
    for range in [format!("bytes={len}-"), "bytes=-0".to_owned(), "bytes=99999999999999999999999-".to_owned()]
    {
        let reply = get(&server, &path, &[("range", &range)]).expect_problem(416, "range_not_satisfiable");
        assert_eq!(reply.header("content-range"), format!("bytes */{len}"), "{range}");
        assert_eq!(reply.header("access-control-allow-origin"), "*");
    }
    let head = server.client().send("HEAD", &path, &[("range", "bytes=0-9")], None);
    assert!(head.body.is_empty() && matches!(head.status, 200 | 206));
}

#[test]
fn pages_of_other_sites_may_ask_first() {
    let server = Server::start();
    let (id, _) = uploaded(&server);
    for path in [format!("/i/{id}.jpg"), format!("/images/{id}.jpg"), format!("/i/{id}/w=16.webp")] {
        let asked = [("origin", "https://blog.example"), ("access-control-request-headers", "range")];
        let reply = server.client().send("OPTIONS", &path, &asked, None).expect(204);
        assert_eq!(reply.header("access-control-allow-origin"), "*");
        assert!(reply.header("access-control-allow-headers").contains("Range"));
        assert!(reply.header("access-control-allow-methods").contains("GET"));
    }
}
