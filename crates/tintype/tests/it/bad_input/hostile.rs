//! Whole folders of files that mean harm: each is a 4xx problem or a picture, never a 5xx, and nothing is left behind.

use std::{
    collections::BTreeSet,
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use tintype_testkit::{
    fixtures,
    hostile::{self, Expect, Hostile},
};

use crate::support::{Server, count_files};

/// Uploads at once.
const HANDS: usize = 4;

/// Sends every file and looks over what is left.
fn send_all(files: &[Hostile]) {
    let server = Server::start();
    let (next, stored, wrong) = (AtomicUsize::new(0), Mutex::new(BTreeSet::new()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..HANDS {
            scope.spawn(|| {
                let client = server.client();
                while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    match send(&client, file) {
                        Ok(Some(etag)) => drop(stored.lock().unwrap().insert(etag)),
                        Ok(None) => {}
                        Err(what) => wrong.lock().unwrap().push(format!("{}: {what}", file.name)),
                    }
                }
            });
        }
        let watcher = server.client();
        while next.load(Ordering::Relaxed) < files.len() {
            watcher.get("/health").expect(200);
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), files.len(), wrong.join("\n"));
    assert_eq!(server.originals(), stored.into_inner().unwrap().len(), "each stored blob is some image's");
    server.settle();
    assert_eq!(count_files(&server.data().join("staging")), 0);
    assert_eq!(server.health("/status"), "ok");
    server.assert_clean();
}

/// Sends one file; the entity tag of what is served where it was taken, or what was wrong with the answer.
fn send(client: &crate::support::Client, file: &Hostile) -> Result<Option<String>, String> {
    let reply = client.upload(&file.name, &file.bytes);
    let text = reply.text();
    match reply.status {
        200 | 201 => {
            if file.expect == Expect::Refused {
                return Err(format!("taken: {text}"));
            }
            let served = client.get(&reply.at("/links/image"));
            let safe = served.header("content-type").starts_with("image/")
                && served.header("x-content-type-options") == "nosniff"
                && served.header("content-security-policy").contains("sandbox");
            if served.status == 200 && safe {
                Ok(Some(served.header("etag").to_owned()))
            } else {
                Err(format!("served: {}", served.status))
            }
        }
        400..500 => {
            let json = reply.json();
            let said = ["code", "detail", "request_id"]
                .iter()
                .all(|name| json[name].as_str().is_some_and(|text| !text.is_empty()));
            let kind = reply.header("content-type") == "application/problem+json";
            if said && kind { Ok(None) } else { Err(format!("no problem document: {text}")) }
        }
        status => Err(format!("{status}: {text}")),
    }
}

fn read(path: &Path) -> Hostile {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Hostile { name, bytes, expect: Expect::AcceptedOrRefused }
}

#[test]
fn the_bombs_liars_and_cut_off_files() {
    send_all(&hostile::all());
}

#[test]
fn the_folder_of_hostile_files() {
    let files: Vec<Hostile> = fixtures::list("hostile").iter().map(|path| read(path)).collect();
    if !files.is_empty() {
        send_all(&files);
    }
}

#[test]
fn the_corrupt_pngs_of_the_suite() {
    let files: Vec<Hostile> = fixtures::list("pngsuite")
        .iter()
        .map(|path| read(path))
        .filter(|file| file.name.starts_with('x') && file.name.ends_with(".png"))
        .map(|file| Hostile { expect: Expect::Refused, ..file })
        .collect();
    if !files.is_empty() {
        send_all(&files);
    }
}
