//! Uploading through the server, and the ways in which readers get their bytes.

use tintype_testkit::{badnet::Badnet, build, engine};

use super::{on, path_of, server};
use crate::support::{Client, Form};

#[test]
fn pictures_live_in_the_bucket_and_not_on_the_disk() {
    let Some(engine) = engine::running("pictures_live_in_the_bucket_and_not_on_the_disk") else { return };
    let prefix = engine::fresh_prefix();
    let server = on(tempfile::tempdir().unwrap(), &engine.endpoint(), &prefix, &[]);
    let owner = server.token("upload,read,delete");
    let picture = build::jpeg(640, 480, 1);
    let reply = owner.upload("a.jpg", &picture).expect(201);
    assert_eq!(server.originals(), 0);
    let reader = server.client();
    for _ in 0..2 {
        assert!(reader.get(&reply.at("/links/image")).expect(200).body == picture);
    }
    let part = reader.send("GET", &reply.at("/links/image"), &[("range", "bytes=10-19")], None).expect(206);
    assert_eq!(part.body, picture[10..20]);
    reader.get(&reply.at("/links/thumb")).expect(200);
    server.assert_clean();

    // Another machine with the same catalogue needs nothing of the old disk but that.
    let dir = server.stop();
    for folder in ["variants", "staging", "store.json"] {
        let path = dir.path().join("data").join(folder);
        if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) }.unwrap();
    }
    let server = on(
        dir,
        &engine.endpoint(),
        &prefix,
        &["--trash-keep", "0s", "--sweep-grace", "0s", "--sweep-interval", "1s"],
    );
    let image = path_of(&reply.at("/links/image")).to_owned();
    assert!(server.client().get(&image).expect(200).body == picture);
    let owner = server.token("admin");
    owner.delete(&format!("/api/v1/images/{}?now=true", reply.at("/id"))).expect(204);
    server.client().get(&image).expect(410);
    server.assert_clean();
}

#[test]
fn a_hot_picture_is_fetched_once() {
    let Some(engine) = engine::running("a_hot_picture_is_fetched_once") else { return };
    let net = Badnet::before(&engine.address);
    let server = server(&net.endpoint(), &[]);
    let picture = build::png(700, 700, 3);
    let reply = server.client().upload("a.png", &picture).expect(201);
    let before = net.requests();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                assert!(server.client().get(&reply.at("/links/image")).expect(200).body == picture);
            });
        }
    });
    assert_eq!(net.requests() - before, 1);
}

#[test]
fn readers_are_sent_to_the_bucket_where_that_is_wanted() {
    let Some(engine) = engine::running("readers_are_sent_to_the_bucket_where_that_is_wanted") else { return };
    let server = server(&engine.endpoint(), &["--delivery-mode", "redirect"]);
    let owner = server.token("upload,read,delete");
    let picture = build::jpeg(300, 200, 1);
    let reply = owner.upload("sünset.jpg", &picture).expect(201);
    let reader = server.client();
    for address in [reply.at("/links/image"), format!("/i/{}", reply.at("/id"))] {
        for _ in 0..2 {
            let sent = reader.get(&address).expect(302);
            assert_eq!(sent.header("cache-control"), "public, max-age=2700");
            assert_eq!(sent.header("access-control-allow-origin"), "*");
            let url = sent.header("location").to_owned();
            assert!(url.starts_with(&engine.endpoint()) && url.contains("X-Amz-Expires=3600"), "{url}");
            let bytes = Client::new(&engine.endpoint()).get(path_of(&url)).expect(200);
            assert!(bytes.body == picture);
            assert_eq!(bytes.header("content-type"), "image/jpeg");
            assert!(bytes.header("content-disposition").contains("filename*=UTF-8''s%C3%BCnset.jpg"));
            let etag = format!("\"{}\"", &sha256(&picture)[..32]);
            reader.send("GET", &address, &[("if-none-match", &etag)], None).expect(304);
            // An address is signed for GET alone (AWS Signature Version 4), so that nobody is sent there with a HEAD.
            let head = reader.head(&address).expect(200);
            let told = ["content-length", "content-type", "etag"].map(|name| head.header(name));
            assert_eq!(told, [picture.len().to_string().as_str(), "image/jpeg", &etag]);
            assert_eq!(head.header("access-control-allow-origin"), "*");
            let part = reader.send("HEAD", &address, &[("if-none-match", &etag)], None).expect(304);
            assert_eq!((part.header("etag"), part.header("location")), (etag.as_str(), ""));
        }
    }
    // Without the signature, and with another name in it, there is nothing.
    let url = reader.get(&reply.at("/links/image")).header("location").to_owned();
    let bare = path_of(&url).split('?').next().unwrap().to_owned();
    assert_eq!(Client::new(&engine.endpoint()).get(&bare).status, 403);
    let forged = path_of(&url).replace("image%2Fjpeg", "text%2Fhtml");
    assert_eq!(Client::new(&engine.endpoint()).get(&forged).status, 403);

    // Private pictures, and variants, come from here.
    let private =
        owner.form(&Form::new().field("visibility", "private").file("b.jpg", &build::jpeg(30, 20, 2)));
    owner.get(&private.expect(201).at("/links/image")).expect(200);
    reader.get(&reply.at("/links/thumb")).expect(200);
    // A picture whose time is short has an address that is good for no longer.
    let short = owner.form(&Form::new().field("expires_in", "100s").file("c.jpg", &build::jpeg(31, 20, 2)));
    let url = reader.get(&short.expect(201).at("/links/image")).expect(302).header("location").to_owned();
    let seconds: u64 =
        url.split("X-Amz-Expires=").nth(1).unwrap().split('&').next().unwrap().parse().unwrap();
    assert!(seconds <= 100, "{url}");
    owner.delete(&format!("/api/v1/images/{}", reply.at("/id"))).expect(204);
    reader.get(&reply.at("/links/image")).expect(410);
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
