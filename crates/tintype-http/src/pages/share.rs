//! The share page.

use maud::{Markup, html};
use tintype_app::{Image, types::Visibility};

use super::{brand, copy_field, frame};
use crate::{
    links::{self, Base},
    problem::size,
    reply::rfc3339,
};

/// The picture first, then what is known of it and the links to copy.
pub(crate) fn page(theme: &str, base: &Base, image: &Image) -> Markup {
    let link = links::image(base, image);
    let page = links::page(base, image);
    let caption = links::caption(image);
    let title = image.title.as_deref().or(image.file_name.as_deref()).unwrap_or("A picture");
    let day = rfc3339(image.created_at);
    let bytes = image.blob.as_ref().map_or(0, |blob| blob.bytes);
    let body = html! {
        header class="bar share" {
            (brand())
            a class="button" href=(link) download { "Get " (size(bytes)) }
        }
        main class="stage" {
            a class="mat" href=(link) {
                img src=(link) alt=(caption) width=(image.width) height=(image.height) fetchpriority="high";
            }
        }
        section class="about" aria-label="About this picture" {
            h1 dir="auto" { (title) }
            p class="meta" {
                time datetime=(day) { (&day[..10.min(day.len())]) }
                " · " (image.width) " × " (image.height) " · " (image.media_type.name()) " · " (size(bytes))
            }
            @if let Some(description) = &image.description { p class="description" dir="auto" { (description) } }
            details class="links" {
                summary { "Copy a link" }
                (copy_field("link-image", "Image", &link))
                (copy_field("link-page", "Page", &page))
                (copy_field("link-markdown", "Markdown", &links::markdown(&link, caption)))
                (copy_field("link-html", "HTML", &links::html(&link, caption, image)))
                (copy_field("link-bbcode", "BBCode", &links::bbcode(&link)))
            }
            p class="meta" { a href={ "/report/" (image.id) } rel="nofollow" { "Report this picture" } }
        }
    };
    frame(theme, &format!("{title} · Tintype"), &cards(base, image, title, &page), &body)
}

/// What chats and forums read (the Open Graph protocol; Twitter cards). Nothing of a private picture.
fn cards(base: &Base, image: &Image, title: &str, page: &str) -> Markup {
    if image.visibility == Visibility::Private {
        return html! { meta name="robots" content="noindex"; };
    }
    // A card's picture is a JPEG of a size that every crawler takes, unless the picture is a small one.
    let picture = format!("{base}/i/{}/w=1200,h=1200,fit=scale-down.jpg", image.id);
    let description = image.description.as_deref().unwrap_or("A picture on Tintype");
    html! {
        link rel="canonical" href=(page);
        @if image.visibility == Visibility::Unlisted { meta name="robots" content="noindex"; }
        meta property="og:type" content="website";
        meta property="og:site_name" content="Tintype";
        meta property="og:title" content=(title);
        meta property="og:description" content=(description);
        meta property="og:url" content=(page);
        meta property="og:image" content=(picture);
        meta property="og:image:type" content="image/jpeg";
        meta property="og:image:width" content=(card_side(image.width, image.height).0);
        meta property="og:image:height" content=(card_side(image.width, image.height).1);
        meta property="og:image:alt" content=(links::caption(image));
        meta name="twitter:card" content="summary_large_image";
    }
}

/// The size of the card's picture: within 1200 × 1200, never enlarged.
fn card_side(width: u32, height: u32) -> (u32, u32) {
    let longer = u64::from(width.max(height)).max(1);
    if longer <= 1200 {
        return (width, height);
    }
    let scale =
        |side: u32| u32::try_from((u64::from(side) * 1200 + longer / 2) / longer).unwrap_or(1200).max(1);
    (scale(width), scale(height))
}
