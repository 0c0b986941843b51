use super::Hostile;
use crate::{
    build,
    raw::{
        self,
        gif::{TRAILER, one_pixel_frame},
        jpeg::{insert_after_start, segment},
    },
};

const SCRIPT: &[u8] = b"*/=1;document.title='owned';/*<script>document.title='owned'</script>*/";
const PDF: &[u8] =
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>>>endobj\n\
trailer<</Root 1 0 R>>\n%%EOF\n";
const PHP: &[u8] = b"<?php system($_GET['c']); ?>";

pub(super) fn all() -> Vec<Hostile> {
    let jpeg = build::jpeg(32, 24, 7);
    let png = build::png(32, 24, 7);
    let html = b"<html><body><script>document.title='owned'</script>".as_slice();
    vec![
        Hostile::either("gif-that-is-javascript.gif", gif_javascript()),
        Hostile::either(
            "gif-with-script-after-its-end.gif",
            [build::gif(32, 24, 7).as_slice(), SCRIPT].concat(),
        ),
        Hostile::refused("pdf-with-jpeg-inside.jpg", [PDF, jpeg.as_slice()].concat()),
        Hostile::either("jpeg-followed-by-pdf.jpg", [jpeg.as_slice(), PDF].concat()),
        Hostile::either("jpeg-with-pdf-in-comment.jpg", insert_after_start(&jpeg, &segment(0xfe, PDF))),
        Hostile::either("jpeg-with-html-in-comment.jpg", insert_after_start(&jpeg, &segment(0xfe, html))),
        Hostile::either("jpeg-with-php-in-comment.php.jpg", insert_after_start(&jpeg, &segment(0xfe, PHP))),
        Hostile::either("png-followed-by-zip.png", [png.as_slice(), &zip()].concat()),
        Hostile::either("jpeg-followed-by-zip.jpg", [jpeg.as_slice(), &zip()].concat()),
        Hostile::either("png-with-html-in-text.png", png_text(&png, html)),
        Hostile::either("png-followed-by-html.png", [png.as_slice(), html].concat()),
        Hostile::either("webp-followed-by-html.webp", [build::webp(32, 24, 7).as_slice(), html].concat()),
        Hostile::refused("html-before-png.png", [html, png.as_slice()].concat()),
        Hostile::refused("newline-before-png.png", [b"\n", png.as_slice()].concat()),
        Hostile::refused("zip-before-jpeg.jpg", [zip().as_slice(), &jpeg].concat()),
    ]
}

/// A valid GIF, 10,799 × 1 pixels, that is a valid script as well: its width reads `/*`, and after its end the
/// comment closes, so that a browser that ran it would see `GIF89a` assigned.
fn gif_javascript() -> Vec<u8> {
    let mut out = raw::gif::screen(u16::from_le_bytes(*b"/*"), 1);
    out.extend(one_pixel_frame());
    out.push(TRAILER);
    out.extend(SCRIPT);
    out
}

fn png_text(png: &[u8], text: &[u8]) -> Vec<u8> {
    raw::png::insert_after_header(png, &raw::png::chunk(*b"tEXt", &[b"Comment\0", text].concat()))
}

/// A ZIP archive of one stored file, `index.html` (APPNOTE.TXT 6.3, 4.3).
fn zip() -> Vec<u8> {
    let name = b"index.html";
    let body = b"<script>document.title='owned'</script>";
    let sizes = [crc32fast::hash(body), body.len() as u32, body.len() as u32].map(u32::to_le_bytes).concat();
    let name_length = (name.len() as u16).to_le_bytes();
    let common = [b"\x0a\0\0\0\0\0\0\0\0\0".as_slice(), &sizes, &name_length, b"\0\0"].concat();
    let local = [b"PK\x03\x04".as_slice(), &common, name, body].concat();
    let central = [b"PK\x01\x02\x0a\0".as_slice(), &common, &[0; 14], name].concat();
    let places = [central.len() as u32, local.len() as u32].map(u32::to_le_bytes).concat();
    let end = [b"PK\x05\x06\0\0\0\0\x01\0\x01\0".as_slice(), &places, b"\0\0"].concat();
    [local, central, end].concat()
}
