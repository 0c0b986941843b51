//! The page of a folder of named paths.

use maud::{Markup, html};
use tintype_app::{Entry, File, file::INDEX_PAGE, text};

use super::{Look, brand, frame};
use crate::links::{self, Base};

/// Folders and pictures that lie directly in `folder`, which ends in a slash: one more entry than is shown where another
/// page follows.
pub(crate) fn page(look: &Look, base: &Base, folder: &str, entries: &[Entry]) -> Markup {
    let shown = &entries[..entries.len().min(INDEX_PAGE as usize)];
    let next = shown.last().filter(|_| shown.len() < entries.len()).map(Entry::path);
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
                @for entry in shown {
                    @match entry {
                        Entry::Folder(path) => {
                            li class="row" { span {} a href=(links::folder(base, path)) dir="auto" { (&path[folder.len()..]) } }
                        }
                        Entry::File(file) => (picture(base, folder, file))
                    }
                }
            }
            @if let Some(next) = next {
                p { a class="button" rel="next" href={ (links::folder(base, folder)) "?after=" (text::address_of_path(next).trim_start_matches('/')) } { "More" } }
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
