//! Caches in front of the server: what they keep, what they forget, and that they mix nobody up.

mod apis;
mod gone;
mod origin;
mod pairs;
mod poison;
mod queue;
mod recorded;
mod tags;
mod under_way;

use std::time::{Duration, Instant};

use tintype_testkit::{
    build,
    engine::{self, Cache, Place},
    wait,
};

use crate::support::{Client, Raw, Reply, Server};

/// The caches that Debian has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Varnish,
    Nginx,
}

/// A server behind a cache.
struct Front {
    server: Server,
    place: Place,
    kind: Kind,
    cache: Cache,
}

/// Longest that a cache may take to forget where many addresses are looked at one after the other: the second telling, five
/// seconds after the first, comes later still.
const FIRST_TELLING: Duration = Duration::from_millis(4_500);

impl Front {
    /// Starts both; `None` where the cache is not installed.
    fn start(test: &str, kind: Kind) -> Option<Self> {
        Self::below(test, kind, "")
    }

    /// As [`Front::start`], with the site below a path such as `/pictures`.
    fn below(test: &str, kind: Kind, path: &str) -> Option<Self> {
        let place = Place::free();
        let (driver, purge_url) = match kind {
            Kind::Varnish => ("varnish", place.url()),
            Kind::Nginx => ("nginx", place.purge_url()),
        };
        let url_flag = format!("--cdn-{driver}-url");
        let flags = [
            "--cdn-driver",
            driver,
            &url_flag,
            &purge_url,
            "--limit-misses",
            "off",
            "--limit-requests",
            "off",
        ];
        let server = match path {
            "" => Server::with(&[&flags[..], &["--cdn-verify-url", &place.url()]].concat()),
            path => Server::with_base_and(&format!("{}{path}", place.url()), &flags),
        };
        let cache = match kind {
            Kind::Varnish => engine::varnish(test, place, server.address()),
            Kind::Nginx => engine::nginx(test, place, server.address()),
        }?;
        Some(Self { server, place, kind, cache })
    }

    /// Somebody who asks the cache.
    fn reader(&self) -> Client {
        Client::new(&self.place.url())
    }

    /// One request on a connection of its own, to the cache.
    fn ask(&self, request: &str) -> Reply {
        Raw::ask_at(&self.place.address(), request)
    }

    /// Asks until the cache answers from what it keeps.
    fn warm(&self, path: &str) -> Reply {
        let reader = self.reader();
        wait::until_some(&format!("{:?} to keep {path}", self.kind), Duration::from_secs(60), || {
            let reply = reader.get(path).expect(200);
            (reply.header("x-cache") == "HIT").then_some(reply)
        })
    }

    /// Asserts that a condition comes true within two seconds of `since`, and says how long it took.
    #[track_caller]
    fn within_two_seconds(&self, since: Instant, what: &str, condition: impl FnMut() -> bool) {
        self.within(Duration::from_secs(2), since, what, condition);
    }

    /// Asserts that the first telling makes a condition come true.
    #[track_caller]
    fn by_first_telling(&self, since: Instant, what: &str, condition: impl FnMut() -> bool) {
        self.within(FIRST_TELLING, since, what, condition);
    }

    #[track_caller]
    fn within(&self, time: Duration, since: Instant, what: &str, condition: impl FnMut() -> bool) {
        let left = time.saturating_sub(since.elapsed());
        wait::until(&format!("{:?}, {time:?} after the reply: {what}", self.kind), left, condition);
        eprintln!("{:?}: {what} after {:?}", self.kind, since.elapsed());
    }

    /// What `tintype purge list` prints.
    fn waiting(&self) -> String {
        purge_list(&self.server)
    }
}

/// What `tintype purge list --json` prints.
fn purge_list(server: &Server) -> String {
    let output = server.run(&["purge", "list", "--json"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Uploads a picture and answers its id.
fn upload(client: &Client, seed: u64) -> String {
    client.upload("a.jpg", &build::jpeg(64, 48, seed)).expect(201).at("/id")
}

#[test]
fn the_document_shows_the_samples_as_they_are() {
    let document = include_str!("../../../../../docs/cdn.md");
    for sample in [
        include_str!("../../../../../deploy/varnish.vcl"),
        include_str!("../../../../../deploy/nginx-cache.conf"),
    ] {
        assert!(document.contains(sample), "docs/cdn.md shows another text than deploy/");
    }
}
