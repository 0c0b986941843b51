//! `DELETE /api/v1/images/{id}` and `POST /api/v1/images/{id}/restore`

use tintype_testkit::build;

use crate::support::{Client, Server, count_files};

/// Every address of an image, and the record.
fn addresses(id: &str) -> [String; 6] {
    [
        format!("/i/{id}.png"),
        format!("/i/{id}"),
        format!("/images/{id}.png"),
        format!("/i/{id}/w=16.webp"),
        format!("/p/{id}"),
        format!("/api/v1/images/{id}"),
    ]
}

fn restore(client: &Client, id: &str) -> crate::support::Reply {
    client.send("POST", &format!("/api/v1/images/{id}/restore"), &[], None)
}

#[test]
fn a_deleted_image_is_gone_for_everybody_and_can_come_back() {
    let server = Server::start();
    let (owner, stranger) = (server.client(), server.client());
    let id = owner.upload("a.png", &build::png(40, 40, 1)).expect(201).at("/id");
    let path = format!("/api/v1/images/{id}");
    for address in addresses(&id) {
        stranger.get(&address).expect(200);
    }
    let deleted = owner.delete(&path).expect(204);
    assert!(deleted.body.is_empty());
    for address in addresses(&id) {
        for client in [&owner, &stranger] {
            let reply = client.get(&address);
            assert_eq!(reply.status, 410, "{address}");
            assert_ne!(reply.header("content-type"), "image/png");
        }
    }
    assert_eq!(stranger.head(&format!("/i/{id}.png")).status, 410);
    assert_eq!(owner.delete(&path).status, 204, "a second delete finds it deleted");
    restore(&stranger, &id).expect(410);
    let back = restore(&owner, &id).expect(200);
    assert_eq!(back.at("/id"), id);
    for address in addresses(&id) {
        stranger.get(&address).expect(200);
    }
}

#[test]
fn deleting_for_good_removes_the_bytes() {
    let server = Server::start();
    let owner = server.client();
    let picture = build::png(40, 40, 1);
    let id = owner.upload("a.png", &picture).expect(201).at("/id");
    let path = format!("/api/v1/images/{id}");
    owner.get(&format!("/i/{id}/w=16.webp")).expect(200);
    let other = server.client();
    let shared = other.upload("a.png", &picture).expect(201).at("/id");
    owner.delete(&format!("{path}?now=true")).expect(204);
    assert_eq!(server.originals(), 1, "another image has the same bytes");
    other.get(&format!("/i/{shared}.png")).expect(200);
    restore(&owner, &id).expect_problem(410, "too_late");
    other.delete(&format!("/api/v1/images/{shared}?now=true")).expect(204);
    assert_eq!((server.originals(), count_files(&server.data().join("variants"))), (0, 0));
    for address in addresses(&id) {
        assert_eq!(owner.get(&address).status, 410, "{address}");
    }
    server.assert_clean();
    let again = owner.upload("a.png", &picture).expect(201);
    assert_eq!((owner.get(&again.at("/links/image")).body, server.originals()), (picture, 1));
}

#[test]
fn a_binned_image_can_still_be_deleted_for_good() {
    let server = Server::start();
    let owner = server.client();
    let id = owner.upload("a.png", &build::png(8, 8, 1)).expect(201).at("/id");
    owner.delete(&format!("/api/v1/images/{id}")).expect(204);
    assert_eq!(server.originals(), 1);
    owner.delete(&format!("/api/v1/images/{id}?now=true")).expect(204);
    assert_eq!(server.originals(), 0);
    restore(&owner, &id).expect_problem(410, "too_late");
}

#[test]
fn only_the_owner_deletes() {
    let server = Server::start();
    let owner = server.client();
    let id = owner.upload("a.png", &build::png(8, 8, 1)).expect(201).at("/id");
    let path = format!("/api/v1/images/{id}");
    let other = server.client();
    other.upload("b.png", &build::png(8, 8, 2)).expect(201);
    for stranger in [&other, &server.client()] {
        stranger.delete(&path).expect_problem(403, "forbidden");
        stranger.delete(&format!("{path}?now=true")).expect_problem(403, "forbidden");
    }
    other.delete("/api/v1/images/11111111111111111").expect_problem(404, "not_found");
    owner.delete(&format!("{path}?now=perhaps")).expect_problem(400, "invalid_field");
    owner.delete(&format!("{path}?later=true")).expect_problem(400, "invalid_field");
    owner.get(&path).expect(200);
}
