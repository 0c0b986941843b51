//! `POST /api/v1/images`: forms and raw bodies.

use std::collections::BTreeSet;

use tintype_testkit::build;
use tintype_types::{MediaType, id::IMAGE_ID_LEN};

use crate::support::{Form, Server};

#[test]
fn one_file_answers_the_image() {
    let server = Server::start();
    let browser = server.client();
    let bytes = build::jpeg(64, 42, 1);
    let reply = browser.upload("sunset.jpg", &bytes).expect(201);
    let (json, base) = (reply.json(), &server.base);
    let id = reply.at("/id");
    assert_eq!(id.len(), IMAGE_ID_LEN);
    assert_eq!(reply.header("location"), format!("{base}/api/v1/images/{id}"));
    assert_eq!(
        (reply.header("content-type"), reply.header("cache-control")),
        ("application/json", "no-store")
    );
    let names: BTreeSet<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = "alt bytes created_at delete_token description duplicate embed expires_at file_name frames height id \
                    label links media_type path tags thumbhash title visibility width";
    assert_eq!(names, expected.split(' ').filter(|name| !name.is_empty()).collect());
    let secret = reply.at("/delete_token");
    let link = format!("{base}/i/{id}.jpg");
    for (pointer, value) in [
        ("/file_name", "sunset.jpg"),
        ("/media_type", "image/jpeg"),
        ("/width", "64"),
        ("/height", "42"),
        ("/frames", "1"),
        ("/title", "null"),
        ("/alt", "null"),
        ("/label", "null"),
        ("/path", "null"),
        ("/expires_at", "null"),
        ("/tags", "[]"),
        ("/visibility", "unlisted"),
        ("/duplicate", "false"),
        ("/links/image", &link),
        ("/links/page", &format!("{base}/p/{id}")),
        ("/links/thumb", &format!("{base}/i/{id}/w=320,h=320,fit=scale-down.webp")),
        ("/links/delete", &format!("{base}/d/{secret}")),
        ("/embed/markdown", &format!("![sunset]({link})")),
        ("/embed/bbcode", &format!("[img]{link}[/img]")),
    ] {
        assert_eq!(reply.at(pointer), value, "{pointer}");
    }
    assert!(reply.at("/embed/html").starts_with(&format!("<img src=\"{link}\" alt=\"sunset\" width=\"64\"")));
    assert!(reply.at("/created_at").ends_with('Z') && reply.at("/thumbhash").len() > 8);
    assert_eq!(reply.at("/bytes"), browser.get(&link).expect(200).body.len().to_string());
}

#[test]
fn every_format_is_taken_as_a_form_and_as_a_raw_body() {
    let server = Server::start();
    let token = server.token("upload,read");
    for (seed, media) in MediaType::ALL.into_iter().enumerate() {
        let bytes = build::sample(media, seed as u64);
        // A wrong name and a wrong type change nothing: the content decides.
        let form = token.upload("page.html", &bytes).expect(201);
        let raw = token.post("/api/v1/images?title=Raw", "image/x-whatever", &bytes).expect(201);
        assert_eq!(
            (form.at("/media_type"), raw.at("/media_type")),
            (media.mime().to_owned(), media.mime().to_owned())
        );
        assert_eq!((raw.at("/title"), raw.at("/file_name")), ("Raw".to_owned(), "null".to_owned()));
        let (one, other) = (token.get(&form.at("/links/image")), token.get(&raw.at("/links/image")));
        assert_eq!((one.status, one.header("content-type")), (200, media.mime()));
        assert!(one.body == other.body && form.at("/id") != raw.at("/id"));
    }
    let plain = token.post("/api/v1/images", "application/octet-stream", &build::png(9, 9, 1)).expect(201);
    assert_eq!(plain.at("/media_type"), "image/png");
    assert_eq!(server.originals(), MediaType::ALL.len() + 1, "the same bytes are stored once");
    server.assert_clean();
}

#[test]
fn what_is_animated_stays_animated() {
    let server = Server::start();
    let browser = server.client();
    for bytes in
        [build::gif_animated(20, 20, 3, 1), build::apng(20, 20, 3, 1), build::webp_animated(20, 20, 3, 1)]
    {
        let reply = browser.upload("a", &bytes).expect(201);
        assert_eq!(reply.at("/frames"), "3");
    }
}

#[test]
fn several_files_are_answered_one_by_one() {
    let server = Server::start();
    let browser = server.client();
    let (one, two) = (build::png(8, 8, 1), build::gif(8, 8, 2));
    let form =
        Form::new().file("1.png", &one).file("no.txt", b"plain text").file("2.gif", &two).file("0.png", b"");
    let reply = browser.form(&form).expect(201);
    let json = reply.json();
    assert_eq!(json["images"].as_array().unwrap().len(), 2, "{json}");
    assert_eq!(
        (reply.at("/images/0/file_name"), reply.at("/images/1/file_name")),
        ("1.png".into(), "2.gif".into())
    );
    assert_eq!(json["problems"].as_array().unwrap().len(), 2, "{json}");
    assert_eq!(reply.at("/problems/0/file_name"), "no.txt");
    assert_eq!(reply.at("/problems/0/problem/code"), "unsupported_type");
    assert!(json["problems"][0]["problem"]["accepted"].as_array().unwrap().contains(&"image/avif".into()));
    assert_eq!(reply.at("/problems/1/problem/code"), "empty_file");
    assert_eq!(reply.header("location"), "");

    let again = browser.form(&Form::new().file("1.png", &one).file("2.gif", &two)).expect(200);
    assert_eq!(
        (again.at("/images/0/duplicate"), again.at("/images/1/duplicate")),
        ("true".into(), "true".into())
    );
    assert_eq!(again.at("/images/0/id"), reply.at("/images/0/id"));

    let refused = browser.form(&Form::new().file("a.png", b"").file("b.txt", b"text")).expect(400);
    assert_eq!(refused.at("/problems/0/problem/code"), "empty_file");
    assert_eq!(refused.at("/problems/1/problem/status"), "415");
    assert_eq!(refused.json()["images"].as_array().unwrap().len(), 0);
    let mixed = browser.form(&Form::new().file("a.txt", b"text").file("1.png", &one)).expect(200);
    assert_eq!(
        mixed.json()["problems"].as_array().unwrap().len(),
        1,
        "a duplicate and a problem are no new image"
    );
}

#[test]
fn too_many_files_are_refused_with_the_limit() {
    let server = Server::start();
    let form = (0..101).fold(Form::new(), |form, n| form.file(&format!("{n}.txt"), b"text"));
    let reply = server.client().form(&form).expect_problem(400, "too_many_files");
    assert_eq!(reply.at("/limit"), "100");
}

#[test]
fn the_plain_form_answers_a_page() {
    let server = Server::start();
    let form = Form::new().file("a<b>.png", &build::png(8, 8, 3));
    let reply = server.client().post("/new", &form.content_type(), &form.body()).expect(201);
    assert!(reply.header("content-type").starts_with("text/html"));
    assert!(reply.text().contains("/i/") && !reply.text().contains("a<b>"), "{}", reply.text());
    let form = Form::new().file("a.txt", b"text");
    let refused = server.client().post("/new", &form.content_type(), &form.body()).expect(415);
    assert!(refused.header("content-type").starts_with("text/html") && refused.text().contains("PNG"));
}
