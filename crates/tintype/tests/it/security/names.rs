//! Names and texts that mean harm.

use serde_json::json;
use tintype_testkit::{build, names};

use crate::support::{Form, Reply, Server, base64};

#[test]
fn hostile_names_become_harmless() {
    let server = Server::start();
    let browser = server.client();
    for (seed, name) in names::hostile().into_iter().enumerate() {
        let picture = build::png(8, 8, seed as u64);
        // An empty name means that nothing was chosen; it is a name like any other once there is another file.
        let uploaded = if name.is_empty() {
            let json = browser.form(&Form::new().file("first.png", &picture).file(&name, &picture)).json();
            json["images"][1].clone()
        } else if name.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\r' | '\n')) {
            // No header may hold these; JSON does.
            browser.upload(&name, &picture).expect_problem(400, "malformed_body");
            let body = json!({"image": base64(&picture), "file_name": name}).to_string();
            browser.post("/api/v1/images", "application/json", body.as_bytes()).expect(201).json()
        } else {
            let reply = browser.upload(&name, &picture);
            assert!(matches!(reply.status, 200 | 201), "{name:?}: {}", reply.text());
            reply.json()
        };
        let kept = uploaded["file_name"].as_str().unwrap_or_default();
        assert!(kept.chars().count() <= 255 && !kept.contains(['/', '\\']), "{name:?}: {kept:?}");
        let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{200b}');
        assert!(!kept.chars().any(|c| c.is_control() || turns(c)), "{name:?}: {kept:?}");
        assert!(kept != "." && kept != "..", "{name:?}: {kept:?}");

        let image = browser.get(uploaded["links"]["image"].as_str().unwrap()).expect(200);
        assert_eq!((image.header("content-type"), image.header("set-cookie")), ("image/png", ""), "{name:?}");
        assert!(image.header("content-disposition").starts_with("inline"), "{name:?}");
        let page = browser.get(uploaded["links"]["page"].as_str().unwrap()).expect(200);
        assert_harmless(&page);
        let embed = uploaded["embed"]["html"].as_str().unwrap();
        assert!(!embed["<img ".len()..].contains('<'), "{name:?}: {embed}");
        let markdown = uploaded["embed"]["markdown"].as_str().unwrap();
        assert!(
            markdown.ends_with(&format!("]({})", uploaded["links"]["image"].as_str().unwrap())),
            "{markdown}"
        );
    }
    assert_eq!(server.originals(), names::hostile().len());
    server.assert_clean();
}

/// No tag, attribute or script of a stranger's stands in the page.
#[track_caller]
#[test]
fn what_forms_escape_in_a_name_comes_back_as_it_was() {
    let server = Server::start();
    let uploaded = server.client().upload("my \"best\" 100%.png", &build::png(8, 8, 1)).expect(201);
    assert_eq!(uploaded.at("/file_name"), "my \"best\" 100%.png");
}

fn assert_harmless(page: &Reply) {
    let text = page.text();
    for harm in ["<script", "<svg onload", "<img src=x", "onerror=alert(1)>"] {
        assert!(!text.contains(harm), "{harm} in {text}");
    }
    let policy = page.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(page.header("x-content-type-options"), "nosniff");
}

#[test]
fn texts_are_escaped_on_every_page() {
    let server = Server::start();
    let browser = server.client();
    let harm = "\"><svg onload=alert(1)><script>alert(1)</script>' onmouseover='x";
    let form = Form::new()
        .file(harm, &build::png(8, 8, 1))
        .field("title", harm)
        .field("description", harm)
        .field("alt", harm);
    let uploaded = browser.form(&form).expect(201);
    assert_eq!(uploaded.at("/title"), harm, "the text itself is kept as it is");
    assert_harmless(&browser.get(&uploaded.at("/links/page")).expect(200));
    assert_harmless(&browser.get(&uploaded.at("/links/delete")).expect(200));
    let id = uploaded.at("/id");
    browser.patch(&format!("/api/v1/images/{id}"), &json!({"title": null})).expect(200);
    assert_harmless(&browser.get(&format!("/p/{id}")).expect(200));
    let form = Form::new().file(harm, &build::png(8, 8, 2)).file(harm, b"no picture");
    assert_harmless(&browser.post("/new", &form.content_type(), &form.body()).expect(201));
    let missing =
        browser.get_with("/%3Cscript%3Ealert(1)%3C/script%3E", &[("accept", "text/html")]).expect(404);
    assert_harmless(&missing);
}

#[test]
fn a_name_in_the_form_cannot_add_a_header() {
    let server = Server::start();
    let browser = server.client();
    // As no browser would send it: quoted, escaped and extended names with line ends in every guise.
    for disposition in [
        "name=\"file\"; filename=\"a.png\\r\\nSet-Cookie: x=y\"",
        "name=\"file\"; filename=\"a.png%0d%0aSet-Cookie: x=y\"",
        "name=\"file\"; filename*=UTF-8''a.png%0D%0ASet-Cookie:%20x=y; filename=\"b.png\"",
        "name=file; filename=a.png",
    ] {
        let reply = browser.form(&Form::new().part(disposition, &build::png(8, 8, 1)));
        assert!(matches!(reply.status, 200 | 201), "{disposition}: {}", reply.text());
        let image = server.client().get(&reply.at("/links/image")).expect(200);
        assert_eq!((image.header("set-cookie"), image.header("x-injected")), ("", ""));
    }
    let broken =
        Form::new().part("name=\"file\"; filename=\"a.png\r\nSet-Cookie: x=y\"", &build::png(8, 8, 1));
    let reply = browser.form(&broken);
    assert!(matches!(reply.status, 200 | 201 | 400), "{}", reply.text());
}
