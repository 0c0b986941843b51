//! The page of a folder of named paths.

use maud::{Markup, html};
use tintype_app::{Entry, File};

use super::{Look, brand, frame};
use crate::links::{self, Base};

/// Folders and pictures that lie directly in `folder`, which ends in a slash. `next` is the query of the page that follows.
pub(crate) fn page(look: &Look, base: &Base, folder: &str, entries: &[Entry], next: Option<&str>) -> Markup {
    let name = folder.trim_end_matches('/');
    let title = name.rsplit('/').next().unwrap_or(name);
    let body = html! {
        header class="bar" { (brand(look)) }
        main class="page folder" {
            h1 dir="auto" { (title) }
            @if let Some((above, _)) = name.rsplit_once('/') {
                p { a href=(links::folder(base, &format!("{above}/"))) { "Up to " (above) } }
            }
            ul class="rows" {
                @for entry in entries {
                    @match entry {
                        Entry::Folder(path) => {
                            li class="row" { span {} a href=(links::folder(base, path)) dir="auto" { (&path[folder.len()..]) } }
                        }
                        Entry::File(file) => (picture(base, folder, file))
                    }
                }
            }
            @if let Some(next) = next {
                p { a class="button" rel="next" href={ (links::folder(base, folder)) "?" (next) } { "More" } }
            }
        }
    };
    frame(look, &format!("{title} · Tintype"), &html! {}, &body)
}

fn picture(base: &Base, folder: &str, file: &File) -> Markup {
    html! {
        li class="row" {
            a class="thumb" href=(links::named(base, &file.image, &file.path)) tabindex="-1" {
                img src=(links::thumb(base, &file.image)) alt=(links::caption(&file.image)) loading="lazy";
            }
            a href=(links::named(base, &file.image, &file.path)) dir="auto" { (&file.path[folder.len()..]) }
        }
    }
}
