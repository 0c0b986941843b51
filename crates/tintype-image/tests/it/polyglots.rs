//! Files that are two things at once, and files that are something else.

use tintype_image::{InspectOptions, Sniffed, sniff};
use tintype_types::{MediaType, Refusal};

use crate::support::{apply_plan, check, files, fixture, inspect, options, published, samples};

#[test]
fn what_stands_before_a_picture_decides() {
    for (head, name) in [(&b"%PDF-1.4\n"[..], Some("PDF")), (b"<html><body>", Some("HTML")), (b"x", None)] {
        let data = [head, &samples::jpeg(false)].concat();
        let looks_like = name.map(str::to_owned);
        assert_eq!(check(&data), Err(Refusal::Unsupported { looks_like }));
    }
}

#[test]
fn what_stands_behind_a_picture_goes() {
    let zip = b"PK\x03\x04\x14\0\0\0 an archive, a second picture, a script";
    for data in
        [samples::jpeg(false), samples::png(), samples::gif(2), samples::webp(), samples::webp_animated(2)]
    {
        let both = [&data[..], zip].concat();
        for keep in [false, true] {
            let found = inspect(&both, &options(keep)).unwrap();
            let out = apply_plan(&both, &found.plan);
            assert!(!out.windows(4).any(|window| window == b"PK\x03\x04"), "{:?}", found.media_type);
        }
    }
}

#[test]
fn a_gif_that_is_a_script_loses_the_script() {
    // The header opens a JavaScript comment that a comment block closes.
    let mut data = b"GIF89a\x2f\x2a\x10\0\x80\0\0\0\0\0\xff\xff\xff".to_vec();
    data.extend(*b"\x21\xfe\x0f*/=1;alert(1)//\0");
    data.extend(*b"\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0\x3b");
    let out = published(&data);
    assert!(!out.windows(5).any(|window| window == b"alert"));
    assert_eq!(out.len(), data.len() - 19);
}

#[test]
fn formats_that_are_not_accepted_are_named() {
    let options = InspectOptions { accepted: vec![MediaType::Png], ..options(false) };
    let refusal = inspect(&samples::gif(1), &options).unwrap_err();
    assert_eq!(refusal, Refusal::Unsupported { looks_like: Some("GIF".to_owned()) });
    assert!(inspect(&samples::png(), &options).is_ok());
    assert_eq!(check(b""), Err(Refusal::Empty));
}

#[test]
fn other_formats_are_known_by_name() {
    let name = "other_formats_are_known_by_name";
    for (folder, expected) in [
        ("formats/heic", "HEIC"),
        ("formats/jxl", "JPEG XL"),
        ("formats/mixed/bmp", "BMP"),
        ("formats/mixed/ico", "ICO"),
        ("formats/mixed/tiff", "TIFF"),
    ] {
        let Some(folder) = fixture(name, folder) else { return };
        for path in files(&folder) {
            let data = std::fs::read(&path).unwrap();
            // Some fixtures are raw dumps or break their format's very first bytes.
            if matches!(
                path.extension().and_then(|e| e.to_str()),
                Some("heic" | "jxl" | "bmp" | "ico" | "tiff")
            ) {
                assert_eq!(sniff(&data), Sniffed::Other(expected), "{}", path.display());
            }
        }
    }
}
