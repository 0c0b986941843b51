//! Compressed metadata, inflated in a window of fixed size and counted before anything is believed.

use flate2::{Decompress, FlushDecompress, Status};
use tintype_types::{Refusal, refusal::LimitKind};

/// Inflates `zlib` and hands every piece to `take`, up to `max` bytes in all.
///
/// A stream that is damaged or cut ends early without an error: metadata that does not decode is not a reason to refuse
/// a picture.
///
/// # Errors
/// The limit, as soon as one byte more comes out.
pub(crate) fn inflate(zlib: &[u8], max: u64, mut take: impl FnMut(&[u8])) -> Result<u64, Refusal> {
    let mut stream = Decompress::new(true);
    let mut window = [0; 16 << 10];
    let mut total = 0;
    loop {
        let rest = zlib.get(stream.total_in() as usize..).unwrap_or_default();
        let (read, written) = (stream.total_in(), stream.total_out());
        let status = stream.decompress(rest, &mut window, FlushDecompress::None);
        let new = (stream.total_out() - written) as usize;
        total += new as u64;
        if total > max {
            return Err(Refusal::Limit { kind: LimitKind::MetadataBytes, actual: total, max });
        }
        take(&window[..new]);
        let stuck = new == 0 && stream.total_in() == read;
        if stuck || !matches!(status, Ok(Status::Ok)) {
            return Ok(total);
        }
    }
}
