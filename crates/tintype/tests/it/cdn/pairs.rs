//! A thousand random pairs of requests through a real cache: each is answered as the server itself answers it.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};

use serde_json::json;
use tintype_testkit::build;

use super::{Front, Kind};
use crate::support::{Client, Reply, Server};

/// Pairs of one run.
const PAIRS: usize = 1_000;
/// The seed of a run that failed, to see it again.
const SEED: Option<u64> = None;

/// xorshift64* (Vigna, 2016): the same seed, the same run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from((self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % sides as u64).unwrap()
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.roll(of.len())]
    }

    fn often(&mut self, in_ten: usize) -> bool {
        self.roll(10) < in_ten
    }
}

/// What there is to ask for, and who asks.
struct World {
    /// Addresses with the length and the tag of what is there for everybody.
    shown: Vec<(String, usize, String)>,
    /// Addresses at which strangers see nothing.
    hidden: Vec<String>,
    cookies: Vec<String>,
    tokens: Vec<String>,
}

impl World {
    fn new(server: &Server) -> Self {
        let (ana, ben) = (server.client(), server.client());
        ana.get("/");
        ben.get("/");
        let token = server.token("upload,paths,read,delete");
        let mut addresses = Vec::new();
        for (name, bytes) in [
            ("a.jpg", build::jpeg(96, 64, 1)),
            ("b.png", build::png(50, 40, 2)),
            ("c.gif", build::gif(20, 20, 4)),
            ("d.webp", build::webp(30, 20, 5)),
            ("large.png", build::png(700, 500, 6)),
        ] {
            let image = ana.upload(name, &bytes).expect(201);
            let (id, extension) = (image.at("/id"), name.rsplit_once('.').unwrap().1);
            addresses.extend([
                format!("/i/{id}.{extension}"),
                format!("/i/{id}"),
                format!("/images/{id}.{extension}"),
                format!("/i/{id}/w=32,h=32,fit=cover.webp"),
                format!("/i/{id}/w=32,h=32,fit=cover.png"),
                format!("/i/{id}/w=32,h=32,fit=cover.jpg"),
            ]);
        }
        for (path, seed) in [("blog/a.jpg", 7), ("blog/b.jpg", 8)] {
            token.put(&format!("/api/v1/files/{path}"), &build::jpeg(40, 30, seed)).expect(201);
            addresses.push(format!("/{path}"));
        }
        let shown = addresses
            .into_iter()
            .map(|address| {
                let reply = server.client().get(&address).expect(200);
                let etag = reply.header("etag").to_owned();
                (address, reply.body.len(), etag)
            })
            .collect();
        let mut hidden = vec!["/i/11111111111111111.jpg".to_owned(), "/blog/none.jpg".to_owned()];
        for (client, seed) in [(&ana, 20), (&ben, 21), (&token, 22)] {
            let id = client.upload("p.jpg", &build::jpeg(64, 48, seed)).expect(201).at("/id");
            client.patch(&format!("/api/v1/images/{id}"), &json!({"visibility": "private"})).expect(200);
            hidden.extend([format!("/i/{id}.jpg"), format!("/i/{id}/w=32.webp")]);
        }
        let gone = ana.upload("g.jpg", &build::jpeg(64, 48, 23)).expect(201).at("/id");
        ana.delete(&format!("/api/v1/images/{gone}")).expect(204);
        hidden.push(format!("/i/{gone}.jpg"));
        let cookies = [ana.cookie(), ben.cookie()].into_iter().flatten();
        Self {
            shown,
            hidden,
            cookies: cookies.chain(["tintype_owner=nobody".to_owned(), "a=b; c=d".to_owned()]).collect(),
            tokens: vec![token.token()],
        }
    }

    fn request(&self, dice: &mut Dice) -> Request {
        let (path, len, etag) = if dice.often(7) {
            dice.one(&self.shown).clone()
        } else {
            (dice.one(&self.hidden).clone(), 100, "\"none\"".to_owned())
        };
        let method = if dice.often(2) { "HEAD" } else { "GET" };
        let mut headers = Vec::new();
        let mut add = |name: &'static str, value: String| headers.push((name, value));
        if dice.often(5) {
            let accepts =
                ["*/*", "image/webp,*/*", "image/avif,image/webp,image/png", "text/html", "image/gif;q=0.1"];
            add("accept", (*dice.one(&accepts)).to_owned());
        }
        if dice.often(4) {
            add("cookie", dice.one(&self.cookies).clone());
        }
        if dice.often(1) {
            add("authorization", format!("Bearer {}", dice.one(&self.tokens)));
        }
        // A range of a HEAD is no range (RFC 9110, 14.2), and programs differ in what they make of it.
        if method == "GET" && dice.often(4) {
            let (start, end) = (dice.roll(len), len + 5);
            let range = match dice.roll(6) {
                0 => format!("bytes={start}-"),
                1 => format!("bytes=-{}", 1 + dice.roll(len)),
                2 => format!("bytes={end}-"),
                3 => format!("bytes={start}-{}", start + dice.roll(len)),
                4 => "bytes=0-1,5-6".to_owned(),
                _ => "bytes=0-0".to_owned(),
            };
            add("range", range);
            if dice.often(3) {
                add("if-range", if dice.often(5) { etag.clone() } else { "\"other\"".to_owned() });
            }
        }
        if dice.often(3) {
            let tags = [etag.clone(), format!("W/{etag}"), "\"other\"".to_owned()];
            add("if-none-match", dice.one(&tags).clone());
        }
        for (name, values) in FORGED {
            if dice.often(1) {
                add(name, (*dice.one(values)).to_owned());
            }
        }
        Request { method, path, headers }
    }
}

/// What is added for nothing but harm.
const FORGED: [(&str, &[&str]); 9] = [
    ("host", &["evil.example", "localhost:1"]),
    ("x-forwarded-host", &["evil.example"]),
    ("x-forwarded-proto", &["https", "gopher"]),
    ("x-forwarded-for", &["192.0.2.1", "unknown"]),
    ("forwarded", &["host=evil.example;proto=https"]),
    ("x-original-url", &["/i/11111111111111111.jpg", "/"]),
    ("x-rewrite-url", &["/api/v1/config"]),
    ("cache-control", &["no-cache", "max-age=0", "only-if-cached"]),
    ("accept-encoding", &["gzip", "identity", "br"]),
];

#[derive(Debug)]
struct Request {
    method: &'static str,
    path: String,
    headers: Vec<(&'static str, String)>,
}

impl Request {
    fn without(&self, names: &[&str]) -> Self {
        let headers = self.headers.iter().filter(|(name, _)| !names.contains(name));
        Self { method: self.method, path: self.path.clone(), headers: headers.cloned().collect() }
    }

    fn send(&self, client: &Client) -> Reply {
        let headers: Vec<(&str, &str)> =
            self.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        client.send(self.method, &self.path, &headers, None)
    }
}

/// What must be the same, whoever answers. The words of a refusal are each program's own.
fn essence(reply: &Reply) -> (u16, Vec<(&'static str, String)>, Vec<u8>) {
    let names: &[&'static str] = match reply.status {
        200 | 206 => &["content-type", "etag", "content-range", "cache-control", "content-length", "vary"],
        304 => &["etag"],
        416 => &["content-range"],
        _ => &[],
    };
    let headers = names.iter().map(|name| (*name, reply.header(name).to_owned())).collect();
    let body = if reply.status < 300 { reply.body.clone() } else { Vec::new() };
    (reply.status, headers, body)
}

fn check(kind: Kind) {
    let Some(front) = Front::start("random_pairs_are_never_mixed", kind) else { return };
    let world = World::new(&front.server);
    let seed = SEED.unwrap_or_else(|| RandomState::new().build_hasher().finish()) | 1;
    eprintln!("{kind:?}: seed {seed}");
    let mut dice = Dice(seed);
    let (reader, direct) = (front.reader(), front.server.client());
    let mut kept = 0;
    for pair in 0..PAIRS {
        let requests = [world.request(&mut dice), world.request(&mut dice)];
        let replies = requests.each_ref().map(|request| request.send(&reader));
        for (request, reply) in requests.iter().zip(&replies) {
            // The server believes whoever asks from this machine. A cache believes nobody.
            let mut honest = request.without(&["forwarded", "x-forwarded-host", "x-forwarded-proto"]);
            let kept_from = reply.header("cache-control").starts_with("private");
            if kind == Kind::Nginx && kept_from && reply.status == 200 {
                // What it may not keep it has asked for whole, and any range may be answered so (RFC 9110, 14.2).
                honest = honest.without(&["range", "if-range"]);
            }
            let expected = honest.send(&direct);
            let (status, headers, body) = essence(reply);
            let (wanted, names, bytes) = essence(&expected);
            assert_eq!((status, headers), (wanted, names), "seed {seed}, pair {pair}: {request:?}");
            assert!(body == bytes, "seed {seed}, pair {pair}: other bytes for {request:?}");
            assert_eq!(reply.header("set-cookie"), "", "seed {seed}: {request:?}");
            assert!(!format!("{reply:?}").contains("evil.example"), "seed {seed}: {request:?}");
            kept += usize::from(reply.header("x-cache") == "HIT");
        }
    }
    assert!(kept > PAIRS / 2, "the cache answered {kept} of {} requests from what it keeps", 2 * PAIRS);
}

#[test]
fn random_pairs_through_varnish_are_answered_as_without_it() {
    check(Kind::Varnish);
}

#[test]
fn random_pairs_through_nginx_are_answered_as_without_it() {
    check(Kind::Nginx);
}
