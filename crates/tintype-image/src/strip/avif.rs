//! AVIF: nothing moves, because items are found by their offsets; what must go is overwritten with zeroes.

use std::ops::Range;

use tintype_types::{MediaType, Refusal, SpanPlan};

use super::Builder;
use crate::probe::{
    avif::{Avif, Item, is_known},
    isobmff::IsoBox,
};

/// Properties that the picture needs; others, such as descriptions and times, become free space.
const PROPERTIES: [&[u8; 4]; 20] = [
    b"av1C", b"ispe", b"pixi", b"colr", b"pasp", b"auxC", b"irot", b"imir", b"clap", b"a1op", b"lsel",
    b"a1lx", b"clli", b"mdcv", b"cclv", b"amve", b"reve", b"ndwt", b"rloc", b"free",
];

/// Plans an AVIF that `probe` accepted.
///
/// Kept of the data: the items that are pictures. Zeroed: EXIF, XMP and every other item's data, thumbnails, gaps between
/// items, `free`, `uuid`, `udta` and unknown boxes. Dropped: what follows the last box that the picture needs. The
/// orientation stands in `irot` and `imir`, which stay.
pub(crate) fn avif(data: &[u8], avif: &Avif, keep_metadata: bool) -> Result<SpanPlan, Refusal> {
    let mut plan = Builder::default();
    let needed = |found: &&IsoBox| {
        if keep_metadata { is_known(found.kind) } else { matches!(&found.kind, b"ftyp" | b"meta" | b"mdat") }
    };
    let end = avif.boxes.iter().filter(needed).map(|found| found.payload.end).max().unwrap_or(0);
    if keep_metadata {
        plan.keep(0..end);
        return plan.finish(MediaType::Avif);
    }
    let pictures = pictures(avif);
    for found in avif.boxes.iter().filter(|found| found.payload.end <= end) {
        match &found.kind {
            b"ftyp" => plan.keep(found.start..found.payload.end),
            b"mdat" => holding(&mut plan, data, found, &pictures),
            b"meta" => meta(&mut plan, data, avif, found, &pictures),
            _ => free(&mut plan, data, found),
        }
    }
    plan.finish(MediaType::Avif)
}

/// The data of all pictures but thumbnails, in order and without overlap.
fn pictures(avif: &Avif) -> Vec<Range<usize>> {
    let is_picture = |item: &&Item| {
        matches!(&item.kind, b"av01" | b"grid" | b"iovl" | b"iden" | b"tmap")
            && !avif.meta.is_thumbnail(item.id)
    };
    let mut ranges: Vec<_> =
        avif.meta.items.iter().filter(is_picture).flat_map(|item| item.extents.clone()).collect();
    ranges.sort_unstable_by_key(|range| range.start);
    let mut joined: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match joined.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => joined.push(range),
        }
    }
    joined
}

/// A box that holds items' data: what no picture needs is zeroed.
fn holding(plan: &mut Builder, data: &[u8], found: &IsoBox, pictures: &[Range<usize>]) {
    plan.keep(found.start..found.payload.start);
    let mut at = found.payload.start;
    for picture in pictures {
        let (start, end) = (picture.start.max(at), picture.end.min(found.payload.end));
        if start < end {
            plan.zero(data, at..start);
            plan.keep(start..end);
            at = end;
        }
    }
    plan.zero(data, at..found.payload.end);
}

/// The meta box: item data inside it is treated as that outside, properties are kept by name.
fn meta(plan: &mut Builder, data: &[u8], avif: &Avif, found: &IsoBox, pictures: &[Range<usize>]) {
    let mut at = found.start;
    for inner in &avif.meta.boxes {
        plan.keep(at..inner.start);
        at = inner.payload.end;
        match &inner.kind {
            b"idat" => holding(plan, data, inner, pictures),
            b"iprp" => properties(plan, data, avif, inner),
            b"hdlr" => handler(plan, data, inner),
            b"pitm" | b"iinf" | b"iloc" | b"iref" | b"grpl" | b"dinf" => plan.keep(inner.start..at),
            _ => free(plan, data, inner),
        }
    }
    plan.keep(at..found.payload.end);
}

/// The handler's name is free text: it becomes empty. Before it stand version, flags, type and reserved words.
fn handler(plan: &mut Builder, data: &[u8], found: &IsoBox) {
    let name = (found.payload.start + 24).min(found.payload.end);
    plan.keep(found.start..name);
    plan.zero(data, name..found.payload.end);
}

fn properties(plan: &mut Builder, data: &[u8], avif: &Avif, found: &IsoBox) {
    let mut at = found.start;
    for property in &avif.meta.properties {
        if !PROPERTIES.contains(&&property.kind) || property.kind == *b"free" {
            plan.keep(at..property.start);
            free(plan, data, property);
            at = property.payload.end;
        }
    }
    plan.keep(at..found.payload.end);
}

/// Turns a box into free space of its length.
fn free(plan: &mut Builder, data: &[u8], found: &IsoBox) {
    plan.keep(found.start..found.start + 4);
    plan.rewrite(data, found.start + 4, b"free");
    plan.keep(found.start + 8..found.payload.start);
    plan.zero(data, found.payload.clone());
}
