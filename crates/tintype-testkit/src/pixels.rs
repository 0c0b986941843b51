//! Pixels that look a little like a photograph: soft gradients with some grain, different for every seed.

/// A 64-bit mixer (splitmix64, Steele, Lea and Flood 2014): equal inputs give equal outputs, near ones give far ones.
pub fn mix(value: u64) -> u64 {
    let z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The sample of one channel at one place, 0 to 255. Channel 3 is opacity and reaches both ends.
fn sample(x: u32, y: u32, channel: u32, seed: u64) -> u8 {
    let phase = (mix(seed ^ u64::from(channel)) % 256) as u32;
    let slope_x = (mix(seed.wrapping_add(11 + u64::from(channel))) % 5) as u32 + 1;
    let slope_y = (mix(seed.wrapping_add(23 + u64::from(channel))) % 5) as u32 + 1;
    let place = (u64::from(y) << 32) | u64::from(x);
    let grain = (mix(seed ^ place.wrapping_mul(4) ^ (u64::from(channel) << 62)) % 13) as u32;
    let wave = (phase + x.wrapping_mul(slope_x) / 2 + y.wrapping_mul(slope_y) / 2) % 512;
    let folded = if wave < 256 { wave } else { 511 - wave };
    u8::try_from((folded + grain).min(255)).expect("the minimum keeps it in a byte")
}

fn channels(width: u32, height: u32, count: u32, seed: u64) -> Vec<u8> {
    let mut out = Vec::with_capacity(width as usize * height as usize * count as usize);
    for y in 0..height {
        for x in 0..width {
            out.extend((0..count).map(|channel| sample(x, y, channel, seed)));
        }
    }
    out
}

/// Grey, one byte a pixel, rows without padding.
pub fn gray(width: u32, height: u32, seed: u64) -> Vec<u8> {
    channels(width, height, 1, seed)
}

/// Red, green, blue; three bytes a pixel, rows without padding.
pub fn rgb(width: u32, height: u32, seed: u64) -> Vec<u8> {
    channels(width, height, 3, seed)
}

/// Red, green, blue, opacity (not premultiplied); four bytes a pixel, rows without padding.
pub fn rgba(width: u32, height: u32, seed: u64) -> Vec<u8> {
    channels(width, height, 4, seed)
}

/// Red, green, blue; two bytes each, big-endian as PNG wants them, the low byte distinct from the high one.
pub fn rgb16_be(width: u32, height: u32, seed: u64) -> Vec<u8> {
    let high = rgb(width, height, seed);
    let low = rgb(width, height, seed.wrapping_add(1));
    high.into_iter().zip(low).flat_map(|(high, low)| [high, low]).collect()
}

/// A palette of `colours` entries, three bytes each. The first sixteen differ from one another for every seed.
///
/// # Panics
/// When `colours` is 0 or more than 256.
pub fn palette(colours: u32, seed: u64) -> Vec<u8> {
    assert!((1..=256).contains(&colours), "a palette has 1 to 256 colours, not {colours}");
    (0..colours)
        .flat_map(|index| {
            let mixed = mix(seed ^ (u64::from(index) << 8)).to_le_bytes();
            [(index % 16 * 16) as u8 | (mixed[0] & 15), mixed[1], mixed[2]]
        })
        .collect()
}

/// Indices below `colours` for every pixel, one byte each.
pub fn indices(width: u32, height: u32, colours: u32, seed: u64) -> Vec<u8> {
    gray(width, height, seed).into_iter().map(|sample| (u32::from(sample) * colours / 256) as u8).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_give_distinct_pixels_and_equal_seeds_equal_ones() {
        assert_eq!(rgb(9, 7, 1), rgb(9, 7, 1));
        assert_ne!(rgb(9, 7, 1), rgb(9, 7, 2));
        assert_eq!(rgb(9, 7, 1).len(), 9 * 7 * 3);
        assert_eq!(rgb16_be(9, 7, 1).len(), 9 * 7 * 6);
    }

    #[test]
    fn indices_stay_inside_the_palette() {
        assert!(indices(64, 64, 16, 5).into_iter().all(|index| index < 16));
        assert_eq!(palette(256, 3).len(), 768);
    }
}
