//! `GET /api/v1/files/` and `GET /api/v1/files/{folder}/`

use serde_json::Value;
use tintype_testkit::build;

use crate::support::{Client, Server};

fn paths(json: &Value) -> Vec<String> {
    let texts = |name: &str, at: fn(&Value) -> &Value| -> Vec<String> {
        let entries = json[name].as_array().expect("a list");
        entries.iter().map(|entry| at(entry).as_str().expect("a path").to_owned()).collect()
    };
    let mut all = texts("folders", |entry| entry);
    all.extend(texts("files", |entry| &entry["path"]));
    all.sort();
    all
}

/// Every page of a list.
fn whole(client: &Client, address: &str) -> Vec<String> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = client.get(&format!("{address}{cursor}")).expect(200).json();
        all.extend(paths(&page));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

#[test]
fn folders_are_listed_with_what_stands_in_them() {
    let server = Server::start();
    let (ana, ben) = (server.token("upload,paths,read"), server.token("upload,paths,read"));
    let sent = build::jpeg(9, 7, 1);
    for path in ["a.png", "blog/1.png", "blog/2026/ü b.png", "blog/2026/x.png"] {
        ana.put(&format!("/api/v1/files/{}", path.replace(' ', "%20")), &build::png(8, 8, 1)).expect(201);
    }
    ana.put("/api/v1/files/blog/photo.jpg?visibility=public", &sent).expect(201);
    ben.put("/api/v1/files/blog/ben.png", &build::png(8, 8, 1)).expect(201);

    let root = ana.get("/api/v1/files/").expect(200);
    assert_eq!(
        (paths(&root.json()), root.header("cache-control")),
        (vec!["a.png".into(), "blog/".into()], "no-store")
    );
    assert_eq!(ana.get("/api/v1/files").expect(200).json(), root.json());
    let blog = ana.get("/api/v1/files/blog/").expect(200).json();
    assert_eq!(paths(&blog), ["blog/1.png", "blog/2026/", "blog/photo.jpg"]);
    assert_eq!(blog["folder"], "blog/");
    let photo = &blog["files"][1];
    assert_eq!((&photo["media_type"], &photo["visibility"]), (&"image/jpeg".into(), &"public".into()));
    assert_eq!(photo["received_bytes"], sent.len());
    assert_eq!(photo["links"]["path"], format!("{}/blog/photo.jpg", server.base));
    for limit in [1, 2, 100] {
        let all = whole(&ana, &format!("/api/v1/files/blog%2F?recursive=true&limit={limit}"));
        assert_eq!(all, ["blog/1.png", "blog/2026/x.png", "blog/2026/ü b.png", "blog/photo.jpg"]);
        assert_eq!(whole(&ana, &format!("/api/v1/files/?limit={limit}")), ["a.png", "blog/"]);
    }
    assert_eq!(paths(&ben.get("/api/v1/files/blog/").expect(200).json()), ["blog/ben.png"]);
    assert_eq!(paths(&ana.get("/api/v1/files/none/").expect(200).json()), [""; 0]);
}

#[test]
fn lists_are_for_those_who_may_and_take_what_they_know() {
    let server = Server::start();
    let token = server.token("upload,paths,read");
    server.client().get("/api/v1/files/").expect_problem(403, "forbidden");
    server.token("upload,paths").get("/api/v1/files/blog/").expect_problem(403, "missing_scope");
    let browser = server.client();
    browser.get("/").expect(200);
    assert_eq!(browser.get("/api/v1/files/").expect(200).at("/files"), "[]");
    for query in ["?cursor=x", "?cursor=YQ", "?limit=-1", "?recursive=maybe", "?colour=red"] {
        token.get(&format!("/api/v1/files/blog/{query}")).expect_problem(400, "invalid_field");
    }
    for folder in ["i/", "api/", ".well-known/", "a//", "a/%2e%2e/", "%2e%2e/", "a%5c/", "%25/", "a/%00/"] {
        token.get(&format!("/api/v1/files/{folder}")).expect_problem(400, "invalid_field");
    }
    let reply = token.get("/api/v1/files/%ff/").expect_problem(400, "invalid_field");
    assert_eq!(reply.at("/field"), "path");
}
