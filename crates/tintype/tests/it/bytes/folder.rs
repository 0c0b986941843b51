//! `GET /{folder}/`, with `paths.index = html`

use tintype_testkit::build;

use crate::support::{Client, Server};

fn served() -> Server {
    Server::with(&["--paths-index", "html"])
}

#[test]
fn a_folder_shows_its_public_pictures() {
    let server = served();
    let token = server.token("upload,paths,delete");
    let put = |path: &str, visibility: &str, seed| {
        let address = format!("/api/v1/files/{path}?visibility={visibility}");
        token.put(&address, &build::png(8, 8, seed)).expect(201)
    };
    let shown = put("blog/a%3Cb%3E.png", "public", 1);
    put("blog/hidden.png", "unlisted", 2);
    put("blog/private.png", "private", 3);
    put("blog/2026/x.png", "public", 4);
    put("blog/drafts/x.png", "unlisted", 5);
    let client = server.client();
    let page = client.get("/blog/").expect(200);
    assert_eq!(
        (page.header("content-type"), page.header("cache-control")),
        ("text/html; charset=utf-8", "no-store")
    );
    assert!(page.header("content-security-policy").starts_with("default-src 'none'"));
    let text = page.text();
    assert!(text.contains("a&lt;b&gt;.png") && !text.contains("<b>"), "{text}");
    assert!(text.contains(&format!("{}/blog/a%3Cb%3E.png", server.base)), "{text}");
    assert!(text.contains(&shown.at("/links/thumb")), "{text}");
    assert!(text.contains(&format!("{}/blog/2026/", server.base)), "{text}");
    for hidden in ["hidden.png", "private.png", "drafts"] {
        assert!(!text.contains(hidden), "{hidden}: {text}");
    }
    let below = client.get("/blog/2026/").expect(200).text();
    assert!(below.contains("x.png") && below.contains("Up to blog"), "{below}");
    let onward = client.get("/blog").expect(308);
    assert_eq!(
        (onward.header("location"), onward.header("cache-control")),
        ("/blog/", "public, max-age=300")
    );
    client.head("/blog/").expect(200);
    for nothing in [
        "/blog/drafts/",
        "/blog/drafts",
        "/none/",
        "/none",
        "/",
        "/i/",
        "/.well-known/",
        "/blog//",
        "/%2e%2e/",
    ] {
        if nothing != "/" {
            client.get(nothing).expect_problem(404, "not_found");
        }
    }
    client.post("/blog/", "text/plain", b"x").expect(404);
    token.delete("/api/v1/files/blog/2026/x.png").expect(204);
    client.get("/blog/2026/").expect_problem(404, "not_found");
}

#[test]
fn many_pictures_stand_on_several_pages() {
    let server = served();
    let token = server.token("upload,paths");
    let picture = build::png(8, 8, 1);
    for number in 0..61 {
        token.put(&format!("/api/v1/files/blog/{number:02}.png?visibility=public"), &picture).expect(201);
    }
    let client = server.client();
    let first = client.get("/blog/").expect(200).text();
    assert!(first.contains("/blog/59.png") && !first.contains("/blog/60.png"));
    let next = first.split("?after=").nth(1).and_then(|rest| rest.split('"').next()).expect("a link to more");
    let second = client.get(&format!("/blog/?after={next}")).expect(200).text();
    assert!(
        second.contains("/blog/60.png") && !second.contains("/blog/59.png") && !second.contains("?after=")
    );
    // What no page gave out is the first page.
    assert!(client.get("/blog/?after=other/x.png").expect(200).text().contains("/blog/00.png"));
    client.get("/blog/?after=blog/zz.png").expect(404);
}

#[test]
fn a_page_ends_when_enough_was_looked_at_and_names_nothing_that_is_hidden() {
    let server = served();
    let token = server.token("upload,paths");
    let picture = build::png(8, 8, 1);
    let put = |token: &Client, path: &str, visibility: &str| {
        token.put(&format!("/api/v1/files/{path}?visibility={visibility}"), &picture).expect(201)
    };
    put(&token, "blog/a.png", "public");
    put(&token, "blog/z.png", "public");
    std::thread::scope(|scope| {
        for hand in 0..8 {
            let token = token.again();
            scope.spawn(move || {
                (0..251).for_each(|number| {
                    put(&token, &format!("blog/secret-{hand}-{number}.png"), "unlisted");
                });
            });
        }
    });
    let client = server.client();
    let next = |page: &str| -> Option<String> {
        let link = page.split("/blog/?").nth(1)?.split('"').next()?;
        Some(format!("/blog/?{link}"))
    };
    let first = client.get("/blog/").expect(200).text();
    assert!(first.contains("/blog/a.png") && !first.contains("/blog/z.png"), "{first}");
    let place = next(&first).expect("a link to more");
    let second = client.get(&place).expect(200).text();
    assert!(second.contains("/blog/z.png") && !second.contains("/blog/a.png"), "{second}");
    assert_eq!(next(&second), None);
    assert!(!(first + &second).contains("secret"));
    // What no page gave out, and what another folder's page did, is the first page.
    let forged = client.get(&format!("{place}x")).expect(200).text();
    assert!(forged.contains("/blog/a.png"), "{forged}");
    put(&token, "other/a.png", "public");
    let other = client.get(&place.replace("/blog/", "/other/")).expect(200).text();
    assert!(other.contains("/other/a.png"), "{other}");
}

#[test]
fn without_the_setting_folders_are_not_there() {
    let server = Server::start();
    let token = server.token("upload,paths");
    token.put("/api/v1/files/blog/a.png?visibility=public", &build::png(8, 8, 1)).expect(201);
    for path in ["/blog", "/blog/"] {
        server.client().get(path).expect_problem(404, "not_found");
    }
}
