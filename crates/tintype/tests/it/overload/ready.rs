//! `GET /ready`

use std::time::Duration;

use tintype_testkit::{build, wait};

use crate::support::Server;

#[test]
fn it_says_no_while_the_server_stops_and_takes_what_comes_until_it_has() {
    // Long enough that a busy machine gets to the upload before the door closes.
    let mut server = Server::with(&["--server-stop-delay", "10s"]);
    let client = server.client();
    assert_eq!(client.get("/ready").expect(200).at("/ready"), "true");
    server.ask_to_stop();
    wait::until("the word", Duration::from_secs(60), || client.get("/ready").status == 503);
    assert_eq!(client.get("/ready").expect(503).at("/reason"), "the server is stopping");
    server.client().upload("a.png", &build::png(8, 8, 1)).expect(201);
    assert!(server.ended().success());
}
