//! Short texts, such as a decoder's words.

use super::{Malformed, Reader};

/// Most bytes of one text.
pub(crate) const TEXT_MAX: usize = 200;

/// Writes `text`, cut at [`TEXT_MAX`] bytes and without control characters, so that an honest worker's words always pass.
pub(super) fn put(out: &mut Vec<u8>, text: &str) {
    let mut clean = String::with_capacity(text.len().min(TEXT_MAX));
    for character in text.chars().map(|character| if character.is_control() { ' ' } else { character }) {
        if clean.len() + character.len_utf8() > TEXT_MAX {
            break;
        }
        clean.push(character);
    }
    out.push(u8::try_from(clean.len()).expect("200 fits into a byte"));
    out.extend_from_slice(clean.as_bytes());
}

/// Reads a text; one that is too long, not UTF-8 or holds control characters (which could forge log lines) is refused.
pub(super) fn take(reader: &mut Reader<'_>) -> Result<String, Malformed> {
    let len = usize::from(reader.u8()?);
    if len > TEXT_MAX {
        return Err(Malformed("a text is longer than 200 bytes"));
    }
    let text = std::str::from_utf8(reader.bytes(len)?).map_err(|_| Malformed("a text is not UTF-8"))?;
    if text.chars().any(char::is_control) {
        return Err(Malformed("a text holds control characters"));
    }
    Ok(text.to_owned())
}
