//! `GET /i/{id}/{ops}.{ext}`

use std::time::Duration;

use tintype_testkit::{build, wait};

use crate::support::{Server, count_files, picture::probe};

#[test]
fn sizes_and_formats_are_those_that_were_asked_for() {
    let server = Server::start();
    let id = server.client().upload("a b.png", &build::png(600, 400, 1)).expect(201).at("/id");
    for (ops, width, height) in [
        ("w=320", 320, 213),
        ("h=128", 192, 128),
        ("w=320,h=320", 320, 213),
        ("w=320,h=320,fit=contain", 320, 213),
        ("w=320,h=320,fit=scale-down", 320, 213),
        ("w=320,h=320,fit=cover", 320, 320),
        ("w=320,h=320,fit=pad", 320, 320),
        ("w=320,h=160,fit=fill", 320, 160),
        ("fit=contain", 600, 400),
        ("w=3840", 600, 400),
        ("w=1024,h=1024,fit=contain", 600, 400),
    ] {
        for (extension, format, media) in
            [("jpg", "jpeg", "image/jpeg"), ("webp", "webp", "image/webp"), ("png", "png", "image/png")]
        {
            let reply = server.client().get(&format!("/i/{id}/{ops}.{extension}")).expect(200);
            assert_eq!(probe(&reply.body), (format, width, height), "{ops}.{extension}");
            assert_eq!(reply.header("content-type"), media);
            assert_eq!(reply.header("cache-control"), "public, max-age=31536000, s-maxage=86400, immutable");
            assert_eq!((reply.header("access-control-allow-origin"), reply.header("set-cookie")), ("*", ""));
            let name = format!("filename=\"a b.{extension}\"");
            assert!(
                reply.header("content-disposition").contains(&name),
                "{}",
                reply.header("content-disposition")
            );
        }
    }
    // Animation is the engine's to come; of a moving picture the first one is shown.
    let moving = server.client().upload("m.gif", &build::gif_animated(64, 48, 3, 1)).expect(201).at("/id");
    let still = server.client().get(&format!("/i/{moving}/w=32.webp")).expect(200);
    assert_eq!(probe(&still.body), ("webp", 32, 24));
}

#[test]
fn sizes_snap_so_that_near_ones_are_one_variant() {
    let server = Server::start();
    let id = server.client().upload("a.png", &build::png(600, 400, 1)).expect(201).at("/id");
    let get = |ops: &str| server.client().get(&format!("/i/{id}/{ops}")).expect(200);
    let etag = get("w=300.webp").header("etag").to_owned();
    for ops in ["w=257.webp", "w=320.webp", "w=320,fit=scale-down.webp", "fit=scale-down,w=319.webp"] {
        assert_eq!(get(ops).header("etag"), etag, "{ops}");
    }
    for ops in ["w=256.webp", "w=321.webp", "w=320.png", "h=320.webp", "w=320,fit=contain.jpg"] {
        assert_ne!(get(ops).header("etag"), etag, "{ops}");
    }
    server.client().get_with(&format!("/i/{id}/w=300.webp"), &[("if-none-match", &etag)]).expect(304);
    let part =
        server.client().get_with(&format!("/i/{id}/w=300.webp"), &[("range", "bytes=0-3")]).expect(206);
    assert_eq!(part.body, b"RIFF");
}

#[test]
fn what_is_no_variant_is_refused_with_what_is() {
    let server = Server::start();
    let id = server.client().upload("a.png", &build::png(60, 40, 1)).expect(201).at("/id");
    for (ops, words) in [
        ("q=80.webp", "the ops are w, h"),
        ("w=10,zoom=2.webp", "the ops are w, h"),
        ("w=10,w=20.webp", "twice"),
        ("w=0.webp", "1 to 32768"),
        ("w=-5.webp", "1 to 32768"),
        ("w=99999.webp", "1 to 32768"),
        ("w=1e3.webp", "1 to 32768"),
        ("fit=squeeze,w=10.webp", "contain, cover, scale-down, pad or fill"),
        ("w=10,fit=cover.webp", "both w and h"),
        ("w=10.gif", ".jpg, .webp and .png"),
        ("w=10", ".jpg, .webp and .png"),
        ("w=10.avif", ".jpg, .webp and .png"),
        ("%3Cscript%3E.webp", "the ops are w, h"),
    ] {
        let reply = server.client().get(&format!("/i/{id}/{ops}")).expect_problem(400, "invalid_recipe");
        assert!(reply.at("/detail").contains(words), "{ops}: {}", reply.text());
    }
    server.client().get("/i/11111111111111111/w=10.webp").expect_problem(404, "not_found");
    server.client().get("/i/nonsense/w=10.webp").expect_problem(404, "not_found");
    assert_eq!(count_files(&server.data().join("variants")), 0);
}

#[test]
fn sixteen_who_ask_at_once_cause_one_rendering() {
    let server = Server::start();
    wait::until("the self-test", Duration::from_secs(60), || server.health("/sandbox/self_test") == "passed");
    let id = server.client().upload("a.png", &build::png(900, 700, 1)).expect(201).at("/id");
    let started = || server.health("/sandbox/workers_started").as_u64().unwrap();
    // Spares are forked ahead of need: the count rests when they stand.
    let resting = |what: &str| {
        let (mut last, mut same) = (0, 0);
        wait::until(what, Duration::from_secs(60), || {
            let now = started();
            same = if now == last { same + 1 } else { 0 };
            last = now;
            same == 100
        });
        last
    };
    let before = resting("the spares to stand");
    let etags: std::collections::BTreeSet<String> = std::thread::scope(|scope| {
        let ask =
            || server.client().get(&format!("/i/{id}/w=640.webp")).expect(200).header("etag").to_owned();
        let threads: Vec<_> = (0..16).map(|_| scope.spawn(ask)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(etags.len(), 1);
    wait::until("the spare", Duration::from_secs(60), || started() > before);
    assert_eq!(resting("the spare to be forked"), before + 1);
}

#[test]
fn variants_outlast_a_restart_and_a_damaged_one_is_made_anew() {
    let server = Server::start();
    let browser = server.client();
    let id = browser.upload("a.png", &build::png(600, 400, 1)).expect(201).at("/id");
    let path = format!("/i/{id}/w=320.webp");
    let first = browser.get(&path).expect(200);
    let folder = server.data().join("variants");
    assert_eq!(count_files(&folder), 1);
    let file = file_in(&folder).unwrap();
    let server = Server::on(server.stop(), &[]);
    wait::until("the self-test", Duration::from_secs(60), || server.health("/sandbox/self_test") == "passed");
    let again = server.client().get(&path).expect(200);
    assert!(again.body == first.body && again.header("etag") == first.header("etag"));

    let dir = server.stop();
    let kept = dir.path().join("data").join(file.strip_prefix(folder.parent().unwrap()).unwrap());
    let mut bytes = std::fs::read(&kept).unwrap();
    bytes[20] ^= 1;
    std::fs::write(&kept, bytes).unwrap();
    let server = Server::on(dir, &[]);
    assert!(server.client().get(&path).expect(200).body == first.body);
    let dir = server.stop();
    std::fs::remove_dir_all(dir.path().join("data/variants")).unwrap();
    let server = Server::on(dir, &[]);
    assert!(server.client().get(&path).expect(200).body == first.body, "the folder is safe to delete");
}

fn file_in(folder: &std::path::Path) -> Option<std::path::PathBuf> {
    std::fs::read_dir(folder).ok()?.flatten().find_map(|entry| match entry.path() {
        path if path.is_dir() => file_in(&path),
        path => Some(path),
    })
}
