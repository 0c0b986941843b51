//! Requests that another site's page causes.

use tintype_testkit::build;

use crate::support::{Form, Server};

const FOREIGN: [&[(&str, &str)]; 6] = [
    &[("sec-fetch-site", "cross-site")],
    &[("sec-fetch-site", "same-site")],
    &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")],
    &[("origin", "https://evil.example")],
    &[("origin", "null")],
    &[("origin", "evil")],
];

#[test]
fn they_do_not_act_for_the_cookies_owner() {
    let server = Server::start();
    let owner = server.client();
    let id = owner.upload("a.png", &build::png(8, 8, 1)).expect(201).at("/id");
    let path = format!("/api/v1/images/{id}");
    for (seed, headers) in FOREIGN.into_iter().enumerate() {
        let send = |method: &str, path: &str, body: Option<&[u8]>| {
            let json = [("content-type", "application/json")];
            owner.send(method, path, &[headers, &json].concat(), body)
        };
        send("GET", "/api/v1/images", None).expect_problem(403, "forbidden");
        send("DELETE", &path, None).expect_problem(403, "forbidden");
        send("PATCH", &path, Some(b"{\"title\": \"x\"}")).expect_problem(403, "forbidden");
        send("POST", &format!("{path}/restore"), None).expect_problem(403, "forbidden");
        // An upload is taken, as anybody's is, but neither as the owner's nor with a cookie that would stick.
        let form = Form::new().file("b.png", &build::png(8, 8, 100 + seed as u64));
        let content_type = form.content_type();
        let headers = [headers, &[("content-type", content_type.as_str())]].concat();
        for path in ["/api/v1/images", "/new"] {
            let uploaded = owner.send("POST", path, &headers, Some(&form.body())).expect(201);
            assert_eq!(uploaded.header("set-cookie"), "", "{path} {headers:?}");
            let stranger = server.client().send("POST", path, &headers, Some(&form.body())).expect(201);
            assert_eq!(stranger.header("set-cookie"), "", "{path} {headers:?}");
        }
        assert_eq!(server.client().get_with("/", &headers).header("set-cookie"), "");
    }
    let list = owner.get("/api/v1/images").expect(200);
    assert_eq!((list.at("/total"), list.at("/images/0/title")), ("1".to_owned(), "null".to_owned()));
}

#[test]
fn the_own_pages_requests_do() {
    let server = Server::start();
    let owner = server.client();
    owner.upload("a.png", &build::png(8, 8, 1)).expect(201);
    let own = server.base.clone();
    for headers in [
        vec![("sec-fetch-site", "same-origin"), ("origin", own.as_str())],
        vec![("sec-fetch-site", "none")],
        vec![("origin", own.as_str())],
        vec![],
    ] {
        assert_eq!(owner.get_with("/api/v1/images", &headers).expect(200).at("/total"), "1", "{headers:?}");
    }
}

#[test]
fn other_origins_use_the_api_with_tokens_where_they_are_named() {
    let server = Server::with(&["--server-cors-origins", "https://blog.example"]);
    let token = server.token("upload,read");
    token.upload("a.png", &build::png(8, 8, 1)).expect(201);
    let named = [("origin", "https://blog.example"), ("sec-fetch-site", "cross-site")];
    let list = token.get_with("/api/v1/images", &named).expect(200);
    assert_eq!(list.header("access-control-allow-origin"), "https://blog.example");
    assert_eq!(list.header("access-control-allow-credentials"), "", "never with cookies");
    assert!(list.header("vary").contains("Origin"));
    let preflight = server.client().send("OPTIONS", "/api/v1/images", &named, None).expect(204);
    for name in ["Authorization", "Idempotency-Key", "If-Match", "If-None-Match"] {
        let allowed = preflight.header("access-control-allow-headers");
        assert!(allowed.split(", ").any(|allowed| allowed == name), "{name} {allowed}");
    }
    assert!(list.header("access-control-expose-headers").split(", ").any(|shown| shown == "ETag"));
    let other = token.get_with("/api/v1/images", &[("origin", "https://evil.example")]).expect(200);
    assert_eq!(other.header("access-control-allow-origin"), "");

    let closed = Server::start();
    let reply = closed.token("read").get_with("/api/v1/images", &named).expect(200);
    assert_eq!(reply.header("access-control-allow-origin"), "");
    assert_ne!(closed.client().send("OPTIONS", "/api/v1/images", &named, None).status, 204);
}
