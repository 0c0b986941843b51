//! `GET /i/{id}/{ops}.{ext}`

use axum::{
    extract::{Request, State},
    response::Response,
};
use tintype_app::{
    config::CdnConfig,
    headers::Lasting,
    types::{ImageId, Recipe},
};

use super::{not_found, refuse, refuse_of};
use crate::{Http, deliver::deliver, media, place::Place, problem::Problem, reply::ProblemDocument};

/// A rendition of the picture, such as `/i/{id}/w=640,h=480,fit=cover.webp`.
///
/// Ops are `w`, `h` (pixels, lifted to a ladder of sizes) and `fit` (contain, cover, scale-down, pad, fill); formats are
/// jpg, webp and png. Nothing is upscaled.
#[utoipa::path(
    get,
    path = "/i/{id}/{variant}",
    tag = "pictures",
    operation_id = "getVariant",
    params(
        ("id" = String, Path, description = "The image", pattern = "^[1-9A-HJ-NP-Za-km-z]{17}$"),
        ("variant" = String, Path, description = "`{ops}.{ext}`"),
    ),
    responses(
        (status = 200, description = "The bytes", content_type = "image/*"),
        (status = 206, description = "The range that was asked for", content_type = "image/*"),
        (status = 304, description = "The bytes that the sender has are these"),
        (status = "4XX", description = "Not there (404), deleted (410), another file than `If-Match` expects (412), an address that names no variant (400)", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "5XX", description = "The server's own trouble", body = ProblemDocument, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn variant(
    State(http): State<Http>,
    place: Result<Place<(String, String)>, Problem>,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let Place((id, variant)) = match place {
        Ok(place) => place,
        Err(problem) => return refuse(problem),
    };
    let Ok(id) = id.parse() else { return not_found(&http) };
    let outcome = async {
        let caller = super::caller(&http, &parts)?;
        let (ops, extension) = variant.rsplit_once('.').unwrap_or((&variant, ""));
        let recipe =
            Recipe::parse(ops, extension).map_err(|error| Problem::from_recipe(&http.app, &error))?;
        let actor = caller.actor(&http.app).await?;
        let stored = http.app.variant(&actor, id, recipe).await;
        let stored = stored.map_err(|error| Problem::from_serve(&http.app, &error))?;
        Ok((stored, lasting(&http.app.config().cdn, parts.uri.path(), id, &recipe), caller))
    };
    match outcome.await {
        Ok((stored, lasting, caller)) => {
            match media::redirect(&caller.origin, &parts.uri, stored.visibility) {
                Some(response) => response,
                None => deliver(&http.app, &parts.method, &parts.headers, &stored, lasting, None).await,
            }
        }
        Err(problem) => refuse_of(&http, problem, id, &parts.headers),
    }
}

/// How the address may be cached at which a variant was asked for, as it was written: `%3D` is another address than `=`.
fn lasting(cdn: &CdnConfig, path: &str, id: ImageId, recipe: &Recipe) -> Lasting {
    let spelling = || path.strip_prefix("/i/")?.strip_prefix(id.as_str())?.strip_prefix('/');
    let listed = if cdn.needs_list() {
        spelling().is_some_and(|spelling| recipe.spellings().iter().any(|listed| listed == spelling))
    } else {
        !cdn.forgets_by_address() || spelling().is_some()
    };
    if listed { Lasting::Immutable } else { Lasting::Unlisted }
}
