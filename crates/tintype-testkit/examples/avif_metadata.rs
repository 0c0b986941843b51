//! Writes the EXIF, XMP and ICC blocks that `assets/private-64x42.avif` was made with into the folder given.
//! See `assets/README.md` for the commands around it.

use std::{fs, path::PathBuf};

use tintype_testkit::metadata::{ByteOrder, exif, icc, xmp};

fn main() -> std::io::Result<()> {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| ".".to_owned()));
    fs::write(folder.join("private.exif"), exif(ByteOrder::Big, Some(6), true))?;
    fs::write(folder.join("private.xmp"), xmp::packet())?;
    fs::write(folder.join("private.icc"), icc::srgb_like())
}
