//! Chunks of PNG and RIFF files, written and read apart from the code under test.

/// One PNG chunk.
pub(crate) fn png_chunk(kind: [u8; 4], payload: &[u8]) -> Vec<u8> {
    let body = [&kind[..], payload].concat();
    let mut sum = flate2::Crc::new();
    sum.update(&body);
    [&(payload.len() as u32).to_be_bytes()[..], &body, &sum.sum().to_be_bytes()].concat()
}

/// The names of a PNG's chunks.
pub(crate) fn png_kinds(data: &[u8]) -> Vec<[u8; 4]> {
    let mut kinds = Vec::new();
    let mut at = 8;
    while at < data.len() {
        let len = u32::from_be_bytes(data[at..at + 4].try_into().unwrap());
        kinds.push(data[at + 4..at + 8].try_into().unwrap());
        at += 12 + len as usize;
    }
    kinds
}

/// One RIFF chunk with its padding.
pub(crate) fn riff_chunk(kind: [u8; 4], payload: &[u8]) -> Vec<u8> {
    let mut out = [&kind[..], &(payload.len() as u32).to_le_bytes(), payload].concat();
    out.resize(out.len().next_multiple_of(2), 0);
    out
}

/// The chunks of a RIFF file. Its size must be that of the data.
pub(crate) fn riff_chunks(data: &[u8]) -> Vec<([u8; 4], Vec<u8>)> {
    assert_eq!(u32::from_le_bytes(data[4..8].try_into().unwrap()) as usize + 8, data.len(), "the RIFF size");
    let mut chunks = Vec::new();
    let mut at = 12;
    while at < data.len() {
        let len = u32::from_le_bytes(data[at + 4..at + 8].try_into().unwrap()) as usize;
        chunks.push((data[at..at + 4].try_into().unwrap(), data[at + 8..at + 8 + len].to_vec()));
        at += 8 + len.next_multiple_of(2);
    }
    chunks
}
