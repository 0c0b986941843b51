//! `DELETE /api/v1/files/{path}`

use serde_json::json;
use tintype_testkit::build;

use crate::support::Server;

#[test]
fn a_deleted_file_is_gone_at_once_and_can_come_back() {
    let server = Server::start();
    let token = server.token("upload,paths,read,delete");
    let image = token.put("/api/v1/files/blog/a.png", &build::png(8, 8, 1)).expect(201);
    let client = server.client();
    // Hot, so that RAM has to forget it too.
    client.get("/blog/a.png").expect(200);
    client.get(&image.at("/links/image")).expect(200);
    token.delete("/api/v1/files/blog/a.png").expect(204);
    client.get("/blog/a.png").expect_problem(410, "gone");
    client.get(&image.at("/links/image")).expect_problem(410, "gone");
    assert_eq!(token.get("/api/v1/files/blog/").expect(200).at("/files"), "[]");
    token.delete("/api/v1/files/blog/a.png").expect_problem(404, "not_found");
    token.send("POST", &format!("/api/v1/images/{}/restore", image.at("/id")), &[], None).expect(200);
    client.get("/blog/a.png").expect(200);
}

#[test]
fn only_the_owner_deletes_and_folders_are_not_deleted() {
    let server = Server::start();
    let token = server.token("upload,paths,read,delete");
    token.put("/api/v1/files/blog/a.png", &build::png(8, 8, 1)).expect(201);
    let address = "/api/v1/files/blog/a.png";
    server.client().delete(address).expect_problem(403, "forbidden");
    server.token("upload,paths,delete").delete(address).expect_problem(403, "forbidden");
    token.delete("/api/v1/files/blog/none.png").expect_problem(404, "not_found");
    token.delete("/api/v1/files/blog/").expect_problem(400, "invalid_field");
    for path in ["i/x.png", ".well-known/x.png", "a/%2e%2e/x.png", "a//x.png", "a/x.txt"] {
        token.delete(&format!("/api/v1/files/{path}")).expect_problem(400, "invalid_field");
    }
    server.client().get("/blog/a.png").expect(200);
    server.token("admin").delete(address).expect(204);
}

#[test]
fn only_what_is_expected_is_deleted() {
    let server = Server::start();
    let token = server.token("upload,paths,read,delete");
    let path = "/api/v1/files/blog/a.png";
    token.put(path, &build::png(8, 8, 1)).expect(201);
    let earlier = token.get(path).expect(200).header("etag").to_owned();
    token.put(path, &build::png(9, 9, 2)).expect(201);
    let etag = token.get(path).expect(200).header("etag").to_owned();
    for other in [earlier.as_str(), "\"x\"", &format!("W/{etag}"), ""] {
        let refused = token.send("DELETE", path, &[("if-match", other)], None);
        refused.expect_problem(412, "precondition_failed");
    }
    server.client().get("/blog/a.png").expect(200);
    // What is not there is not there, whatever is expected (RFC 9110, 13.2.1); a redirect has no tag.
    let none = token.send("DELETE", "/api/v1/files/blog/none.png", &[("if-match", "*")], None);
    none.expect_problem(404, "not_found");
    token.patch(path, &json!({"path": "blog/b.png"})).expect(200);
    token.send("DELETE", path, &[("if-match", &etag)], None).expect_problem(412, "precondition_failed");
    server.client().get("/blog/a.png").expect(308);
    token.send("DELETE", "/api/v1/files/blog/b.png", &[("if-match", &etag)], None).expect(204);
}

#[test]
fn strangers_hear_nothing_of_what_was_moved_away() {
    let server = Server::start();
    let token = server.token("upload,paths,read,delete");
    let put = "/api/v1/files/blog/s.png?visibility=private";
    token.put(put, &build::png(8, 8, 1)).expect(201);
    token.patch("/api/v1/files/blog/s.png", &json!({"path": "blog/t.png"})).expect(200);
    let strangers = [server.client(), server.token("delete"), server.token("upload,paths,delete")];
    for stranger in strangers {
        for path in ["s.png", "t.png", "none.png"] {
            stranger.delete(&format!("/api/v1/files/blog/{path}")).expect_problem(404, "not_found");
        }
    }
    token.get("/blog/s.png").expect(308);
    token.delete("/api/v1/files/blog/s.png").expect(204);
}
