//! `GET /p/{id}`: the page to share

use axum::{
    extract::{Request, State},
    response::{IntoResponse as _, Response},
};
use http::{HeaderValue, StatusCode, header, request::Parts};
use maud::Markup;
use tintype_app::{
    Image,
    authorize::Denial,
    serve::{ServeError, Stored},
    types::Visibility,
};

use crate::{
    Http,
    caller::Caller,
    links::{self, Base},
    negotiate,
    origin::At,
    pages::{self, Look},
    place::Place,
    problem::Problem,
};

/// The picture, its title, cards for chats and forums, links to copy. HTML alone: no script.
pub(crate) async fn share(State(http): State<Http>, Place(id): Place<String>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    of_picture(&http, &id, &parts, pages::share::page).await
}

/// The same page at an address of the picture itself. The media host has no pages, and leads to the site.
pub(crate) async fn in_place_of_bytes(
    http: &Http,
    caller: &Caller,
    stored: &Stored,
    parts: &Parts,
) -> Response {
    let mut response = match &http.config.base_url {
        Some(_) if caller.origin.at == At::Media => {
            let page = HeaderValue::try_from(links::page_of(&caller.origin.base, stored.id));
            let mut response = StatusCode::TEMPORARY_REDIRECT.into_response();
            response
                .headers_mut()
                .insert(header::LOCATION, page.expect("a base and an id are visible ASCII"));
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            response
        }
        _ => of_picture(http, stored.id.as_str(), parts, pages::share::page).await,
    };
    negotiate::vary(response.headers_mut());
    response
}

/// A page about a picture that whoever asks may see: made by `render` of the look, what links begin with, and the image.
pub(super) async fn of_picture(
    http: &Http,
    id: &str,
    parts: &Parts,
    render: fn(&Look, &Base, &Image) -> Markup,
) -> Response {
    let look = Look::of(parts);
    let Ok(id) = id.parse() else { return pages::missing(&look, Denial::NotFound) };
    let outcome = async {
        let caller = Caller::of(http, parts)?;
        let actor = caller.actor(&http.app).await?;
        match http.app.visible(&actor, id).await {
            Ok(image) => Ok(Ok((image, caller))),
            Err(ServeError::Denied(denial)) => Ok(Err(denial)),
            Err(error) => Err(Problem::from_serve(&http.app, &error)),
        }
    };
    match outcome.await {
        Ok(Ok((image, caller))) => {
            let page = render(&look, &caller.origin.base, &image);
            let mut response = pages::respond_for(http, page.into_string(), pages::Scripts::None);
            if image.visibility != Visibility::Public {
                response.headers_mut().insert("x-robots-tag", HeaderValue::from_static("noindex"));
            }
            response
        }
        Ok(Err(denial)) => pages::missing(&look, denial),
        Err(problem) => problem.into_response(),
    }
}
