//! `Idempotency-Key`: an upload that may be repeated.

use tintype_testkit::build;

use crate::support::{Client, Form, Reply, Server};

fn upload(client: &Client, key: &str, form: &Form) -> Reply {
    let (content_type, body) = (form.content_type(), form.body());
    let headers = [("content-type", content_type.as_str()), ("idempotency-key", key)];
    client.send("POST", "/api/v1/images", &headers, Some(&body))
}

fn file(seed: u64) -> Form {
    Form::new().file("a.png", &build::png(8, 8, seed))
}

#[test]
fn a_repeated_request_answers_as_the_first_one_did() {
    let server = Server::start();
    for client in [server.token("upload,read"), server.client()] {
        client.get("/");
        let first = upload(&client, "k-1", &file(1)).expect(201);
        let again = upload(&client, "\"k-1\"", &file(1)).expect(201);
        assert_eq!(first.json(), again.json(), "delete token and all");
        assert_eq!(client.get("/api/v1/images").expect(200).at("/total"), "1");
        upload(&client, "k-1", &file(2)).expect_problem(422, "key_reused");
        assert_ne!(upload(&client, "k-2", &file(2)).expect(201).at("/id"), first.at("/id"));
        // The token that was made anew is the right one.
        let headers = [("tintype-delete-token", again.at("/delete_token"))];
        let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
        server
            .client()
            .send("DELETE", &format!("/api/v1/images/{}", first.at("/id")), &headers, None)
            .expect(204);
        upload(&client, "k-1", &file(1)).expect_problem(410, "gone");
    }
    server.assert_clean();
}

#[test]
fn keys_of_different_senders_are_different_keys() {
    let server = Server::start();
    let ids: Vec<String> = [server.token("upload"), server.token("upload"), server.client()]
        .iter()
        .map(|client| upload(client, "1", &file(1)).expect(201).at("/id"))
        .collect();
    assert!(ids[0] != ids[1] && ids[1] != ids[2] && ids[0] != ids[2]);
    let from = |address: &str| {
        let form = file(1);
        let (content_type, body) = (form.content_type(), form.body());
        let headers = [
            ("content-type", content_type.as_str()),
            ("idempotency-key", "1"),
            ("x-forwarded-for", address),
            ("sec-fetch-site", "cross-site"),
        ];
        server.client().send("POST", "/api/v1/images", &headers, Some(&body)).expect(201).at("/id")
    };
    assert_eq!(from("203.0.113.1"), from("203.0.113.1"));
    assert_ne!(from("203.0.113.1"), from("203.0.113.2"));
}

#[test]
fn every_file_of_a_form_is_repeated_and_named_paths_too() {
    let server = Server::start();
    let token = server.token("upload,read,paths");
    let form = file(1).file("b.png", &build::png(8, 8, 2));
    let first = upload(&token, "form", &form).expect(201);
    assert_eq!(upload(&token, "form", &form).expect(201).json(), first.json());
    let put = || {
        token.send("PUT", "/api/v1/files/blog/x.png", &[("idempotency-key", "p")], Some(&build::png(8, 8, 3)))
    };
    assert_eq!(put().expect(201).json(), put().expect(201).json());
    assert_eq!(token.get("/api/v1/images").expect(200).at("/total"), "3");
}

#[test]
fn parallel_requests_with_one_key_make_one_image() {
    let server = Server::start();
    let token = server.token("upload,read");
    let replies: Vec<_> = std::thread::scope(|scope| {
        let tasks: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| upload(&token.again(), "same", &file(1)).expect(201).json()))
            .collect();
        tasks.into_iter().map(|task| task.join().unwrap()).collect()
    });
    assert!(replies.iter().all(|reply| *reply == replies[0]));
    assert_eq!(token.get("/api/v1/images").expect(200).at("/total"), "1");
    server.assert_clean();
}

#[test]
fn what_is_no_key_is_refused() {
    let server = Server::start();
    for key in ["", "\"\"", &"x".repeat(256)] {
        upload(&server.client(), key, &file(1)).expect_problem(400, "invalid_field");
    }
    assert_eq!(server.originals(), 0);
}
