//! The API's description, generated from the routes themselves.

use utoipa::{
    Modify, OpenApi,
    openapi::{
        ResponseBuilder,
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Tintype",
        description = "An image host: hand it a picture, get a link that lasts. Errors are problem documents (RFC 9457) with a stable `code`.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    external_docs(url = "/api/docs", description = "This description for people, with every error code"),
    modifiers(&Credentials),
    tags(
        (name = "images", description = "Your images"),
        (name = "files", description = "Images at named paths"),
        (name = "pictures", description = "The bytes that links lead to"),
        (name = "dialects", description = "The routes of systems that Tintype replaces, in their own shapes; open to pages of every origin"),
        (name = "operator", description = "Reports, bans and caches in front, for tokens with the scope admin"),
        (name = "server", description = "The server itself"),
    ),
)]
pub(crate) struct Description;

struct Credentials;

impl Modify for Credentials {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let components = openapi.components.get_or_insert_default();
        let token = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("A token made by `tintype token create`."))
            .build();
        components.add_security_scheme("token", SecurityScheme::Http(token));
        let cookie =
            ApiKeyValue::with_description("tintype_owner", "The key of a browser, set by the server.");
        components.add_security_scheme("browser", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    }
}

/// Tells with every operation what answers before any route does: a head beyond the limits gets no body.
pub(crate) fn tell_of_heads(openapi: &mut utoipa::openapi::OpenApi) {
    const DETAIL: &str = "The request's head is larger than 32 KiB, or has more than 64 fields";
    for item in openapi.paths.paths.values_mut() {
        let operations = [&mut item.get, &mut item.put, &mut item.post, &mut item.patch, &mut item.delete];
        for operation in operations.into_iter().flatten() {
            let response = ResponseBuilder::new().description(DETAIL).build();
            operation.responses.responses.insert("431".to_owned(), response.into());
        }
    }
}

/// The description as JSON (OpenAPI 3.1), with a line break at its end.
pub fn description() -> String {
    let mut text =
        crate::router::described().to_pretty_json().expect("the description is made of strings and maps");
    text.push('\n');
    text
}
