//! AVIF beyond what the fixtures have: grids, alpha, turns, metadata items, animations.

use tintype_types::Refusal;

use crate::support::{
    Pixels, apply_plan,
    boxes::{Item, alpha_property, avif, iso_box, ispe},
    check, fixture, pixels, published,
};

const WIDTH: u32 = 1203;
const HEIGHT: u32 = 799;

/// AV1 data of a gray picture of an odd size, and the picture as decoded from its own file.
fn gray() -> Option<(Vec<u8>, Pixels)> {
    let name = "formats/avif/fox.profile0.8bpc.yuv420.monochrome.odd-width.odd-height.avif";
    let file = std::fs::read(fixture("avif", name)?).unwrap();
    let mdat = file.windows(4).position(|window| window == b"mdat").unwrap() + 4;
    Some((file[mdat..].to_vec(), pixels(&file)))
}

fn av01(data: &[u8], properties: &[u8]) -> Item {
    Item { kind: *b"av01", data: data.to_vec(), properties: properties.to_vec() }
}

/// The box of a grid that is cut at the right and the bottom.
fn grid(rows: u8, columns: u8, width: u16, height: u16) -> Vec<u8> {
    let (width, height) = (width.to_be_bytes(), height.to_be_bytes());
    vec![0, 0, rows - 1, columns - 1, width[0], width[1], height[0], height[1]]
}

#[test]
fn a_grid_is_put_together_and_cut() {
    let Some((data, single)) = gray() else { return };
    let (width, height) = (2 * WIDTH - 5, HEIGHT);
    let items = [
        Item { kind: *b"grid", data: grid(1, 2, width as u16, height as u16), properties: vec![1] },
        av01(&data, &[2]),
        av01(&data, &[2]),
    ];
    let file = avif(&items, &[ispe(width, height), ispe(WIDTH, HEIGHT)], &[(b"dimg", 1, &[2, 3])]);
    let found = check(&file).unwrap();
    assert_eq!((found.width, found.height, found.frames), (width, height, 1));
    let whole = pixels(&file);
    for (x, y) in [(0, 0), (700, 300), (WIDTH - 1, HEIGHT - 1)] {
        assert_eq!(whole.rgb(x, y), single.rgb(x, y));
        let second = (x + WIDTH).min(width - 1);
        assert_eq!(whole.rgb(second, y), single.rgb(second - WIDTH, y));
    }
    let missing_tile = avif(&items[..2], &[ispe(width, height), ispe(WIDTH, HEIGHT)], &[(b"dimg", 1, &[2])]);
    assert!(matches!(check(&missing_tile), Err(Refusal::Corrupt { .. })));
}

#[test]
fn alpha_and_turns_are_applied() {
    let Some((data, single)) = gray() else { return };
    // A quarter turn against the clock, then left and right exchanged.
    let properties = [ispe(WIDTH, HEIGHT), alpha_property(), iso_box(b"irot", &[1]), iso_box(b"imir", &[1])];
    let items = [av01(&data, &[1, 0x83, 0x84]), av01(&data, &[1, 2])];
    let file = avif(&items, &properties, &[(b"auxl", 2, &[1])]);
    let found = check(&file).unwrap();
    assert_eq!((found.width, found.height, found.orientation), (HEIGHT, WIDTH, 7));
    assert!(found.has_alpha);
    let turned = pixels(&file);
    assert_eq!((turned.width, turned.height, turned.channels), (HEIGHT, WIDTH, 4));
    for (x, y) in [(0, 0), (10, 500), (HEIGHT - 1, WIDTH - 1)] {
        let source = single.rgb(WIDTH - 1 - y, HEIGHT - 1 - x);
        assert_eq!(turned.rgb(x, y), source, "{x}, {y}");
    }
}

#[test]
fn metadata_items_thumbnails_and_gaps_are_zeroed() {
    let Some((data, _)) = gray() else { return };
    let secret = b"secret place and time";
    let mut described = ispe(WIDTH, HEIGHT);
    described.extend(iso_box(b"udes", b"\0\0\0\0secret description\0\0\0\0"));
    let items = [
        av01(&data, &[1]),
        Item { kind: *b"Exif", data: secret.to_vec(), properties: vec![] },
        Item { kind: *b"mime", data: secret.to_vec(), properties: vec![] },
        av01(b"secret thumbnail", &[1]),
    ];
    let references: [(&[u8; 4], u16, &[u16]); 3] =
        [(b"cdsc", 2, &[1]), (b"cdsc", 3, &[1]), (b"thmb", 4, &[1])];
    let mut file = avif(&items, &[described], &references);
    let picture = file.clone();
    file.extend(iso_box(b"uuid", b"secret uuid"));
    file.extend(iso_box(b"mdat", b"secret that no item refers to"));
    file.extend(b"secret rest");
    let out = published(&file);
    let left = |data: &[u8], text: &[u8]| data.windows(text.len()).any(|window| window == text);
    assert!(left(&file, b"secret") && left(&picture, b"written by somebody"));
    assert!(!left(&out, b"secret") && !left(&out, b"written by somebody"));
    assert_eq!(out.len(), file.len() - b"secret rest".len());
    assert_eq!(pixels(&out), pixels(&file));
    assert!(check(&out).unwrap().plan.is_whole(out.len() as u64));
    let kept = crate::support::inspect(&file, &crate::support::options(true)).unwrap();
    assert_eq!(apply_plan(&file, &kept.plan), file[..file.len() - b"secret rest".len()]);
}

#[test]
fn what_is_not_proved_is_refused() {
    let Some((data, _)) = gray() else { return };
    let base = avif(&[av01(&data, &[1])], &[ispe(WIDTH, HEIGHT)], &[]);
    let animated = [&base[..], &iso_box(b"moov", b"")].concat();
    let unsupported = |data: &[u8]| match check(data) {
        Err(Refusal::Unsupported { looks_like }) => looks_like.unwrap(),
        other => panic!("{other:?}"),
    };
    assert_eq!(unsupported(&animated), "animated AVIF");
    let cropped = avif(&[av01(&data, &[1, 0x82])], &[ispe(WIDTH, HEIGHT), iso_box(b"clap", &[0; 32])], &[]);
    assert_eq!(unsupported(&cropped), "cropped AVIF");
    let strange = avif(&[av01(&data, &[1, 0x82])], &[ispe(WIDTH, HEIGHT), iso_box(b"xyz1", &[])], &[]);
    assert_eq!(unsupported(&strange), "AVIF with the property xyz1");
    let lying = avif(&[av01(&data, &[1])], &[ispe(WIDTH - 1, HEIGHT)], &[]);
    assert!(matches!(check(&lying), Err(Refusal::Corrupt { .. })), "another size than it claims");
}
