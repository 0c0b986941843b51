//! The delete page.

use maud::{Markup, html};
use tintype_app::Image;

use super::{Look, brand, frame};
use crate::links::{self, Base};

/// Shows the picture and asks. The form posts to the page's own address, which is the secret.
pub(crate) fn ask(look: &Look, base: &Base, image: &Image) -> Markup {
    let name = image.title.as_deref().or(image.file_name.as_deref()).unwrap_or("this picture");
    let body = html! {
        header class="bar" { (brand(look)) }
        main class="page note" {
            h1 { "Delete this picture?" }
            p class="name" dir="auto" { (name) }
            p { img class="preview" src=(links::thumb(base, image)) alt=(links::caption(image)); }
            p { "Its links stop working at once, for everybody." }
            form method="post" { button class="button danger" { "Delete" } }
        }
    };
    frame(look, "Delete this picture?", &noindex(), &body)
}

/// It is done.
pub(crate) fn done(look: &Look) -> Markup {
    let body = html! {
        header class="bar" { (brand(look)) }
        main class="page note" {
            h1 { "Deleted" }
            p { "The picture and its links are gone. Only its owner can bring it back, while the grace period lasts." }
            p { a class="button" href=(look.root) { "Upload a picture" } }
        }
    };
    frame(look, "Deleted", &noindex(), &body)
}

fn noindex() -> Markup {
    html! { meta name="robots" content="noindex"; }
}
