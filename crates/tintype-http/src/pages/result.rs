//! What the plain form answers.

use maud::{Markup, html};
use tintype_app::upload::Uploaded;

use super::{Look, brand, copy_field, frame};
use crate::{
    links::{self, Base},
    problem::Problem,
};

/// Each file with its links, or with what was wrong with it.
pub(crate) fn page(
    look: &Look,
    base: &Base,
    outcomes: &[(Option<String>, Result<Uploaded, Problem>)],
) -> Markup {
    let stored = outcomes.iter().filter(|(_, outcome)| outcome.is_ok()).count();
    let title = match (stored, outcomes.len()) {
        (0, 1) => "The picture was not uploaded".to_owned(),
        (1, 1) => "Uploaded".to_owned(),
        (stored, all) => format!("{stored} of {all} uploaded"),
    };
    let body = html! {
        header class="bar" { (brand(look)) }
        main class="page results" {
            h1 { (title) }
            ul class="rows" {
                @for (number, (name, outcome)) in outcomes.iter().enumerate() {
                    li { (row(base, number, name.as_deref(), outcome)) }
                }
            }
            p { a class="button" href=(look.root) { "Upload more" } }
        }
    };
    frame(look, &format!("{title} · Tintype"), &html! {}, &body)
}

fn row(base: &Base, number: usize, name: Option<&str>, outcome: &Result<Uploaded, Problem>) -> Markup {
    let name = name.unwrap_or("A picture");
    match outcome {
        Err(problem) => html! {
            div class="row refused" {
                p class="name" dir="auto" { (name) }
                p class="error" { (problem.detail) }
            }
        },
        Ok(uploaded) => {
            let image = &uploaded.image;
            let link = links::image(base, image);
            let caption = links::caption(image);
            let id = |kind: &str| format!("{kind}-{number}");
            html! {
                div class="row" {
                    a class="thumb" href=(link) { img src=(links::thumb(base, image)) alt=(caption) loading="lazy"; }
                    div class="what" {
                        p class="name" dir="auto" { (name) }
                        @if uploaded.duplicate { p class="info" { "Already here. Same link." } }
                        (copy_field(&id("link"), "Link", &link))
                        details {
                            summary { "More" }
                            (copy_field(&id("page"), "Page", &links::page(base, image)))
                            (copy_field(&id("markdown"), "Markdown", &links::markdown(&link, caption)))
                            (copy_field(&id("html"), "HTML", &links::html(&link, caption, image)))
                            (copy_field(&id("bbcode"), "BBCode", &links::bbcode(&link)))
                            @if let Some(token) = &uploaded.delete_token {
                                (copy_field(&id("delete"), "Delete (shown once)", &links::delete(base, token)))
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The form as a whole was not taken.
pub(crate) fn refused(look: &Look, problem: &Problem) -> Markup {
    let body = html! {
        header class="bar" { (brand(look)) }
        main class="page note" {
            h1 { (problem.code.title()) }
            p class="error" { (problem.detail) }
            @if problem.code.status().is_server_error() { p class="meta" { "Request " code { (problem.request_id) } } }
            p { a class="button" href=(look.root) { "Back" } }
        }
    };
    frame(look, problem.code.title(), &html! {}, &body)
}
