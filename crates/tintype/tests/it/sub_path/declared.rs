//! `server.base_url` with a path.

use std::time::Duration;

use serde_json::json;
use tintype_testkit::{build, wait};

use crate::support::{Client, Form, Raw, Server, base64, tintype};

const BASE: &str = "https://example.org/pictures";

/// Both kinds of proxies, by what they leave before our addresses.
const PROXIES: [&str; 2] = ["/pictures", ""];

/// What follows a mark in a text, to the next quotation mark.
fn all<'a>(text: &'a str, mark: &str) -> Vec<&'a str> {
    text.split(mark).skip(1).map(|rest| rest.split('"').next().unwrap()).collect()
}

/// Where a link of a page at `path` leads, as browsers see it (RFC 3986, 5.2).
fn resolved(path: &str, link: &str) -> String {
    if let Some(local) = link.strip_prefix("https://example.org") {
        return local.to_owned();
    }
    assert!(!link.contains("://"), "{link}");
    if link.starts_with('/') {
        return link.to_owned();
    }
    let mut folders: Vec<&str> = path.split('/').collect();
    folders.pop();
    let mut rest = link;
    loop {
        if let Some(next) = rest.strip_prefix("./") {
            rest = next;
        } else if let Some(next) = rest.strip_prefix("../") {
            folders.pop();
            rest = next;
        } else {
            return format!("{}/{rest}", folders.join("/"));
        }
    }
}

#[test]
fn every_link_of_every_page_stays_below_the_path() {
    let server = Server::with_base(BASE);
    let token = server.token("upload,paths");
    let image = token.put("/api/v1/files/blog/2026/a.png", &build::png(40, 30, 1)).expect(201);
    let id = image.at("/id");
    assert_eq!(image.at("/links/image"), format!("{BASE}/i/{id}.png"));
    assert_eq!(image.at("/links/path"), format!("{BASE}/blog/2026/a.png"));
    assert_eq!(image.header("location"), format!("{BASE}/api/v1/images/{id}"));
    let delete = image.at("/links/delete").replace(BASE, "");
    for proxy in PROXIES {
        for path in [
            "/",
            "/images",
            &format!("/p/{id}"),
            &format!("/report/{id}"),
            &delete,
            "/api/docs",
            "/no/such/thing",
        ] {
            let page = server.client().get_with(&format!("{proxy}{path}"), &[("accept", "text/html")]);
            assert!(matches!(page.status, 200 | 404), "{proxy}{path}: {}", page.status);
            let text = page.text();
            let links = ["href=\"", "src=\"", "action=\"", "content=\"https://"]
                .map(|mark| all(&text, mark))
                .concat();
            assert!(links.len() >= 3, "{path}: {links:?}");
            for link in links.into_iter().filter(|link| !link.starts_with('#')) {
                let link = link.replace("&amp;", "&");
                let link = if link.starts_with("example.org") { format!("https://{link}") } else { link };
                let seen = resolved(&format!("/pictures{path}"), &link);
                assert!(seen.starts_with("/pictures/"), "{path}: {link} leads to {seen}");
                // And it is there, whether the proxy leaves the path before it or not.
                let target = format!("{proxy}{}", seen.trim_start_matches("/pictures"));
                let status = server.client().get(&target).status;
                assert!(matches!(status, 200 | 405), "{path}: {link} answers {status} at {target}");
            }
        }
    }
}

#[test]
fn everything_answers_with_the_path_and_without_it() {
    let server = Server::with_base(BASE);
    let png = build::png(40, 30, 1);
    for proxy in PROXIES {
        let client = Client::new(&format!("{}{proxy}", server.base));
        let image = client.upload("a.png", &png).expect(201);
        let id = image.at("/id");
        for _ in 0..3 {
            assert!(client.get(&format!("/i/{id}.png")).expect(200).body == png);
        }
        client.get(&format!("/i/{id}/w=16.webp?x=1")).expect(200);
        client.get("/health").expect(200);
        let told =
            client.get(&format!("/oembed?url=https%3A%2F%2Fexample.org%2Fpictures%2Fp%2F{id}")).expect(200);
        assert_eq!(told.at("/provider_url"), format!("{BASE}/"));
        let described = client.get("/api/openapi.json").expect(200);
        assert_eq!(
            (described.at("/servers/0/url"), described.at("/externalDocs/url")),
            (BASE.to_owned(), format!("{BASE}/api/docs"))
        );
        assert!(client.get("/robots.txt").expect(200).text().contains("\nDisallow: /pictures/api/\n"));
        // The dialects: B's address is relative, C's begins at the root of the host.
        let body = format!("{{\"Image64\": \"{}\"}}", base64(&png));
        let old = client.post("/v0", "application/json", body.as_bytes()).expect(200).at("/URL");
        client.get(&format!("/{old}")).expect(200);
        let form = Form::new().file("a.png", &png);
        let old = client.post("/upload", &form.content_type(), &form.body()).expect(200);
        assert_eq!(old.at("/url"), format!("/pictures/images/{}", old.at("/filename")));
        client.get("/pictures-of/none.png").expect(404);
    }
}

#[test]
fn no_named_path_begins_with_the_paths_own_words() {
    let server = Server::with_base(BASE);
    let token = server.token("upload,paths,read");
    let picture = build::png(8, 8, 1);
    for path in ["pictures/a.png", "pictures/b/a.png"] {
        token.put(&format!("/api/v1/files/{path}"), &picture).expect_problem(400, "invalid_field");
        let form = Form::new().field("path", path).file("a.png", &picture);
        token.form(&form).expect_problem(400, "invalid_field");
    }
    for path in ["blog/a.png", "blog/pictures/a.png", "picturesque/a.png"] {
        token.put(&format!("/api/v1/files/{path}"), &picture).expect(201);
    }
    let mv = |from: &str, to: &str| token.patch(&format!("/api/v1/files/{from}"), &json!({"path": to}));
    mv("blog/a.png", "pictures/a.png").expect_problem(400, "invalid_field");
    mv("blog/", "pictures/").expect_problem(400, "invalid_field");
    mv("blog/", "pets/").expect(200);
}

#[test]
fn the_key_of_a_browser_stays_below_the_path() {
    let server = Server::with_base(BASE);
    for path in ["/pictures/", "/"] {
        let set = server.client().get(path).expect(200).header("set-cookie").to_owned();
        assert!(set.starts_with("__Secure-tintype_owner=") && set.contains("; Path=/pictures/; "), "{set}");
        assert!(set.ends_with("; HttpOnly; SameSite=Lax; Secure"), "{set}");
        let pair = set.split(';').next().unwrap();
        let browser = [("cookie", pair)];
        let upload = server.client().send(
            "POST",
            "/pictures/api/v1/images",
            &[("cookie", pair), ("content-type", "image/png")],
            Some(&build::png(8, 8, 1)),
        );
        assert_eq!(upload.status, 201, "{}", upload.text());
        assert_eq!(
            server.client().get_with("/pictures/api/v1/images", &browser).expect(200).at("/total"),
            "1"
        );
        // The name that counts at the root of a host counts for nothing here.
        let other = pair.replace("__Secure-", "__Host-");
        server.client().get_with("/pictures/api/v1/images", &[("cookie", &other)]).expect(403);
    }
}

#[test]
fn the_bare_path_leads_to_the_start_page() {
    let server = Server::with_base(BASE);
    let client = server.client();
    let to = client.get("/pictures?view=table").expect(301);
    assert_eq!(to.header("location"), "/pictures/?view=table");
    assert_eq!(
        client.post("/pictures", "application/json", b"{}").expect(308).header("location"),
        "/pictures/"
    );
    client.get("/pictures/").expect(200);
    // A path is not another host, however many slashes it begins with.
    let odd = Raw::get(&server, "/pictures//evil.example/", "example.org", "");
    assert_eq!((odd.status, odd.header("location")), (404, ""));
}

#[test]
fn the_bare_path_is_answered_to_whom_everything_else_is() {
    let server = Server::with_base_and(BASE, &["--limit-requests", "1/1h"]);
    let ask = |from| server.client().get_with("/pictures", &[("x-forwarded-for", from)]);
    ask("203.0.113.1").expect(301);
    ask("203.0.113.1").expect_problem(429, "rate_limited");
    ask("203.0.113.2").expect(301);
    let secret = "Correct-horse-battery";
    let server = Server::with_base_and(BASE, &["--cdn-origin-secret", secret]);
    server.client().get("/pictures").expect_problem(403, "behind_cdn");
    server.client().get_with("/pictures", &[("x-origin-secret", secret)]).expect(301);
}

#[test]
fn a_path_that_the_program_answers_itself_is_refused() {
    for (base, why) in [
        ("https://example.org/images", "begins with /images"),
        ("https://example.org/i/x", "begins with /i"),
        ("https://example.org/a//b", "or https://example.org/pictures"),
        ("https://example.org/../b", "or https://example.org/pictures"),
        ("https://example.org/b?c", "or https://example.org/pictures"),
    ] {
        let output = tintype().args(["config", "--base-url", base]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(why), "{base}: {said}");
    }
}

#[test]
fn a_secret_stays_out_of_the_log_below_the_path_too() {
    let server = Server::with_base_and(BASE, &["--limit-requests", "1/1h"]);
    let secret = "4kQ2mZ7xWb4TnRa9f3kQ2m";
    let ask = |proxy: &str| {
        let from = [("x-forwarded-for", "203.0.113.1")];
        server.client().get_with(&format!("{proxy}/d/{secret}"), &from).status
    };
    assert_eq!((ask("/pictures"), ask("/pictures"), ask("")), (404, 429, 429));
    wait::until("three lines of the access log", Duration::from_secs(60), || {
        server.access_log().matches("\"path\":\"/d/…\"").count() == 3
    });
    assert!(!server.access_log().contains(secret) && !server.log().contains(secret));
}

#[test]
fn the_command_line_uploads_below_the_path() {
    let server = Server::with_base(BASE);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.png");
    std::fs::write(&file, build::png(8, 8, 1)).unwrap();
    let to = format!("{}/pictures/", server.base);
    let output = tintype().args(["upload", "--to", &to]).arg(&file).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.starts_with(&format!("{BASE}/i/")), "{said}{}", String::from_utf8_lossy(&output.stderr));
}
