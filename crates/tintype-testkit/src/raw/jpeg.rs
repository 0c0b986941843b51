//! JPEG (ITU-T T.81, annex B and F.2.2).

/// Start of image.
pub const SOI: [u8; 2] = [0xff, 0xd8];
/// End of image.
pub const EOI: [u8; 2] = [0xff, 0xd9];

/// One marker segment: 0xff, the marker, the length of two bytes, the data.
///
/// # Panics
/// When the data is longer than 65,533 bytes.
pub fn segment(marker: u8, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len() + 2).expect("a segment holds at most 65,533 bytes");
    let mut out = vec![0xff, marker];
    out.extend(length.to_be_bytes());
    out.extend(data);
    out
}

/// The file with more segments right after its start, before JFIF's own.
///
/// # Panics
/// When the file is shorter than two bytes.
pub fn insert_after_start(jpeg: &[u8], segments: &[u8]) -> Vec<u8> {
    let (head, tail) = jpeg.split_at(2);
    [head, segments, tail].concat()
}

/// A quantisation table of ones, number 0.
pub fn quantisation() -> Vec<u8> {
    let mut data = vec![0];
    data.extend([1; 64]);
    segment(0xdb, &data)
}

/// A frame header of one grey component of 8 bit. Marker 0xc0 is baseline, 0xc2 progressive.
pub fn frame_gray(marker: u8, width: u16, height: u16) -> Vec<u8> {
    let [h1, h0] = height.to_be_bytes();
    let [w1, w0] = width.to_be_bytes();
    segment(marker, &[8, h1, h0, w1, w0, 1, 1, 0x11, 0])
}

/// A Huffman table with number 0: symbols of one, two, three … bits, one of each length. Class 0 is DC, 1 is AC.
///
/// # Panics
/// When there are more than 16 symbols.
pub fn huffman(class: u8, symbols: &[u8]) -> Vec<u8> {
    let mut data = vec![class << 4];
    let mut counts = [0_u8; 16];
    counts[..symbols.len()].fill(1);
    data.extend(counts);
    data.extend(symbols);
    segment(0xc4, &data)
}

/// The header of a scan of component 1 with tables 0. First and last coefficient, and the two bit positions of
/// successive approximation.
pub fn scan_gray(first: u8, last: u8, high: u8, low: u8) -> Vec<u8> {
    segment(0xda, &[1, 1, 0x00, first, last, (high << 4) | low])
}

/// Entropy-coded bits, with the zero byte that must follow every 0xff, padded by ones at the end.
#[derive(Debug, Default)]
pub struct Bits {
    bytes: Vec<u8>,
    pending: u8,
    count: u8,
}

impl Bits {
    /// Appends the lowest `count` bits of `value`, highest first.
    pub fn push(&mut self, value: u32, count: u8) {
        for place in (0..count).rev() {
            self.pending = (self.pending << 1) | u8::from((value >> place) & 1 == 1);
            self.count += 1;
            if self.count == 8 {
                self.bytes.push(self.pending);
                if self.pending == 0xff {
                    self.bytes.push(0);
                }
                (self.pending, self.count) = (0, 0);
            }
        }
    }

    /// The bytes, the last one padded.
    pub fn finish(mut self) -> Vec<u8> {
        while self.count != 0 {
            self.push(1, 1);
        }
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_stuffed_and_padded() {
        let mut bits = Bits::default();
        bits.push(0xff, 8);
        bits.push(0b101, 3);
        assert_eq!(bits.finish(), [0xff, 0, 0b1011_1111]);
    }
}
