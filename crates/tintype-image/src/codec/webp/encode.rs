//! Lossy encoding with alpha.

use std::{mem, slice};

use libwebp_sys as sys;
use tintype_types::{MediaType, Refusal};

use crate::{codec::Layout, refuse::corrupt, steps::Bitmap};

/// libwebp's effort, 0 to 6. At 2, a picture costs about half of what it costs at 4 and is a few per cent larger; variants
/// are made while somebody waits.
const METHOD: i32 = 2;

/// Encodes a picture.
pub(crate) fn encode(bitmap: &Bitmap, quality: u8) -> Result<Vec<u8>, Refusal> {
    let preset = sys::WebPPreset::WEBP_PRESET_DEFAULT;
    let mut config = sys::WebPConfig::new_with_preset(preset, f32::from(quality))
        .map_err(|()| corrupt(MediaType::Webp, "libwebp has another version"))?;
    config.method = METHOD;
    config.thread_level = 0;
    let mut picture = Picture::import(bitmap)?;
    let mut writer = Writer::new();
    picture.0.writer = Some(sys::WebPMemoryWrite);
    picture.0.custom_ptr = (&raw mut *writer.0).cast();
    // SAFETY: configuration and picture are initialised; `custom_ptr` is the live writer that WebPMemoryWrite expects.
    let done = unsafe { sys::WebPEncode(&config, &mut picture.0) };
    if done == 0 {
        return Err(corrupt(MediaType::Webp, format_args!("encoding failed: {:?}", picture.0.error_code)));
    }
    Ok(writer.bytes())
}

/// libwebp's picture, freed when dropped.
struct Picture(sys::WebPPicture);

impl Picture {
    /// Copies the pixels into libwebp's own planes.
    fn import(bitmap: &Bitmap) -> Result<Self, Refusal> {
        let failed = || corrupt(MediaType::Webp, "libwebp takes no picture of this size");
        let mut picture = sys::WebPPicture::new().map_err(|()| failed())?;
        picture.use_argb = 0;
        picture.width = bitmap.width as i32;
        picture.height = bitmap.height as i32;
        let mut picture = Self(picture);
        let rgb;
        let (pixels, channels) = match bitmap.layout {
            Layout::Gray => {
                rgb = bitmap.pixels.iter().flat_map(|gray| [*gray; 3]).collect::<Vec<_>>();
                (&rgb, 3)
            }
            Layout::Rgb => (&bitmap.pixels, 3),
            Layout::Rgba => (&bitmap.pixels, 4),
        };
        assert_eq!(
            pixels.len(),
            bitmap.width as usize * bitmap.height as usize * channels,
            "a whole picture"
        );
        let stride = bitmap.width as i32 * channels as i32;
        // SAFETY: the picture is initialised and has its size; the pixels are as many as size and stride say.
        let done = unsafe {
            if channels == 4 {
                sys::WebPPictureImportRGBA(&mut picture.0, pixels.as_ptr(), stride)
            } else {
                sys::WebPPictureImportRGB(&mut picture.0, pixels.as_ptr(), stride)
            }
        };
        if done == 0 { Err(failed()) } else { Ok(picture) }
    }
}

impl Drop for Picture {
    fn drop(&mut self) {
        // SAFETY: the picture is initialised and not used afterwards.
        unsafe { sys::WebPPictureFree(&mut self.0) };
    }
}

/// libwebp's growing buffer, freed when dropped. Boxed, because the picture points to it.
struct Writer(Box<sys::WebPMemoryWriter>);

impl Writer {
    fn new() -> Self {
        // SAFETY: the struct is plain data (a pointer, sizes), for which zeroes are valid.
        let mut writer: Box<sys::WebPMemoryWriter> = Box::new(unsafe { mem::zeroed() });
        // SAFETY: the pointer is valid for writing.
        unsafe { sys::WebPMemoryWriterInit(&mut *writer) };
        Self(writer)
    }

    fn bytes(&self) -> Vec<u8> {
        if self.0.size == 0 {
            return Vec::new();
        }
        // SAFETY: libwebp wrote `size` bytes to `mem`, which stays until the writer is dropped.
        unsafe { slice::from_raw_parts(self.0.mem, self.0.size) }.to_vec()
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // SAFETY: the writer is initialised and not used afterwards.
        unsafe { sys::WebPMemoryWriterClear(&mut *self.0) };
    }
}
