//! Whether a reply is a possible one to its job.

use tintype_types::{Inspection, MediaType, Recipe, recipe::SIDE_MAX};

use super::{
    Malformed,
    job::{Job, Op},
    reply::{Reply, THUMBHASH_MAX},
};

const THUMBHASH_MIN: usize = 5;

impl Reply {
    pub(super) fn check(&self, job: &Job) -> Result<(), Malformed> {
        match (self, &job.op) {
            (Self::Refused(_) | Self::Failed(_) | Self::Asks(_), _) => Ok(()),
            (Self::Inspected(inspection), Op::Inspect { accepted, .. }) => {
                check_inspection(inspection, accepted, job)
            }
            (Self::Rendered { len, width, height }, Op::Render { recipe, output_max }) => {
                require(*len > 0 && len <= output_max, "the rendition does not fit its output")?;
                check_sides(*width, *height, recipe)
            }
            _ => Err(Malformed("the reply is one to another kind of job")),
        }
    }
}

fn check_inspection(inspection: &Inspection, accepted: &[MediaType], job: &Job) -> Result<(), Malformed> {
    let Inspection { media_type, width, height, frames, orientation, thumbhash, colour, plan, has_alpha: _ } =
        inspection;
    let limits = &job.limits;
    require(accepted.contains(media_type), "the media type is not among the accepted ones")?;
    let sides = 1..=limits.side_max;
    require(sides.contains(width) && sides.contains(height), "a side is zero or over its limit")?;
    let pixels = u64::from(*width) * u64::from(*height);
    require(pixels <= limits.pixels_max, "the pixels are over their limit")?;
    require((1..=limits.frames_max).contains(frames), "the frames are none or over their limit")?;
    let frame_pixels = pixels.saturating_mul(u64::from(*frames));
    require(frame_pixels <= limits.frame_pixels_max, "the pixels of all frames are over their limit")?;
    require((1..=8).contains(orientation), "the orientation is not 1 to 8")?;
    require(
        (THUMBHASH_MIN..=THUMBHASH_MAX).contains(&thumbhash.len()),
        "the thumbhash has not 5 to 25 bytes",
    )?;
    require(*colour <= 0x00ff_ffff, "the colour has more than 24 bits")?;
    require(plan.validate(job.input_len).is_ok(), "the plan does not fit the file")
}

/// No fit makes a picture larger than the box that its recipe names.
fn check_sides(width: u32, height: u32, recipe: &Recipe) -> Result<(), Malformed> {
    let fits = |side: u32, asked: Option<u32>| (1..=asked.unwrap_or(SIDE_MAX)).contains(&side);
    require(
        fits(width, recipe.width) && fits(height, recipe.height),
        "the rendition's sides are not as asked",
    )
}

fn require(holds: bool, or: &'static str) -> Result<(), Malformed> {
    if holds { Ok(()) } else { Err(Malformed(or)) }
}

/// Whether a file begins as one of `format` does. Asked of the copy that is kept, never of memory that a worker can write.
pub(crate) fn begins_as(format: MediaType, bytes: &[u8]) -> bool {
    match format {
        MediaType::Jpeg => bytes.starts_with(&[0xff, 0xd8, 0xff]),
        MediaType::Png => bytes.starts_with(b"\x89PNG\r\n\x1a\n"),
        MediaType::Gif => bytes.starts_with(b"GIF87a") || bytes.starts_with(b"GIF89a"),
        MediaType::Webp => bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP"),
        MediaType::Avif => bytes.get(4..12) == Some(b"ftypavif") || bytes.get(4..12) == Some(b"ftypavis"),
    }
}
