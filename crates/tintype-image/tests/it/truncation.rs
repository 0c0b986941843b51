//! A file cut anywhere is refused, or is whole as far as anybody can tell.

use tintype_types::{MediaType, Refusal};

use crate::support::{check, files, fixture, inspect, options, samples};

/// Cuts at every 1 % of the length. All of these formats say where they end, so that each cut is noticed.
fn check_cuts(name: &str, data: &[u8]) {
    let media_type = check(data).unwrap_or_else(|refusal| panic!("{name}: {refusal:?}")).media_type;
    for percent in 0..100 {
        let cut = &data[..data.len() * percent / 100];
        let refusal = inspect(cut, &options(false)).expect_err("a cut file");
        let fits = match &refusal {
            Refusal::Empty => cut.is_empty(),
            Refusal::Unsupported { looks_like } => {
                cut.len() < 12 || (media_type == MediaType::Avif && looks_like.is_some())
            }
            Refusal::Truncated { media_type: named } => *named == media_type,
            _ => false,
        };
        assert!(fits, "{name} at {percent} %: {refusal:?}");
    }
    let refusal = check(&data[..data.len() - 1]).expect_err("the last byte is missing");
    assert_eq!(refusal, Refusal::Truncated { media_type }, "{name}");
}

#[test]
fn jpeg() {
    check_cuts("baseline", &samples::jpeg(false));
    check_cuts("progressive", &samples::jpeg(true));
}

#[test]
fn a_forged_end_does_not_save_a_cut_jpeg() {
    for progressive in [false, true] {
        let data = samples::jpeg(progressive);
        // From behind the headers; a progressive file that is cut between scans is a whole one of fewer scans.
        let headers = 800;
        for percent in 10..99 {
            let mut cut = data[..headers + (data.len() - headers) * percent / 100].to_vec();
            cut.extend([0xff, 0xd9]);
            match check(&cut) {
                Err(Refusal::Truncated { .. } | Refusal::Corrupt { .. }) => {}
                Ok(_) if progressive => {}
                other => panic!("{progressive} at {percent} %: {other:?}"),
            }
        }
    }
}

#[test]
fn stray_bytes_right_before_the_end_are_overlooked() {
    let data = samples::jpeg(false);
    let stray = [&data[..data.len() - 2], &[0x55; 40], &data[data.len() - 2..]].concat();
    assert!(check(&stray).is_ok(), "{:?}", check(&stray));
}

#[test]
fn png() {
    check_cuts("png", &samples::png());
    check_cuts("apng", &samples::apng(3));
}

#[test]
fn gif() {
    check_cuts("gif", &samples::gif(3));
}

#[test]
fn webp() {
    check_cuts("still", &samples::webp());
    check_cuts("alpha", &samples::webp_alpha());
    check_cuts("animation", &samples::webp_animated(3));
}

#[test]
fn avif() {
    let Some(folder) = fixture("avif", "formats/avif") else { return };
    for path in files(&folder) {
        check_cuts(&path.display().to_string(), &std::fs::read(&path).unwrap());
    }
}

#[test]
fn a_short_idat_with_a_true_checksum_is_truncated() {
    // The rows of half the picture, under a header that asks for all of it.
    let data = samples::png();
    let mut taller = data.clone();
    taller[20..24].copy_from_slice(&(samples::HEIGHT * 2).to_be_bytes());
    let mut sum = flate2::Crc::new();
    sum.update(&taller[12..29]);
    taller[29..33].copy_from_slice(&sum.sum().to_be_bytes());
    assert_eq!(check(&taller), Err(Refusal::Truncated { media_type: MediaType::Png }));
}

#[test]
fn a_webp_whose_stream_is_cut_under_a_true_riff_size_is_refused() {
    let data = samples::webp();
    let half = data.len() / 4 * 2;
    let mut cut = data[..half].to_vec();
    cut[4..8].copy_from_slice(&(half as u32 - 8).to_le_bytes());
    cut[16..20].copy_from_slice(&(half as u32 - 20).to_le_bytes());
    assert!(
        matches!(check(&cut), Err(Refusal::Truncated { .. } | Refusal::Corrupt { .. })),
        "{:?}",
        check(&cut)
    );
}
