//! Bans of content and of addresses.

use serde_json::json;
use tintype_testkit::{build, metadata};

use crate::support::{Reply, Server};

fn run(server: &Server, arguments: &[&str]) -> String {
    let output = server.run(arguments);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn banned_content_is_deleted_everywhere_and_not_taken_again() {
    let server = Server::start();
    // With metadata, so that what is served is not what was received.
    let photo = metadata::jpeg(&build::jpeg(64, 42, 1), &metadata::Metadata::ALL);
    let (one, other) = (server.client(), server.client());
    let first = one.upload("a.jpg", &photo).expect(201);
    let second = other.upload("b.jpg", &photo).expect(201);
    let served = one.get(&first.at("/links/image")).expect(200).body;
    assert_ne!(served, photo);
    let said = run(&server, &["ban", "add", &first.at("/links/page"), "--note", "report 1"]);
    assert!(said.contains("2 images of it were deleted"), "{said}");
    for image in [&first, &second] {
        one.get(&image.at("/links/image")).expect(410);
    }
    one.upload("c.jpg", &photo).expect_problem(403, "banned");
    other.upload("d.jpg", &served).expect_problem(403, "banned");
    one.upload("e.png", &build::png(8, 8, 1)).expect(201);
    let list = run(&server, &["ban", "list"]);
    assert_eq!((list.lines().count(), list.matches("report 1").count()), (2, 2), "{list}");

    // It holds over a restart, and is lifted.
    let server = Server::on(server.stop(), &[]);
    server.client().upload("c.jpg", &photo).expect_problem(403, "banned");
    let list = run(&server, &["ban", "list"]);
    for line in list.lines() {
        run(&server, &["ban", "remove", line.split_whitespace().nth(2).unwrap()]);
    }
    server.client().upload("c.jpg", &photo).expect(201);
    run(&server, &["image", "restore", &first.at("/id")]);
    server.client().get(&first.at("/links/image")).expect(200);
    server.assert_clean();
}

#[test]
fn a_banned_address_is_not_answered() {
    let server = Server::start();
    let image = server.client().upload("a.png", &build::png(8, 8, 1)).expect(201);
    let from =
        |address: &str| server.client().get_with(&image.at("/links/image"), &[("x-forwarded-for", address)]);
    from("203.0.113.9").expect(200);
    assert!(run(&server, &["ban", "add", "203.0.113.0/24"]).contains("is banned"));
    from("203.0.113.9").expect_problem(403, "banned");
    from("203.0.114.9").expect(200);
    let admin = server.token("admin");
    let ban = |value: &str| -> Reply {
        admin.post("/api/v1/bans", "application/json", json!({"value": value}).to_string().as_bytes())
    };
    assert_eq!(ban("2001:db8::1/32").expect(200).at("/value"), "2001:db8::/32");
    from("2001:db8:5::1").expect_problem(403, "banned");
    assert_eq!(admin.get("/api/v1/bans").expect(200).json()["bans"].as_array().unwrap().len(), 2);
    run(&server, &["ban", "remove", "203.0.113.0/24"]);
    from("203.0.113.9").expect(200);
    admin.delete("/api/v1/bans?value=2001%3Adb8%3A%3A%2F32").expect(204);
    admin.delete("/api/v1/bans?value=2001%3Adb8%3A%3A%2F32").expect_problem(404, "not_found");
    for value in ["", "example.org", "1.2.3"] {
        ban(value).expect_problem(400, "invalid_field");
    }
    assert!(!server.run(&["ban", "add", "nonsense"]).status.success());
    assert!(!server.run(&["ban", "remove", "192.0.2.1"]).status.success());
}

#[test]
fn nobody_but_admins_bans() {
    let server = Server::start();
    let browser = server.client();
    browser.get("/");
    let body = json!({"value": "192.0.2.1"}).to_string();
    for client in [&server.client(), &browser] {
        client.post("/api/v1/bans", "application/json", body.as_bytes()).expect_problem(403, "forbidden");
        client.get("/api/v1/bans").expect_problem(403, "forbidden");
        client.delete("/api/v1/bans?value=192.0.2.1").expect_problem(403, "forbidden");
    }
    let token = server.token("upload,read,delete,paths");
    token.post("/api/v1/bans", "application/json", body.as_bytes()).expect_problem(403, "missing_scope");
}

#[test]
fn bans_are_set_with_no_server_running() {
    let server = Server::start();
    let image = server.client().upload("a.png", &build::png(8, 8, 1)).expect(201);
    let dir = server.stop();
    let run = |arguments: &[&str]| {
        let output = crate::support::tintype()
            .args(arguments)
            .arg("--data")
            .arg(dir.path().join("data"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    run(&["ban", "add", &image.at("/id")]);
    run(&["ban", "add", "203.0.113.9"]);
    let server = Server::on(dir, &[]);
    server.client().get(&image.at("/links/image")).expect(410);
    server.client().upload("a.png", &build::png(8, 8, 1)).expect_problem(403, "banned");
    server.client().get_with("/version", &[("x-forwarded-for", "203.0.113.9")]).expect_problem(403, "banned");
}
