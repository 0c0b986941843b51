//! `GET /p/{id}`: the page to share

use axum::{
    extract::{Request, State},
    response::{IntoResponse as _, Response},
};
use http::{HeaderValue, request::Parts};
use maud::Markup;
use tintype_app::{
    Image,
    authorize::Denial,
    serve::ServeError,
    types::{ImageId, Visibility},
};

use crate::{
    Http,
    caller::Caller,
    config::Robots,
    links::Base,
    negotiate,
    pages::{self, Look},
    place::Place,
    problem::Problem,
};

/// The picture, its title, cards for chats and forums, links to copy. HTML alone: no script.
pub(crate) async fn share(State(http): State<Http>, Place(id): Place<String>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    of_picture(&http, &id, &parts, pages::share::page).await
}

/// The same page at an address of the picture itself.
pub(crate) async fn in_place_of_bytes(http: &Http, id: ImageId, parts: &Parts) -> Response {
    let mut response = of_picture(http, id.to_string().as_str(), parts, pages::share::page).await;
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
            if image.visibility != Visibility::Public || http.config.robots == Robots::None {
                response.headers_mut().insert("x-robots-tag", HeaderValue::from_static("noindex"));
            }
            response
        }
        Ok(Err(denial)) => pages::missing(&look, denial),
        Err(problem) => problem.into_response(),
    }
}
