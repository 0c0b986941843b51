//! What chats, embedding programs and crawlers are shown.

mod negotiate;
mod oembed;
mod robots;
mod tags;

use crate::support::{Client, Reply, Server, picture};

/// The value of an attribute behind a mark in a page, such as the `content` of `property="og:image"`.
#[track_caller]
fn attribute(page: &str, mark: &str, name: &str) -> String {
    let found = page.split('<').find(|element| element.contains(mark));
    let element = found.unwrap_or_else(|| panic!("no {mark} in {page}"));
    let (_, rest) =
        element.split_once(&format!("{name}=\"")).unwrap_or_else(|| panic!("no {name}: {element}"));
    rest.split('"').next().unwrap().replace("&amp;", "&")
}

/// What a page's tag of the Open Graph protocol or of Twitter's cards says.
#[track_caller]
fn tag(page: &str, name: &str) -> String {
    attribute(page, &format!("\"{name}\""), "content")
}

/// Uploads a picture by a browser that may change it.
fn owner(server: &Server, name: &str, bytes: &[u8]) -> (Client, Reply) {
    let owner = server.client();
    owner.get("/");
    let image = owner.upload(name, bytes).expect(201);
    (owner, image)
}

/// A still picture that weighs more than cards show.
fn heavy() -> Vec<u8> {
    picture::noise(1_600, 1_200, 7)
}
