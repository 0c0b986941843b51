//! The API's description for people: every operation, every shape, every error code.

use maud::{Markup, html};
use serde_json::Value;

use super::{Look, brand, frame};
use crate::problem::Code;

/// The methods of the description, in the order in which the page shows them.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// The page, made of the description alone.
pub(crate) fn page(look: &Look, openapi: &Value) -> Markup {
    let operations = operations(openapi);
    let tags = list(&openapi["tags"]);
    let body = html! {
        header class="bar" { (brand(look)) }
        main class="page" {
            h1 { "The API" }
            p { (prose(text(&openapi["info"]["description"]))) }
            p { "For programs, the same as " a href="openapi.json" { "OpenAPI 3.1" } "." }
            nav aria-label="On this page" {
                @for tag in tags {
                    p class="name" { a href={ "#" (text(&tag["name"])) } { (text(&tag["description"])) } }
                    ul { @for operation in of_tag(&operations, tag) { li { (operation.link()) } } }
                }
                p class="name" { a href="#shapes" { "Shapes" } }
                p class="name" { a href="#codes" { "Error codes" } }
            }
            @for tag in tags {
                h2 id=(text(&tag["name"])) { (text(&tag["description"])) }
                @for operation in of_tag(&operations, tag) { (operation.show()) }
            }
            h2 id="shapes" { "Shapes" }
            @for (name, schema) in members(&openapi["components"]["schemas"]) {
                section class="links" id={ "shape-" (name) } {
                    h3 { (name) }
                    (paragraphs(text(&schema["description"])))
                    (fields(schema))
                }
            }
            (codes())
        }
    };
    frame(look, "The API · Tintype", &html! {}, &body)
}

/// The catalogue of error codes.
fn codes() -> Markup {
    html! {
        h2 id="codes" { "Error codes" }
        p { "An error says which by the member " code { "code" } ". Codes are stable: programs may branch on them." }
        ul class="rows" {
            @for code in Code::ALL {
                li class="row refused" id=(code.as_str()) {
                    p class="name" { (code.status().as_u16()) " " a href={ "#" (code.as_str()) } { code { (code.as_str()) } } }
                    p { (code.title()) }
                    p class="hint" { (prose(code.meaning())) }
                }
            }
        }
    }
}

/// One operation of the description.
struct Operation<'a> {
    method: &'static str,
    path: &'a str,
    about: &'a Value,
}

impl Operation<'_> {
    fn id(&self) -> &str {
        text(&self.about["operationId"])
    }

    fn link(&self) -> Markup {
        html! { a href={ "#" (self.id()) } { code { (self.method.to_uppercase()) " " (self.path) } } }
    }

    fn show(&self) -> Markup {
        let parameters = list(&self.about["parameters"]);
        let body = &self.about["requestBody"];
        html! {
            section class="links" id=(self.id()) aria-labelledby={ (self.id()) "-name" } {
                h3 id={ (self.id()) "-name" } { (self.link()) }
                (paragraphs(text(&self.about["summary"])))
                (paragraphs(text(&self.about["description"])))
                (self.who())
                @if !parameters.is_empty() {
                    h4 { "Parameters" }
                    ul class="rows" { @for parameter in parameters { (parameter_row(parameter)) } }
                }
                @if body.is_object() {
                    h4 { "Body" }
                    ul class="rows" { li class="row refused" { (content(&body["content"])) } }
                }
                h4 { "Answers" }
                ul class="rows" {
                    @for (status, response) in members(&self.about["responses"]) {
                        li class="row refused" {
                            p class="name" { (status) }
                            p { (prose(text(&response["description"]))) }
                            @for (name, header) in members(&response["headers"]) {
                                p class="hint" { "Header " code { (name) } " " (prose(text(&header["description"]))) }
                            }
                            (content(&response["content"]))
                        }
                    }
                }
            }
        }
    }

    /// What has to be sent to be somebody.
    fn who(&self) -> Markup {
        let kinds = list(&self.about["security"]);
        let words: Vec<&str> = kinds
            .iter()
            .map(|kind| match members(kind).next() {
                Some(("token", _)) => "a token",
                Some(_) => "the cookie of a browser",
                None => "nothing",
            })
            .collect();
        html! { @if !words.is_empty() { p class="hint" { "Send with it: " (words.join(", or ")) "." } } }
    }
}

fn operations(openapi: &Value) -> Vec<Operation<'_>> {
    members(&openapi["paths"])
        .flat_map(|(path, item)| {
            METHODS
                .iter()
                .filter_map(move |method| item.get(method).map(|about| Operation { method, path, about }))
        })
        .collect()
}

fn of_tag<'a>(operations: &'a [Operation<'a>], tag: &'a Value) -> impl Iterator<Item = &'a Operation<'a>> {
    operations.iter().filter(|operation| list(&operation.about["tags"]).contains(&tag["name"]))
}

fn parameter_row(parameter: &Value) -> Markup {
    html! {
        li class="row refused" {
            p class="name" { code { (text(&parameter["name"])) } }
            p class="hint" {
                "in the " (text(&parameter["in"])) @if parameter["required"] == true { ", required" } ": "
                (kind(&parameter["schema"]))
            }
            (paragraphs(text(&parameter["description"])))
        }
    }
}

/// Media types with the shapes that go with them.
fn content(content: &Value) -> Markup {
    html! {
        @for (media, about) in members(content) {
            p class="hint" { code { (media) } @if about["schema"].is_object() { ": " (kind(&about["schema"])) } }
        }
    }
}

/// The members of a shape, or what else it is.
fn fields(schema: &Value) -> Markup {
    let required = list(&schema["required"]);
    if schema["properties"].is_object() {
        return html! {
            ul class="rows" {
                @for (name, field) in members(&schema["properties"]) {
                    li class="row refused" {
                        p class="name" { code { (name) } }
                        p class="hint" { @if required.iter().any(|other| other == name) { "required: " } (kind(field)) }
                        (paragraphs(text(&field["description"])))
                    }
                }
            }
        };
    }
    html! {
        p class="hint" { (kind(schema)) }
        @for part in list(&schema["allOf"]) { @if part["properties"].is_object() { (fields(part)) } }
    }
}

/// A schema in a few words, with links to the shapes that it names.
fn kind(schema: &Value) -> Markup {
    if let Some(name) = schema["$ref"].as_str().and_then(|name| name.rsplit('/').next()) {
        return html! { a href={ "#shape-" (name) } { (name) } };
    }
    for (word, between) in [("oneOf", " or "), ("anyOf", " or "), ("allOf", " and ")] {
        let parts = list(&schema[word]);
        if !parts.is_empty() {
            return html! { @for (place, part) in parts.iter().enumerate() { @if place > 0 { (between) } (kind(part)) } };
        }
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().map(text).collect(),
        _ => vec![if schema["properties"].is_object() { "object" } else { "anything" }],
    };
    html! {
        (types.join(" or "))
        @if schema["items"].is_object() { " of " (kind(&schema["items"])) }
        @if schema["type"] == "object" && schema["properties"].is_object() { " of its own" }
        (bounds(schema))
    }
}

/// What a schema's values are held to.
fn bounds(schema: &Value) -> Markup {
    let words = [
        ("format", "format"),
        ("minimum", "at least"),
        ("maximum", "at most"),
        ("minLength", "at least this long:"),
        ("maxLength", "at most this long:"),
        ("minItems", "at least this many:"),
        ("maxItems", "at most this many:"),
        ("pattern", "like"),
        ("default", "where it is left away:"),
    ];
    html! {
        @for (name, word) in words {
            @if let Some(value) = schema.get(name) { ", " (word) " " code { (plain(value)) } }
        }
        @for (place, value) in list(&schema["enum"]).iter().enumerate() {
            (if place == 0 { ": " } else { ", " }) code { (plain(value)) }
        }
        @if let Some(value) = schema.get("example") { ", such as " code { (plain(value)) } }
    }
}

/// A text of the description: paragraphs between empty lines.
fn paragraphs(text: &str) -> Markup {
    html! { @for part in text.split("\n\n").filter(|part| !part.is_empty()) { p { (prose(part)) } } }
}

/// A sentence whose `words` between backticks are code.
fn prose(text: &str) -> Markup {
    html! {
        @for (place, part) in text.split('`').enumerate() {
            @if place % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn members(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), value))
}
