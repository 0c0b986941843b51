//! A cap on everything that is stored.

use tintype_testkit::build;

use crate::support::Server;

#[test]
fn beyond_the_cap_uploads_are_refused_and_reads_and_deletes_go_on() {
    let picture = build::png(100, 100, 1);
    let max = (picture.len() * 2).to_string();
    let flags = ["--store-bytes-max", max.as_str(), "--sweep-interval", "1s"];
    let server = Server::with(&flags);
    let client = server.client();
    let first = client.upload("a.png", &picture).expect(201);
    let reply = client.upload("b.png", &build::png(140, 140, 2)).expect_problem(507, "storage_full");
    assert!(!reply.header("retry-after").is_empty());
    assert!(server.log().contains("store.bytes_max"));
    client.get(&first.at("/links/image")).expect(200);
    // The same holds after a restart, from the first upload on.
    let server = Server::on(server.stop(), &flags);
    let client = server.client();
    client.upload("b.png", &build::png(140, 140, 2)).expect_problem(507, "storage_full");
    let headers = [("tintype-delete-token", first.at("/delete_token"))];
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
    client
        .send("DELETE", &format!("/api/v1/images/{}?now=true", first.at("/id")), &headers, None)
        .expect(204);
    tintype_testkit::wait::until("room", std::time::Duration::from_secs(20), || {
        client.upload("b.png", &build::png(110, 110, 2)).status == 201
    });
}
