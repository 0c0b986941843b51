//! The addresses of an image.

use std::{fmt, ops::Deref};

use tintype_app::{
    Image, text,
    types::{ImageId, Visibility, secret::DeleteToken},
};

/// What links begin with, without slashes at their ends. For most of them it is the server's own address, which this derefs
/// to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Base {
    pub(crate) site: String,
    /// The origin of pictures that need no cookie to be seen, where they have one of their own.
    pub(crate) media: Option<String>,
    /// Where copies of images are for readers, if they are.
    pub(crate) copies: Option<String>,
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

/// The share picture that cards and lists show.
const THUMB: &str = "w=320,h=320,fit=scale-down.webp";

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

pub(crate) fn page(base: &Base, image: &Image) -> String {
    page_of(base, image.id)
}

pub(crate) fn page_of(base: &Base, id: ImageId) -> String {
    format!("{base}/p/{id}")
}

pub(crate) fn thumb(base: &Base, image: &Image) -> String {
    format!("{}/i/{}/{THUMB}", base.of(image), image.id)
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

/// Where a redirect to a named path or a folder leads. Caches keep redirects, so it begins with an address of the settings or
/// with nothing, never with the request's Host.
pub(crate) fn onward(begin: Option<&str>, path: &str) -> String {
    format!("{}{}", begin.unwrap_or_default(), text::address_of_path(path))
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
    }
}
