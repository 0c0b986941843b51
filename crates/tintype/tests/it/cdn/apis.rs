//! Each purge driver against its CDN's API as it is documented, with failures and limits.

use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tintype_testkit::wait;

use super::{
    purge_list,
    recorded::{Answer, Recorded, Request, SOON, hex, hmac},
    upload,
};
use crate::support::{Server, tintype};

/// One kind of CDN.
struct Case {
    /// Its settings, but for its address.
    flags: Vec<&'static str>,
    /// The flag with its address, and what stands behind that.
    url: (&'static str, &'static str),
    /// What it answers where all is well.
    fine: fn(&Request) -> Answer,
    /// Checks a call and answers the tags or addresses in it.
    check: fn(&Request) -> Vec<String>,
    /// What a call for an image holds, of its id.
    holds: fn(&str) -> String,
    /// Whether one call takes many.
    batches: bool,
    /// What it never answers to a purge that was done.
    malformed: Option<Answer>,
}

fn start(case: &Case, recorded: &Recorded) -> Server {
    let url = format!("{}{}", recorded.url, case.url.1);
    let mut flags = case.flags.clone();
    flags.extend(["--cdn-verify", "off", case.url.0, &url]);
    Server::with_base_and("https://images.example.org", &flags)
}

#[track_caller]
fn wait_for_problem(server: &Server, purges: usize, words: &str) {
    wait::until(&format!("{purges} purges with the problem {words:?}"), SOON, || {
        let list = purge_list(server);
        list.lines().filter(|line| line.contains(words)).count() == purges
    });
}

fn retry(server: &Server) {
    let output = server.run(&["purge", "retry"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn done(server: &Server) {
    wait::until("every purge to be done", SOON, || purge_list(server).is_empty());
}

fn check(case: &Case) -> (Server, Recorded) {
    let recorded = Recorded::start(case.fine);
    let server = start(case, &recorded);
    let owner = server.token("upload,read,delete");
    let delete = |seed: u64| {
        let id = upload(&owner, seed);
        owner.delete(&format!("/api/v1/images/{id}")).expect(204);
        id
    };
    // The key is wrong. The operator sees it, and nothing is forgotten.
    recorded.always(Some(Answer::new("401 Unauthorized", &["Content-Type: text/plain"], "who are you")));
    let ids: Vec<String> = (1..=3).map(delete).collect();
    wait_for_problem(&server, 3, "it does not let us in (401 who are you)");
    recorded.take();
    // It is put right, and the API fails in the ways that it may.
    recorded.always(None);
    let expected: Vec<String> = ids.iter().map(|id| (case.holds)(id)).collect();
    let limited = Answer::new("429 Too Many Requests", &["Retry-After: 2"], "");
    recorded.next([Answer::new("500 Internal Server Error", &[], "oops"), limited]);
    retry(&server);
    done(&server);
    let calls = recorded.take();
    let held: Vec<Vec<String>> = calls.iter().map(case.check).collect();
    for one in &expected {
        let times = held.iter().filter(|call| call.contains(one)).count();
        assert!(times >= 2, "{one} is told twice: {held:?}");
    }
    if case.batches {
        // Failed, limited, told, told again.
        assert_eq!(calls.len(), 4, "{held:?}");
        assert!(held.iter().all(|call| expected.iter().all(|one| call.contains(one))), "{held:?}");
    }
    let waited = calls[2].at.duration_since(calls[1].at);
    assert!(waited >= Duration::from_secs(2) || !case.batches, "it asked for 2 s and got {waited:?}");
    let between = calls.last().unwrap().at.duration_since(calls[2].at);
    assert!(between >= Duration::from_secs(4), "told again after {between:?}");
    // An answer that says nothing of a purge is none.
    if let Some(malformed) = &case.malformed {
        recorded.next([malformed.clone()]);
        delete(9);
        wait_for_problem(&server, 1, "its answer is not that of a purge");
        retry(&server);
        done(&server);
    }
    assert!(!server.log().contains("s3cr3t"), "{}", server.log());
    (server, recorded)
}

const HTML: &str = "<html>Welcome to the hotel's network</html>";

fn html() -> Option<Answer> {
    Some(Answer::new("200 OK", &["Content-Type: text/html"], HTML))
}

fn texts(value: &serde_json::Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

#[test]
fn cloudflare_is_told_as_its_api_says() {
    check(&Case {
        flags: vec![
            "--cdn-driver",
            "cloudflare",
            "--cdn-cloudflare-zone",
            "023e105f4ecef8ad9ca31a8372d0c353",
            "--cdn-cloudflare-token",
            "s3cr3t-token",
        ],
        url: ("--cdn-cloudflare-url", ""),
        fine: |_| {
            let body = r#"{"errors":[],"messages":[],"success":true,"result":{"id":"023e105f4ecef8ad9ca31a8372d0c353"}}"#;
            Answer::new("200 OK", &["Content-Type: application/json"], body)
        },
        check: |call| {
            assert_eq!(call.method, "POST");
            assert_eq!(call.path, "/client/v4/zones/023e105f4ecef8ad9ca31a8372d0c353/purge_cache");
            assert_eq!(call.header("authorization"), "Bearer s3cr3t-token");
            assert_eq!(call.header("content-type"), "application/json");
            assert_eq!(call.json().as_object().unwrap().len(), 1);
            texts(&call.json()["tags"])
        },
        holds: |id| format!("img-{id}"),
        batches: true,
        malformed: html(),
    });
}

#[test]
fn cloudflare_that_says_no_in_a_200_has_done_nothing() {
    let recorded = Recorded::start(|_| {
        let body = r#"{"success":false,"errors":[{"code":1012,"message":"Request must contain one of..."}],"messages":[],"result":null}"#;
        Answer::new("200 OK", &["Content-Type: application/json"], body)
    });
    let server = Server::with(&[
        "--cdn-driver",
        "cloudflare",
        "--cdn-cloudflare-zone",
        "z",
        "--cdn-cloudflare-token",
        "t",
        "--cdn-cloudflare-url",
        &recorded.url,
        "--cdn-verify",
        "off",
    ]);
    let owner = server.token("upload,delete");
    let id = upload(&owner, 1);
    owner.delete(&format!("/api/v1/images/{id}")).expect(204);
    wait_for_problem(&server, 1, "it refuses (200");
}

#[test]
fn fastly_is_told_as_its_api_says() {
    check(&Case {
        flags: vec![
            "--cdn-driver",
            "fastly",
            "--cdn-fastly-service",
            "SU1Z0isxPaozGVKXdv0eY",
            "--cdn-fastly-token",
            "s3cr3t-token",
        ],
        url: ("--cdn-fastly-url", ""),
        fine: |call| {
            let keys = texts(&call.json()["surrogate_keys"]);
            let purged: serde_json::Map<_, _> =
                keys.into_iter().map(|key| (key, "900-1490909010-1234".into())).collect();
            let body = serde_json::Value::Object(purged).to_string();
            Answer::new("200 OK", &["Content-Type: application/json"], &body)
        },
        check: |call| {
            assert_eq!(
                (call.method.as_str(), call.path.as_str()),
                ("POST", "/service/SU1Z0isxPaozGVKXdv0eY/purge")
            );
            assert_eq!(call.header("fastly-key"), "s3cr3t-token");
            assert_eq!(call.header("accept"), "application/json");
            // What is deleted is not to be served stale.
            assert_eq!(call.header("fastly-soft-purge"), "");
            texts(&call.json()["surrogate_keys"])
        },
        holds: |id| format!("img-{id}"),
        batches: true,
        malformed: Some(Answer::new("200 OK", &["Content-Type: application/json"], "{\"status\":\"ok\"}")),
    });
}

#[test]
fn bunny_is_told_as_its_api_says() {
    check(&Case {
        flags: vec!["--cdn-driver", "bunny", "--cdn-bunny-zone", "123456", "--cdn-bunny-key", "s3cr3t-key"],
        url: ("--cdn-bunny-url", ""),
        fine: |_| Answer::new("204 No Content", &[], ""),
        check: |call| {
            assert_eq!((call.method.as_str(), call.path.as_str()), ("POST", "/pullzone/123456/purgeCache"));
            assert_eq!(call.header("accesskey"), "s3cr3t-key");
            vec![call.json()["CacheTag"].as_str().unwrap().to_owned()]
        },
        holds: |id| format!("img-{id}"),
        batches: false,
        malformed: html(),
    });
}

#[test]
fn varnish_is_told_as_the_sample_says() {
    check(&Case {
        flags: vec!["--cdn-driver", "varnish"],
        url: ("--cdn-varnish-url", ""),
        fine: |_| Answer::new("200 purged 2", &["Content-Type: text/html"], "<h1>Error 200 purged 2</h1>"),
        check: |call| {
            assert_eq!((call.method.as_str(), call.path.as_str()), ("PURGE", "/"));
            call.header("xkey").split(' ').map(str::to_owned).collect()
        },
        holds: |id| format!("img-{id}"),
        batches: true,
        malformed: html(),
    });
}

#[test]
fn webhooks_are_told_and_signed() {
    check(&Case {
        flags: vec!["--cdn-driver", "webhook", "--cdn-webhook-secret", "s3cr3t-of-the-hook"],
        url: ("--cdn-webhook-url", "/hooks/purge"),
        fine: |_| Answer::new("202 Accepted", &[], ""),
        check: |call| {
            assert_eq!((call.method.as_str(), call.path.as_str()), ("POST", "/hooks/purge"));
            let signature = format!("sha256={}", hex(&hmac(b"s3cr3t-of-the-hook", &call.body)));
            assert_eq!(call.header("tintype-signature"), signature);
            let json = call.json();
            assert_eq!(json["event"], "purge");
            assert!(json["at"].as_i64().unwrap() > 1_700_000_000_000);
            assert_eq!(texts(&json["tags"]).len(), texts(&json["images"]).len());
            texts(&json["urls"])
        },
        holds: |id| format!("https://images.example.org/i/{id}.jpg"),
        batches: true,
        malformed: None,
    });
}

/// What CloudFront answers to CreateInvalidation.
fn invalidation(_: &Request) -> Answer {
    let body = "<?xml version=\"1.0\"?>\n<Invalidation xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\"><Id>I2J0I21PCUYOIK</Id><Status>InProgress</Status><CreateTime>2026-11-22T15:00:00.000Z</CreateTime></Invalidation>";
    Answer::new("201 Created", &["Content-Type: text/xml"], body)
}

/// Checks a call to CloudFront, its signature included (AWS Signature Version 4, worked out here), and answers the paths.
fn cloudfront(call: &Request) -> Vec<String> {
    assert_eq!(call.method, "POST");
    assert_eq!(call.path, "/2020-05-31/distribution/EDFDVBD6EXAMPLE/invalidation");
    let authorization = call.header("authorization").strip_prefix("AWS4-HMAC-SHA256 ").unwrap();
    let part = |name: &str| {
        let found = authorization.split(", ").find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
        found.unwrap_or_else(|| panic!("no {name} in {authorization}")).to_owned()
    };
    let time = call.header("x-amz-date");
    let scope = format!("{}/us-east-1/cloudfront/aws4_request", &time[..8]);
    assert_eq!(part("Credential"), format!("AKIAIOSFODNN7EXAMPLE/{scope}"));
    let signed = part("SignedHeaders");
    for name in ["host", "x-amz-date", "content-type"] {
        assert!(signed.split(';').any(|known| known == name), "{name} is not signed: {signed}");
    }
    let headers: String = signed.split(';').map(|name| format!("{name}:{}\n", call.header(name))).collect();
    let canonical =
        format!("POST\n{}\n\n{headers}\n{signed}\n{}", call.path, hex(&Sha256::digest(&call.body)));
    let text = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", hex(&Sha256::digest(canonical)));
    let key = ["us-east-1", "cloudfront", "aws4_request"]
        .iter()
        .fold(hmac(b"AWS4s3cr3t/key+of/AWS", &time[..8]), |key, part| hmac(&key, part));
    assert_eq!(part("Signature"), hex(&hmac(&key, &text)));

    let xml = &call.body;
    assert!(xml.contains("<InvalidationBatch xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\">"));
    let between = |begin: &str, end: &str| xml.split_once(begin).unwrap().1.split_once(end).unwrap().0;
    assert!(between("<CallerReference>", "</").starts_with("tintype-"));
    let paths: Vec<String> =
        xml.split("<Path>").skip(1).map(|rest| rest.split_once("</Path>").unwrap().0.to_owned()).collect();
    assert_eq!(between("<Quantity>", "</"), paths.len().to_string());
    assert!(paths.iter().filter(|path| path.ends_with('*')).count() <= 15, "{paths:?}");
    paths
}

fn cloudfront_case(by_tag: &'static str, holds: fn(&str) -> String) -> Case {
    Case {
        flags: vec![
            "--cdn-driver",
            "cloudfront",
            "--cdn-cloudfront-distribution",
            "EDFDVBD6EXAMPLE",
            "--cdn-cloudfront-access-key",
            "AKIAIOSFODNN7EXAMPLE",
            "--cdn-cloudfront-secret-key",
            "s3cr3t/key+of/AWS",
            "--cdn-cloudfront-tags",
            by_tag,
        ],
        url: ("--cdn-cloudfront-url", ""),
        fine: invalidation,
        check: cloudfront,
        holds,
        batches: true,
        malformed: html(),
    }
}

/// An invalidation takes a minute, so the second call comes a minute after the first: only the first is awaited here.
fn check_cloudfront(case: &Case) {
    let recorded = Recorded::start(case.fine);
    let server = start(case, &recorded);
    let owner = server.token("upload,read,delete");
    let denied = "<ErrorResponse xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\"><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>User is not authorized</Message></Error></ErrorResponse>";
    recorded.always(Some(Answer::new("403 Forbidden", &["Content-Type: text/xml"], denied)));
    let ids: Vec<String> = (1..=3).map(|seed| upload(&owner, seed)).collect();
    for id in &ids {
        owner.delete(&format!("/api/v1/images/{id}")).expect(204);
    }
    wait_for_problem(&server, 3, "AccessDenied");
    recorded.always(None);
    recorded.take();
    recorded.next([Answer::new("500 Internal Server Error", &[], ""), case.malformed.clone().unwrap()]);
    retry(&server);
    wait_for_problem(&server, 3, "its answer is not that of a purge");
    retry(&server);
    wait::until("the cache to be told", SOON, || recorded.count() == 3);
    for call in recorded.take() {
        let held = (case.check)(&call);
        assert!(ids.iter().all(|id| held.contains(&(case.holds)(id))), "{held:?}");
    }
    wait::until("the second telling to wait", SOON, || {
        purge_list(&server).lines().filter(|line| line.contains("\"step\":\"again\"")).count() == 3
    });
    let busy = "<ErrorResponse xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\"><Error><Type>Sender</Type><Code>TooManyInvalidationsInProgress</Code><Message>Processing your request will cause you to exceed the maximum number of in-progress wildcard invalidations.</Message></Error></ErrorResponse>";
    recorded.always(Some(Answer::new("400 Bad Request", &["Content-Type: text/xml"], busy)));
    let id = upload(&owner, 8);
    owner.delete(&format!("/api/v1/images/{id}")).expect(204);
    wait_for_problem(&server, 1, "it asks us to wait 60 seconds");
    assert!(!server.log().contains("s3cr3t"), "{}", server.log());
}

#[test]
fn cloudfront_is_told_paths_as_its_api_says() {
    check_cloudfront(&cloudfront_case("off", |id| format!("/i/{id}*")));
}

#[test]
fn cloudfront_is_told_tags_as_its_api_says() {
    check_cloudfront(&cloudfront_case("on", |id| format!("#img-{id}")));
}

#[test]
fn nginx_is_told_every_address() {
    // The old module's word for what it does not keep, and the new one's.
    let recorded = Recorded::start(|call| {
        let status = if call.path.ends_with(".jpeg") { "404 Not Found" } else { "412 Precondition Failed" };
        Answer::new(status, &["Content-Type: text/html"], "<html>")
    });
    let server =
        Server::with(&["--cdn-driver", "nginx", "--cdn-nginx-url", &recorded.url, "--cdn-verify", "off"]);
    let owner = server.token("upload,paths,read,delete");
    let picture = tintype_testkit::build::jpeg(64, 48, 1);
    let id = owner.put("/api/v1/files/blog/a%20b.jpg", &picture).expect(201).at("/id");
    owner.get(&format!("/i/{id}/w=32,h=32,fit=cover.webp")).expect(200);
    // For good: the paths and the variants' files are gone before nginx hears of it.
    owner.delete(&format!("/api/v1/images/{id}?now=true")).expect(204);
    // The last time comes after a minute: of an image that is gone nobody knows how large it was.
    wait::until("every purge to be done", 2 * SOON, || purge_list(&server).is_empty());
    let asked: Vec<String> = recorded.take().into_iter().map(|call| call.path).collect();
    for path in [
        format!("/i/{id}"),
        format!("/i/{id}.jpg"),
        format!("/i/{id}.jpeg"),
        format!("/images/{id}.jpg"),
        format!("/p/{id}"),
        format!("/i/{id}/w=32,h=32,fit=cover.webp"),
        "/blog/a%20b.jpg".to_owned(),
    ] {
        let times = asked.iter().filter(|asked| **asked == format!("/purge{path}")).count();
        assert!(times >= 2, "{path} is told twice: {asked:?}");
    }
    let paths = asked_of_nginx("https://example.org/pictures", &[], &recorded);
    assert!(paths.iter().all(|path| path.starts_with("/purge/pictures/")), "{paths:?}");
    // Pictures are at their own host, pages below the site's path.
    let media = ["--server-media-url", "https://media.example.org"];
    let paths = asked_of_nginx("https://example.org/pictures", &media, &recorded);
    assert!(paths.iter().any(|path| path.starts_with("/purge/i/")), "{paths:?}");
    assert!(paths.iter().any(|path| path.starts_with("/purge/pictures/p/")), "{paths:?}");
    // Tintype's own 404 says that nobody forgets there.
    let elsewhere =
        Server::with(&["--cdn-driver", "nginx", "--cdn-nginx-url", &server.base, "--cdn-verify", "off"]);
    let owner = elsewhere.token("upload,delete");
    let id = upload(&owner, 2);
    owner.delete(&format!("/api/v1/images/{id}")).expect(204);
    wait_for_problem(&elsewhere, 1, "has no location /purge");
}

/// What nginx is asked to forget when a picture is deleted from a site at `base_url`.
fn asked_of_nginx(base_url: &str, flags: &[&str], nginx: &Recorded) -> Vec<String> {
    let own = ["--cdn-driver", "nginx", "--cdn-nginx-url", &nginx.url, "--cdn-verify", "off"];
    let server = Server::with_base_and(base_url, &[&own[..], flags].concat());
    let owner = server.token("upload,delete");
    nginx.take();
    // The operator's own words: the link as the server writes it.
    let link = owner.upload("a.jpg", &tintype_testkit::build::jpeg(64, 48, 3)).expect(201).at("/links/page");
    let mut delete = tintype();
    delete
        .env("TINTYPE_SERVER_BASE_URL", base_url)
        .args(["image", "delete", &link, "--data"])
        .arg(server.data());
    let deleted = delete.output().unwrap();
    assert!(deleted.status.success(), "{}", String::from_utf8_lossy(&deleted.stderr));
    done(&server);
    nginx.take().into_iter().map(|call| call.path).collect()
}

#[test]
fn a_cdn_that_never_answers_holds_up_no_other() {
    let (silent, quick) = (
        Recorded::start(|_| Answer::never()),
        Recorded::start(|_| Answer::new("200 purged 1", &[], "purged 1")),
    );
    let server = Server::with_base_and(
        "https://images.example.org",
        &[
            "--cdn-driver",
            "webhook,varnish",
            "--cdn-webhook-url",
            &silent.url,
            "--cdn-webhook-secret",
            "s3cr3t-of-the-hook",
            "--cdn-varnish-url",
            &quick.url,
            "--cdn-verify",
            "off",
        ],
    );
    let owner = server.token("upload,delete");
    for seed in 1..=2 {
        let id = upload(&owner, seed);
        owner.delete(&format!("/api/v1/images/{id}")).expect(204);
        wait::until("the one that answers to be told", Duration::from_secs(8), || {
            quick.take().iter().any(|call| call.header("xkey").contains(&id))
        });
    }
    wait_for_problem(&server, 1, "it does not answer as it should");
}
