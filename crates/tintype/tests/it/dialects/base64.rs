//! `POST /`, `/v0`, `/v0/`: an image in base64.

use serde_json::json;
use tintype_testkit::build;

use super::assert_open;
use crate::support::{Server, base64};

#[test]
fn an_image_in_base64_answers_a_path_below_the_same_host() {
    let server = Server::start();
    let picture = build::png(20, 10, 1);
    for address in ["/", "/v0", "/v0/"] {
        // The extension is a claim; the content decides.
        for (name, extension) in [("Image64", "png"), ("image64", "exe")] {
            let body = json!({name: base64(&picture), "Extension": extension}).to_string();
            // Some of those clients sent no type at all.
            for media in ["application/json", "text/plain;charset=UTF-8"] {
                let client = server.client();
                let headers = [("content-type", media), ("origin", "https://static.example.org")];
                let reply = client.send("POST", address, &headers, Some(body.as_bytes())).expect(200);
                assert_open(&reply, "POST,OPTIONS");
                assert!(reply.header("set-cookie").is_empty(), "a page of another origin gets no cookie");
                let json = reply.json();
                let url = json["URL"].as_str().unwrap();
                assert!(url.starts_with("i/") && url.ends_with(".png"), "{url}");
                assert_eq!(json.as_object().unwrap().len(), 1);
                assert_eq!(client.get(&format!("/{url}")).expect(200).body, picture);
            }
        }
        assert_open(&server.client().send("OPTIONS", address, &[], None).expect(200), "POST,OPTIONS");
    }
    server.client().get("/").expect(200);
}

#[test]
fn what_is_no_image_is_refused_in_words() {
    let server = Server::start();
    for (body, status, kind) in [
        (json!({"Image64": "@@@@", "Extension": "png"}).to_string(), 400, "malformed_body"),
        (json!({"Extension": "png"}).to_string(), 400, "missing_file"),
        (json!({"Image64": base64(b"plain text")}).to_string(), 415, "unsupported_type"),
        ("{".to_owned(), 400, "malformed_body"),
        ("[]".to_owned(), 400, "malformed_body"),
    ] {
        let reply = server.client().post("/v0", "application/json", body.as_bytes()).expect(status);
        assert_open(&reply, "POST,OPTIONS");
        assert_eq!(reply.at("/errorType"), kind, "{body}");
        assert!(!reply.at("/errorMessage").is_empty() && !reply.at("/request_id").is_empty());
    }
    assert_eq!(server.originals(), 0);
}
