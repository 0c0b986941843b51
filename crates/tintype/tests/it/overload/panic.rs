//! A handler that panics.

use crate::support::Server;

#[test]
fn a_panic_is_one_500_and_the_others_go_on() {
    let server = Server::start();
    let client = server.client();
    let reply = client.get("/testing/panic").expect_problem(500, "internal");
    client.get("/version").expect(200);
    let log = server.log();
    assert!(log.contains("a test asked for it") && log.contains(&reply.at("/request_id")), "{log}");
    assert!(client.get("/metrics").expect(200).text().contains("tintype_http_panics_total 1"));
}
