//! Reporting a picture to the operator.

use maud::{Markup, html};
use tintype_app::{Image, abuse::Reason};

use super::{Look, brand, frame};
use crate::links::{self, Base};

/// The form. Works without script, as every page here.
pub(crate) fn ask(look: &Look, base: &Base, image: &Image) -> Markup {
    let body = html! {
        header class="bar" { (brand(look)) }
        main class="page" {
            h1 { "Report this picture" }
            p class="lead" { "The operator of this server reads what you write here. Whoever uploaded the picture does not." }
            p { img class="preview" src=(links::thumb(base, image)) alt=(links::caption(image)); }
            form class="page-form" method="post" {
                fieldset {
                    legend { "What is wrong with it?" }
                    @for reason in Reason::ALL {
                        label { input type="radio" name="reason" value=(reason.as_str()) required; " " (reason.label()) }
                    }
                }
                label for="detail" { "What should the operator know?" }
                textarea id="detail" name="detail" rows="5" maxlength="1000" {}
                label for="contact" { "How can you be reached? (not needed)" }
                input id="contact" type="text" name="contact" maxlength="200" autocomplete="email";
                p { button class="button primary" { "Send the report" } }
            }
        }
    };
    frame(look, "Report this picture · Tintype", &noindex(), &body)
}

/// It has arrived.
pub(crate) fn done(look: &Look) -> Markup {
    note(look, "Reported", "The operator of this server will look at the picture. Thank you.")
}

/// A field was not taken.
pub(crate) fn refused(look: &Look, why: &str) -> Markup {
    note(look, "The report was not sent", why)
}

fn note(look: &Look, title: &str, text: &str) -> Markup {
    let body = html! {
        header class="bar" { (brand(look)) }
        main class="page note" {
            h1 { (title) }
            p { (text) }
        }
    };
    frame(look, &format!("{title} · Tintype"), &noindex(), &body)
}

fn noindex() -> Markup {
    html! { meta name="robots" content="noindex"; }
}
