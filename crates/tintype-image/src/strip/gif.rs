//! GIF: comments, plain text and application data go; loops, delays and transparency stay.

use tintype_types::{MediaType, Refusal, SpanPlan};

use super::Builder;
use crate::probe::gif::{APPLICATION, Block, BlockKind, Blocks, GRAPHIC_CONTROL, sub_blocks};

/// Plans a GIF that `probe` accepted.
///
/// Dropped: comments, plain text, XMP and every application extension but the two that loop and the ICC profile, and what
/// follows the trailer.
pub(crate) fn gif(data: &[u8], keep_metadata: bool) -> Result<SpanPlan, Refusal> {
    let blocks = Blocks::new(data)?;
    let mut plan = Builder::default();
    plan.keep(0..blocks.at());
    for block in blocks {
        let block = block?;
        match &block.kind {
            BlockKind::Extension { label, data: range } if !keep_metadata => {
                extension(&mut plan, &block, *label, &data[range.clone()]);
            }
            BlockKind::Padding if !keep_metadata => {}
            _ => plan.keep(block.start..block.end),
        }
    }
    plan.finish(MediaType::Gif)
}

/// Keeps an extension that has the one form it should have, and writes anew one that carries more.
fn extension(plan: &mut Builder, block: &Block, label: u8, data: &[u8]) {
    let mut parts = sub_blocks(data);
    let whole = block.start..block.end;
    match (label, parts.next()) {
        (GRAPHIC_CONTROL, Some(_)) if data.len() == 6 && data[0] == 4 => plan.keep(whole),
        (GRAPHIC_CONTROL, Some(control)) if control.len() >= 4 => {
            plan.new_bytes(&[0x21, GRAPHIC_CONTROL, 4]);
            plan.new_bytes(&control[..4]);
            plan.new_bytes(&[0]);
        }
        (APPLICATION, Some(name @ (b"NETSCAPE2.0" | b"ANIMEXTS1.0"))) => {
            let Some([1, low, high]) = parts.find(|part| part.first() == Some(&1)) else { return };
            if data.len() == 17 {
                plan.keep(whole);
            } else {
                plan.new_bytes(&[0x21, APPLICATION, 11]);
                plan.new_bytes(name);
                plan.new_bytes(&[3, 1, *low, *high, 0]);
            }
        }
        (APPLICATION, Some(b"ICCRGBG1012")) => plan.keep(whole),
        _ => {}
    }
}
