//! Decoding through libwebp's advanced interface into memory of ours.

use libwebp_sys as sys;
use sys::VP8StatusCode;
use tintype_types::{MediaType, Refusal};

use crate::{
    codec::{Frames, Layout, Sink, Wanted, pour},
    probe::webp::{Frame, Webp},
    refuse::{corrupt, truncated},
};

/// Decodes a WebP that `probe` accepted.
///
/// The first frame, in its place on the canvas, goes to the sink; the others are decoded at the smallest scale there is.
/// Opaque stills are reduced to what is wanted while they are decoded; pictures with alpha are not, because libwebp
/// averages colours without weighing them by their opacity.
///
/// # Errors
/// Truncated or corrupt, as libwebp says.
pub(crate) fn decode(
    data: &[u8],
    webp: &Webp,
    wanted: Wanted,
    frames: Frames,
    sink: &mut dyn Sink,
) -> Result<(), Refusal> {
    let proving = frames == Frames::All;
    let Some((first, others)) = webp.frames.split_first() else { return Ok(()) };
    let covers = (first.width, first.height) == (webp.width, webp.height);
    let layout = if webp.has_alpha || !covers { Layout::Rgba } else { Layout::Rgb };
    let size = if layout == Layout::Rgb { reduced(first, wanted) } else { (first.width, first.height) };
    let stream = &data[first.stream.clone()];
    // Lossless streams and the alpha of lossy ones lie in memory whole: 4 bytes for each pixel at most.
    let whole = u64::from(first.width) * u64::from(first.height) * 4;
    let canvas = if covers { size } else { (webp.width, webp.height) };
    let out = u64::from(size.0) * u64::from(size.1) * layout.channels() as u64;
    let held = if is_lossy(stream) && layout == Layout::Rgb { out } else { whole + out };
    sink.begin(canvas.0, canvas.1, layout, held)?;
    let pixels = frame(stream, first, size, layout, proving)?;
    if covers {
        pour(sink, size.0, layout, &pixels);
    } else {
        let stride = size.0 as usize * layout.channels();
        for (row, y) in pixels.chunks_exact(stride).zip(first.top..) {
            sink.run(y, first.left, 1, row);
        }
    }
    drop(pixels);
    if proving {
        for other in others {
            frame(&data[other.stream.clone()], other, (1, 1), Layout::Rgb, proving)?;
        }
    }
    Ok(())
}

/// The smallest size of the frame's shape that has what is wanted.
fn reduced(frame: &Frame, wanted: Wanted) -> (u32, u32) {
    let (width, height) = (u64::from(frame.width), u64::from(frame.height));
    if wanted.width >= frame.width || wanted.height >= frame.height {
        return (frame.width, frame.height);
    }
    let by_width = (u64::from(wanted.width), (height * u64::from(wanted.width)).div_ceil(width));
    let by_height = ((width * u64::from(wanted.height)).div_ceil(height), u64::from(wanted.height));
    let (width, height) = if by_width.1 >= by_height.1 { by_width } else { by_height };
    (width.max(1) as u32, height.max(1) as u32)
}

fn is_lossy(stream: &[u8]) -> bool {
    stream.starts_with(b"VP8 ") || stream.starts_with(b"ALPH")
}

/// Decodes one bit stream to `size`.
fn frame(
    stream: &[u8],
    frame: &Frame,
    (width, height): (u32, u32),
    layout: Layout,
    proving: bool,
) -> Result<Vec<u8>, Refusal> {
    let mut config = sys::WebPDecoderConfig::new()
        .map_err(|()| corrupt(MediaType::Webp, "libwebp has another version"))?;
    // SAFETY: pointer and length are those of a slice that is only read; `config.input` is where the answer goes.
    let status = unsafe {
        let version = sys::WEBP_DECODER_ABI_VERSION as i32;
        sys::WebPGetFeaturesInternal(stream.as_ptr(), stream.len(), &mut config.input, version)
    };
    check(status)?;
    if (config.input.width, config.input.height) != (frame.width as i32, frame.height as i32) {
        return Err(corrupt(MediaType::Webp, "a bit stream has another size than its frame"));
    }
    let stride = width as usize * layout.channels();
    let mut pixels = vec![0; stride * height as usize];
    config.options.use_threads = 0;
    // Filters change pixels, not what is read: proving does without them.
    config.options.bypass_filtering = i32::from(proving);
    config.options.no_fancy_upsampling = i32::from(proving);
    if (width, height) != (frame.width, frame.height) {
        config.options.use_scaling = 1;
        config.options.scaled_width = width as i32;
        config.options.scaled_height = height as i32;
    }
    config.output.colorspace =
        if layout == Layout::Rgba { sys::WEBP_CSP_MODE::MODE_RGBA } else { sys::WEBP_CSP_MODE::MODE_RGB };
    config.output.is_external_memory = 1;
    config.output.u.RGBA =
        sys::WebPRGBABuffer { rgba: pixels.as_mut_ptr(), stride: stride as i32, size: pixels.len() };
    // SAFETY: the stream is only read; the output buffer is `pixels`, with its true size, which libwebp checks against
    // the size that it decodes to. `pixels` outlives the call and nothing else refers to it meanwhile.
    let status = unsafe { sys::WebPDecode(stream.as_ptr(), stream.len(), &mut config) };
    check(status)?;
    Ok(pixels)
}

fn check(status: VP8StatusCode) -> Result<(), Refusal> {
    let detail = match status {
        VP8StatusCode::VP8_STATUS_OK => return Ok(()),
        VP8StatusCode::VP8_STATUS_NOT_ENOUGH_DATA | VP8StatusCode::VP8_STATUS_SUSPENDED => {
            return Err(truncated(MediaType::Webp));
        }
        VP8StatusCode::VP8_STATUS_BITSTREAM_ERROR => "its bit stream is not valid",
        VP8StatusCode::VP8_STATUS_UNSUPPORTED_FEATURE => "its bit stream has a feature that does not exist",
        VP8StatusCode::VP8_STATUS_OUT_OF_MEMORY => "it needs more memory than there is",
        _ => "libwebp refuses it",
    };
    Err(corrupt(MediaType::Webp, detail))
}
