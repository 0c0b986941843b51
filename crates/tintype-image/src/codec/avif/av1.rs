//! AV1 pictures through rav1d's C interface. (re_rav1d has a Rust interface, but lies two releases behind.)

use std::{
    mem::MaybeUninit,
    ptr::{self, NonNull},
    slice,
};

use rav1d::{
    include::dav1d::{
        data::Dav1dData,
        dav1d::{Dav1dContext, Dav1dLogger, Dav1dSettings},
        headers::{DAV1D_PIXEL_LAYOUT_I400, DAV1D_PIXEL_LAYOUT_I420, DAV1D_PIXEL_LAYOUT_I444},
        picture::Dav1dPicture,
    },
    src::lib::{
        dav1d_close, dav1d_data_create, dav1d_data_unref, dav1d_default_settings, dav1d_get_picture,
        dav1d_open, dav1d_picture_unref, dav1d_send_data,
    },
};
use tintype_types::{MediaType, Refusal};

use crate::refuse::corrupt;

/// A coded picture has one frame, or a few where it is coded in layers.
const FRAMES_MAX: usize = 8;
/// `-EAGAIN`: give or take something else first.
const AGAIN: i32 = -11;

/// A decoded picture: planes of 8 or 16 bit samples.
pub(super) struct Av1Picture(Box<Dav1dPicture>);

/// What the bit stream itself says about colours, by ITU-T H.273.
#[derive(Clone, Copy, Debug)]
pub(super) struct BitstreamColour {
    pub primaries: u16,
    pub transfer: u16,
    pub matrix: u16,
    pub full_range: bool,
}

/// One row of samples.
#[derive(Clone, Copy)]
pub(super) enum Samples<'a> {
    Eight(&'a [u8]),
    Sixteen(&'a [u16]),
}

impl Samples<'_> {
    pub(super) fn get(&self, index: usize) -> i32 {
        match self {
            Self::Eight(row) => i32::from(row[index]),
            Self::Sixteen(row) => i32::from(row[index]),
        }
    }
}

fn bad(detail: impl std::fmt::Display) -> Refusal {
    corrupt(MediaType::Avif, detail)
}

/// Decodes one item, which must be a picture of exactly `width` × `height`.
pub(super) fn decode(obus: &[u8], width: u32, height: u32) -> Result<Av1Picture, Refusal> {
    let mut decoder = Decoder::open(width, height)?;
    let picture = decoder.decode(obus)?;
    let found = (picture.0.p.w as u32, picture.0.p.h as u32);
    if found != (width, height) {
        return Err(bad(format_args!("a picture is {}×{} and not {width}×{height}", found.0, found.1)));
    }
    Ok(picture)
}

struct Decoder(Option<Dav1dContext>);

impl Decoder {
    fn open(width: u32, height: u32) -> Result<Self, Refusal> {
        let mut settings = MaybeUninit::<Dav1dSettings>::uninit();
        // SAFETY: the pointer is valid for writing, and the call initialises all of it.
        let mut settings = unsafe {
            dav1d_default_settings(NonNull::from(&mut settings).cast());
            settings.assume_init()
        };
        // One thread means the calling one: rav1d starts threads only from two upwards.
        settings.n_threads = 1;
        settings.max_frame_delay = 1;
        settings.all_layers = 0;
        settings.frame_size_limit = width.saturating_mul(height);
        // SAFETY: without a callback nothing is called.
        settings.logger = unsafe { Dav1dLogger::new(None, None) };
        let mut context = None;
        // SAFETY: both pointers are valid for the call.
        let status =
            unsafe { dav1d_open(Some(NonNull::from(&mut context)), Some(NonNull::from(&mut settings))) };
        if status.0 != 0 { Err(bad("the AV1 decoder does not start")) } else { Ok(Self(context)) }
    }

    /// Feeds the whole stream and takes every picture; the last is the one of the highest layer.
    fn decode(&mut self, obus: &[u8]) -> Result<Av1Picture, Refusal> {
        let mut data = Input::copy(obus)?;
        let mut last = None;
        for _ in 0..FRAMES_MAX {
            let sent = if data.0.sz > 0 { data.send(self.0) } else { 0 };
            if sent != 0 && sent != AGAIN {
                return Err(bad("its AV1 data is not valid"));
            }
            match self.picture()? {
                Some(picture) => last = Some(picture),
                None if data.0.sz == 0 => return last.ok_or_else(|| bad("its AV1 data holds no picture")),
                None => {}
            }
        }
        Err(bad("a picture has too many frames"))
    }

    fn picture(&mut self) -> Result<Option<Av1Picture>, Refusal> {
        let mut picture = Box::new(Dav1dPicture::default());
        // SAFETY: the context is open; the picture is valid for writing and holds nothing that would have to be dropped.
        let status = unsafe { dav1d_get_picture(self.0, Some(NonNull::from(&mut *picture))) };
        match status.0 {
            0 => Ok(Some(Av1Picture(picture))),
            AGAIN => Ok(None),
            _ => Err(bad("its AV1 data is not valid")),
        }
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        // SAFETY: the context came from `dav1d_open` and is not used afterwards.
        unsafe { dav1d_close(Some(NonNull::from(&mut self.0))) };
    }
}

/// A copy of the coded data that the decoder may hold on to.
struct Input(Dav1dData);

impl Input {
    fn copy(obus: &[u8]) -> Result<Self, Refusal> {
        let mut data = Dav1dData::default();
        // SAFETY: the pointer is valid for writing; the call allocates as many bytes as are copied.
        let target = unsafe { dav1d_data_create(Some(NonNull::from(&mut data)), obus.len()) };
        if target.is_null() {
            return Err(bad("its AV1 data does not fit into memory"));
        }
        // SAFETY: source and target are `obus.len()` bytes long and different allocations.
        unsafe { ptr::copy_nonoverlapping(obus.as_ptr(), target, obus.len()) };
        Ok(Self(data))
    }

    fn send(&mut self, context: Option<Dav1dContext>) -> i32 {
        // SAFETY: the context is open, the data initialised; the call takes from it what it consumes.
        unsafe { dav1d_send_data(context, Some(NonNull::from(&mut self.0))) }.0
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        // SAFETY: the data is initialised; what was consumed is not referred to any more.
        unsafe { dav1d_data_unref(Some(NonNull::from(&mut self.0))) };
    }
}

impl Av1Picture {
    /// Bits of a sample: 8, 10 or 12.
    pub(super) fn depth(&self) -> u32 {
        self.0.p.bpc as u32
    }

    pub(super) fn is_monochrome(&self) -> bool {
        self.0.p.layout == DAV1D_PIXEL_LAYOUT_I400
    }

    /// How far x and y are shifted to find the chroma sample of a pixel.
    pub(super) fn chroma_shift(&self) -> (u32, u32) {
        match self.0.p.layout {
            DAV1D_PIXEL_LAYOUT_I420 => (1, 1),
            DAV1D_PIXEL_LAYOUT_I444 => (0, 0),
            _ => (1, 0),
        }
    }

    pub(super) fn colour(&self) -> BitstreamColour {
        // SAFETY: a picture that was put out refers to its sequence header as long as it lives.
        let header = self.0.seq_hdr.map(|header| unsafe { header.as_ref() });
        header.map_or(BitstreamColour { primaries: 2, transfer: 2, matrix: 2, full_range: false }, |header| {
            BitstreamColour {
                primaries: header.pri as u16,
                transfer: header.trc as u16,
                matrix: header.mtrx as u16,
                full_range: header.color_range != 0,
            }
        })
    }

    /// Row `y` of plane 0, 1 or 2 (luma, blue, red), in that plane's own rows.
    pub(super) fn row(&self, plane: usize, y: u32) -> Samples<'_> {
        let (shift_x, shift_y) = if plane == 0 { (0, 0) } else { self.chroma_shift() };
        let side = |side: i32, shift: u32| (side as usize).div_ceil(1 << shift);
        let (width, height) = (side(self.0.p.w, shift_x), side(self.0.p.h, shift_y));
        assert!((y as usize) < height && (plane == 0 || !self.is_monochrome()), "a row of the picture");
        let start = self.0.data[plane].expect("every plane of the layout is there");
        let offset = y as isize * self.0.stride[plane.min(1)];
        // SAFETY: plane and row lie inside the picture, which rav1d allocated with at least `height` rows of `stride`
        // bytes, each of which holds `width` samples; samples of more than 8 bits take two bytes and are aligned, as
        // strides are multiples of 64. The picture is not written any more and lives as long as `self`.
        unsafe {
            let row = start.as_ptr().cast::<u8>().offset(offset);
            if self.depth() == 8 {
                Samples::Eight(slice::from_raw_parts(row, width))
            } else {
                Samples::Sixteen(slice::from_raw_parts(row.cast(), width))
            }
        }
    }
}

impl Drop for Av1Picture {
    fn drop(&mut self) {
        // SAFETY: the picture came from `dav1d_get_picture` and is not used afterwards.
        unsafe { dav1d_picture_unref(Some(NonNull::from(&mut *self.0))) };
    }
}
