//! Links that point at a public bucket.

use std::time::Duration;

use serde_json::json;
use tintype_testkit::{
    badnet::{Badnet, Harm},
    bucket, build,
    engine::{self, BUCKET, Engine, Kind},
    wait,
};

use super::{on, server};
use crate::support::{Client, Form, Reply, Server, environment, path_of, tintype};

/// Garage has no policies: nothing in its buckets is for everybody.
fn engine_with_policies(test: &str) -> Option<&'static Engine> {
    engine::running(test).filter(|engine| engine.kind != Kind::Garage)
}

struct Public {
    server: Server,
    prefix: String,
    /// Somebody who has nothing but addresses.
    reader: Client,
}

/// A server whose links lead to the engine, where anybody reads below `public/`, and nothing else.
fn public(engine: &Engine, endpoint: &str) -> Public {
    bucket::open_public(engine);
    let prefix = engine::fresh_prefix();
    let server = on(tempfile::tempdir().unwrap(), endpoint, &prefix, &flags(engine, &prefix));
    Public { server, prefix, reader: Client::new(&engine.endpoint()) }
}

fn flags(engine: &Engine, prefix: &str) -> [&'static str; 6] {
    let url: &'static str = format!("{}/{BUCKET}/{prefix}/public/", engine.endpoint()).leak();
    ["--delivery-mode", "public", "--delivery-public-url", url, "--sweep-interval", "1s"]
}

fn change(client: &Client, id: &str, fields: &serde_json::Value) -> Reply {
    client.patch(&format!("/api/v1/images/{id}"), fields).expect(200)
}

#[test]
fn a_link_points_at_a_copy_that_lives_as_long_as_the_image() {
    let Some(engine) = engine_with_policies("a_link_points_at_a_copy_that_lives_as_long_as_the_image") else {
        return;
    };
    let Public { server, prefix, reader } = public(engine, &engine.endpoint());
    let owner = server.token("upload,read,delete");
    let picture = build::jpeg(300, 200, 1);
    let reply = owner.upload("sünset 1.jpg", &picture).expect(201);
    let (id, link) = (reply.at("/id"), reply.at("/links/image"));
    assert_eq!(link, format!("{}/{BUCKET}/{prefix}/public/{id}.jpg", engine.endpoint()));
    assert!(reply.at("/embed/markdown").contains(&link));
    let copy = reader.get(path_of(&link)).expect(200);
    assert!(copy.body == picture);
    assert_eq!(copy.header("content-type"), "image/jpeg");
    assert_eq!(copy.header("cache-control"), "public, max-age=31536000, s-maxage=86400, immutable");
    assert!(copy.header("content-disposition").contains("filename*=UTF-8''s%C3%BCnset%201.jpg"));
    // The page shows it, and is allowed to.
    let page = server.client().get(&format!("/p/{id}")).expect(200);
    assert!(page.text().contains(&format!("src=\"{link}\"")));
    assert!(page.header("content-security-policy").contains(&engine.endpoint()));
    // Neither the original's name nor any other can be read, and links of before go on.
    for name in ["originals/", "store.json", "incoming/"] {
        let denied = reader.get(&format!("/{BUCKET}/{prefix}/{name}"));
        assert!(denied.status == 403 || denied.status == 404, "{name}: {}", denied.status);
    }
    assert!(server.client().get(&format!("/i/{id}.jpg")).expect(200).body == picture);

    owner.delete(&format!("/api/v1/images/{id}")).expect(204);
    reader.get(path_of(&link)).expect(404);
    let back = owner.send("POST", &format!("/api/v1/images/{id}/restore"), &[], None).expect(200);
    assert_eq!(back.at("/links/image"), link);
    reader.get(path_of(&link)).expect(200);

    let hidden = change(&owner, &id, &json!({"visibility": "private"}));
    assert!(!hidden.at("/links/image").contains("/public/"));
    reader.get(path_of(&link)).expect(404);
    let shown = change(&owner, &id, &json!({"visibility": "unlisted", "expires_in": "100s"}));
    assert_eq!(shown.at("/links/image"), link);
    let copy = reader.get(path_of(&link)).expect(200);
    // Its time is named, not counted from whenever somebody reads it.
    assert_eq!(copy.header("cache-control"), "public");
    assert!(copy.header("expires").ends_with(" GMT"));
    owner.delete(&format!("/api/v1/images/{id}?now=true")).expect(204);
    reader.get(path_of(&link)).expect(404);
    server.assert_clean();
}

#[test]
fn private_and_expired_images_have_no_copy() {
    let Some(engine) = engine_with_policies("private_and_expired_images_have_no_copy") else { return };
    let Public { server, prefix, reader } = public(engine, &engine.endpoint());
    let owner = server.token("upload,read");
    let form = Form::new().field("visibility", "private").file("a.png", &build::png(30, 20, 1));
    let private = owner.form(&form).expect(201);
    assert!(private.at("/links/image").ends_with(&format!("/i/{}.png", private.at("/id"))));
    reader.get(&format!("/{BUCKET}/{prefix}/public/{}.png", private.at("/id"))).expect(404);
    // Its copy is made only while it has not expired.
    let form = Form::new().field("expires_in", "5s").file("b.png", &build::png(30, 20, 2));
    let link = owner.form(&form).expect(201).at("/links/image");
    assert!(link.contains("/public/"));
    wait::until("the copy's end", Duration::from_secs(60), || reader.get(path_of(&link)).status == 404);
}

#[test]
fn images_of_before_get_their_copies_and_keep_them() {
    let Some(engine) = engine_with_policies("images_of_before_get_their_copies_and_keep_them") else {
        return;
    };
    bucket::open_public(engine);
    let (prefix, reader) = (engine::fresh_prefix(), Client::new(&engine.endpoint()));
    let before = on(tempfile::tempdir().unwrap(), &engine.endpoint(), &prefix, &[]);
    let token = before.token("upload,read,delete");
    let pictures: Vec<_> = (0..20).map(|seed| build::png(20, 20, seed)).collect();
    let ids: Vec<_> =
        pictures.iter().map(|picture| token.upload("a.png", picture).expect(201).at("/id")).collect();
    let server = on(before.stop(), &engine.endpoint(), &prefix, &flags(engine, &prefix));
    let address = |id: &str| format!("/{BUCKET}/{prefix}/public/{id}.png");
    for (id, picture) in ids.iter().zip(&pictures) {
        wait::until("the copy of an image of before", Duration::from_secs(20), || {
            reader.get(&address(id)).status == 200
        });
        assert!(reader.get(&address(id)).body == *picture);
    }
    // Links that were given out stay good when new images get none, and end with their images all the same.
    let server = on(server.stop(), &engine.endpoint(), &prefix, &[]);
    reader.get(&address(&ids[0])).expect(200);
    let owner = server.client().with_token(&token.token());
    owner.delete(&format!("/api/v1/images/{}", ids[0])).expect(204);
    reader.get(&address(&ids[0])).expect(404);
    let newer = owner.upload("b.png", &build::png(21, 20, 1)).expect(201);
    reader.get(&address(&newer.at("/id"))).expect(404);
}

#[test]
fn a_copy_that_cannot_be_made_or_removed_now_is_later() {
    let Some(engine) = engine_with_policies("a_copy_that_cannot_be_made_or_removed_now_is_later") else {
        return;
    };
    let net = Badnet::before(&engine.address);
    let Public { server, prefix, reader } = public(engine, &net.endpoint());
    let owner = server.token("upload,read,delete");
    let first = owner.upload("a.png", &build::png(30, 20, 1)).expect(201);
    let copy = format!("/{BUCKET}/{prefix}/public/{}.png", first.at("/id"));
    reader.get(&copy).expect(200);
    net.harm(Harm::Refuse);
    owner.delete(&format!("/api/v1/images/{}", first.at("/id"))).expect(204);
    server.client().get(&format!("/i/{}", first.at("/id"))).expect(410);
    reader.get(&copy).expect(200);
    assert!(server.log().contains("an image's copy could not be made or removed"));
    // Not even a crash forgets it.
    let dir = server.kill();
    net.heal();
    let server = on(dir, &net.endpoint(), &prefix, &flags(engine, &prefix));
    wait::until("the copy's removal", Duration::from_secs(30), || reader.get(&copy).status == 404);
    drop(server);
}

#[test]
fn links_are_good_whatever_happens_to_the_copy() {
    let Some(engine) = engine_with_policies("links_are_good_whatever_happens_to_the_copy") else { return };
    let net = Badnet::before(&engine.address);
    let Public { server, reader, .. } = public(engine, &net.endpoint());
    let client = server.client();
    // The original is put, its copy is not.
    net.harm_after(1, "PUT", Harm::Refuse);
    let picture = build::png(30, 20, 1);
    let reply = client.upload("a.png", &picture).expect(201);
    let link = reply.at("/links/image");
    assert!(!link.contains("/public/"), "{link}");
    assert!(client.get(&link).expect(200).body == picture);
    net.heal();
    let later = || client.get(&format!("/api/v1/images/{}", reply.at("/id"))).at("/links/image");
    wait::until("the copy's making", Duration::from_secs(30), || later().contains("/public/"));
    assert!(reader.get(path_of(&later())).expect(200).body == picture);
}

#[test]
fn without_a_bucket_nothing_is_public() {
    let Some(engine) = engine_with_policies("without_a_bucket_nothing_is_public") else { return };
    let server = server(&engine.endpoint(), &[]);
    let reply = server.client().upload("a.png", &build::png(9, 9, 1)).expect(201);
    assert!(reply.at("/links/image").ends_with(&format!("/i/{}.png", reply.at("/id"))));
}

#[test]
fn doctor_reads_as_anybody_would() {
    let Some(engine) = engine_with_policies("doctor_reads_as_anybody_would") else { return };
    bucket::open_public(engine);
    let (dir, prefix) = (tempfile::tempdir().unwrap(), engine::fresh_prefix());
    let doctor = |url: &str, flags: &[&str]| {
        let mut command = tintype();
        command.envs(environment(&engine.endpoint(), &prefix)).args(["doctor", "--data"]).arg(dir.path());
        command.args(["--delivery-mode", "public", "--delivery-public-url", url]).args(flags);
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    let right = format!("{}/{BUCKET}/{prefix}/public", engine.endpoint());
    let said = doctor(&right, &[]);
    assert!(
        said.contains("anybody reads copies") && said.contains("without a signature nothing is read"),
        "{said}"
    );
    let said = doctor(&right.replace("/public", "/originals"), &[]);
    assert!(said.contains("FAIL  readers") && said.contains("--print public-policy"), "{said}");
    let policy: serde_json::Value =
        serde_json::from_str(&doctor(&right, &["--print", "public-policy"])).unwrap();
    assert_eq!(policy["Statement"][0]["Resource"], format!("arn:aws:s3:::{BUCKET}/{prefix}/public/*"));
}

#[test]
fn copies_end_when_the_originals_move_back() {
    let Some(engine) = engine_with_policies("copies_end_when_the_originals_move_back") else { return };
    let Public { server, prefix, reader } = public(engine, &engine.endpoint());
    let token = server.token("upload,read");
    let picture = build::png(30, 20, 1);
    let reply = token.upload("a.png", &picture).expect(201);
    let link = reply.at("/links/image");
    reader.get(path_of(&link)).expect(200);
    let dir = server.stop();
    let mut command = tintype();
    command.envs(environment(&engine.endpoint(), &prefix)).args(["migrate", "store", "--to", "folder"]);
    let moved = command.args(["--remove-source", "--data"]).arg(dir.path().join("data")).output().unwrap();
    let said = String::from_utf8(moved.stdout).unwrap();
    assert!(moved.status.success() && said.contains("1 copies for readers removed"), "{said}");
    reader.get(path_of(&link)).expect(404);
    let server = Server::on(dir, &[]);
    let record =
        server.client().with_token(&token.token()).get(&format!("/api/v1/images/{}", reply.at("/id")));
    assert!(server.client().get(&record.at("/links/image")).expect(200).body == picture);
}

#[test]
fn an_older_catalogue_finds_the_copies_as_they_should_be() {
    let Some(engine) = engine_with_policies("an_older_catalogue_finds_the_copies_as_they_should_be") else {
        return;
    };
    let Public { server, prefix, reader } = public(engine, &engine.endpoint());
    let token = server.token("upload,read,delete");
    let one = token.upload("a.png", &build::png(30, 20, 1)).expect(201);
    let dir = server.stop();
    let data = dir.path().join("data");
    let snapshot = std::fs::read(data.join("tintype.db")).unwrap();
    let server = on(dir, &engine.endpoint(), &prefix, &flags(engine, &prefix));
    let owner = server.client().with_token(&token.token());
    let two = owner.upload("b.png", &build::png(30, 20, 2)).expect(201);
    owner.delete(&format!("/api/v1/images/{}", one.at("/id"))).expect(204);
    let copy = |reply: &Reply| reader.get(path_of(&reply.at("/links/image"))).status;
    assert_eq!((copy(&one), copy(&two)), (404, 200));
    let dir = server.stop();
    std::fs::write(data.join("tintype.db"), snapshot).unwrap();
    let server = on(dir, &engine.endpoint(), &prefix, &flags(engine, &prefix));
    wait::until("the copies of that catalogue", Duration::from_secs(20), || {
        (copy(&one), copy(&two)) == (200, 404)
    });
    drop(server);
}
