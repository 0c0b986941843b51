//! `PATCH /api/v1/images/{id}`

use axum::{
    Json,
    extract::{State, rejection::JsonRejection},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use tintype_app::{
    image::Changes,
    text::{self, InvalidField},
};

use super::upload::no_store;
use crate::{
    Http,
    caller::Caller,
    place::Place,
    problem::{Code, Problem},
    reply::{ImageReply, ProblemDocument, VisibilityWord},
};

/// What to change. A field that is left away stays; null empties it.
#[derive(Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeRequest {
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 200)]
    title: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 5000)]
    description: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 1000)]
    alt: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 100)]
    label: Option<Option<String>>,
    /// At most 20 of at most 50 characters.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Vec<String>>)]
    tags: Option<Option<Vec<String>>>,
    /// An image always has one: null is not taken.
    #[serde(default, deserialize_with = "always")]
    #[schema(value_type = Option<VisibilityWord>, nullable = false)]
    visibility: Option<String>,
    /// Life from now, such as `7d`; null for no end.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    expires_in: Option<Option<String>>,
}

/// Tells a field that is null from one that is not there.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Takes a field that may be left away but not be null.
fn always<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    String::deserialize(deserializer).map(Some)
}

impl ChangeRequest {
    fn checked(self) -> Result<Changes, InvalidField> {
        let text = |field, value: Option<Option<String>>, max, lines| {
            value.map(|value| text::text(field, &value.unwrap_or_default(), max, lines)).transpose()
        };
        Ok(Changes {
            title: text("title", self.title, text::TITLE_MAX, false)?,
            description: text("description", self.description, text::DESCRIPTION_MAX, true)?,
            alt: text("alt", self.alt, text::ALT_MAX, true)?,
            label: text("label", self.label, text::LABEL_MAX, false)?,
            tags: self.tags.map(|tags| text::tags(&tags.unwrap_or_default().join(","))).transpose()?,
            visibility: self.visibility.map(|value| text::visibility(&value)).transpose()?,
            expires_in: self
                .expires_in
                .map(|life| life.map(|life| text::expires_in(&life)).transpose())
                .transpose()?,
        })
    }
}

/// Change an image's fields.
#[utoipa::path(
    patch,
    path = "/api/v1/images/{id}",
    tag = "images",
    operation_id = "changeImage",
    params(("id" = String, Path, description = "The image", pattern = "^[1-9A-HJ-NP-Za-km-z]{17}$")),
    request_body = ChangeRequest,
    responses(
        (status = 200, description = "The image as it is now", body = ImageReply),
        (status = "4XX", description = "What was wrong, and what would be accepted", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "5XX", description = "The server's own trouble", body = ProblemDocument, content_type = "application/problem+json"),
    ),
    security(("token" = []), ("browser" = [])),
)]
pub(crate) async fn change(
    State(http): State<Http>,
    caller: Caller,
    Place(id): Place<String>,
    body: Result<Json<Map<String, Value>>, JsonRejection>,
) -> Result<Response, Problem> {
    let app = &http.app;
    let id = super::id(&http, &id)?;
    let actor = caller.actor(app).await?;
    let unreadable = |why: &str| {
        let detail = format!(
            "The body cannot be read ({why}). Send a JSON object with any of title, description, alt, label, tags, visibility, expires_in."
        );
        Problem::new(app, Code::MalformedBody, detail)
    };
    // By way of an object, because the fields of a struct are also taken from an array, by their order.
    let Json(object) = body.map_err(|error| unreadable(&error.body_text()))?;
    let request: ChangeRequest =
        serde_json::from_value(Value::Object(object)).map_err(|error| unreadable(&error.to_string()))?;
    let changes = request.checked().map_err(|error| Problem::from_field(app, &error))?;
    let image = app.change(&actor, id, changes).await.map_err(|error| Problem::from_image(app, &error))?;
    Ok(no_store(Json(ImageReply::new(&caller.origin.base, &image, None, false)).into_response()))
}
