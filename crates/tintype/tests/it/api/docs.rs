//! `GET /api/docs`.

use crate::support::Server;

#[test]
fn the_page_tells_of_every_operation_shape_and_code() {
    let server = Server::start();
    let client = server.client();
    let reply = client.get("/api/docs").expect(200);
    assert_eq!(reply.header("content-type"), "text/html; charset=utf-8");
    let policy = reply.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("script-src"), "{policy}");
    let page = reply.text();
    assert!(!page.contains("<script"));
    let description = client.get("/api/openapi.json").expect(200).json();
    assert_eq!(description["externalDocs"]["url"], "/api/docs");
    let has = |id: &str| assert!(page.contains(&format!(" id=\"{id}\"")), "no anchor {id}");
    let mut operations = 0;
    for (path, item) in description["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            has(operation["operationId"].as_str().unwrap());
            assert!(
                page.contains(&format!("<code>{} {path}</code>", method.to_uppercase())),
                "{method} {path}"
            );
            assert!(operation["responses"]["431"].is_object(), "{method} {path}");
            operations += 1;
        }
    }
    assert!(operations > 20, "{operations}");
    for shape in description["components"]["schemas"].as_object().unwrap().keys() {
        has(&format!("shape-{shape}"));
    }
    let codes = description["components"]["schemas"]["ProblemCode"]["enum"].as_array().unwrap();
    assert!(codes.len() > 30, "{codes:?}");
    for code in codes {
        has(code.as_str().unwrap());
    }
    // Every link of the page leads somewhere on it.
    for link in page.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        has(link);
    }
}
