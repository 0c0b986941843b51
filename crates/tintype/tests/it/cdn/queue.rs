//! What waits to be forgotten: it outlasts everything, and is looked at from outside.

use std::time::Duration;

use tintype_testkit::{build, wait};

use super::{
    purge_list,
    recorded::{Answer, Recorded, SOON},
    upload,
};
use crate::support::{Form, Server, tintype};

fn purged(_: &super::recorded::Request) -> Answer {
    Answer::new("200 purged 1", &[], "purged 1")
}

fn flags(varnish: &Recorded) -> [&str; 6] {
    ["--cdn-driver", "varnish", "--cdn-varnish-url", &varnish.url, "--cdn-verify", "off"]
}

#[test]
fn purges_outlast_a_kill_and_a_command_without_a_server() {
    let varnish = Recorded::start(purged);
    varnish.always(Some(Answer::new("503 Service Unavailable", &[], "")));
    let server = Server::with(&flags(&varnish));
    let owner = server.token("upload,delete");
    let (first, second) = (upload(&owner, 1), upload(&owner, 2));
    owner.delete(&format!("/api/v1/images/{first}")).expect(204);
    wait::until("a try", SOON, || purge_list(&server).contains("503"));
    let dir = server.kill();
    // The operator deletes while no server runs.
    let deleted =
        tintype().args(["image", "delete", &second, "--data"]).arg(dir.path().join("data")).output().unwrap();
    assert!(deleted.status.success(), "{}", String::from_utf8_lossy(&deleted.stderr));
    varnish.always(None);
    varnish.take();
    let server = Server::on(dir, &flags(&varnish));
    wait::until("every purge to be done", SOON, || purge_list(&server).is_empty());
    let told: String = varnish.take().iter().map(|call| call.header("xkey").to_owned() + " ").collect();
    assert!(told.contains(&first) && told.contains(&second), "{told}");
    let metrics = server.client().get("/metrics").expect(200).text();
    assert!(metrics.contains("tintype_purges_total 2\n"), "{metrics}");
    assert!(metrics.contains("tintype_purges_waiting 0\n"), "{metrics}");
}

#[test]
fn nothing_waits_where_no_cache_is_named() {
    let varnish = Recorded::start(purged);
    varnish.always(Some(Answer::new("503 Service Unavailable", &[], "")));
    let server = Server::with(&flags(&varnish));
    let owner = server.token("upload,delete");
    let id = upload(&owner, 1);
    owner.delete(&format!("/api/v1/images/{id}")).expect(204);
    wait::until("a try", SOON, || purge_list(&server).contains(&id));
    let server = Server::on(server.stop(), &[]);
    assert_eq!(purge_list(&server), "");
    assert!(server.log().contains("caches that are no longer in the settings"), "{}", server.log());
    let owner = server.token("upload,delete");
    let id = upload(&owner, 2);
    owner.delete(&format!("/api/v1/images/{id}")).expect(204);
    assert_eq!(purge_list(&server), "");
    let added = server.run(&["purge", "add", &id]);
    assert!(String::from_utf8_lossy(&added.stdout).contains("no cache is told"));
}

#[test]
fn a_cache_that_says_it_forgot_is_not_taken_at_its_word() {
    let varnish = Recorded::start(purged);
    let readers = Recorded::start(|_| Answer::new("200 OK", &["ETag: \"old\""], "old"));
    let server = Server::with(&[
        "--cdn-driver",
        "varnish",
        "--cdn-varnish-url",
        &varnish.url,
        "--cdn-verify-url",
        &readers.url,
    ]);
    let owner = server.token("upload,paths,delete");
    let id = owner.put("/api/v1/files/blog/a.jpg", &build::jpeg(64, 48, 1)).expect(201).at("/id");
    let new = owner.put("/api/v1/files/blog/a.jpg", &build::jpeg(64, 48, 2)).expect(201);
    let etag = server.client().get("/blog/a.jpg").expect(200).header("etag").to_owned();
    owner.delete(&format!("/api/v1/images/{id}")).expect(204);
    wait::until("what is still there to be seen", SOON, || {
        let list = purge_list(&server);
        list.contains("still shows what is gone") && list.contains("still shows what it showed before")
    });
    let seen: Vec<String> = readers.take().into_iter().map(|call| call.path).collect();
    assert!(seen.contains(&format!("/i/{id}.jpg")) && seen.contains(&"/blog/a.jpg".to_owned()), "{seen:?}");
    let told = varnish.take().len();
    // From now on readers see what is true.
    let truth = move |call: &super::recorded::Request| match call.path.as_str() {
        "/blog/a.jpg" => Answer::new("200 OK", &[&format!("ETag: W/{etag}")], ""),
        _ => Answer::new("410 Gone", &[], ""),
    };
    readers.usually(truth);
    wait::until("every purge to be done", SOON, || purge_list(&server).is_empty());
    assert!(told >= 2 && varnish.count() >= 1, "it is told again before it is looked at again");
    assert!(new.at("/id") != id);
}

#[test]
fn the_operator_has_any_address_forgotten() {
    let varnish = Recorded::start(purged);
    let server = Server::with(&flags(&varnish));
    let owner = server.token("upload");
    let id = upload(&owner, 1);
    let link = format!("https://images.example.org/i/{id}.jpg");
    let added = server.run(&["purge", "add", &link, "/blog/long-gone.jpg"]);
    let said = String::from_utf8_lossy(&added.stdout).into_owned();
    assert_eq!(said, format!("{id}: 1 cache is told\n/blog/long-gone.jpg: 1 cache is told\n"));
    wait::until("the cache to be told", SOON, || {
        let told: String = varnish.take().iter().map(|call| call.header("xkey").to_owned()).collect();
        told.contains(&id) || told.contains("path-")
    });
    let refused = server.run(&["purge", "add", "https://images.example.org/nothing"]);
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("leads to no image"));
}

#[test]
fn what_time_removes_is_forgotten_at_once() {
    let varnish = Recorded::start(purged);
    let server = Server::with(&[&flags(&varnish)[..], &["--sweep-interval", "1s"]].concat());
    let owner = server.token("upload");
    let form = Form::new().file("a.png", &build::png(40, 40, 1)).field("expires_in", "1s");
    let id = owner.form(&form).expect(201).at("/id");
    // Whoever is not woken sleeps for a minute.
    wait::until("the cache to be told", Duration::from_secs(30), || {
        varnish.take().iter().any(|call| call.header("xkey").contains(&id))
    });
}
