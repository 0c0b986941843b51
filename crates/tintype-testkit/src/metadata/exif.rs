//! EXIF blocks (CIPA DC-008, TIFF 6.0), built entry by entry.

use super::MARK;
use crate::build;

/// The order of bytes inside the block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteOrder {
    /// `II`, lowest first, as most phones write.
    Little,
    /// `MM`, highest first.
    Big,
}

/// The latitude in the GPS block as degrees, minutes and hundredths of seconds, each a fraction of two numbers. As 24
/// bytes they are unlikely enough to be searched for: see [`latitude_bytes`].
pub const LATITUDE: [(u32, u32); 3] = [(48, 1), (51, 1), (298_317, 10_000)];

/// Sides of the embedded thumbnail in pixels; its bytes are those of [`thumbnail`].
pub const THUMBNAIL: (u32, u32) = (16, 12);

/// The JPEG that the private EXIF embeds.
pub fn thumbnail() -> Vec<u8> {
    build::jpeg(THUMBNAIL.0, THUMBNAIL.1, 0x7468_756d)
}

/// [`LATITUDE`] as it stands in a block of this byte order.
pub fn latitude_bytes(order: ByteOrder) -> Vec<u8> {
    rationals(order, &LATITUDE)
}

impl ByteOrder {
    fn u16(self, value: u16) -> [u8; 2] {
        if self == Self::Little { value.to_le_bytes() } else { value.to_be_bytes() }
    }

    fn u32(self, value: u32) -> [u8; 4] {
        if self == Self::Little { value.to_le_bytes() } else { value.to_be_bytes() }
    }
}

fn rationals(order: ByteOrder, values: &[(u32, u32)]) -> Vec<u8> {
    values.iter().flat_map(|&(over, under)| [order.u32(over), order.u32(under)]).flatten().collect()
}

/// One directory entry: tag, type (2 text, 3 u16, 4 u32, 5 rational, 7 bytes), count, and the value's bytes.
struct Entry {
    tag: u16,
    kind: u16,
    count: u32,
    value: Vec<u8>,
}

fn text(tag: u16, value: &str) -> Entry {
    let value = [value.as_bytes(), &[0]].concat();
    Entry { tag, kind: 2, count: value.len() as u32, value }
}

fn short(order: ByteOrder, tag: u16, value: u16) -> Entry {
    Entry { tag, kind: 3, count: 1, value: order.u16(value).to_vec() }
}

fn long(order: ByteOrder, tag: u16, value: u32) -> Entry {
    Entry { tag, kind: 4, count: 1, value: order.u32(value).to_vec() }
}

/// A directory at `start`, its longer values right behind it, then a pointer to the `next` directory (0: none).
fn directory(order: ByteOrder, start: u32, entries: &[Entry], next: u32) -> Vec<u8> {
    let mut table = order.u16(entries.len() as u16).to_vec();
    let mut values = Vec::new();
    let values_at = start + 2 + 12 * entries.len() as u32 + 4;
    for entry in entries {
        table.extend(order.u16(entry.tag));
        table.extend(order.u16(entry.kind));
        table.extend(order.u32(entry.count));
        if entry.value.len() <= 4 {
            let mut inline = entry.value.clone();
            inline.resize(4, 0);
            table.extend(inline);
        } else {
            table.extend(order.u32(values_at + values.len() as u32));
            values.extend(&entry.value);
            values.resize(values.len().next_multiple_of(2), 0);
        }
    }
    table.extend(order.u32(next));
    table.extend(values);
    table
}

fn length_of(entries: &[Entry]) -> u32 {
    let long = entries.iter().map(|entry| entry.value.len()).filter(|length| *length > 4);
    2 + 12 * entries.len() as u32 + 4 + long.map(|length| length.next_multiple_of(2) as u32).sum::<u32>()
}

/// A TIFF block with the orientation (1 to 8), where wanted, and with private tags, where wanted: camera, owner,
/// serial number, maker note, comment, GPS and an embedded thumbnail. Without `Exif\0\0` in front.
pub fn exif(order: ByteOrder, orientation: Option<u16>, private: bool) -> Vec<u8> {
    let mut out = if order == ByteOrder::Little { b"II*\0".to_vec() } else { b"MM\0*".to_vec() };
    out.extend(order.u32(8));
    let orientation = orientation.map(|value| short(order, 0x0112, value));
    if !private {
        let entries: Vec<Entry> = orientation.into_iter().collect();
        out.extend(directory(order, 8, &entries, 0));
        return out;
    }
    let place = gps(order);
    let camera = camera();
    let primary = |camera_at, place_at| -> Vec<Entry> {
        let head = [text(0x010f, &format!("{MARK}-maker")), text(0x0110, &format!("{MARK}-model"))];
        let tail = [
            text(0x0131, &format!("{MARK}-software")),
            text(0x0132, "2026:11:21 20:15:02"),
            text(0x013b, &format!("{MARK}-artist")),
            long(order, 0x8769, camera_at),
            long(order, 0x8825, place_at),
        ];
        let orientation = orientation.as_ref().map(|entry| Entry { value: entry.value.clone(), ..*entry });
        head.into_iter().chain(orientation).chain(tail).collect()
    };
    let camera_at = 8 + length_of(&primary(0, 0));
    let place_at = camera_at + length_of(&camera);
    let second_at = place_at + length_of(&place);
    let thumbnail = thumbnail();
    let second =
        |at| [short(order, 0x0103, 6), long(order, 0x0201, at), long(order, 0x0202, thumbnail.len() as u32)];
    let thumbnail_at = second_at + length_of(&second(0));
    out.extend(directory(order, 8, &primary(camera_at, place_at), second_at));
    out.extend(directory(order, camera_at, &camera, 0));
    out.extend(directory(order, place_at, &place, 0));
    out.extend(directory(order, second_at, &second(thumbnail_at), 0));
    out.extend(thumbnail);
    out
}

fn camera() -> [Entry; 4] {
    let note = format!("{MARK}-makernote");
    let comment = format!("ASCII\0\0\0{MARK}-usercomment");
    [
        text(0x9003, "2026:11:21 20:15:02"),
        Entry { tag: 0x927c, kind: 7, count: note.len() as u32, value: note.into_bytes() },
        Entry { tag: 0x9286, kind: 7, count: comment.len() as u32, value: comment.into_bytes() },
        text(0xa431, &format!("{MARK}-serial")),
    ]
}

fn gps(order: ByteOrder) -> [Entry; 5] {
    let longitude = [(2, 1), (17, 1), (402_113, 10_000)];
    [
        Entry { tag: 0, kind: 1, count: 4, value: vec![2, 3, 0, 0] },
        text(1, "N"),
        Entry { tag: 2, kind: 5, count: 3, value: rationals(order, &LATITUDE) },
        text(3, "E"),
        Entry { tag: 4, kind: 5, count: 3, value: rationals(order, &longitude) },
    ]
}

/// A TIFF block whose first directory names itself as the next one and as its EXIF directory: a reader that follows
/// without counting never ends.
pub fn looping() -> Vec<u8> {
    let order = ByteOrder::Little;
    let mut out = b"II*\0".to_vec();
    out.extend(order.u32(8));
    let entries = [short(order, 0x0112, 6), long(order, 0x8769, 8), long(order, 0x8825, 8)];
    out.extend(directory(order, 8, &entries, 8));
    out
}
