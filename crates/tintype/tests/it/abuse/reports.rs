//! `/report/{id}`, the operator's list of reports.

use serde_json::Value;
use tintype_testkit::build;

use crate::support::{Client, Reply, Server};

fn report(client: &Client, id: &str, body: &str) -> Reply {
    client.post(&format!("/report/{id}"), "application/x-www-form-urlencoded", body.as_bytes())
}

fn list(server: &Server, flags: &[&str]) -> Vec<Value> {
    let output = server.run(&[&["report", "list", "--json"], flags].concat());
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_stranger_reports_and_the_operator_sees_it() {
    let server = Server::start();
    let image = server.client().upload("a.png", &build::png(8, 8, 1)).expect(201);
    let id = image.at("/id");
    let stranger = server.client();
    assert!(stranger.get(&image.at("/links/page")).expect(200).text().contains(&format!("/report/{id}")));
    let form = stranger.get(&format!("/report/{id}")).expect(200);
    assert!(
        form.text().contains("Report this picture")
            && form.header("content-security-policy").contains("default-src 'none'")
    );
    let done = report(
        &stranger,
        &id,
        "reason=privacy&detail=That%27s+me%0D%0A%3Cscript%3E&contact=ana%40example.org",
    )
    .expect(200);
    assert!(done.text().contains("Thank you"));
    let found = list(&server, &[]);
    assert_eq!(
        (found.len(), found[0]["image"].as_str(), found[0]["reason"].as_str()),
        (1, Some(&*id), Some("privacy"))
    );
    assert_eq!(found[0]["contact"], "ana@example.org");
    assert!(found[0]["detail"].as_str().unwrap().contains("<script>"));
    assert!(stranger.get("/metrics").text().contains("tintype_reports_open 1"));
    assert!(server.log().contains("an image was reported"));

    let admin = server.token("admin");
    assert_eq!(admin.get("/api/v1/reports").expect(200).at("/reports/0/reason"), "privacy");
    assert_eq!(admin.get("/api/v1/reports").at("/reports/0/page"), image.at("/links/page"));
    let number = found[0]["id"].to_string();
    assert!(server.run(&["report", "close", &number]).status.success());
    assert!(list(&server, &[]).is_empty());
    assert!(list(&server, &["--all"])[0]["closed_at"].is_string());
    assert!(!server.run(&["report", "close", &number]).status.success());
    admin
        .send("POST", &format!("/api/v1/reports/{number}/close"), &[], None)
        .expect_problem(404, "not_found");
    admin.send("POST", "/api/v1/reports/x/close", &[], None).expect_problem(404, "not_found");
    assert!(stranger.get("/metrics").text().contains("tintype_reports_open 0"));
}

#[test]
fn what_is_no_report_is_refused_and_nobody_else_reads_them() {
    let server = Server::start();
    let owner = server.client();
    owner.get("/");
    let image = owner.upload("a.png", &build::png(8, 8, 1)).expect(201);
    let id = image.at("/id");
    assert!(report(&owner, &id, "reason=because").expect(400).text().contains("illegal, privacy"));
    report(&owner, &id, "").expect(400);
    report(&owner, &id, &format!("reason=other&detail={}", "x".repeat(1_001))).expect(400);
    report(&owner, &id, &"x".repeat(70_000)).expect(413);
    report(&owner, "11111111111111111", "reason=other").expect(404);
    report(&owner, "nothing", "reason=other").expect(404);
    // An address that is not UTF-8 is refused in our words.
    assert_eq!(report(&owner, "%ff", "reason=other").header("content-type"), "application/problem+json");
    assert_eq!(owner.get("/report/%ff").header("content-type"), "application/problem+json");
    let close = server.token("admin").send("POST", "/api/v1/reports/%ff/close", &[], None);
    assert_eq!(close.header("content-type"), "application/problem+json");
    // What a stranger cannot see they cannot report.
    owner.patch(&format!("/api/v1/images/{id}"), &serde_json::json!({"visibility": "private"})).expect(200);
    report(&server.client(), &id, "reason=other").expect(404);
    server.client().get(&format!("/report/{id}")).expect(404);
    assert!(list(&server, &["--all"]).is_empty());
    for client in [server.client(), owner] {
        client.get("/api/v1/reports").expect_problem(403, "forbidden");
    }
    server.token("upload,read,delete,paths").get("/api/v1/reports").expect_problem(403, "missing_scope");
    server.token("admin").get("/api/v1/reports?all=maybe").expect_problem(400, "invalid_field");
}
