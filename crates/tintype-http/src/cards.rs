//! What cards show of an image, and which of our addresses lead to one.

use percent_encoding::percent_decode_str;
use tintype_app::{
    Image,
    text::named_path,
    types::{ImageId, MediaType, id::IMAGE_ID_LEN, recipe::LADDER},
};

use crate::links::{self, Base};

/// The longer side of a card's picture where the original is not shown: what the large cards of chats and forums are made for.
const CARD_SIDE: u32 = 1_200;
/// Largest still original that a card shows: some messengers show no picture beyond 600 KB.
const STILL_BYTES_MAX: u64 = 600_000;
/// Largest animation that a card shows; 5 MB is what the strictest reader of cards that plays them takes.
const MOVING_BYTES_MAX: u64 = 5_000_000;
/// Longest side that readers of cards take.
const SIDE_MAX: u32 = 4_096;

/// Programs that make a card of an address they are given, by a word of their `User-Agent`.
pub(crate) const CARD_READERS: [&str; 22] = [
    "Twitterbot",
    "facebookexternalhit",
    "Facebot",
    "Slackbot",
    "Discordbot",
    "TelegramBot",
    "WhatsApp",
    "LinkedInBot",
    "Pinterestbot",
    "redditbot",
    "SkypeUriPreview",
    "Viber",
    "vkShare",
    "Mastodon",
    "Pleroma",
    "Misskey",
    "Lemmy",
    "Cardyb",
    "Synapse",
    "Iframely",
    "Embedly",
    "Discourse",
];

/// A picture that stands for an image elsewhere.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Picture {
    pub(crate) url: String,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) mime: &'static str,
}

/// The picture of a card: the original where every reader of cards takes it, else a JPEG of it.
pub(crate) fn picture(base: &Base, image: &Image) -> Picture {
    if is_for_everybody(image) { original(base, image) } else { rendition(base, image, CARD_SIDE) }
}

/// The largest picture of at most `max` pixels (width and height); `None` where nothing is as small.
pub(crate) fn picture_within(base: &Base, image: &Image, max: (u32, u32)) -> Option<Picture> {
    let fits = |picture: &Picture| picture.width <= max.0 && picture.height <= max.1;
    // By the box of both sides at once, so that what programs ask for is few variants of an image.
    let smaller = || {
        let steps = LADDER.into_iter().rev().filter(|step| *step <= CARD_SIDE);
        steps.map(|step| rendition(base, image, step)).find(fits)
    };
    Some(picture(base, image)).filter(fits).or_else(smaller)
}

/// The picture of lists, or the largest below it of at most `max` pixels (width and height); `None` where nothing is as small.
pub(crate) fn thumbnail_within(base: &Base, image: &Image, max: (u32, u32)) -> Option<Picture> {
    let steps = LADDER.into_iter().rev().filter(|step| *step <= links::THUMB_SIDE);
    let of_side = |side| {
        let (width, height) = within(image, side);
        let url = links::rendition(base, image, side, "webp");
        Picture { url, width, height, mime: MediaType::Webp.mime() }
    };
    steps.map(of_side).find(|picture| picture.width <= max.0 && picture.height <= max.1)
}

fn original(base: &Base, image: &Image) -> Picture {
    let (width, height) = (image.width, image.height);
    Picture { url: links::raw(base, image), width, height, mime: image.media_type.mime() }
}

fn rendition(base: &Base, image: &Image, side: u32) -> Picture {
    let (width, height) = within(image, side);
    let url = links::rendition(base, image, side, "jpg");
    Picture { url, width, height, mime: MediaType::Jpeg.mime() }
}

fn is_for_everybody(image: &Image) -> bool {
    let bytes = image.blob.as_ref().map_or(0, |blob| blob.bytes);
    let max = if image.frames > 1 { MOVING_BYTES_MAX } else { STILL_BYTES_MAX };
    let known = match image.media_type {
        MediaType::Jpeg | MediaType::Png | MediaType::Gif | MediaType::Webp => true,
        MediaType::Avif => false,
    };
    known && bytes <= max && image.width.max(image.height) <= SIDE_MAX
}

/// The size of the image within `side` × `side`, never enlarged.
fn within(image: &Image, side: u32) -> (u32, u32) {
    let longer = u64::from(image.width.max(image.height)).max(1);
    let scale = |length: u32| {
        let scaled = (u64::from(length) * u64::from(side) + longer / 2) / longer;
        u32::try_from(scaled).unwrap_or(side).max(1)
    };
    if longer <= u64::from(side) {
        (image.width, image.height)
    } else {
        (scale(image.width), scale(image.height))
    }
}

/// What one of our addresses leads to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Image(ImageId),
    /// A named path.
    Path(String),
}

/// Reads an address that somebody was given: a share page, an original, a variant, a named path, or a copy in a public
/// bucket. `None` where it is not of this server. Whether it says http or https does not matter.
pub(crate) fn target(base: &Base, url: &str) -> Option<Target> {
    let url = url.split(['?', '#']).next().unwrap_or(url);
    if let Some(file) = base.copies.as_deref().and_then(|copies| below(copies, url)) {
        return of_file(file).map(Target::Image);
    }
    let at_media = base.media.as_deref().and_then(|media| below(media, url));
    let path = at_media.or_else(|| below(&base.site, url))?;
    match path.split_once('/') {
        Some(("i" | "p" | "images", file)) => of_file(file).map(Target::Image),
        _ => named_path(&percent_decode_str(path).decode_utf8().ok()?).ok().map(Target::Path),
    }
}

/// What of `url` stands below `site`, without the slash between them.
fn below<'a>(site: &str, url: &'a str) -> Option<&'a str> {
    let without_scheme = |text: &'a str| text.split_once("://").map(|(_, rest)| rest);
    let (_, site) = site.split_once("://")?;
    let url = without_scheme(url)?;
    let (host, _) = site.split_once('/').unwrap_or((site, ""));
    // Hosts are the same in either case, paths are not.
    let same = url.get(..host.len()).is_some_and(|start| start.eq_ignore_ascii_case(host));
    url.get(host.len()..).filter(|_| same)?.strip_prefix(&site[host.len()..])?.strip_prefix('/')
}

/// The id that `{id}`, `{id}.{ext}` or `{id}/{variant}` begins with.
fn of_file(file: &str) -> Option<ImageId> {
    let (id, rest) = file.split_at_checked(IMAGE_ID_LEN)?;
    (rest.is_empty() || rest.starts_with(['.', '/'])).then(|| id.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "9f3kQ2mZ7xWb4TnRa";

    fn base(site: &str, copies: Option<&str>) -> Base {
        Base { site: site.to_owned(), media: None, copies: copies.map(str::to_owned), negotiate: false }
    }

    #[test]
    fn addresses_lead_to_their_images() {
        let base = base("https://img.example.org/pictures", Some("https://cdn.example.net/copies"));
        let image = || Some(Target::Image(ID.parse().unwrap()));
        for url in [
            "https://img.example.org/pictures/p/9f3kQ2mZ7xWb4TnRa",
            "http://IMG.example.org/pictures/p/9f3kQ2mZ7xWb4TnRa?utm=1#top",
            "https://img.example.org/pictures/i/9f3kQ2mZ7xWb4TnRa.jpg",
            "https://img.example.org/pictures/i/9f3kQ2mZ7xWb4TnRa/w=640.webp",
            "https://img.example.org/pictures/images/9f3kQ2mZ7xWb4TnRa.jpg",
            "https://cdn.example.net/copies/9f3kQ2mZ7xWb4TnRa.jpg",
        ] {
            assert_eq!(target(&base, url), image(), "{url}");
        }
        let path = Some(Target::Path("blog/ü b.jpg".to_owned()));
        assert_eq!(target(&base, "https://img.example.org/pictures/blog/%C3%BC%20b.jpg"), path);
    }

    #[test]
    fn addresses_of_others_lead_nowhere() {
        let base = base("https://img.example.org", None);
        for url in [
            "",
            "https://img.example.org",
            "https://img.example.org/",
            "https://img.example.org.evil.example/p/9f3kQ2mZ7xWb4TnRa",
            "https://evil.example/p/9f3kQ2mZ7xWb4TnRa",
            "https://img.example.org@evil.example/p/9f3kQ2mZ7xWb4TnRa",
            "//img.example.org/p/9f3kQ2mZ7xWb4TnRa",
            "/p/9f3kQ2mZ7xWb4TnRa",
            "https://img.example.org/p/9f3kQ2mZ7xWb4TnRab",
            "https://img.example.org/p/9f3kQ2mZ7xWb4TnR",
            "https://img.example.org/d/9f3kQ2mZ7xWb4TnRa",
            "https://img.example.org/api/v1/images/a.jpg",
            "https://img.example.org/blog/%ff.jpg",
            "https://img.example.org/é",
        ] {
            assert_eq!(target(&base, url), None, "{url}");
        }
    }
}
