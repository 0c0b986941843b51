//! What a worker answers. Everything here is read as if an attacker had written it.
//!
//! On the socket a reply is its length (4 bytes) and that many bytes: one for the kind, then its fixed part, then what
//! is of variable length, each behind a count that is bounded before it is believed.

use tintype_types::{
    Inspection, MediaType, Refusal, Span, SpanPlan,
    refusal::LimitKind,
    span::{NEW_BYTES_MAX, SPANS_MAX},
};

use super::{
    Malformed, Reader,
    job::{Job, code, value},
    text,
};

/// Most bytes of a ThumbHash (and 5 are the least).
pub(super) const THUMBHASH_MAX: usize = 25;
/// Bytes of the longest span without its new bytes: a kind and two numbers.
const SPAN_LEN_MAX: usize = 17;
/// Most bytes of a reply. The longest is an inspection with the longest plan.
pub(crate) const REPLY_MAX: usize = 64 + THUMBHASH_MAX + SPANS_MAX * SPAN_LEN_MAX + NEW_BYTES_MAX;

const INSPECTED: u8 = 1;
const RENDERED: u8 = 2;
const REFUSED: u8 = 3;
const FAILED: u8 = 4;
const ASKS: u8 = 5;

/// What a worker answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// What the file is.
    Inspected(Inspection),
    /// The output holds a rendition.
    Rendered {
        /// Its bytes in the output.
        len: u64,
        /// Its width in pixels.
        width: u32,
        /// Its height in pixels.
        height: u32,
    },
    /// The file is not acceptable.
    Refused(Refusal),
    /// The worker gave up: it panicked, or could not read its input.
    Failed(String),
    /// Not the answer yet: the worker waits to be given leave, by one byte, to hold this many bytes.
    Asks(u64),
}

impl Reply {
    /// The reply as bytes, its length in front.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = vec![0; 4];
        match self {
            Self::Inspected(inspection) => put_inspection(&mut out, inspection),
            Self::Rendered { len, width, height } => {
                out.push(RENDERED);
                out.extend(len.to_le_bytes());
                out.extend(width.to_le_bytes());
                out.extend(height.to_le_bytes());
            }
            Self::Refused(refusal) => put_refusal(&mut out, refusal),
            Self::Failed(detail) => {
                out.push(FAILED);
                text::put(&mut out, detail);
            }
            Self::Asks(bytes) => {
                out.push(ASKS);
                out.extend(bytes.to_le_bytes());
            }
        }
        let len = u32::try_from(out.len() - 4).expect("plans are bounded");
        out[..4].copy_from_slice(&len.to_le_bytes());
        out
    }

    /// Reads the reply to `job`, without the length in front, and believes none of it that the job does not allow.
    ///
    /// # Errors
    /// [`Malformed`] where the bytes are no reply, or no possible one to this job.
    pub(crate) fn parse(bytes: &[u8], job: &Job) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        let reply = match reader.u8()? {
            INSPECTED => Self::Inspected(take_inspection(&mut reader)?),
            RENDERED => Self::Rendered { len: reader.u64()?, width: reader.u32()?, height: reader.u32()? },
            REFUSED => Self::Refused(take_refusal(&mut reader)?),
            FAILED => Self::Failed(text::take(&mut reader)?),
            ASKS => Self::Asks(reader.u64()?),
            _ => return Err(Malformed("there is no such reply")),
        };
        reader.end()?;
        reply.check(job)?;
        Ok(reply)
    }
}

fn put_inspection(out: &mut Vec<u8>, inspection: &Inspection) {
    let Inspection { media_type, width, height, frames, orientation, has_alpha, thumbhash, colour, plan } =
        inspection;
    out.extend([INSPECTED, code(&MediaType::ALL, media_type), *orientation, u8::from(*has_alpha)]);
    out.extend(width.to_le_bytes());
    out.extend(height.to_le_bytes());
    out.extend(frames.to_le_bytes());
    out.extend(colour.to_le_bytes());
    out.push(u8::try_from(thumbhash.len()).unwrap_or(u8::MAX));
    out.extend_from_slice(thumbhash);
    out.extend(u32::try_from(plan.0.len()).unwrap_or(u32::MAX).to_le_bytes());
    for span in &plan.0 {
        match span {
            Span::Keep { offset, len } => {
                out.push(1);
                out.extend(offset.to_le_bytes());
                out.extend(len.to_le_bytes());
            }
            Span::New(bytes) => {
                out.push(2);
                out.extend(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
                out.extend_from_slice(bytes);
            }
            Span::Zero { len } => {
                out.push(3);
                out.extend(len.to_le_bytes());
            }
        }
    }
}

fn take_inspection(reader: &mut Reader<'_>) -> Result<Inspection, Malformed> {
    let media_type = value(&MediaType::ALL, reader.u8()?)?;
    let orientation = reader.u8()?;
    let has_alpha = reader.bool()?;
    let (width, height, frames, colour) = (reader.u32()?, reader.u32()?, reader.u32()?, reader.u32()?);
    let thumbhash_len = usize::from(reader.u8()?);
    if thumbhash_len > THUMBHASH_MAX {
        return Err(Malformed("the thumbhash is too long"));
    }
    let thumbhash = reader.bytes(thumbhash_len)?.to_vec();
    let plan = take_plan(reader)?;
    Ok(Inspection { media_type, width, height, frames, orientation, has_alpha, thumbhash, colour, plan })
}

fn take_plan(reader: &mut Reader<'_>) -> Result<SpanPlan, Malformed> {
    let count = usize::try_from(reader.u32()?).unwrap_or(usize::MAX);
    if count > SPANS_MAX {
        return Err(Malformed("the plan has too many spans"));
    }
    // Grows as spans are read, so that a count alone allocates nothing.
    let (mut spans, mut new) = (Vec::new(), 0usize);
    for _ in 0..count {
        spans.push(match reader.u8()? {
            1 => Span::Keep { offset: reader.u64()?, len: reader.u64()? },
            2 => {
                let len = usize::try_from(reader.u32()?).unwrap_or(usize::MAX);
                new = new.saturating_add(len);
                if new > NEW_BYTES_MAX {
                    return Err(Malformed("the plan has too many new bytes"));
                }
                Span::New(reader.bytes(len)?.to_vec())
            }
            3 => Span::Zero { len: reader.u64()? },
            _ => return Err(Malformed("there is no such span")),
        });
    }
    Ok(SpanPlan(spans))
}

fn put_refusal(out: &mut Vec<u8>, refusal: &Refusal) {
    out.push(REFUSED);
    match refusal {
        Refusal::Empty => out.push(1),
        Refusal::Unsupported { looks_like: None } => out.extend([2, 0]),
        Refusal::Unsupported { looks_like: Some(kind) } => {
            out.extend([2, 1]);
            text::put(out, kind);
        }
        Refusal::Truncated { media_type } => out.extend([3, code(&MediaType::ALL, media_type)]),
        Refusal::Corrupt { media_type, detail } => {
            out.extend([4, code(&MediaType::ALL, media_type)]);
            text::put(out, detail);
        }
        Refusal::Limit { kind, actual, max } => {
            out.extend([5, code(&LimitKind::ALL, kind)]);
            out.extend(actual.to_le_bytes());
            out.extend(max.to_le_bytes());
        }
    }
}

fn take_refusal(reader: &mut Reader<'_>) -> Result<Refusal, Malformed> {
    Ok(match reader.u8()? {
        1 => Refusal::Empty,
        2 => {
            let known = reader.bool()?;
            Refusal::Unsupported { looks_like: if known { Some(text::take(reader)?) } else { None } }
        }
        3 => Refusal::Truncated { media_type: value(&MediaType::ALL, reader.u8()?)? },
        4 => {
            let media_type = value(&MediaType::ALL, reader.u8()?)?;
            Refusal::Corrupt { media_type, detail: text::take(reader)? }
        }
        5 => {
            let kind = value(&LimitKind::ALL, reader.u8()?)?;
            Refusal::Limit { kind, actual: reader.u64()?, max: reader.u64()? }
        }
        _ => return Err(Malformed("there is no such refusal")),
    })
}
