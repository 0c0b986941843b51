//! `POST /api/v1/images`: JSON with the image in base64.

use serde_json::json;
use tintype_testkit::build;

use crate::support::{Reply, Server, base64};

fn send(server: &Server, body: &serde_json::Value) -> Reply {
    server.client().post("/api/v1/images", "application/json", body.to_string().as_bytes())
}

#[test]
fn base64_is_taken_with_padding_or_without_and_as_a_data_url() {
    let server = Server::start();
    let picture = build::png(31, 17, 1);
    let text = base64(&picture);
    for image in
        [text.clone(), text.trim_end_matches('=').to_owned(), format!("data:image/png;base64,{text}")]
    {
        let fields = json!({"image": image, "file_name": "../x.png", "title": "T", "tags": ["a", "b"], "alt": null,
                            "keep_metadata": false});
        let reply = send(&server, &fields).expect(201);
        assert_eq!(
            (reply.at("/width"), reply.at("/file_name"), reply.at("/title")),
            ("31".into(), "x.png".into(), "T".into())
        );
        assert_eq!(reply.at("/tags"), "[\"a\",\"b\"]");
        assert_eq!(server.client().get(&reply.at("/links/image")).body, picture);
    }
}

#[test]
fn what_is_no_upload_is_refused() {
    let server = Server::start();
    for (body, status, code) in [
        (json!({"image": "@@@@"}), 400, "malformed_body"),
        (json!({"image": "AAAA AAAA"}), 400, "malformed_body"),
        (json!({"image": "data:image/png;base64"}), 400, "malformed_body"),
        (json!({"image": 5}), 400, "malformed_body"),
        (json!([1, 2]), 400, "malformed_body"),
        (json!({"title": "x"}), 400, "missing_file"),
        (json!({"image": ""}), 400, "empty_file"),
        (json!({"image": base64(b"plain text")}), 415, "unsupported_type"),
        (json!({"image": base64(&build::png(8, 8, 1)), "colour": "red"}), 400, "unknown_field"),
        (json!({"image": base64(&build::png(8, 8, 1)), "visibility": 7}), 400, "invalid_field"),
    ] {
        send(&server, &body).expect_problem(status, code);
    }
    let cut = br#"{"image": "iVBOR"#;
    server.client().post("/api/v1/images", "application/json", cut).expect_problem(400, "malformed_body");
    assert_eq!(server.originals(), 0);
}

#[test]
fn more_than_16_mb_names_the_other_way() {
    let server = Server::start();
    let reply = send(&server, &json!({"image": "A".repeat(16 << 20)})).expect_problem(413, "file_too_large");
    assert!(
        reply.at("/detail").contains("16 MB") && reply.at("/detail").contains("multipart"),
        "{}",
        reply.text()
    );
    assert_eq!(reply.at("/limit"), (16 << 20).to_string());
}
