//! `GET /api/v1/images`

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use tintype_app::{Order, image::LIST_DEFAULT, text};

use super::upload::no_store;
use crate::{
    Http,
    caller::Caller,
    problem::{Code, Problem},
    reply::{ImageList, ImageReply, ProblemDocument},
};

/// What of the list to show.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListParams {
    /// Images on a page: 1 to 200, 50 where it is left away. What lies beyond is taken for the nearer end.
    #[param(minimum = 0, maximum = 4_294_967_295_u32, format = Int64, nullable = false)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    #[param(nullable = false)]
    cursor: Option<String>,
    /// Which come first; `newest` where it is left away. Pages of one list are asked for in one order.
    #[serde(default)]
    #[param(inline, required = false)]
    order: OrderParam,
    /// Only images that were uploaded with this label.
    #[param(nullable = false, max_length = 100)]
    label: Option<String>,
}

/// Which images of a list come first, by when they were uploaded.
#[derive(Clone, Copy, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum OrderParam {
    #[default]
    Newest,
    Oldest,
}

impl From<OrderParam> for Order {
    fn from(order: OrderParam) -> Self {
        match order {
            OrderParam::Newest => Self::Newest,
            OrderParam::Oldest => Self::Oldest,
        }
    }
}

/// List your images.
#[utoipa::path(
    get,
    path = "/api/v1/images",
    tag = "images",
    operation_id = "listImages",
    params(ListParams),
    responses(
        (status = 200, description = "A page of the list", body = ImageList),
        (status = "4XX", description = "What was wrong, and what would be accepted", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "5XX", description = "The server's own trouble", body = ProblemDocument, content_type = "application/problem+json"),
    ),
    security(("token" = []), ("browser" = [])),
)]
pub(crate) async fn list(
    State(http): State<Http>,
    caller: Caller,
    params: Result<Query<ListParams>, QueryRejection>,
) -> Result<Response, Problem> {
    let app = &http.app;
    let Query(params) = params.map_err(|error| {
        let detail = format!(
            "The query cannot be read ({}). It takes limit (1 to 200), cursor, order (newest or oldest) and label.",
            error.body_text()
        );
        Problem::new(app, Code::InvalidField, detail)
    })?;
    let label = match params.label {
        Some(label) => text::text("label", &label, text::LABEL_MAX, false)
            .map_err(|error| Problem::from_field(app, &error))?,
        None => None,
    };
    let actor = caller.actor(app).await?;
    let page = app
        .list(
            &actor,
            params.limit.unwrap_or(LIST_DEFAULT),
            params.cursor.as_deref(),
            params.order.into(),
            label,
        )
        .await
        .map_err(|error| Problem::from_image(app, &error))?;
    let base = &caller.origin.base;
    let images = page.images.iter().map(|image| ImageReply::new(base, image, None, false)).collect();
    let next_cursor = page.next.map(|cursor| cursor.to_string());
    Ok(no_store(Json(ImageList { images, next_cursor, total: page.total }).into_response()))
}
