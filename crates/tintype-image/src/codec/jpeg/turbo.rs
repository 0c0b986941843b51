//! The TurboJPEG 3 interface, as far as it is used, behind a handle that frees itself.

use std::{ffi::CStr, ptr, slice};

use turbojpeg_sys as sys;

/// What libjpeg-turbo said.
#[derive(Debug)]
pub(super) enum TurboError {
    /// It went on, but the file is not in order.
    Warning(String),
    /// It could not go on.
    Fatal(String),
}

/// A TurboJPEG instance.
pub(super) struct Turbo(sys::tjhandle);

impl Turbo {
    /// A decompressor or compressor (`TJINIT_*`).
    pub(super) fn new(kind: sys::TJINIT) -> Result<Self, TurboError> {
        // SAFETY: tj3Init takes any value and answers NULL where it is not valid or memory is out.
        let handle = unsafe { sys::tj3Init(kind as i32) };
        if handle.is_null() { Err(TurboError::Fatal("out of memory".to_owned())) } else { Ok(Self(handle)) }
    }

    pub(super) fn set(&mut self, parameter: sys::TJPARAM, value: i32) -> Result<(), TurboError> {
        // SAFETY: the handle is live; values out of range are answered with an error.
        let status = unsafe { sys::tj3Set(self.0, parameter as i32, value) };
        self.check(status)
    }

    pub(super) fn get(&self, parameter: sys::TJPARAM) -> i32 {
        // SAFETY: the handle is live; unknown parameters are answered with -1.
        unsafe { sys::tj3Get(self.0, parameter as i32) }
    }

    /// Reads the header; afterwards [`Turbo::get`] knows the picture's size and colours.
    pub(super) fn read_header(&mut self, data: &[u8]) -> Result<(), TurboError> {
        // SAFETY: the pointer and the length are those of a slice, which is only read.
        let status = unsafe { sys::tj3DecompressHeader(self.0, data.as_ptr(), data.len() as sys::size_t) };
        self.check(status)
    }

    /// Reduces by 1/`denominator`: 1, 2, 4 or 8.
    pub(super) fn reduce_by(&mut self, denominator: u32) -> Result<(), TurboError> {
        let factor = sys::tjscalingfactor { num: 1, denom: denominator as i32 };
        // SAFETY: the handle is live; factors that do not exist are answered with an error.
        let status = unsafe { sys::tj3SetScalingFactor(self.0, factor) };
        self.check(status)
    }

    /// Decodes into `pixels`, which must hold `height` rows of `width` × `channels` bytes: the size of the header, reduced.
    pub(super) fn decode(
        &mut self,
        data: &[u8],
        pixels: &mut [u8],
        (width, height): (u32, u32),
        (format, channels): (sys::TJPF, usize),
    ) -> Result<(), TurboError> {
        let row = width as usize * channels;
        assert!(pixels.len() >= row * height as usize, "the buffer holds the reduced picture");
        // SAFETY: the data is only read. The buffer holds every row: libjpeg-turbo writes ceil(height / denominator) rows
        // of `row` bytes, and the caller computed width and height that way from the header that this call reads again.
        let status = unsafe {
            let len = data.len() as sys::size_t;
            sys::tj3Decompress8(self.0, data.as_ptr(), len, pixels.as_mut_ptr(), row as i32, format)
        };
        self.check(status)
    }

    /// Encodes pixels that lie row behind row.
    pub(super) fn encode(
        &mut self,
        pixels: &[u8],
        (width, height): (u32, u32),
        (format, channels): (sys::TJPF, usize),
    ) -> Result<Vec<u8>, TurboError> {
        let row = width as usize * channels;
        assert_eq!(pixels.len(), row * height as usize, "the buffer holds the picture");
        let (mut out, mut len) = (ptr::null_mut(), 0);
        // SAFETY: the pixels are only read and as many as width, height and format say. `out` begins as NULL, so that
        // libjpeg-turbo allocates it.
        let status = unsafe {
            let (width, height, row) = (width as i32, height as i32, row as i32);
            sys::tj3Compress8(self.0, pixels.as_ptr(), width, row, height, format, &mut out, &mut len)
        };
        let result = self.check(status).map(|()| {
            // SAFETY: on success `out` points to `len` bytes.
            unsafe { slice::from_raw_parts(out, len as usize) }.to_vec()
        });
        // SAFETY: `out` is NULL or was allocated by libjpeg-turbo, and is not used any more.
        unsafe { sys::tj3Free(out.cast()) };
        result
    }

    fn check(&self, status: i32) -> Result<(), TurboError> {
        if status == 0 {
            return Ok(());
        }
        // SAFETY: the handle is live; the text belongs to it and ends in NUL.
        let text = unsafe { CStr::from_ptr(sys::tj3GetErrorStr(self.0)) }.to_string_lossy().into_owned();
        // SAFETY: the handle is live.
        let code = unsafe { sys::tj3GetErrorCode(self.0) };
        if code == sys::TJERR_TJERR_WARNING as i32 {
            Err(TurboError::Warning(text))
        } else {
            Err(TurboError::Fatal(text))
        }
    }
}

impl Drop for Turbo {
    fn drop(&mut self) {
        // SAFETY: the handle is live and not used afterwards.
        unsafe { sys::tj3Destroy(self.0) };
    }
}
