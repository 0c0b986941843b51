//! A colour profile made by code.

/// A valid matrix profile of version 2.1 (ICC.1:2001-04): sRGB's primaries adapted to D50, a plain gamma of 2.2. About
/// 500 bytes.
pub fn srgb_like() -> Vec<u8> {
    // The colorants and the white point are those of IEC 61966-2-1 after Bradford adaptation, as s15Fixed16.
    let xyz = |x: u32, y: u32, z: u32| {
        let mut data = b"XYZ \0\0\0\0".to_vec();
        data.extend([x, y, z].into_iter().flat_map(u32::to_be_bytes));
        data
    };
    let mut gamma = b"curv\0\0\0\0\0\0\0\x01".to_vec();
    gamma.extend(0x0233_u16.to_be_bytes()); // 2.2 as u8Fixed8.
    let tags: [([u8; 4], Vec<u8>); 9] = [
        (*b"desc", description("Tintype test RGB")),
        (*b"cprt", [b"text\0\0\0\0".as_slice(), b"No copyright, use freely\0"].concat()),
        (*b"wtpt", xyz(0xf6d6, 0x1_0000, 0xd32d)),
        (*b"rXYZ", xyz(0x6fa2, 0x38f5, 0x0390)),
        (*b"gXYZ", xyz(0x6299, 0xb785, 0x18da)),
        (*b"bXYZ", xyz(0x24a0, 0x0f84, 0xb6cf)),
        (*b"rTRC", gamma.clone()),
        (*b"gTRC", gamma.clone()),
        (*b"bTRC", gamma),
    ];
    let data_at = 128 + 4 + 12 * tags.len();
    let mut table = (tags.len() as u32).to_be_bytes().to_vec();
    let mut data = Vec::new();
    for (name, content) in &tags {
        table.extend(name);
        table.extend(((data_at + data.len()) as u32).to_be_bytes());
        table.extend((content.len() as u32).to_be_bytes());
        data.extend(content);
        data.resize(data.len().next_multiple_of(4), 0);
    }
    [header(data_at + data.len()), table, data].concat()
}

fn header(length: usize) -> Vec<u8> {
    let mut out = (length as u32).to_be_bytes().to_vec();
    out.extend(b"\0\0\0\0\x02\x10\0\0mntrRGB XYZ ");
    // 21 November 2026, midnight.
    out.extend([2026_u16, 11, 21, 0, 0, 0].into_iter().flat_map(u16::to_be_bytes));
    out.extend(b"acsp");
    out.resize(68, 0);
    // The illuminant of the connection space, D50.
    out.extend([0xf6d6_u32, 0x1_0000, 0xd32d].into_iter().flat_map(u32::to_be_bytes));
    out.resize(128, 0);
    out
}

/// A `textDescriptionType`: the text in ASCII, and neither in Unicode nor for the Macintosh.
fn description(text: &str) -> Vec<u8> {
    let mut out = b"desc\0\0\0\0".to_vec();
    out.extend((text.len() as u32 + 1).to_be_bytes());
    out.extend(text.as_bytes());
    out.resize(out.len() + 1 + 4 + 4 + 2 + 1 + 67, 0);
    out
}
