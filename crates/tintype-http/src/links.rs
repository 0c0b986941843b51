//! The addresses of an image.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tintype_app::{
    Image,
    types::{ImageId, secret::DeleteToken},
};

/// What a path segment may hold plainly (RFC 3986, unreserved), and the slash between segments.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// The share picture that cards and lists show.
const THUMB: &str = "w=320,h=320,fit=scale-down.webp";

/// The name that a file has in dialects.
pub(crate) fn file(image: &Image) -> String {
    format!("{}.{}", image.id, image.media_type.extension())
}

pub(crate) fn image(base: &str, image: &Image) -> String {
    format!("{base}/i/{}.{}", image.id, image.media_type.extension())
}

pub(crate) fn page(base: &str, image: &Image) -> String {
    page_of(base, image.id)
}

pub(crate) fn page_of(base: &str, id: ImageId) -> String {
    format!("{base}/p/{id}")
}

pub(crate) fn thumb(base: &str, image: &Image) -> String {
    format!("{base}/i/{}/{THUMB}", image.id)
}

pub(crate) fn delete(base: &str, token: &DeleteToken) -> String {
    format!("{base}/d/{}", token.expose())
}

pub(crate) fn named(base: &str, path: &str) -> String {
    format!("{base}/{}", utf8_percent_encode(path, PATH))
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

fn escape(text: &str) -> String {
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
        assert_eq!(named("http://h", "blog/ü b.jpg"), "http://h/blog/%C3%BC%20b.jpg");
    }
}
