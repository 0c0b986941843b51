//! `GET /robots.txt`

use serde_json::json;
use tintype_testkit::build;

use super::owner;
use crate::support::Server;

#[test]
fn crawlers_keep_off_what_is_no_picture() {
    let server = Server::start();
    let robots = server.client().get("/robots.txt").expect(200);
    assert_eq!(robots.header("content-type"), "text/plain; charset=utf-8");
    let text = robots.text();
    for path in ["/api/", "/d/", "/images$", "/new$", "/new?*", "/report/"] {
        assert!(text.contains(&format!("\nDisallow: {path}\n")), "{text}");
    }
    assert!(
        !text.contains("Disallow: /\n") && !text.contains("Disallow: /p") && !text.contains("Disallow: /i/")
    );
}

#[test]
fn an_operator_may_keep_all_of_it_out_of_every_index() {
    let server = Server::with(&["--links-robots", "none"]);
    let text = server.client().get("/robots.txt").expect(200).text();
    assert!(text.ends_with("User-agent: *\nDisallow: /\n"), "{text}");
    let (owner, image) = owner(&server, "a.png", &build::png(40, 30, 1));
    let public = json!({"visibility": "public"});
    owner.patch(&format!("/api/v1/images/{}", image.at("/id")), &public).expect(200);
    let page = server.client().get(&image.at("/links/page")).expect(200);
    assert_eq!(page.header("x-robots-tag"), "noindex");
    assert!(page.text().contains("og:image"), "cards are made all the same");
}

#[test]
fn every_page_says_noindex_where_nothing_is_to_be_found() {
    let own = tempfile::tempdir().unwrap();
    std::fs::write(own.path().join("index.html"), "<!doctype html><title>Mine</title>").unwrap();
    let own = ["--web-dir", own.path().to_str().unwrap()];
    for (robots, expected) in [("none", "noindex"), ("public", "")] {
        let flags = ["--links-robots", robots, "--paths-index", "html"];
        let server = Server::with(&flags);
        let public = "/api/v1/files/blog/a.png?visibility=public";
        let id = server.token("upload,paths").put(public, &build::png(8, 8, 1)).expect(201).at("/id");
        for page in ["/", "/images", "/blog/", &format!("/p/{id}")] {
            assert_eq!(server.client().get(page).expect(200).header("x-robots-tag"), expected, "{page}");
        }
        let server = Server::with(&[&flags[..], &own].concat());
        assert_eq!(server.client().get("/").expect(200).header("x-robots-tag"), expected, "one's own");
    }
}
