//! What is deleted, hidden or replaced is gone from a real cache once it was told for the first time.

use std::time::{Duration, Instant};

use serde_json::json;
use tintype_testkit::{build, wait};

use super::{Front, Kind};

/// Long enough for the last telling and the look from outside.
const DONE: Duration = Duration::from_secs(150);

fn every_address(id: &str) -> Vec<String> {
    [
        format!("/i/{id}"),
        format!("/i/{id}.jpg"),
        format!("/i/{id}.jpeg"),
        format!("/images/{id}.jpg"),
        format!("/i/{id}/w=32,h=32,fit=cover.webp"),
        format!("/i/{id}/w=16.png"),
        "/blog/2026/a%20b.jpg".to_owned(),
        "/blog/plain.jpg".to_owned(),
    ]
    .into()
}

fn check_deleted(kind: Kind, for_good: bool) {
    let test = "what_is_deleted_is_gone_from_a_cache_at_the_first_telling";
    let Some(front) = Front::start(test, kind) else { return };
    let owner = front.server.token("upload,paths,read,delete");
    let picture = build::jpeg(64, 48, 1);
    let id = owner.put("/api/v1/files/blog/plain.jpg", &picture).expect(201).at("/id");
    let addresses: Vec<String> =
        every_address(&id).into_iter().filter(|address| !address.contains("%20")).collect();
    for address in &addresses {
        front.warm(address);
    }
    let now = if for_good { "?now=true" } else { "" };
    owner.delete(&format!("/api/v1/images/{id}{now}")).expect(204);
    let since = Instant::now();
    let reader = front.reader();
    for address in &addresses {
        front.within_two_seconds(since, &format!("{address} is gone"), || {
            matches!(reader.get(address).status, 404 | 410)
        });
    }
    wait::until("every purge to be done", DONE, || front.waiting().is_empty());
    if for_good {
        return;
    }
    // It comes back at once too, although its cache had the answer that it is gone.
    assert_eq!(reader.get(&format!("/i/{id}.jpg")).status, 410);
    owner.send("POST", &format!("/api/v1/images/{id}/restore"), &[], None).expect(200);
    let since = Instant::now();
    for address in &addresses {
        front.within_two_seconds(since, &format!("{address} is back"), || reader.get(address).status == 200);
    }
    wait::until("every purge to be done", DONE, || front.waiting().is_empty());
}

#[test]
fn what_is_deleted_is_gone_from_varnish_at_the_first_telling() {
    check_deleted(Kind::Varnish, false);
}

#[test]
fn what_is_deleted_is_gone_from_nginx_at_the_first_telling() {
    check_deleted(Kind::Nginx, false);
}

#[test]
fn what_is_deleted_for_good_is_gone_from_nginx_with_its_variants() {
    check_deleted(Kind::Nginx, true);
}

#[test]
fn what_is_deleted_is_gone_from_nginx_below_a_path() {
    let test = "what_is_deleted_is_gone_from_nginx_below_a_path";
    let Some(front) = Front::below(test, Kind::Nginx, "/pictures") else { return };
    let owner = front.server.token("upload,paths,read,delete");
    let picture = build::jpeg(64, 48, 1);
    let id = owner.put("/api/v1/files/blog/plain.jpg", &picture).expect(201).at("/id");
    let addresses = [format!("/pictures/i/{id}.jpg"), "/pictures/blog/plain.jpg".to_owned()];
    for address in &addresses {
        front.warm(address);
    }
    owner.delete(&format!("/api/v1/images/{id}")).expect(204);
    let (since, reader) = (Instant::now(), front.reader());
    for address in &addresses {
        front.within_two_seconds(since, &format!("{address} is gone"), || reader.get(address).status == 410);
    }
    wait::until("every purge to be done", DONE, || front.waiting().is_empty());
}

fn check_changed(kind: Kind) {
    let test = "what_is_hidden_or_replaced_is_gone_from_a_cache";
    let Some(front) = Front::start(test, kind) else { return };
    let owner = front.server.token("upload,paths,read,delete");
    let (first, second) = (build::jpeg(64, 48, 2), build::jpeg(64, 48, 3));
    let old = owner.put("/api/v1/files/blog/sunset.jpg", &first).expect(201).at("/id");
    assert!(front.warm("/blog/sunset.jpg").body == first);
    owner.put("/api/v1/files/blog/sunset.jpg", &second).expect(201);
    let (since, reader) = (Instant::now(), front.reader());
    front.within_two_seconds(since, "the path shows the new picture", || {
        reader.get("/blog/sunset.jpg").expect(200).body == second
    });
    // The image that was there before keeps its own address.
    let address = format!("/i/{old}.jpg");
    assert!(front.warm(&address).body == first);
    owner.patch(&format!("/api/v1/images/{old}"), &json!({"visibility": "private"})).expect(200);
    let since = Instant::now();
    front.within_two_seconds(since, "the private picture is hidden", || reader.get(&address).status == 404);
    // Its owner sees it, through the cache too, and nobody after them.
    assert!(owner.send("GET", &format!("{}{address}", front.place.url()), &[], None).status == 200);
    let theirs = crate::support::Client::new(&front.place.url()).with_token(&owner.token());
    let reply = theirs.get(&address).expect(200);
    assert_eq!(reply.header("cache-control"), "private, no-store");
    assert!(reply.body == first);
    reader.get(&address).expect(404);
    wait::until("every purge to be done", DONE, || front.waiting().is_empty());
}

#[test]
fn what_is_hidden_or_replaced_is_gone_from_varnish() {
    check_changed(Kind::Varnish);
}

#[test]
fn what_is_hidden_or_replaced_is_gone_from_nginx() {
    check_changed(Kind::Nginx);
}
