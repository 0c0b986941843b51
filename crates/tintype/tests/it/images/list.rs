//! `GET /api/v1/images`

use serde_json::json;
use tintype_testkit::build;

use crate::support::{Client, Form, Server};

/// Every id of the list, page by page.
fn pages(client: &Client, limit: u32, query: &str) -> Vec<String> {
    let (mut ids, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = client.get(&format!("/api/v1/images?limit={limit}{query}{cursor}")).expect(200);
        let json = page.json();
        let images = json["images"].as_array().unwrap();
        assert!(images.len() <= limit as usize);
        ids.extend(images.iter().map(|image| image["id"].as_str().unwrap().to_owned()));
        match json["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return ids,
        }
    }
}

#[test]
fn the_newest_come_first_in_pages_without_gaps() {
    let server = Server::start();
    let browser = server.client();
    let mut ids: Vec<String> =
        (0..7).map(|seed| browser.upload("a.png", &build::png(8, 8, seed)).expect(201).at("/id")).collect();
    server.client().upload("a.png", &build::png(8, 8, 99)).expect(201);
    ids.reverse();
    for limit in [1, 2, 3, 7, 50] {
        assert_eq!(pages(&browser, limit, ""), ids, "limit {limit}");
        assert_eq!(pages(&browser, limit, "&order=newest"), ids, "limit {limit}");
        let oldest: Vec<String> = ids.iter().rev().cloned().collect();
        assert_eq!(pages(&browser, limit, "&order=oldest"), oldest, "limit {limit}");
    }
    let first = browser.get("/api/v1/images?limit=3").expect(200);
    assert_eq!((first.at("/total"), first.header("cache-control")), ("7".to_owned(), "no-store"));
    let image = first.json()["images"][0].clone();
    assert!(image["links"]["image"].is_string() && image.get("delete_token").is_none());

    // An upload between two pages moves nothing.
    browser.upload("b.png", &build::png(8, 8, 50)).expect(201);
    let next = first.at("/next_cursor");
    let second = browser.get(&format!("/api/v1/images?limit=3&cursor={next}")).expect(200);
    assert_eq!(second.at("/images/0/id"), ids[3]);
    assert_eq!(second.at("/total"), "8");
}

#[test]
fn labels_filter_and_deleted_images_are_not_counted() {
    let server = Server::start();
    let token = server.token("upload,read,delete");
    let upload = |seed: u64, label: &str| {
        let form = Form::new().file("a.png", &build::png(8, 8, seed)).field("label", label);
        token.form(&form).expect(201).at("/id")
    };
    let (red, blue, other) = (upload(1, "red cam"), upload(2, "blue"), upload(3, "red cam"));
    assert_eq!(pages(&token, 1, "&label=red%20cam"), [other.clone(), red.clone()]);
    assert!(pages(&token, 9, "&label=none").is_empty());
    assert_eq!(token.get("/api/v1/images?label=blue").at("/images/0/id"), blue);
    token.patch(&format!("/api/v1/images/{red}"), &json!({"label": "blue"})).expect(200);
    assert_eq!(pages(&token, 9, "&label=blue"), [blue.clone(), red.clone()]);
    token.delete(&format!("/api/v1/images/{blue}")).expect(204);
    let list = token.get("/api/v1/images").expect(200);
    assert_eq!((list.at("/total"), pages(&token, 9, "")), ("2".to_owned(), vec![other, red]));
    token.send("POST", &format!("/api/v1/images/{blue}/restore"), &[], None).expect(200);
    assert_eq!(token.get("/api/v1/images").at("/total"), "3");
}

#[test]
fn what_is_no_list_is_refused() {
    let server = Server::start();
    let browser = server.client();
    browser.get("/api/v1/config").expect(200);
    let empty = browser.get("/api/v1/images").expect(200);
    assert_eq!(empty.json(), json!({"images": [], "next_cursor": null, "total": 0}));
    for query in ["cursor=nonsense", "limit=many", "limit=-1", "page=2", "label=%07", "order=largest"] {
        let reply = browser.get(&format!("/api/v1/images?{query}")).expect(400);
        assert_eq!(reply.at("/code"), "invalid_field", "{query}");
    }
    for id in [0, 1000] {
        browser.get(&format!("/api/v1/images?limit={id}")).expect(200);
    }
    server.client().get("/api/v1/images").expect_problem(403, "forbidden");
    server.token("upload").get("/api/v1/images").expect_problem(403, "missing_scope");
}
