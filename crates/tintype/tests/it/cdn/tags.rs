//! What caches are told about what they may keep.

use serde_json::json;
use tintype_testkit::build;

use crate::support::Server;

const HEADERS: [&str; 4] = ["surrogate-key", "cache-tag", "xkey", "cdn-tag"];

#[test]
fn no_tags_are_sent_where_no_cache_is_told_anything() {
    let server = Server::start();
    let owner = server.token("upload,paths,delete");
    let id = owner.put("/api/v1/files/blog/a.jpg", &build::jpeg(20, 10, 1)).expect(201).at("/id");
    for address in [format!("/i/{id}.jpg"), format!("/i/{id}/w=16.webp"), "/blog/a.jpg".to_owned()] {
        let reply = server.client().get(&address).expect(200);
        for name in HEADERS {
            assert_eq!(reply.header(name), "", "{address}");
        }
        assert_eq!((reply.header("vary"), reply.header("set-cookie")), ("", ""), "{address}");
    }
    let named = server.client().get("/blog/a.jpg").expect(200);
    assert_eq!(named.header("cache-control"), "public, max-age=300, stale-while-revalidate=60");
    let original = server.client().get(&format!("/i/{id}.jpg")).expect(200);
    assert_eq!(original.header("cache-control"), "public, max-age=31536000, s-maxage=86400, immutable");
}

#[test]
fn every_answer_that_shows_an_image_carries_its_tag() {
    let tags = HEADERS.join(", ");
    let server = Server::with(&["--cdn-tags", &tags]);
    let owner = server.token("upload,paths,read,delete");
    let id = owner.put("/api/v1/files/blog/a.jpg", &build::jpeg(90, 60, 1)).expect(201).at("/id");
    let tag = format!("img-{id}");
    let (original, variant) = (format!("/i/{id}.jpg"), format!("/i/{id}/w=16.webp"));
    let reader = server.client();
    let etag = reader.get(&original).expect(200).header("etag").to_owned();
    // Twice, from the disk and from RAM.
    for _ in 0..2 {
        for (address, headers, status) in [
            (&original, vec![], 200),
            (&original, vec![("range", "bytes=0-9")], 206),
            (&original, vec![("if-none-match", etag.as_str())], 304),
            (&variant, vec![], 200),
            (&format!("/images/{id}.jpg"), vec![], 200),
            (&format!("/i/{id}"), vec![], 200),
        ] {
            let reply = reader.get_with(address, &headers).expect(status);
            for name in HEADERS {
                assert_eq!(reply.header(name), tag, "{address} {headers:?} {name}");
            }
        }
    }
    let named = reader.get("/blog/a.jpg").expect(200);
    let of_path = named.header("xkey").strip_prefix(&format!("{tag} path-")).unwrap().to_owned();
    assert_eq!(of_path.len(), 16);
    assert_eq!(named.header("surrogate-key"), format!("{tag} path-{of_path}"));
    assert_eq!(named.header("cache-tag"), format!("{tag},path-{of_path}"));

    owner.patch(&format!("/api/v1/images/{id}"), &json!({"visibility": "private"})).expect(200);
    for address in [&original, &variant, "/blog/a.jpg"] {
        let reply = owner.get(address).expect(200);
        assert_eq!(reply.header("cache-control"), "private, no-store");
        assert_eq!(reader.get(address).expect(404).header("cache-control"), "no-store");
        for name in HEADERS {
            assert_eq!(reply.header(name), "", "{address}");
        }
    }

    owner.delete(&format!("/api/v1/images/{id}")).expect(204);
    for address in [&original, &variant] {
        let gone = reader.get(address).expect(410);
        assert_eq!((gone.header("cache-control"), gone.header("xkey")), ("public, max-age=60", tag.as_str()));
        // Who is somebody may be told what others are not.
        let theirs = owner.get(address).expect(410);
        assert_eq!((theirs.header("cache-control"), theirs.header("xkey")), ("no-store", ""));
    }
}

#[test]
fn a_cache_that_forgets_everything_may_keep_pictures_for_a_year() {
    let server = Server::with(&[
        "--cdn-driver",
        "fastly",
        "--cdn-fastly-service",
        "x",
        "--cdn-fastly-token",
        "x",
        "--cdn-fastly-url",
        "http://127.0.0.1:9",
        "--cdn-verify",
        "off",
    ]);
    let owner = server.token("upload,paths");
    let id = owner.put("/api/v1/files/blog/a.jpg", &build::jpeg(90, 60, 1)).expect(201).at("/id");
    let reply = server.client().get(&format!("/i/{id}.jpg")).expect(200);
    assert_eq!(reply.header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!((reply.header("surrogate-key"), reply.header("xkey")), (format!("img-{id}").as_str(), ""));
    let named = server.client().get("/blog/a.jpg").expect(200);
    assert_eq!(
        named.header("cache-control"),
        "public, max-age=300, s-maxage=86400, stale-while-revalidate=60"
    );
}

#[test]
fn a_cache_that_is_told_addresses_keeps_none_that_it_cannot_be_told() {
    let server = Server::with(&[
        "--cdn-driver",
        "nginx",
        "--cdn-nginx-url",
        "http://127.0.0.1:9",
        "--cdn-verify",
        "off",
    ]);
    let id = server.token("upload").upload("a.jpg", &build::jpeg(90, 60, 1)).expect(201).at("/id");
    let shared = "public, max-age=31536000, s-maxage=86400, immutable";
    let unlisted = "public, max-age=31536000, s-maxage=0, immutable";
    for (variant, expected) in [
        ("w=32,h=32,fit=cover.webp", shared),
        ("w=32.webp", shared),
        ("w=32,fit=scale-down.webp", shared),
        ("w=32.jpeg", shared),
        ("w=31.webp", unlisted),
        ("h=32,w=32,fit=cover.webp", unlisted),
    ] {
        let reply = server.client().get(&format!("/i/{id}/{variant}")).expect(200);
        assert_eq!(reply.header("cache-control"), expected, "{variant}");
    }
}

#[test]
fn an_address_that_is_encoded_without_need_is_kept_by_no_cache_that_is_told_addresses() {
    let nginx = ["--cdn-driver", "nginx", "--cdn-nginx-url", "http://127.0.0.1:9", "--cdn-verify", "off"];
    let cloudfront =
        ["distribution", "access-key", "secret-key"].map(|key| format!("--cdn-cloudfront-{key}=x"));
    let mut wildcards = vec!["--cdn-driver", "cloudfront", "--cdn-verify", "off"];
    wildcards.extend(cloudfront.iter().map(String::as_str));
    wildcards.extend(["--cdn-cloudfront-url", "http://127.0.0.1:9"]);
    let shared = "public, max-age=31536000, s-maxage=86400, immutable";
    let unlisted = "public, max-age=31536000, s-maxage=0, immutable";
    for (flags, below) in [(&nginx[..], unlisted), (&wildcards, shared), (&[], shared)] {
        let server = Server::with(flags);
        let elsewhere = if flags.is_empty() { shared } else { unlisted };
        let id = server.token("upload").upload("a.jpg", &build::jpeg(90, 60, 1)).expect(201).at("/id");
        let encoded = format!("%{:02X}{}", id.as_bytes()[0], &id[1..]);
        // Cold and hot.
        for _ in 0..2 {
            for (address, expected) in [
                (format!("/i/{id}.jpg"), shared),
                (format!("/i/{id}.jpeg"), shared),
                (format!("/i/{id}"), shared),
                (format!("/images/{id}.jpg"), shared),
                (format!("/i/{id}/w=32.webp"), shared),
                (format!("/i/{id}/w%3D32.webp"), below),
                (format!("/i/{id}/w=32%2Ewebp"), below),
                (format!("/i/{encoded}/w=32.webp"), elsewhere),
                (format!("/i/{encoded}.jpg"), elsewhere),
                (format!("/i/{id}%2Ejpg"), elsewhere),
                (format!("/images/{encoded}.jpg"), elsewhere),
            ] {
                let reply = server.client().get(&address).expect(200);
                assert_eq!(reply.header("cache-control"), expected, "{address} {flags:?}");
            }
        }
    }
}
