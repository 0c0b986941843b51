//! `GET /api/v1/images/{id}`

use tintype_testkit::build;

use crate::support::{Form, Server};

#[test]
fn the_record_holds_no_secret() {
    let server = Server::start();
    let browser = server.client();
    let uploaded = browser.upload("a.png", &build::png(8, 8, 1)).expect(201);
    let path = format!("/api/v1/images/{}", uploaded.at("/id"));
    let read = browser.get(&path).expect(200);
    assert_eq!((read.header("cache-control"), read.at("/duplicate")), ("no-store", "false".to_owned()));
    let mut expected = uploaded.json();
    expected.as_object_mut().unwrap().remove("delete_token");
    expected["links"].as_object_mut().unwrap().remove("delete");
    assert_eq!(read.json(), expected);
    assert_eq!(server.client().get(&path).expect(200).json(), expected, "whoever has the link may read it");
}

#[test]
fn what_is_private_or_never_was_looks_alike() {
    let server = Server::start();
    let browser = server.client();
    let form = Form::new().file("a.png", &build::png(8, 8, 1)).field("visibility", "private");
    let private = browser.form(&form).expect(201).at("/id");
    browser.get(&format!("/api/v1/images/{private}")).expect(200);
    let stranger = server.client();
    let mut details = Vec::new();
    for id in [private.as_str(), "11111111111111111", "short", "0OIl0OIl0OIl0OIl0", "%2e%2e", "' or 1=1 --"] {
        let path = format!("/api/v1/images/{}", id.replace(' ', "%20"));
        details.push(stranger.get(&path).expect_problem(404, "not_found").at("/detail"));
    }
    details.dedup();
    assert_eq!(details.len(), 1, "{details:?}");
}
