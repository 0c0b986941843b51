//! `POST /api/v1/images`: what may be said about an image, in the form or in the query.

use tintype_testkit::{build, metadata};

use crate::support::{Form, Server};

#[test]
fn fields_stand_before_or_after_the_file_or_in_the_query() {
    let server = Server::start();
    let token = server.token("upload,read,paths");
    let form = Form::new()
        .field("title", "Évening")
        .field("tags", "sea, sun,sea")
        .file("a.png", &build::png(8, 8, 1))
        .field("description", "two\nlines")
        .field("alt", "The sea")
        .field("label", "cam-1")
        .field("visibility", "public")
        .field("expires_in", "7d")
        .field("path", "blog/evening.png");
    let query = "title=%C3%89vening&tags=sea,sun&description=two%0Alines&alt=The+sea&label=cam-1&visibility=public\
                 &expires_in=604800&path=blog/query.png";
    let by_form = token.form(&form).expect(201);
    let by_query =
        token.post(&format!("/api/v1/images?{query}"), "image/png", &build::png(8, 8, 2)).expect(201);
    for reply in [&by_form, &by_query] {
        for (pointer, value) in [
            ("/title", "Évening"),
            ("/tags", "[\"sea\",\"sun\"]"),
            ("/description", "two\nlines"),
            ("/alt", "The sea"),
            ("/label", "cam-1"),
            ("/visibility", "public"),
        ] {
            assert_eq!(reply.at(pointer), value, "{pointer}");
        }
        assert!(reply.at("/expires_at").ends_with('Z'));
        assert_eq!(token.get(&format!("/api/v1/images/{}", reply.at("/id"))).at("/title"), "Évening");
    }
    assert_eq!(by_form.at("/links/path"), format!("{}/blog/evening.png", server.base));
    assert_eq!(by_query.at("/path"), "blog/query.png");
}

#[test]
fn wrong_fields_are_refused_by_name() {
    let server = Server::start();
    let token = server.token("upload,paths");
    let picture = build::png(8, 8, 1);
    let long = |count| "x".repeat(count);
    for (name, value) in [
        ("title", long(201)),
        ("title", "a\u{7}b".to_owned()),
        ("description", long(5001)),
        ("alt", long(1001)),
        ("label", long(101)),
        ("tags", long(51)),
        ("tags", (0..21).map(|n| n.to_string()).collect::<Vec<_>>().join(",")),
        ("visibility", "hidden".to_owned()),
        ("expires_in", "0".to_owned()),
        ("expires_in", "soon".to_owned()),
        ("keep_metadata", "maybe".to_owned()),
        ("duplicates", "both".to_owned()),
        ("path", "api/x.png".to_owned()),
        ("path", "blog/x.txt".to_owned()),
    ] {
        let form = Form::new().file("a.png", &picture).field(name, &value);
        let reply = token.form(&form).expect_problem(400, "invalid_field");
        assert!(reply.at("/field") == name && reply.at("/detail").contains(name), "{}", reply.text());
    }
    let twice = Form::new().field("title", "a").field("title", "b").file("a.png", &picture);
    assert_eq!(token.form(&twice).expect_problem(400, "invalid_field").at("/field"), "title");
    let unknown = Form::new().field("titel", "a").file("a.png", &picture);
    let reply = token.form(&unknown).expect_problem(400, "unknown_field");
    assert!(reply.at("/field") == "titel" && reply.at("/detail").contains("title, description"));
    token.post("/api/v1/images?nonsense=1", "image/png", &picture).expect_problem(400, "unknown_field");
    assert_eq!(server.originals(), 0);
}

#[test]
fn what_is_not_there_yet_is_refused_and_not_ignored() {
    let server = Server::start();
    let browser = server.client();
    let picture = build::png(8, 8, 1);
    for name in ["album", "url"] {
        browser
            .form(&Form::new().field(name, "x").file("a.png", &picture))
            .expect_problem(400, "not_supported");
        let path = format!("/api/v1/images?{name}=x");
        browser.post(&path, "image/png", &picture).expect_problem(400, "not_supported");
    }
    let json = br#"{"url": "https://example.org/a.png"}"#;
    browser.post("/api/v1/images", "application/json", json).expect_problem(400, "not_supported");
    browser
        .post("/api/v1/images", "application/x-www-form-urlencoded", b"url=https%3A%2F%2Fexample.org%2Fa.png")
        .expect_problem(400, "not_supported");
    assert_eq!(server.originals(), 0);
}

#[test]
fn metadata_is_published_only_where_it_is_asked_for() {
    let server = Server::start();
    let browser = server.client();
    let picture = metadata::jpeg(&build::jpeg(64, 42, 1), &metadata::Metadata::ALL);
    let private =
        |bytes: &[u8]| bytes.windows(metadata::MARK.len()).any(|window| window == metadata::MARK.as_bytes());
    assert!(private(&picture));
    let clean = browser.upload("a.jpg", &picture).expect(201);
    let kept = browser.form(&Form::new().file("a.jpg", &picture).field("keep_metadata", "true")).expect(201);
    assert_ne!(clean.at("/id"), kept.at("/id"), "asking for other bytes makes no duplicate");
    assert!(!private(&browser.get(&clean.at("/links/image")).expect(200).body));
    assert!(private(&browser.get(&kept.at("/links/image")).expect(200).body));
}
