//! Random text in the base58 alphabet (Bitcoin's: no 0, O, I, l), which survives being read aloud and double-clicked.

pub(crate) const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// Fills `out` with characters chosen uniformly from the alphabet.
///
/// `random` yields random bytes; those of 232 and above (4 × 58) are thrown away, so that no character is likelier than another.
pub(crate) fn fill(out: &mut [u8], mut random: impl FnMut() -> u8) {
    for place in out {
        let index = loop {
            let byte = random();
            if byte < 232 {
                break byte % 58;
            }
        };
        *place = ALPHABET[usize::from(index)];
    }
}

pub(crate) fn is_base58(text: &[u8]) -> bool {
    text.iter().all(|byte| ALPHABET.contains(byte))
}
