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

#[test]
fn a_node_that_hangs_keeps_no_other_waiting() {
    let nothing_there = |_: &super::recorded::Request| Answer::new("412 Precondition Failed", &[], "");
    let (hangs, answers) = (Recorded::start(nothing_there), Recorded::start(nothing_there));
    hangs.always(Some(Answer::never()));
    let both = format!("{}, {}", hangs.url, answers.url);
    let server = Server::with(&["--cdn-driver", "nginx", "--cdn-nginx-url", &both, "--cdn-verify", "off"]);
    let owner = server.token("upload,delete");
    let ids: Vec<String> = (1..=3).map(|seed| upload(&owner, seed)).collect();
    for id in &ids {
        owner.delete(&format!("/api/v1/images/{id}")).expect(204);
    }
    let mut told = String::new();
    // Less than the time after which the one that hangs is given up.
    wait::until("the other node to be told of all", Duration::from_secs(9), || {
        told.extend(answers.take().into_iter().map(|call| call.path + " "));
        ids.iter().all(|id| told.contains(&format!("/purge/i/{id}.jpg")))
    });
    let list = purge_list(&server);
    assert!(list.contains(&format!("nginx {}", hangs.url.trim_start_matches("http://"))), "{list}");
}

#[test]
fn a_cache_that_asked_for_rest_is_asked_at_once_when_the_operator_says_so() {
    let varnish = Recorded::start(purged);
    varnish.always(Some(Answer::new("429 Too Many Requests", &["Retry-After: 3000"], "")));
    let server = Server::with(&flags(&varnish));
    let owner = server.token("upload,delete");
    let id = upload(&owner, 1);
    owner.delete(&format!("/api/v1/images/{id}")).expect(204);
    wait::until("the cache to ask for rest", SOON, || purge_list(&server).contains("wait 3000 seconds"));
    let listed = server.run(&["purge", "list"]);
    assert!(String::from_utf8_lossy(&listed.stderr).contains("asked to be left alone until 20"));
    let note = server.health("/notes/0");
    assert!(note.as_str().is_some_and(|note| note.starts_with("cdn: varnish 127.0.0.1:")), "{note}");
    let doctor = server.run(&["doctor", "--json"]);
    let found = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert!(found.contains("1 things to forget, 1 have failed, the oldest of 20"), "{found}");
    // What is new waits with it.
    let next = upload(&owner, 2);
    owner.delete(&format!("/api/v1/images/{next}")).expect(204);
    varnish.always(None);
    varnish.take();
    assert!(server.run(&["purge", "retry"]).status.success());
    let mut told = String::new();
    wait::until("the cache to be told of both", SOON, || {
        told.extend(varnish.take().iter().map(|call| call.header("xkey").to_owned()));
        told.contains(&id) && told.contains(&next)
    });
    wait::until("every purge to be done", SOON, || purge_list(&server).is_empty());
    assert_eq!(server.health("/notes"), serde_json::json!([]));
}

#[test]
fn what_is_deleted_while_the_server_stops_is_forgotten_before_it_ends() {
    let varnish = Recorded::start(purged);
    let mut server = Server::with(&[&flags(&varnish)[..], &["--server-stop-delay", "3s"]].concat());
    let owner = server.token("upload,delete");
    let id = upload(&owner, 1);
    server.ask_to_stop();
    wait::until("the server to be stopping", SOON, || server.client().get("/ready").status == 503);
    owner.delete(&format!("/api/v1/images/{id}")).expect(204);
    assert!(server.ended().success());
    assert!(varnish.take().iter().any(|call| call.header("xkey").contains(&id)));
}

#[test]
fn variants_are_forgotten_though_their_files_were_removed() {
    let nginx = Recorded::start(|_| Answer::new("412 Precondition Failed", &[], ""));
    let flags = ["--cdn-driver", "nginx", "--cdn-nginx-url", &nginx.url, "--cdn-verify", "off"];
    let server = Server::with(&flags);
    let owner = server.token("upload,delete");
    let id = upload(&owner, 1);
    server.client().get(&format!("/i/{id}/w=32.webp")).expect(200);
    std::fs::remove_dir_all(server.data().join("variants")).unwrap();
    owner.delete(&format!("/api/v1/images/{id}")).expect(204);
    wait::until("the variant to be forgotten", SOON, || {
        nginx.take().iter().any(|call| call.path == format!("/purge/i/{id}/w=32.webp"))
    });
}

#[test]
fn what_waits_is_listed_page_by_page() {
    let varnish = Recorded::start(purged);
    varnish.always(Some(Answer::new("503 Service Unavailable", &[], "")));
    let server = Server::with(&flags(&varnish));
    let paths: Vec<String> = (0..5).map(|number| format!("/blog/{number}.jpg")).collect();
    let added =
        server.run(&[&["purge", "add"][..], &paths.iter().map(String::as_str).collect::<Vec<_>>()].concat());
    assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
    let admin = server.token("admin");
    let (mut seen, mut query) = (Vec::new(), "?limit=2".to_owned());
    loop {
        let page = admin.get(&format!("/api/v1/purges{query}")).expect(200).json();
        assert_eq!(page["total"], 5, "{page}");
        let purges = page["purges"].as_array().unwrap();
        assert!(purges.len() <= 2, "{page}");
        seen.extend(purges.iter().map(|purge| purge["subject"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        query = format!("?limit=2&cursor={cursor}");
    }
    assert_eq!(seen, paths);
    assert_eq!(purge_list(&server).lines().count(), 5);
    admin.get("/api/v1/purges?cursor=x").expect_problem(400, "invalid_field");
    admin.get("/api/v1/purges?page=1").expect_problem(400, "invalid_field");
}

#[test]
fn an_address_that_is_none_keeps_no_other_from_being_forgotten() {
    let varnish = Recorded::start(purged);
    let server = Server::with(&flags(&varnish));
    let wrong = "https://images.example.org/nothing";
    let check = |added: std::process::Output| {
        let (out, err) = (String::from_utf8_lossy(&added.stdout), String::from_utf8_lossy(&added.stderr));
        assert_eq!(out, "/blog/a.jpg: 1 cache is told\n/blog/b.jpg: 1 cache is told\n");
        assert!(err.contains(wrong) && err.contains("leads to no image"), "{err}");
        assert_eq!(added.status.code(), Some(1));
    };
    check(server.run(&["purge", "add", "/blog/a.jpg", wrong, "/blog/b.jpg"]));
    let dir = server.stop();
    let mut offline = tintype();
    offline.args(["purge", "add", "/blog/a.jpg", wrong, "/blog/b.jpg", "--data"]);
    check(offline.arg(dir.path().join("data")).output().unwrap());
}
