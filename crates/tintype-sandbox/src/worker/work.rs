//! The work itself: tintype-image, between a mapped input and a reply.

use std::{io, os::fd::OwnedFd};

use tintype_image::InspectOptions;
use tintype_types::{Fit, ImageLimits, MediaType, Recipe};

use crate::{
    samples::{SAMPLES, TRANSPARENT},
    wire::{
        job::{Job, Op},
        reply::Reply,
    },
};

/// What a worker may hold without asking: most pictures are smaller, and are not worth the question.
const UNASKED_MAX: u64 = 8 << 20;

/// Does a job; asks `leave` before it holds much.
///
/// # Errors
/// Where the rendition cannot be written into the output.
pub(super) fn perform(
    job: &Job,
    input: &[u8],
    output: Option<&OwnedFd>,
    mut leave: impl FnMut(u64),
) -> io::Result<Reply> {
    let mut admit = |bytes| {
        if bytes > UNASKED_MAX {
            leave(bytes);
        }
    };
    match &job.op {
        Op::Inspect { keep_metadata, accepted } => {
            let options = InspectOptions {
                keep_metadata: *keep_metadata,
                accepted: accepted.clone(),
                limits: job.limits,
            };
            Ok(tintype_image::inspect(input, &options, &mut admit)
                .map_or_else(Reply::Refused, Reply::Inspected))
        }
        Op::Render { recipe, output_max } => {
            match tintype_image::render(input, recipe, &job.limits, &mut admit) {
                Ok(rendered) => {
                    let len = rendered.bytes.len() as u64;
                    if len > *output_max {
                        return Ok(Reply::Failed(format!(
                            "the rendition has {len} bytes; at most {output_max} are taken"
                        )));
                    }
                    let output = output.ok_or_else(|| io::Error::other("the job came without an output"))?;
                    write(output, &rendered.bytes)?;
                    Ok(Reply::Rendered { len, width: rendered.width, height: rendered.height })
                }
                Err(refusal) => Ok(Reply::Refused(refusal)),
            }
        }
    }
}

fn write(output: &OwnedFd, bytes: &[u8]) -> io::Result<()> {
    let mut written = 0;
    while written < bytes.len() {
        match rustix::io::pwrite(output, &bytes[written..], written as u64) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(len) => written += len,
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Runs every codec once over the built-in pictures. What comes of it is not looked at: the self-test does that, in a
/// confined worker.
pub(super) fn rehearse() {
    let limits = ImageLimits::default();
    for sample in SAMPLES {
        let options = InspectOptions { keep_metadata: false, accepted: MediaType::ALL.to_vec(), limits };
        let _ = tintype_image::inspect(sample.bytes, &options, &mut |_| {});
    }
    for format in [MediaType::Jpeg, MediaType::Webp, MediaType::Png] {
        let recipe = Recipe { width: Some(16), height: None, fit: Fit::ScaleDown, format };
        for picture in [SAMPLES[0].bytes, TRANSPARENT] {
            let _ = tintype_image::render(picture, &recipe, &limits, &mut |_| {});
        }
    }
}
