//! What is on its way when its picture goes.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use serde_json::json;
use tintype_testkit::{
    build,
    engine::{self, Place},
};

use super::recorded::{Answer, Recorded};
use crate::support::{Client, Server, picture};

/// So large that no system takes it from the server before its reader does.
const SIDE: u32 = 2_200;

/// An answer that is being read.
struct Reading {
    stream: TcpStream,
    bytes: usize,
}

impl Reading {
    /// Asks for something and reads the first of its bytes.
    fn start(address: &str, path: &str) -> Self {
        let mut stream = TcpStream::connect(address).expect("somebody listens");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout can be set");
        let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("the request is taken");
        let mut begin = [0; 4_096];
        stream.read_exact(&mut begin).expect("an answer begins");
        assert!(begin.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&begin));
        Self { stream, bytes: begin.len() }
    }

    /// Reads on until the connection ends, and says how many bytes there were, the head's included.
    fn read_on(mut self) -> usize {
        let mut piece = vec![0; 1 << 16];
        while let Ok(count) = self.stream.read(&mut piece)
            && count > 0
        {
            self.bytes += count;
        }
        self.bytes
    }
}

fn flags(varnish: &Recorded) -> [&str; 6] {
    ["--cdn-driver", "varnish", "--cdn-varnish-url", &varnish.url, "--cdn-verify", "off"]
}

/// Waits until the cache was told of `tag`: what had to be broken off is by then.
fn told(varnish: &Recorded, tag: &str) {
    tintype_testkit::wait::until("the cache to be told", super::recorded::SOON, || {
        varnish.take().iter().any(|call| call.header("xkey").contains(tag))
    });
}

#[test]
fn a_body_ends_with_its_picture_and_others_go_on() {
    let varnish = Recorded::start(|_| Answer::new("200 purged 1", &[], "purged 1"));
    let server = Server::with(&flags(&varnish));
    let owner = server.token("upload,paths,read,delete");
    let (large, other) = (picture::noise(SIDE, SIDE, 1), picture::noise(SIDE, SIDE, 2));
    let id = owner.put("/api/v1/files/blog/a.png", &large).expect(201).at("/id");
    let kept = owner.upload("b.png", &other).expect(201).at("/id");

    // Replaced: what came of the path ends, what came of the image itself does not.
    let start = |path: &str| Reading::start(server.address(), path);
    let (at_path, at_image) = (start("/blog/a.png"), start(&format!("/i/{id}.png")));
    owner.put("/api/v1/files/blog/a.png", &build::png(40, 40, 3)).expect(201);
    told(&varnish, "path-");
    assert!(at_path.read_on() < large.len());
    assert!(at_image.read_on() > large.len());

    let (hidden, whole) = (start(&format!("/i/{id}.png")), start(&format!("/i/{kept}.png")));
    owner.patch(&format!("/api/v1/images/{id}"), &json!({"visibility": "private"})).expect(200);
    told(&varnish, &id);
    assert!(hidden.read_on() < large.len());
    assert!(whole.read_on() > other.len());

    let deleted = start(&format!("/i/{kept}.png"));
    owner.delete(&format!("/api/v1/images/{kept}")).expect(204);
    told(&varnish, &kept);
    assert!(deleted.read_on() < other.len());
    assert!(server.log().contains("broke off answers under way"), "{}", server.log());
}

#[test]
fn what_is_deleted_while_nginx_fetches_it_slowly_does_not_come_back() {
    let test = "what_is_deleted_while_nginx_fetches_it_slowly_does_not_come_back";
    let place = Place::free();
    let (url, purge_url) = (place.url(), place.purge_url());
    let server =
        Server::with(&["--cdn-driver", "nginx", "--cdn-nginx-url", &purge_url, "--cdn-verify-url", &url]);
    // The answer takes ten seconds: longer than it takes to tell the cache twice and to look.
    let Some(_nginx) = engine::slow_nginx(test, place, server.address(), "1400k") else { return };
    let owner = server.token("upload,read,delete");
    let large = picture::noise(SIDE, SIDE, 1);
    let id = owner.upload("a.png", &large).expect(201).at("/id");
    let path = format!("/i/{id}.png");
    let reading = Reading::start(&place.address(), &path);
    owner.delete(&format!("/api/v1/images/{id}")).expect(204);
    let read = reading.read_on();
    assert!(read < large.len(), "{read} bytes of {} came", large.len());
    Client::new(&url).get(&path).expect(410);
}
