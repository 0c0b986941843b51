//! Originals that are streamed from the store.

use tintype_testkit::pixels;

use crate::support::{Server, picture};

#[test]
fn thirty_megabytes_come_back_byte_for_byte() {
    let server = Server::start();
    let bytes = picture::noise(3000, 3400, 1);
    assert!(bytes.len() > 30_000_000, "{}", bytes.len());
    let uploaded = server.client().upload("noise.png", &bytes).expect(201);
    assert_eq!((uploaded.at("/width"), uploaded.at("/bytes")), ("3000".into(), bytes.len().to_string()));
    let link = uploaded.at("/links/image");
    let client = server.client();
    let full = client.get(&link).expect(200);
    assert!(full.body == bytes, "{} bytes, not the {} that were sent", full.body.len(), bytes.len());
    assert_eq!(client.head(&link).header("content-length"), bytes.len().to_string());
    let etag = full.header("etag").to_owned();
    client.get_with(&link, &[("if-none-match", &etag)]).expect(304);
    // Round the pieces in which the file is read, and at places of no meaning.
    let piece = 256 << 10;
    let mut ranges = vec![
        (0, 1),
        (piece - 1, piece + 1),
        (piece, 2 * piece),
        (0, bytes.len()),
        (bytes.len() - 1, bytes.len()),
    ];
    for seed in 0..12 {
        let start = usize::try_from(pixels::mix(seed)).unwrap_or(0) % bytes.len();
        let len = usize::try_from(pixels::mix(seed + 100)).unwrap_or(0) % (3 * piece) + 1;
        ranges.push((start, (start + len).min(bytes.len())));
    }
    for (start, end) in ranges {
        let range = format!("bytes={start}-{}", end - 1);
        let part = client.get_with(&link, &[("range", &range), ("if-range", &etag)]).expect(206);
        assert!(part.body == bytes[start..end], "{range}: {} bytes", part.body.len());
        assert_eq!(part.header("content-range"), format!("bytes {start}-{}/{}", end - 1, bytes.len()));
    }
    let tail = client.get_with(&link, &[("range", "bytes=-1000000")]).expect(206);
    assert!(tail.body == bytes[bytes.len() - 1_000_000..]);
    let past = format!("bytes={}-", bytes.len());
    client.get_with(&link, &[("range", &past)]).expect_problem(416, "range_not_satisfiable");
}
