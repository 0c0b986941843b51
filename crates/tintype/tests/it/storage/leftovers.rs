//! Bytes that could not be removed when they should have been.

use std::time::Duration;

use tintype_testkit::{
    badnet::{Badnet, Harm},
    build, engine, wait,
};

use super::server;

#[test]
fn what_an_outage_kept_from_being_removed_is_removed_after_it() {
    let Some(engine) = engine::running("what_an_outage_kept_from_being_removed_is_removed_after_it") else {
        return;
    };
    let net = Badnet::before(&engine.address);
    let server = server(&net.endpoint(), &["--store-deadline", "4s", "--sweep-interval", "1s"]);
    let owner = server.client();
    let id = owner.upload("a.png", &build::png(200, 200, 1)).expect(201).at("/id");
    net.harm(Harm::Refuse);
    owner.delete(&format!("/api/v1/images/{id}?now=true")).expect(204);
    let minute = Duration::from_secs(60);
    wait::until("the log to say so", minute, || server.log().contains("left to the sweep"));
    wait::until("a sweep without success", minute, || server.log().contains("a sweep failed"));
    net.heal();
    wait::until("the file to be removed", minute, || {
        server.log().lines().any(|line| line.contains("\"swept\"") && line.contains("\"files\":1"))
    });
    server.assert_clean();
}
