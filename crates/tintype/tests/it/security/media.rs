//! A host of its own for pictures.

use tintype_testkit::build;

use crate::support::{Form, Raw, Server};

const SITE: &str = "site.example.org";
const MEDIA: &str = "media.example.org";

fn started() -> Server {
    Server::with_base_and("https://site.example.org", &["--server-media-url", "https://media.example.org"])
}

#[test]
fn pictures_are_shown_at_the_media_host_and_nothing_else_is() {
    let server = started();
    let owner = server.token("upload,read,paths");
    let picture = build::png(8, 8, 1);
    let reply = owner.form(&Form::new().field("path", "blog/a.png").file("a.png", &picture)).expect(201);
    let id = reply.at("/id");
    assert_eq!(reply.at("/links/image"), format!("https://{MEDIA}/i/{id}.png"));
    assert_eq!(reply.at("/links/path"), format!("https://{MEDIA}/blog/a.png"));
    assert!(reply.at("/links/thumb").starts_with(&format!("https://{MEDIA}/i/{id}/")));
    assert_eq!(reply.at("/links/page"), format!("https://{SITE}/p/{id}"));
    let paths =
        [format!("/i/{id}.png"), format!("/i/{id}"), "/blog/a.png".to_owned(), format!("/i/{id}/w=16.webp")];
    // Cold and hot.
    for _ in 0..2 {
        for path in &paths {
            let shown = Raw::get(&server, path, MEDIA, "Cookie: tintype_owner=x\r\n").expect(200);
            assert_eq!(shown.header("access-control-allow-origin"), "*");
            assert_eq!(shown.header("set-cookie"), "");
            let sent = Raw::get(&server, path, SITE, "").expect(308);
            assert_eq!(sent.header("location"), format!("https://{MEDIA}{path}"));
            assert_eq!(sent.header("access-control-allow-origin"), "*");
        }
    }
    for path in
        ["/api/v1/images", "/images", "/metrics", "/assets/app.js", "/upload", "/uploads/init", "/api/docs"]
    {
        let answer = Raw::get(&server, path, MEDIA, "").expect(404);
        assert_eq!(answer.header("set-cookie"), "", "{path}");
    }
    for path in ["/".to_owned(), format!("/p/{id}")] {
        let sent = Raw::get(&server, &path, MEDIA, "").expect(307);
        assert_eq!(sent.header("location"), format!("https://{SITE}{path}"));
    }
    let page = Raw::get(&server, &format!("/p/{id}"), SITE, "").expect(200);
    assert!(page.header("content-security-policy").contains(&format!("https://{MEDIA}")));
}

#[test]
fn a_cdn_that_sends_its_origins_own_name_gets_the_bytes() {
    let flags = ["--server-media-url", "https://media.example.org", "--links-negotiate", "on"];
    let server = Server::with_base_and("https://site.example.org", &flags);
    let owner = server.token("upload,read,paths");
    let picture = build::png(8, 8, 1);
    let form = Form::new().field("path", "blog/a.png").file("a.png", &picture);
    let id = owner.form(&form).expect(201).at("/id");
    let paths = [format!("/i/{id}.png"), format!("/images/{id}.png"), "/blog/a.png".to_owned()];
    for _ in 0..2 {
        for path in &paths {
            for line in ["", "Accept: text/html\r\n", "Sec-Fetch-Dest: document\r\n"] {
                let shown = Raw::get(&server, path, "origin.example.org", line).expect(200);
                assert!(shown.body == picture && shown.header("set-cookie").is_empty(), "{path} {line}");
                assert!(!shown.header("cache-control").contains("s-maxage"));
                // Where the CDN says for which of our hosts it asks, that counts.
                let media = format!("X-Forwarded-Host: {MEDIA}\r\n");
                Raw::get(&server, path, "origin.example.org", &media).expect(200);
                let site = format!("X-Forwarded-Host: {SITE}\r\n");
                Raw::get(&server, path, "origin.example.org", &site).expect(308);
            }
        }
        Raw::get(&server, &format!("/i/{id}/w=16.webp"), "origin.example.org", "").expect(200);
    }
    // No cookie counts there: what is its owner's alone is at the site.
    let browser = server.client();
    let form = Form::new().field("visibility", "private").file("b.png", &build::png(9, 9, 1));
    let private = browser.form(&form).expect(201);
    let path = format!("/i/{}.png", private.at("/id"));
    let cookie = format!("Cookie: {}\r\n", browser.cookie().expect("an owner"));
    Raw::get(&server, &path, SITE, &cookie).expect(200);
    Raw::get(&server, &path, "origin.example.org", &cookie).expect(404);
}

#[test]
fn the_media_host_has_no_page_whatever_is_asked_for() {
    let flags = [
        "--server-media-url",
        "https://media.example.org",
        "--paths-index",
        "html",
        "--links-negotiate",
        "on",
    ];
    let server = Server::with_base_and("https://site.example.org", &flags);
    let owner = server.token("upload,read,paths,delete");
    let form = Form::new()
        .field("path", "blog/a.png")
        .field("visibility", "public")
        .file("a.png", &build::png(8, 8, 1));
    let id = owner.form(&form).expect(201).at("/id");
    let html = "Accept: text/html\r\n";
    for path in ["/blog/", "/blog", "/blog/?after=x"] {
        let sent = Raw::get(&server, path, MEDIA, html).expect(307);
        assert_eq!(sent.header("location"), format!("https://{SITE}{path}"));
    }
    assert!(Raw::get(&server, "/blog/", SITE, html).expect(200).text().contains("a.png"));
    for path in ["/blog/none.png", "/i/11111111111111111.png", "/api/v1/images", "/x.php/", "/.env"] {
        let answer = Raw::get(&server, path, MEDIA, html);
        assert!(matches!(answer.status, 307 | 404) && !answer.text().contains('<'), "{path}");
    }
    Raw::get(&server, "/blog/none.png", MEDIA, html).expect_problem(404, "not_found");
    let gone = format!("/i/{id}.png");
    owner.delete(&format!("/api/v1/images/{id}")).expect(204);
    Raw::get(&server, &gone, MEDIA, html).expect_problem(410, "gone");
    Raw::get(&server, "/blog/a.png", MEDIA, html).expect_problem(410, "gone");
    for path in [gone.as_str(), "/", "/health", "/blog/a.png"] {
        let request = format!("DELETE {path} HTTP/1.1\r\nHost: {MEDIA}\r\n\r\n");
        let refused = Raw::ask(&server, &request).expect_problem(405, "method_not_allowed");
        assert!(refused.header("allow").contains("GET"), "{path}");
    }
}

#[test]
fn private_pictures_stay_where_their_owner_is_known() {
    let server = started();
    let owner = server.token("upload,read");
    let form = Form::new().field("visibility", "private").file("a.png", &build::png(8, 8, 1));
    let reply = owner.form(&form).expect(201);
    let path = format!("/i/{}.png", reply.at("/id"));
    assert_eq!(reply.at("/links/image"), format!("https://{SITE}{path}"));
    let bearer = format!("Authorization: Bearer {}\r\n", owner.token());
    Raw::get(&server, &path, SITE, &bearer).expect(200);
    Raw::get(&server, &path, SITE, "").expect(404);
    Raw::get(&server, &path, MEDIA, "").expect(404);
}

#[test]
fn crawlers_are_told_at_the_media_host_what_they_are_told_at_the_site() {
    let robots = |flags: &[&str]| {
        let all = [&["--server-media-url", "https://media.example.org"], flags].concat();
        let server = Server::with_base_and("https://site.example.org", &all);
        let reply = Raw::get(&server, "/robots.txt", MEDIA, "").expect(200);
        assert_eq!(reply.header("content-type"), "text/plain; charset=utf-8");
        (reply.text(), Raw::get(&server, "/robots.txt", SITE, "").expect(200).text())
    };
    let (media, site) = robots(&["--links-robots", "none"]);
    assert!(media == site && media.ends_with("\n\nUser-agent: *\nDisallow: /\n"), "{media}");
    // There is nothing but pictures.
    assert_eq!(robots(&[]).0, "User-agent: *\nDisallow:\n");
}
