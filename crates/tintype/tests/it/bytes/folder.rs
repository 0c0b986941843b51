//! `GET /{folder}/`, with `paths.index = html`

use tintype_testkit::build;

use crate::support::Server;

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
fn without_the_setting_folders_are_not_there() {
    let server = Server::start();
    let token = server.token("upload,paths");
    token.put("/api/v1/files/blog/a.png?visibility=public", &build::png(8, 8, 1)).expect(201);
    for path in ["/blog", "/blog/"] {
        server.client().get(path).expect_problem(404, "not_found");
    }
}
