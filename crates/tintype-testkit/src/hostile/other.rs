use super::Hostile;
use crate::raw;

pub(super) fn all() -> Vec<Hostile> {
    let mut files = magic_alone();
    files.extend([
        Hostile::refused("empty.jpg", Vec::new()),
        Hostile::refused("one-byte.png", vec![0x89]),
        Hostile::refused("one-zero.gif", vec![0]),
        Hostile::refused("a-megabyte-of-zeros.jpg", vec![0; super::BYTES_MAX]),
        Hostile::refused("noise.jpg", noise(100_000)),
        Hostile::refused("page.html.jpg", b"<!doctype html><script>document.title='owned'</script>".to_vec()),
        Hostile::refused("script.js.png", b"document.title='owned'".to_vec()),
        Hostile::refused("drawing.svg", svg("<script>document.title='owned'</script>")),
        Hostile::refused("billion-laughs.svg", billion_laughs()),
        Hostile::refused("external-entity.svg", external_entity()),
        Hostile::refused("postscript.eps", b"%!PS-Adobe-3.0 EPSF-3.0\n(/etc/passwd)(r) file\n".to_vec()),
        Hostile::refused("imagemagick.mvg.jpg", b"push graphic-context\nviewbox 0 0 1 1\nfill 'url(https://127.0.0.1:1/\"|touch owned\")'\npop graphic-context\n".to_vec()),
        Hostile::refused("playlist.m3u8.png", b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n".to_vec()),
        Hostile::refused("executable.jpg", b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec()),
        Hostile::refused("gzip-bomb.jpg.gz", gzip_bomb()),
        Hostile::refused("bitmap.bmp", b"BM\x3a\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\x18\0\0\0\0\0\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xff\xff\xff\0".to_vec()),
        Hostile::refused("tiff-directory-loop.tif", crate::metadata::exif::looping()),
        Hostile::refused("heic-brand.heic", raw::boxes::plain(*b"ftyp", b"heic\0\0\0\0heicmif1")),
        Hostile::refused("movie.mp4.avif", raw::boxes::plain(*b"ftyp", b"mp42\0\0\0\0isommp42")),
        Hostile::refused("sound.wav.webp", b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\0\0\0\0".to_vec()),
    ]);
    files
}

/// The first bytes of each format and nothing else.
fn magic_alone() -> Vec<Hostile> {
    [
        ("magic-alone.jpg", b"\xff\xd8\xff\xe0".as_slice()),
        ("magic-alone.png", &raw::png::SIGNATURE),
        ("magic-alone-87.gif", b"GIF87a"),
        ("magic-alone-89.gif", b"GIF89a"),
        ("magic-alone.webp", b"RIFF\x04\0\0\0WEBP"),
        ("magic-alone.avif", b"\0\0\0\x14ftypavif\0\0\0\0avif"),
    ]
    .map(|(name, bytes)| Hostile::refused(name, bytes.to_vec()))
    .into()
}

fn noise(bytes: u64) -> Vec<u8> {
    // The first byte is fixed, so that no magic number can come about.
    std::iter::once(b'n').chain((1..bytes).map(|place| crate::pixels::mix(place) as u8)).collect()
}

fn svg(body: &str) -> Vec<u8> {
    format!("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"16\" height=\"16\">{body}</svg>").into_bytes()
}

fn billion_laughs() -> Vec<u8> {
    let mut out = String::from("<?xml version=\"1.0\"?><!DOCTYPE svg [<!ENTITY l0 \"lol\">");
    for level in 1..10 {
        let inner = format!("&l{};", level - 1).repeat(10);
        out.push_str(&format!("<!ENTITY l{level} \"{inner}\">"));
    }
    out.push_str("]><svg xmlns=\"http://www.w3.org/2000/svg\"><text>&l9;</text></svg>");
    out.into_bytes()
}

fn external_entity() -> Vec<u8> {
    b"<?xml version=\"1.0\"?><!DOCTYPE svg [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>\
      <svg xmlns=\"http://www.w3.org/2000/svg\"><text>&x;</text></svg>"
        .to_vec()
}

/// 64 MiB of zeros as gzip (RFC 1952): a zlib stream's body between gzip's head and tail.
fn gzip_bomb() -> Vec<u8> {
    let zlib = raw::zlib_zeros(64 << 20);
    let mut out = b"\x1f\x8b\x08\0\0\0\0\0\0\x03".to_vec();
    out.extend(&zlib[2..zlib.len() - 4]);
    // The checksum of 64 MiB of zeros is not worth computing; readers that get so far have failed already.
    out.extend([0; 4]);
    out.extend((64_u32 << 20).to_le_bytes());
    out
}
