//! Limits on what a picture may ask of the machine. Checked from headers, before anything is allocated.

/// Limits on one picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageLimits {
    /// Longest width or height, in pixels.
    pub side_max: u32,
    /// Most pixels of one frame (width × height of the canvas).
    pub pixels_max: u64,
    /// Most frames of an animation.
    pub frames_max: u32,
    /// Most pixels of all frames together (frames × canvas).
    pub frame_pixels_max: u64,
    /// Most bytes that decoding may hold at once, counting the canvas and what the codec buffers.
    pub decoded_bytes_max: u64,
    /// Most scans of a progressive JPEG.
    pub scans_max: u32,
    /// Most bytes that a compressed metadata chunk (zTXt, iTXt, iCCP) may inflate to, and that a profile may have.
    pub metadata_bytes_max: u64,
}

impl Default for ImageLimits {
    fn default() -> Self {
        Self {
            side_max: 32_768,
            pixels_max: 100_000_000,
            frames_max: 1_000,
            frame_pixels_max: 200_000_000,
            decoded_bytes_max: 512 << 20,
            scans_max: 100,
            metadata_bytes_max: 8 << 20,
        }
    }
}
