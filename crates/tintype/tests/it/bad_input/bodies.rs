//! Bodies that are no upload.

use tintype_testkit::build;

use crate::support::{Form, Server};

#[test]
fn each_is_a_problem_that_says_what_to_send() {
    let server = Server::start();
    let browser = server.client();
    let form = Form::new().file("a.png", &build::png(8, 8, 1));
    let (kind, body) = (form.content_type(), form.body());
    let no_file = Form::new().field("title", "x");
    let empty = Form::new().file("a.png", b"");
    let nothing_chosen = Form::new().file("", b"");
    let other_name = Form::new().part("name=\"image\"; filename=\"a.png\"", &build::png(8, 8, 1));
    let wrong = "multipart/form-data; boundary=another";
    for (what, kind, body, status, code) in [
        ("no type and no body", "", &b""[..], 415, "unsupported_body"),
        ("an empty raw body", "image/png", b"", 400, "empty_file"),
        ("an empty form", kind.as_str(), b"", 400, "malformed_body"),
        ("an empty JSON", "application/json", b"", 400, "malformed_body"),
        ("another boundary", wrong, &body, 400, "malformed_body"),
        ("no boundary", "multipart/form-data", &body, 400, "malformed_body"),
        ("a form cut off", &kind, &body[..body.len() / 2], 400, "malformed_body"),
        ("a form without its end", &kind, &body[..body.len() - 6], 400, "malformed_body"),
        ("a form without a file", &kind, &no_file.body(), 400, "missing_file"),
        ("nothing chosen", &kind, &nothing_chosen.body(), 400, "missing_file"),
        ("an empty file", &kind, &empty.body(), 400, "empty_file"),
        ("a part of another name", &kind, &other_name.body(), 400, "unknown_field"),
        ("text", "text/plain", b"hello", 415, "unsupported_body"),
        ("HTML as an image", "image/png", b"<html><script>alert(1)</script>", 415, "unsupported_type"),
        ("an SVG", "image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415, "unsupported_type"),
        ("a cut picture", "image/png", &build::png(80, 80, 1)[..500], 422, "damaged_file"),
    ] {
        let reply = browser.post("/api/v1/images", kind, body);
        assert_eq!((reply.status, reply.at("/code").as_str()), (status, code), "{what}: {}", reply.text());
        reply.expect_problem(status, code);
    }
    server.settle();
    assert_eq!(server.originals(), 0);
    browser.form(&form).expect(201);
    server.assert_clean();
}

#[test]
fn what_is_not_accepted_is_refused_with_what_is() {
    let server = Server::with(&["--upload-accept", "png, gif"]);
    let browser = server.client();
    let reply = browser.upload("a.png", &build::jpeg(8, 8, 1)).expect_problem(415, "unsupported_type");
    assert_eq!(reply.at("/accepted"), "[\"image/png\",\"image/gif\"]");
    assert!(
        reply.at("/detail").contains("JPEG") && reply.at("/detail").contains("PNG, GIF"),
        "{}",
        reply.text()
    );
    browser.upload("a.jpg", &build::gif(8, 8, 1)).expect(201);
}

#[test]
fn pictures_beyond_a_limit_are_refused_with_it() {
    let flags = ["--image-side-max", "100", "--image-pixels-max", "5000", "--image-frames-max", "3"];
    let server = Server::with(&flags);
    let browser = server.client();
    for (bytes, limit, actual) in [
        (build::png(101, 4, 1), "100", "101"),
        (build::jpeg(4, 120, 1), "100", "120"),
        (build::webp(90, 90, 1), "5000", "8100"),
        (build::gif_animated(8, 8, 4, 1), "3", "4"),
        (build::apng(8, 8, 5, 1), "3", "5"),
    ] {
        let reply = browser.upload("a", &bytes).expect_problem(413, "picture_too_large");
        assert_eq!(
            (reply.at("/limit").as_str(), reply.at("/actual").as_str()),
            (limit, actual),
            "{}",
            reply.text()
        );
    }
    browser.upload("a", &build::gif_animated(8, 8, 3, 1)).expect(201);
}

#[test]
fn a_head_beyond_its_limit_is_refused() {
    let server = Server::start();
    let answer =
        |bytes: usize| server.client().get_with("/version", &[("x-long", &"x".repeat(bytes))]).status;
    assert_eq!(answer(24 << 10), 200);
    assert_eq!(answer(40 << 10), 431);
}
