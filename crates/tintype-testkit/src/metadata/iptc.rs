//! IPTC as JPEG carries it (IPTC-IIM 4.2, inside Photoshop's resource 0x0404).

use super::MARK;

/// The content of an APP13 segment: caption, by-line and city, each with [`MARK`].
pub fn photoshop_block() -> Vec<u8> {
    let mut records = Vec::new();
    for (dataset, what) in [(120, "caption"), (80, "byline"), (90, "city")] {
        let value = format!("{MARK}-{what}");
        records.extend([0x1c, 2, dataset]);
        records.extend((value.len() as u16).to_be_bytes());
        records.extend(value.as_bytes());
    }
    let mut out = b"Photoshop 3.0\08BIM\x04\x04\0\0".to_vec();
    out.extend((records.len() as u32).to_be_bytes());
    records.resize(records.len().next_multiple_of(2), 0);
    out.extend(records);
    out
}
