//! `GET /oembed`

use serde_json::{Value, json};
use tintype_testkit::build;

use super::{heavy, owner};
use crate::support::{Reply, Server, picture};

fn ask(server: &Server, url: &str, more: &str) -> Reply {
    server.client().get(&format!("/oembed?url={}{more}", encoded(url)))
}

/// An address as the value of a query.
fn encoded(url: &str) -> String {
    url.replace('%', "%25").replace(':', "%3A").replace('/', "%2F").replace('?', "%3F")
}

#[test]
fn it_tells_of_a_photo_as_oembed_says() {
    let server = Server::start();
    let (owner, image) = owner(&server, "a.png", &build::png(640, 480, 1));
    owner.patch(&format!("/api/v1/images/{}", image.at("/id")), &json!({"title": "<A & B>"})).expect(200);
    let reply = ask(&server, &image.at("/links/page"), "").expect(200);
    assert_eq!(
        (
            reply.header("content-type"),
            reply.header("access-control-allow-origin"),
            reply.header("cache-control")
        ),
        ("application/json", "*", "no-store")
    );
    let expected = json!({
        "type": "photo", "version": "1.0", "title": "<A & B>",
        "provider_name": "Tintype", "provider_url": format!("{}/", server.base),
        "url": image.at("/links/image"), "width": 640, "height": 480,
        "thumbnail_url": image.at("/links/thumb"), "thumbnail_width": 320, "thumbnail_height": 240,
        "cache_age": 86_400,
    });
    assert_eq!(reply.json(), expected);
    let xml = ask(&server, &image.at("/links/page"), "&format=xml").expect(200).text();
    assert!(
        xml.starts_with("<?xml version=\"1.0\" encoding=\"utf-8\" standalone=\"yes\"?>\n<oembed>\n"),
        "{xml}"
    );
    for (name, value) in expected.as_object().unwrap() {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let value = value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        assert!(xml.contains(&format!("<{name}>{value}</{name}>")), "{name}: {xml}");
    }
    let thumb = server.client().get(&image.at("/links/thumb")).expect(200);
    assert_eq!(picture::size(&thumb.body), (320, 240));
}

#[test]
fn every_address_of_an_image_is_taken() {
    let server = Server::start();
    let token = server.token("upload,paths");
    let image = token.put("/api/v1/files/blog/%C3%BC%20b.png", &build::png(40, 30, 1)).expect(201);
    let id = image.at("/id");
    let base = &server.base;
    for url in [
        image.at("/links/page"),
        image.at("/links/image"),
        format!("{base}/i/{id}"),
        format!("{base}/images/{id}.png"),
        format!("{base}/i/{id}/w=320.webp"),
        image.at("/links/path"),
        base.replace("http:", "https:") + &format!("/p/{id}?utm=1"),
    ] {
        assert_eq!(ask(&server, &url, "").expect(200).at("/url"), image.at("/links/image"), "{url}");
    }
    for url in [
        "https://example.org/a.png",
        "x",
        &format!("{base}/"),
        &format!("{base}/no/such.png"),
        &format!("{base}/p/11111111111111111"),
    ] {
        ask(&server, url, "").expect_problem(404, "not_found");
    }
}

#[test]
fn a_smaller_picture_is_as_small_as_was_asked() {
    let server = Server::start();
    let (_, image) = owner(&server, "heavy.png", &heavy());
    let page = image.at("/links/page");
    for (more, most) in [
        ("", (1_200, 900)),
        ("&maxwidth=1000", (1_000, 1_000)),
        ("&maxheight=100", (133, 100)),
        ("&maxwidth=333&maxheight=4000", (333, 4_000)),
        ("&maxwidth=16", (16, 16)),
    ] {
        let told = ask(&server, &page, more).expect(200).json();
        let size = |name: &str| u32::try_from(told[name].as_u64().unwrap()).unwrap();
        assert!(size("width") <= most.0 && size("height") <= most.1, "{more}: {told}");
        let shown = server.client().get(told["url"].as_str().unwrap()).expect(200);
        assert_eq!(picture::size(&shown.body), (size("width"), size("height")), "{more}");
        let thumbnail = (size("thumbnail_width"), size("thumbnail_height"));
        assert!(thumbnail.0 <= most.0 && thumbnail.1 <= most.1, "{more}: {told}");
        let shown = server.client().get(told["thumbnail_url"].as_str().unwrap()).expect(200);
        assert_eq!(picture::size(&shown.body), thumbnail, "{more}");
    }
    assert_eq!(
        ask(&server, &page, "&maxwidth=15").expect_problem(400, "invalid_field").at("/field"),
        "maxwidth"
    );
    ask(&server, &page, "&maxheight=-1").expect_problem(400, "invalid_field");
}

#[test]
fn refusals_are_problems_that_any_page_may_read() {
    let server = Server::start();
    let (owner, image) = owner(&server, "a.png", &build::png(40, 30, 1));
    let (path, page) = (format!("/api/v1/images/{}", image.at("/id")), image.at("/links/page"));
    let refused = ask(&server, &page, "&format=yaml").expect_problem(501, "unsupported_format");
    assert_eq!(refused.header("access-control-allow-origin"), "*");
    server.client().get("/oembed").expect_problem(400, "invalid_field");
    // A private image and one that never was look alike, to its owner too: the answer may be shown to anybody.
    owner.patch(&path, &json!({"visibility": "private"})).expect(200);
    let private = owner.get(&format!("/oembed?url={}", encoded(&page))).expect_problem(404, "not_found");
    let never =
        ask(&server, &format!("{}/p/11111111111111111", server.base), "").expect_problem(404, "not_found");
    let words = |reply: &Reply| -> Value { reply.json()["detail"].clone() };
    assert_eq!(words(&private), words(&never));
    owner.delete(&path).expect(204);
    ask(&server, &page, "").expect_problem(410, "gone");
}

#[test]
fn what_ends_is_not_kept_longer() {
    let server = Server::start();
    let image =
        server.client().post("/api/v1/images?expires_in=1h", "image/png", &build::png(40, 30, 1)).expect(201);
    let age = ask(&server, &image.at("/links/page"), "").expect(200).json()["cache_age"].as_i64().unwrap();
    assert!((3_000..=3_600).contains(&age), "{age}");
}
