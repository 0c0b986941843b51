//! WebP's container (RFC 9649, chapter 2).

/// Flag of `VP8X`: the file is an animation.
pub const ANIMATION: u8 = 1 << 1;
/// Flag of `VP8X`: there is an `XMP ` chunk.
pub const XMP: u8 = 1 << 2;
/// Flag of `VP8X`: there is an `EXIF` chunk.
pub const EXIF: u8 = 1 << 3;
/// Flag of `VP8X`: some frame has opacity.
pub const ALPHA: u8 = 1 << 4;
/// Flag of `VP8X`: there is an `ICCP` chunk.
pub const ICC: u8 = 1 << 5;

/// One chunk: name, length, data, a zero byte where the length is odd.
pub fn chunk(name: [u8; 4], data: &[u8]) -> Vec<u8> {
    let mut out = name.to_vec();
    out.extend(u32::try_from(data.len()).expect("a chunk holds less than 4 GiB").to_le_bytes());
    out.extend(data);
    if data.len() % 2 == 1 {
        out.push(0);
    }
    out
}

/// A WebP file around its chunks.
pub fn file(chunks: &[u8]) -> Vec<u8> {
    chunk(*b"RIFF", &[b"WEBP", chunks].concat())
}

/// Names and data of the chunks of a well-formed WebP file.
pub fn chunks(webp: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    let mut rest = webp.get(12..).unwrap_or_default();
    std::iter::from_fn(move || {
        let (head, after) = rest.split_at_checked(8)?;
        let name = [head[0], head[1], head[2], head[3]];
        let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
        let data = after.get(..length)?;
        rest = after.get(length + length % 2..).unwrap_or_default();
        Some((name, data))
    })
}

fn three_bytes(value: u32) -> [u8; 3] {
    let [a, b, c, _] = value.to_le_bytes();
    [a, b, c]
}

/// The `VP8X` chunk; sides in pixels, at most 2^24.
///
/// # Panics
/// When a side is 0.
pub fn vp8x(flags: u8, width: u32, height: u32) -> Vec<u8> {
    let mut data = vec![flags, 0, 0, 0];
    data.extend(three_bytes(width - 1));
    data.extend(three_bytes(height - 1));
    chunk(*b"VP8X", &data)
}

/// The `ANIM` chunk: transparent background, repeated for ever.
pub fn anim() -> Vec<u8> {
    chunk(*b"ANIM", &[0; 6])
}

/// An `ANMF` chunk around a `VP8L` payload. Place in pixels (even), duration in milliseconds.
///
/// # Panics
/// When a side is 0.
pub fn anmf(x: u32, y: u32, width: u32, height: u32, duration_ms: u32, vp8l: &[u8]) -> Vec<u8> {
    let mut data = Vec::new();
    for value in [x / 2, y / 2, width - 1, height - 1, duration_ms] {
        data.extend(three_bytes(value));
    }
    data.push(0); // Blend over what is there; leave it afterwards.
    data.extend(chunk(*b"VP8L", vp8l));
    chunk(*b"ANMF", &data)
}
