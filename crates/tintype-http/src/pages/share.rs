//! The share page.

use maud::{Markup, html};
use tintype_app::{Image, types::Visibility};

use super::{Look, brand, copy_field, frame};
use crate::{
    cards,
    links::{self, Base},
    problem::size,
    reply::rfc3339,
};

/// The picture first, then what is known of it and the links to copy.
pub(crate) fn page(look: &Look, base: &Base, image: &Image) -> Markup {
    let link = links::image(base, image);
    let raw = links::raw(base, image);
    let page = links::page(base, image);
    let caption = links::caption(image);
    let title = links::title(image);
    let day = rfc3339(image.created_at);
    let bytes = image.blob.as_ref().map_or(0, |blob| blob.bytes);
    let body = html! {
        header class="bar share" {
            (brand(look))
            a class="button" href=(raw) download { "Get " (size(bytes)) }
        }
        main class="stage" {
            a class="mat" href=(raw) {
                img src=(raw) alt=(caption) width=(image.width) height=(image.height) fetchpriority="high";
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
            p class="meta" { a href={ (look.root) "report/" (image.id) } rel="nofollow" { "Report this picture" } }
        }
    };
    frame(look, &format!("{title} · Tintype"), &tags(base, image, title, &page), &body)
}

/// What chats and forums read (the Open Graph protocol; Twitter cards). Nothing of a private picture.
fn tags(base: &Base, image: &Image, title: &str, page: &str) -> Markup {
    if image.visibility == Visibility::Private {
        return html! { meta name="robots" content="noindex"; };
    }
    let picture = cards::picture(base, image);
    let description = image.description.as_deref().unwrap_or("A picture on Tintype");
    html! {
        link rel="canonical" href=(page);
        @if image.visibility == Visibility::Unlisted { meta name="robots" content="noindex"; }
        link rel="alternate" type="application/json+oembed" title=(title) href=(links::oembed(base, image, "json"));
        link rel="alternate" type="text/xml+oembed" title=(title) href=(links::oembed(base, image, "xml"));
        meta name="description" content=(description);
        meta property="og:type" content="website";
        meta property="og:site_name" content="Tintype";
        meta property="og:title" content=(title);
        meta property="og:description" content=(description);
        meta property="og:url" content=(page);
        meta property="og:image" content=(picture.url);
        @if picture.url.starts_with("https://") { meta property="og:image:secure_url" content=(picture.url); }
        meta property="og:image:type" content=(picture.mime);
        meta property="og:image:width" content=(picture.width);
        meta property="og:image:height" content=(picture.height);
        meta property="og:image:alt" content=(links::caption(image));
        meta name="twitter:card" content="summary_large_image";
        meta name="twitter:title" content=(title);
        meta name="twitter:description" content=(description);
        meta name="twitter:image" content=(picture.url);
        meta name="twitter:image:alt" content=(links::caption(image));
    }
}
