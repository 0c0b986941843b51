//! One address for both: bytes to pages that show the picture, the page to whoever opens the address.

use serde_json::json;
use tintype_testkit::build;

use super::{owner, tag};
use crate::support::{Raw, Server};

const NAVIGATION: &str =
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8";
const VARY: &str = "Sec-Fetch-Dest, Accept, User-Agent";

const SHOWN: [&[(&str, &str)]; 4] = [
    &[("sec-fetch-dest", "image"), ("accept", "image/avif,image/webp,*/*;q=0.8")],
    &[("sec-fetch-dest", "empty"), ("accept", NAVIGATION)],
    &[("accept", "image/avif,image/webp,*/*;q=0.8")],
    &[("accept", "*/*"), ("user-agent", "curl/8.5.0")],
];
const OPENED: [&[(&str, &str)]; 3] = [
    &[("sec-fetch-dest", "document"), ("accept", NAVIGATION)],
    &[("accept", NAVIGATION)],
    &[("accept", "*/*"), ("user-agent", "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)")],
];

/// A picture that has a name of its own and a named path; its addresses are asked for several times, so that hot ones are.
fn addresses(server: &Server, bytes: &[u8]) -> Vec<String> {
    let token = server.token("upload,paths");
    let image = token.put("/api/v1/files/blog/a.png", bytes).expect(201);
    let id = image.at("/id");
    vec![format!("/i/{id}.png"), format!("/i/{id}"), format!("/images/{id}.png"), "/blog/a.png".to_owned()]
}

#[test]
fn who_shows_gets_bytes_and_who_opens_gets_the_page() {
    let server = Server::with(&["--links-negotiate", "on"]);
    let png = build::png(40, 30, 1);
    for address in addresses(&server, &png) {
        // Twice and in turns: neither answer may stand for the other, from RAM or not.
        for _ in 0..2 {
            for fields in SHOWN {
                let bytes = server.client().get_with(&address, fields).expect(200);
                assert!(bytes.body == png, "{address} {fields:?}: {}", bytes.header("content-type"));
                let kept = bytes.header("cache-control");
                assert!(kept.starts_with("private, max-age=") && !kept.contains("s-maxage"), "{kept}");
                assert_eq!((bytes.header("vary"), bytes.header("set-cookie")), (VARY, ""));
            }
            let etag = server.client().get(&address).header("etag").to_owned();
            for fields in OPENED {
                // A browser that has the bytes asks with their tag.
                let fields = [fields, &[("if-none-match", etag.as_str())]].concat();
                let page = server.client().get_with(&address, &fields).expect(200);
                assert_eq!(page.header("content-type"), "text/html; charset=utf-8", "{address} {fields:?}");
                assert_eq!((page.header("cache-control"), page.header("vary")), ("no-store", VARY));
                assert!(tag(&page.text(), "og:url").contains("/p/"));
            }
        }
    }
}

#[test]
fn cards_and_pages_show_an_address_that_is_bytes_for_everybody() {
    let server = Server::with(&["--links-negotiate", "on"]);
    let png = build::png(40, 30, 1);
    let (_, image) = owner(&server, "a.png", &png);
    let page = server.client().get(&image.at("/links/page")).expect(200).text();
    let shown = tag(&page, "og:image");
    assert_eq!(shown, format!("{}?raw=1", image.at("/links/image")));
    for fields in OPENED {
        let bytes = server.client().get_with(&shown, fields).expect(200);
        assert!(bytes.body == png && bytes.header("cache-control").starts_with("private, "), "{fields:?}");
    }
    assert!(page.contains(&format!("<a class=\"mat\" href=\"{shown}\">")), "{page}");
    // A variant has one form, and every cache may keep it.
    let variant =
        server.client().get_with(&format!("/i/{}/w=16.webp", image.at("/id")), OPENED[0]).expect(200);
    assert_eq!((variant.header("content-type"), variant.header("vary")), ("image/webp", ""));
    assert!(variant.header("cache-control").starts_with("public, "));
}

#[test]
fn the_page_keeps_secrets_as_the_bytes_do() {
    let server = Server::with(&["--links-negotiate", "on"]);
    let (owner, image) = owner(&server, "a.png", &build::png(40, 30, 1));
    let (path, link) = (format!("/api/v1/images/{}", image.at("/id")), image.at("/links/image"));
    owner.patch(&path, &json!({"visibility": "private"})).expect(200);
    for fields in OPENED {
        server.client().get_with(&link, fields).expect(404);
        let own = owner.get_with(&link, fields).expect(200);
        assert!(own.header("cache-control") == "no-store" && !own.text().contains("og:image"));
    }
    assert_eq!(owner.get(&link).expect(200).header("cache-control"), "private, no-store");
    owner.delete(&path).expect(204);
    for fields in OPENED {
        let gone = server.client().get_with(&link, fields).expect(410);
        assert_eq!(
            (gone.header("content-type"), gone.header("cache-control")),
            ("text/html; charset=utf-8", "no-store")
        );
        let none = server.client().get_with("/i/11111111111111111.png", fields).expect(404);
        assert_eq!(none.header("content-type"), "text/html; charset=utf-8");
    }
    // No cache hands the one form to who is to get the other.
    for (address, status) in [(link.as_str(), 410), ("/i/11111111111111111.png", 404)] {
        let refused = server.client().get(address).expect(status);
        let kept = refused.header("cache-control");
        assert!(kept == "no-store" || kept == "private, max-age=60", "{status} {kept}");
        assert_eq!(refused.header("vary"), VARY, "{status}");
    }
    server.client().get(&link).expect_problem(410, "gone");
}

#[test]
fn without_it_an_address_of_a_picture_is_the_picture() {
    let server = Server::start();
    let png = build::png(40, 30, 1);
    for address in addresses(&server, &png) {
        for fields in OPENED {
            let bytes = server.client().get_with(&address, fields).expect(200);
            assert!(bytes.body == png && bytes.header("vary").is_empty(), "{address} {fields:?}");
            assert!(bytes.header("cache-control").starts_with("public, "));
        }
    }
}

#[test]
fn a_page_in_place_of_bytes_takes_no_host_from_its_reader() {
    let server = Server::with(&["--links-negotiate", "on"]);
    let (_, image) = owner(&server, "a.png", &build::png(40, 30, 1));
    let path = format!("/i/{}.png", image.at("/id"));
    let page = Raw::get(&server, &path, "evil.example", "Accept: text/html\r\n").expect(200);
    assert!(page.header("cache-control") == "no-store" && page.text().contains("http://evil.example/p/"));
    Raw::get(&server, &path, "a b", "Accept: text/html\r\n").expect(400);
}
