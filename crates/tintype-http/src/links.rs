//! The addresses of an image.

use std::{fmt, ops::Deref};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tintype_app::{
    Image, text,
    types::{ImageId, Visibility, secret::DeleteToken},
};

use crate::{negotiate::RAW, origin::Origin};

/// What links begin with, without slashes at their ends. For most of them it is the server's own address, which this derefs
/// to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Base {
    pub(crate) site: String,
    /// The origin of pictures that need no cookie to be seen, where they have one of their own.
    pub(crate) media: Option<String>,
    /// Where copies of images are for readers, if they are.
    pub(crate) copies: Option<String>,
    /// Whether the address of a picture leads browsers to its page.
    pub(crate) negotiate: bool,
}

impl Base {
    /// What the address of a picture begins with. One that is private is seen with a cookie, which the media host never gets.
    fn of(&self, image: &Image) -> &str {
        match &self.media {
            Some(media) if image.visibility != Visibility::Private => media,
            _ => &self.site,
        }
    }
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
        None => format!("{}/i/{}", base.of(image), file(image)),
    }
}

/// An address of the picture that answers its bytes, whoever asks.
pub(crate) fn raw(base: &Base, image: &Image) -> String {
    let link = self::image(base, image);
    let is_copy = base.copies.is_some() && image.copied_at.is_some();
    if base.negotiate && !is_copy { format!("{link}?{RAW}") } else { link }
}

pub(crate) fn page(base: &Base, image: &Image) -> String {
    page_of(base, image.id)
}

pub(crate) fn page_of(base: &Base, id: ImageId) -> String {
    format!("{base}/p/{id}")
}

pub(crate) fn thumb(base: &Base, image: &Image) -> String {
    rendition(base, image, THUMB_SIDE, "webp")
}

/// A variant that lies within `side` × `side` pixels.
pub(crate) fn rendition(base: &Base, image: &Image, side: u32, extension: &str) -> String {
    format!("{}/i/{}/w={side},h={side},fit=scale-down.{extension}", base.of(image), image.id)
}

pub(crate) fn delete(base: &Base, token: &DeleteToken) -> String {
    format!("{base}/d/{}", token.expose())
}

pub(crate) fn named(base: &Base, image: &Image, path: &str) -> String {
    format!("{}{}", base.of(image), text::address_of_path(path))
}

/// A folder of named paths; `path` ends in a slash.
pub(crate) fn folder(base: &Base, path: &str) -> String {
    format!("{base}{}", text::address_of_path(path))
}

/// Where a redirect from an address to a named path or a folder leads. Caches keep redirects, so it begins with an address of the
/// settings or is made of the path alone, never of what the request says of its host or prefix. Where a proxy says that it
/// took a prefix away, it is relative to the address (RFC 3986, 5.2).
pub(crate) fn onward(begin: Option<&str>, origin: &Origin, address: &str, path: &str) -> String {
    let to = text::address_of_path(path);
    match begin {
        Some(begin) => format!("{begin}{to}"),
        None if origin.prefix.is_empty() => to,
        None => {
            let depth = address.bytes().filter(|byte| *byte == b'/').count().saturating_sub(1);
            format!(".{}{to}", "/..".repeat(depth))
        }
    }
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
    }
}
