//! Pictures that carry what must not be published (place, camera, names, comments, thumbnails, bytes after the end)
//! and what must stay (orientation, colour profile).
//!
//! Every private piece contains [`MARK`], so that a test can look for it in the bytes that are served. Only the
//! GPS figures and the embedded thumbnail have no room for it; [`LATITUDE`] and [`THUMBNAIL`] stand for them.

mod attach;
pub mod exif;
pub mod icc;
pub mod iptc;
pub mod xmp;

pub use attach::{avif_private, gif, jpeg, png, webp};
pub use exif::{ByteOrder, LATITUDE, THUMBNAIL, exif};

/// The text inside every private piece.
pub const MARK: &str = "tintype-private";

/// What a picture carries beside its pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// EXIF with camera, owner, GPS and an embedded thumbnail.
    pub private_exif: bool,
    /// EXIF orientation, 1 to 8; in one block with the private EXIF where both are wanted.
    pub orientation: Option<u16>,
    /// An XMP packet.
    pub xmp: bool,
    /// IPTC, as Photoshop's resource block (JPEG alone; left out elsewhere).
    pub iptc: bool,
    /// The format's own comment: JPEG COM, PNG tEXt, zTXt and iTXt, GIF comment (WebP has none).
    pub comment: bool,
    /// An ICC profile ([`icc::srgb_like`]), which must stay.
    pub icc: bool,
    /// Bytes after the image's end, [`MARK`] among them.
    pub trailing: bool,
}

impl Metadata {
    /// Nothing at all.
    pub const NONE: Self = Self {
        private_exif: false,
        orientation: None,
        xmp: false,
        iptc: false,
        comment: false,
        icc: false,
        trailing: false,
    };

    /// Everything, with an orientation of 6 (to be turned by 90° clockwise).
    pub const ALL: Self = Self {
        private_exif: true,
        orientation: Some(6),
        xmp: true,
        iptc: true,
        comment: true,
        icc: true,
        trailing: true,
    };

    /// The TIFF block of EXIF that this asks for, if any.
    fn exif_block(&self, order: ByteOrder) -> Option<Vec<u8>> {
        (self.private_exif || self.orientation.is_some())
            .then(|| exif(order, self.orientation, self.private_exif))
    }
}

/// A comment with [`MARK`] in it.
pub fn comment() -> String {
    format!("{MARK}: taken at home, do not share")
}

/// What [`Metadata::trailing`] appends: a phone's "motion photo" video, more or less.
pub fn trailing() -> Vec<u8> {
    let mut out = b"\0\0\0\x18ftypmp42\0\0\0\0isommp42".to_vec();
    out.extend(MARK.as_bytes());
    out.extend([0; 64]);
    out
}
