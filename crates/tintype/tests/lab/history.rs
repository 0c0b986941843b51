//! Many clients upload, read and delete the same few pictures while everything removed is swept at once. Each operation is
//! noted with its beginning and its end; afterwards the history of every image must be one that could have happened one
//! operation after the other: there, then gone, and never there again.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use tintype_testkit::{build, pixels};

use crate::{
    support::{Client, Server},
    turn, wanted,
};

const CLIENTS: u64 = 16;
/// So few that uploads of bytes meet their removal all the time.
const PICTURES: u64 = 6;
/// Removed at once and for good, as fast as the sweep can.
const FLAGS: [&str; 6] = ["--sweep-interval", "1s", "--sweep-grace", "0s", "--trash-keep", "0s"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// Came back whole.
    Read,
    /// Was gone.
    Missed,
    Deleted,
    /// A delete that found it gone.
    DeletedBefore,
}

/// What happened, between two points of a clock that all clients share.
#[derive(Clone, Copy, Debug)]
struct Event {
    what: What,
    begin: u64,
    end: u64,
}

struct Image {
    picture: u64,
    link: String,
    id: String,
    delete_token: String,
    uploaded: u64,
    events: Vec<Event>,
}

#[derive(Default)]
struct History {
    images: Mutex<Vec<Image>>,
    clock: AtomicU64,
    operations: AtomicU64,
}

impl History {
    fn now(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::SeqCst)
    }

    fn upload(&self, client: &Client, pictures: &[Vec<u8>], picture: u64) {
        let bytes = &pictures[usize::try_from(picture).unwrap()];
        let headers = [("content-type", "image/png"), ("sec-fetch-site", "cross-site")];
        let reply = client.send("POST", "/api/v1/images", &headers, Some(bytes)).expect(201);
        let image = Image {
            picture,
            link: reply.at("/links/image"),
            id: reply.at("/id"),
            delete_token: reply.at("/delete_token"),
            uploaded: self.now(),
            events: Vec::new(),
        };
        self.images.lock().unwrap().push(image);
    }

    /// One of the images uploaded last: the older ones are gone for long.
    fn choose(&self, dice: u64) -> Option<usize> {
        let count = self.images.lock().unwrap().len() as u64;
        let newest = count.min(CLIENTS * 2);
        (count > 0).then(|| usize::try_from(count - 1 - dice % newest).unwrap())
    }

    fn note(&self, index: usize, begin: u64, what: What) {
        let end = self.now();
        self.images.lock().unwrap()[index].events.push(Event { what, begin, end });
    }

    fn read(&self, client: &Client, pictures: &[Vec<u8>], index: usize) {
        let (link, picture) = {
            let images = self.images.lock().unwrap();
            (images[index].link.clone(), images[index].picture)
        };
        let begin = self.now();
        let reply = client.get(&link);
        let what = match reply.status {
            200 => {
                assert!(reply.body == pictures[usize::try_from(picture).unwrap()], "{link}: other bytes");
                What::Read
            }
            404 | 410 => What::Missed,
            status => panic!("{link}: {status} {}", reply.text()),
        };
        self.note(index, begin, what);
    }

    fn delete(&self, client: &Client, index: usize, dice: u64) {
        let (id, token) = {
            let images = self.images.lock().unwrap();
            (images[index].id.clone(), images[index].delete_token.clone())
        };
        let now = if dice & 1 == 0 { "?now=true" } else { "" };
        let begin = self.now();
        let headers = [("tintype-delete-token", token.as_str())];
        let reply = client.send("DELETE", &format!("/api/v1/images/{id}{now}"), &headers, None);
        let what = match reply.status {
            204 => What::Deleted,
            404 | 410 => What::DeletedBefore,
            status => panic!("{id}: {status} {}", reply.text()),
        };
        self.note(index, begin, what);
    }

    fn work(&self, client: &Client, pictures: &[Vec<u8>], seed: u64, most: u64) {
        loop {
            let number = self.operations.fetch_add(1, Ordering::SeqCst);
            if number >= most {
                return;
            }
            let dice = pixels::mix(seed ^ number);
            match (dice % 10, self.choose(dice >> 16)) {
                (0..=2, _) | (_, None) => self.upload(client, pictures, (dice >> 8) % PICTURES),
                (3..=5, Some(index)) => self.delete(client, index, dice >> 40),
                (_, Some(index)) => self.read(client, pictures, index),
            }
        }
    }
}

/// What contradicts every order of an image's operations.
fn anomalies(image: &Image) -> Vec<String> {
    let gone = |what: What| what != What::Read;
    let mut found = Vec::new();
    let deleting =
        image.events.iter().filter(|event| event.what == What::Deleted).map(|event| event.begin).min();
    for event in &image.events {
        let seen_gone_before =
            image.events.iter().any(|earlier| gone(earlier.what) && earlier.end < event.begin);
        if event.what == What::Read && seen_gone_before {
            found.push(format!("{}: read after it was gone: {event:?}", image.link));
        }
        if gone(event.what) && event.what != What::Deleted && deleting.is_none_or(|begin| begin > event.end) {
            found.push(format!("{}: gone before anybody deleted it: {event:?}", image.link));
        }
        if event.begin < image.uploaded {
            found.push(format!("{}: used before it was there: {event:?}", image.link));
        }
    }
    found
}

#[test]
fn a_delete_is_final_and_the_same_bytes_may_come_again() {
    let _turn = turn();
    let (operations, seed) = (wanted("LAB_OPERATIONS", 10_000), wanted("LAB_SEED", 7));
    let pictures: Vec<Vec<u8>> =
        (0..PICTURES).map(|picture| build::png(30, 30, seed << 8 | picture)).collect();
    let (server, history) = (Server::with(&FLAGS), History::default());
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            let client = server.client();
            let (history, pictures) = (&history, &pictures);
            scope.spawn(move || history.work(&client, pictures, seed, operations));
        }
    });
    let images = history.images.into_inner().unwrap();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for event in images.iter().flat_map(|image| &image.events) {
        *counts.entry(format!("{:?}", event.what)).or_default() += 1;
    }
    let found: Vec<String> = images.iter().flat_map(anomalies).collect();
    println!(
        "history: {operations} operations by {CLIENTS} clients: {} uploads of {PICTURES} pictures, {counts:?}, {} anomalies",
        images.len(),
        found.len()
    );
    assert!(found.is_empty(), "{found:#?}");
    assert!(counts.len() == 4, "too few of a kind to mean anything: {counts:?}");
    // What nobody deleted is there to the end, with its bytes.
    let client = server.client();
    for image in &images {
        let gone = image.events.iter().any(|event| event.what != What::Read);
        let reply = client.get(&image.link);
        match reply.status {
            200 if !gone => assert!(reply.body == pictures[usize::try_from(image.picture).unwrap()]),
            404 | 410 if gone => {}
            status => panic!("{}: {status}, deleted: {gone}", image.link),
        }
    }
    server.assert_clean();
}

#[test]
fn the_check_of_histories_sees_what_is_wrong() {
    let event = |what, begin, end| Event { what, begin, end };
    let image = |events: &[Event]| Image {
        picture: 0,
        link: String::new(),
        id: String::new(),
        delete_token: String::new(),
        uploaded: 0,
        events: events.to_vec(),
    };
    let deleted = event(What::Deleted, 10, 20);
    for (events, wrong) in [
        (vec![event(What::Read, 1, 2), deleted, event(What::Missed, 21, 22)], 0),
        // While it is being deleted both may be seen, but not back and forth.
        (vec![event(What::Read, 11, 12), event(What::Missed, 13, 14), deleted], 0),
        (vec![event(What::Missed, 11, 12), event(What::Read, 13, 14), deleted], 1),
        (vec![deleted, event(What::Read, 21, 22)], 1),
        (vec![event(What::Missed, 1, 2)], 1),
        (vec![event(What::Missed, 1, 2), deleted], 1),
    ] {
        assert_eq!(anomalies(&image(&events)).len(), wrong, "{events:?}");
    }
}
