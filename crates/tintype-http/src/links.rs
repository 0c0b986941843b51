//! The addresses of an image.

use std::{fmt, ops::Deref};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tintype_app::{
    Image,
    types::{ImageId, secret::DeleteToken},
};

use crate::negotiate::RAW;

/// What links begin with, without slashes at their ends. For most of them it is the server's own address, which this derefs
/// to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Base {
    pub(crate) site: String,
    /// Where copies of images are for readers, if they are.
    pub(crate) copies: Option<String>,
    /// Whether the address of a picture leads browsers to its page.
    pub(crate) negotiate: bool,
}

impl Deref for Base {
    type Target = str;

    fn deref(&self) -> &str {
        &self.site
    }
}

impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.site)
    }
}

/// What a path segment may hold plainly (RFC 3986, unreserved), and the slash between segments.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// Width and height that the picture of lists lies within.
pub(crate) const THUMB_SIDE: u32 = 320;

/// The name that a file has in dialects.
pub(crate) fn file(image: &Image) -> String {
    format!("{}.{}", image.id, image.media_type.extension())
}

/// The picture itself: its copy in a public bucket where it has one.
pub(crate) fn image(base: &Base, image: &Image) -> String {
    match base.copies.as_deref().filter(|_| image.copied_at.is_some()) {
        Some(copies) => format!("{copies}/{}", file(image)),
        None => format!("{base}/i/{}", file(image)),
    }
}

/// An address of the picture that answers its bytes, whoever asks.
pub(crate) fn raw(base: &Base, image: &Image) -> String {
    let link = self::image(base, image);
    if base.negotiate && link.starts_with(&base.site) { format!("{link}?{RAW}") } else { link }
}

pub(crate) fn page(base: &Base, image: &Image) -> String {
    page_of(base, image.id)
}

pub(crate) fn page_of(base: &Base, id: ImageId) -> String {
    format!("{base}/p/{id}")
}

pub(crate) fn thumb(base: &Base, image: &Image) -> String {
    format!("{base}/i/{}/w={THUMB_SIDE},h={THUMB_SIDE},fit=scale-down.webp", image.id)
}

pub(crate) fn delete(base: &Base, token: &DeleteToken) -> String {
    format!("{base}/d/{}", token.expose())
}

pub(crate) fn named(base: &Base, path: &str) -> String {
    format!("{base}/{}", utf8_percent_encode(path, PATH))
}

/// What a picture is called on its page.
pub(crate) fn title(image: &Image) -> &str {
    image.title.as_deref().or(image.file_name.as_deref()).unwrap_or("A picture")
}

/// Where embedding programs ask what to show of the picture, in one of the formats of oEmbed.
pub(crate) fn oembed(base: &Base, image: &Image, format: &str) -> String {
    let page = page(base, image);
    format!("{base}/oembed?format={format}&url={}", utf8_percent_encode(&page, NON_ALPHANUMERIC))
}

/// What a picture is called where a text must stand in its place.
pub(crate) fn caption(image: &Image) -> &str {
    let stem = image.file_name.as_deref().map(|name| name.rsplit_once('.').map_or(name, |(stem, _)| stem));
    [image.alt.as_deref(), image.title.as_deref(), stem]
        .into_iter()
        .flatten()
        .find(|text| !text.is_empty())
        .unwrap_or("image")
}

pub(crate) fn markdown(link: &str, caption: &str) -> String {
    let mut text = String::with_capacity(link.len() + caption.len() + 8);
    text.push_str("![");
    for c in caption.chars() {
        match c {
            '\\' | '[' | ']' | '`' | '*' | '_' | '<' | '>' | '!' => text.extend(['\\', c]),
            '\n' | '\r' => text.push(' '),
            c => text.push(c),
        }
    }
    text.push_str("](");
    text.push_str(link);
    text.push(')');
    text
}

pub(crate) fn html(link: &str, caption: &str, image: &Image) -> String {
    format!(
        "<img src=\"{}\" alt=\"{}\" width=\"{}\" height=\"{}\" loading=\"lazy\">",
        escape(link),
        escape(caption),
        image.width,
        image.height
    )
}

pub(crate) fn bbcode(link: &str) -> String {
    format!("[img]{link}[/img]")
}

pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captions_cannot_break_out() {
        assert_eq!(markdown("u", "a](javascript:x) ![b"), "![a\\](javascript:x) \\!\\[b](u)");
        assert_eq!(escape("\"><script>alert('1')&"), "&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&amp;");
        let base = Base { site: "http://h".to_owned(), copies: None, negotiate: false };
        assert_eq!(named(&base, "blog/ü b.jpg"), "http://h/blog/%C3%BC%20b.jpg");
    }
}
