//! The tags of share pages, and what they lead to.

use serde_json::json;
use tintype_testkit::build;

use super::{attribute, heavy, owner, tag};
use crate::support::{Server, picture};

#[test]
fn a_card_has_every_tag_and_its_picture_is_as_it_says() {
    let server = Server::start();
    let small = build::png(640, 480, 1);
    let gif = build::gif_animated(64, 48, 3, 2);
    for (name, bytes, mime, original) in [
        ("small.png", small, "image/png", true),
        ("moving.gif", gif, "image/gif", true),
        ("heavy.png", heavy(), "image/jpeg", false),
        ("new.avif", build::avif(), "image/jpeg", false),
    ] {
        let (owner, image) = owner(&server, name, &bytes);
        let id = image.at("/id");
        let words =
            json!({"title": "Tom & \"Jerry\"", "description": "Two of them", "alt": "A cat and a mouse"});
        owner.patch(&format!("/api/v1/images/{id}"), &words).expect(200);
        let page = server.client().get(&format!("/p/{id}")).expect(200).text();
        let address = format!("{}/p/{id}", server.base);
        for (name, value) in [
            ("og:type", "website"),
            ("og:site_name", "Tintype"),
            ("og:title", "Tom & &quot;Jerry&quot;"),
            ("og:description", "Two of them"),
            ("og:url", &address),
            ("og:image:type", mime),
            ("og:image:alt", "A cat and a mouse"),
            ("twitter:card", "summary_large_image"),
        ] {
            assert_eq!(tag(&page, name), value, "{name}");
        }
        assert_eq!(attribute(&page, "rel=\"canonical\"", "href"), address);
        let shown = server.client().get(&tag(&page, "og:image")).expect(200);
        assert_eq!(shown.header("content-type"), mime, "{name}");
        assert_eq!(tag(&page, "og:image") == image.at("/links/image"), original, "{name}");
        let size = (tag(&page, "og:image:width"), tag(&page, "og:image:height"));
        let real = picture::size(&shown.body);
        assert_eq!(size, (real.0.to_string(), real.1.to_string()), "{name}");
        assert!(shown.body.len() < 1_000_000, "{name}: {}", shown.body.len());
    }
}

#[test]
fn the_page_names_where_embedding_programs_ask() {
    let server = Server::start();
    let (_, image) = owner(&server, "a.png", &build::png(40, 30, 1));
    let page = server.client().get(&image.at("/links/page")).expect(200).text();
    let json = attribute(&page, "application/json+oembed", "href");
    let xml = attribute(&page, "text/xml+oembed", "href");
    let client = server.client();
    assert_eq!(client.get(&json).expect(200).at("/url"), image.at("/links/image"));
    assert_eq!(client.get(&xml).expect(200).header("content-type"), "text/xml; charset=utf-8");
}

#[test]
fn unlisted_pages_are_not_indexed_and_private_ones_make_no_card() {
    let server = Server::start();
    let (owner, image) = owner(&server, "a.png", &build::png(40, 30, 1));
    let (path, page) = (format!("/api/v1/images/{}", image.at("/id")), image.at("/links/page"));
    let unlisted = server.client().get(&page).expect(200);
    assert_eq!(unlisted.header("x-robots-tag"), "noindex");
    assert!(unlisted.text().contains("name=\"robots\" content=\"noindex\""));

    owner.patch(&path, &json!({"visibility": "public"})).expect(200);
    let public = server.client().get(&page).expect(200);
    assert_eq!(public.header("x-robots-tag"), "");
    assert!(!public.text().contains("noindex") && public.text().contains("og:image"));
    // The bytes of neither say anything: a picture in somebody's page is found with that page.
    assert_eq!(server.client().get(&image.at("/links/image")).expect(200).header("x-robots-tag"), "");

    owner.patch(&path, &json!({"visibility": "private"})).expect(200);
    let private = owner.get(&page).expect(200);
    assert_eq!(private.header("x-robots-tag"), "noindex");
    let stranger = server.client().get(&page).expect(404);
    owner.delete(&path).expect(204);
    let deleted = server.client().get(&page).expect(410);
    for page in [private, stranger, deleted] {
        let text = page.text();
        assert!(text.contains("content=\"noindex\""), "{text}");
        for word in ["og:", "twitter:", "oembed", "canonical"] {
            assert!(!text.contains(word), "{word}: {text}");
        }
    }
}
