//! `GET /i/{id}.{ext}`, and the same under `/images/`

use axum::{
    extract::{Request, State},
    response::Response,
};
use http::header;
use tintype_app::{
    AliasKind,
    authorize::Denial,
    config::CdnConfig,
    headers::Lasting,
    text,
    types::{ImageId, MediaType},
};

use super::{not_found, refuse, refuse_of, split};
use crate::{
    Http,
    deliver::deliver,
    media, negotiate,
    origin::At,
    pages::{self, Look},
    place::Place,
    problem::{Code, Problem},
    reply::ProblemDocument,
    routes::page::share::in_place_of_bytes,
};

/// The picture itself. The address is permanent: it always leads to these bytes, until the image is deleted.
///
/// Knows `If-Match`, `If-None-Match`, `Range` and `If-Range`. Any extension but the picture's own is 404 (`.jpeg` equals `.jpg`).
#[utoipa::path(
    get,
    path = "/i/{file}",
    tag = "pictures",
    operation_id = "getOriginal",
    params(("file" = String, Path, description = "`{id}.{ext}`, or `{id}` alone")),
    responses(
        (status = 200, description = "The bytes", content_type = "image/*"),
        (status = 206, description = "The range that was asked for", content_type = "image/*"),
        (status = 304, description = "The bytes that the sender has are these"),
        (status = "4XX", description = "Not there (404), deleted (410), a range outside the file (416), another file than `If-Match` expects (412)", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "5XX", description = "The server's own trouble", body = ProblemDocument, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn original(
    State(http): State<Http>,
    file: Result<Place<String>, Problem>,
    request: Request,
) -> Response {
    answer(&http, AliasKind::I, file, request).await
}

/// `/images/{file}` answers as `/i/{file}` does, for links that carry that word.
pub(crate) async fn under_images(
    State(http): State<Http>,
    file: Result<Place<String>, Problem>,
    request: Request,
) -> Response {
    answer(&http, AliasKind::Images, file, request).await
}

async fn answer(
    http: &Http,
    kind: AliasKind,
    file: Result<Place<String>, Problem>,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let id = file.as_ref().ok().and_then(|Place(file)| split(file).0.parse::<ImageId>().ok());
    let outcome = async {
        let Place(file) = file?;
        let caller = super::caller(http, &parts)?;
        let actor = caller.actor(&http.app).await?;
        let (_, extension) = split(&file);
        let found = match id {
            Some(id) => http.app.original(&actor, id).await,
            None => http.app.original_of_alias(&actor, kind, &file).await,
        };
        let stored = found.map_err(|error| Problem::from_serve(&http.app, &error))?;
        let lasting = lasting(&http.app.config().cdn, parts.uri.path(), kind, &file);
        let fits = id.is_none()
            || extension.is_none_or(|text| MediaType::from_extension(text) == Some(stored.media_type));
        Ok::<_, Problem>((fits.then_some((stored, lasting)), caller))
    };
    let wants_page = super::wants_page(http, &parts);
    let shows_pages = wants_page && super::at(http, &parts) == At::Site;
    let mut response = match outcome.await {
        Ok((Some((stored, _)), caller)) if wants_page => {
            in_place_of_bytes(http, &caller, &stored, &parts).await
        }
        Ok((Some((stored, lasting)), caller)) => {
            if let Some(response) = media::redirect(&caller.origin, &parts.uri, stored.visibility) {
                return response;
            }
            deliver(&http.app, &parts.method, &parts.headers, &stored, lasting, None).await
        }
        // The media host has no pages of its own.
        Ok((None, _)) if shows_pages => pages::missing(&Look::of(&parts), Denial::NotFound),
        Ok((None, _)) => not_found(http),
        Err(problem) if shows_pages && problem.code == Code::Gone => {
            pages::missing(&Look::of(&parts), Denial::Gone)
        }
        Err(problem) if shows_pages && problem.code == Code::NotFound => {
            pages::missing(&Look::of(&parts), Denial::NotFound)
        }
        Err(problem) => match id {
            Some(id) => refuse_of(http, problem, id, &parts.headers),
            None => refuse(problem),
        },
    };
    // Refusals have two forms as well.
    if http.config.negotiate && !response.headers().contains_key(header::VARY) {
        negotiate::mark(response.headers_mut());
    }
    response
}

/// How the address may be cached at which an original was asked for. Caches that forget by address are told the one in which
/// nothing is encoded that need not be.
fn lasting(cdn: &CdnConfig, path: &str, kind: AliasKind, file: &str) -> Lasting {
    let listed = || path == format!("/{}{}", kind.as_str(), text::address_of_path(file));
    if cdn.forgets_by_address() && !listed() { Lasting::Unlisted } else { Lasting::Immutable }
}
