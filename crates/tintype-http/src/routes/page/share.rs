//! `GET /p/{id}`: the page to share

use axum::{
    extract::{Request, State},
    response::{IntoResponse as _, Response},
};
use maud::Markup;
use tintype_app::{Image, authorize::Denial, serve::ServeError};

use crate::{Http, caller::Caller, links::Base, pages, place::Place, problem::Problem};

/// The picture, its title, cards for chats and forums, links to copy. HTML alone: no script.
pub(crate) async fn share(State(http): State<Http>, Place(id): Place<String>, request: Request) -> Response {
    of_picture(&http, &id, request, pages::share::page).await
}

/// A page about a picture that whoever asks may see: made by `render` of the theme, what links begin with, and the image.
pub(super) async fn of_picture(
    http: &Http,
    id: &str,
    request: Request,
    render: fn(&str, &Base, &Image) -> Markup,
) -> Response {
    let (parts, _) = request.into_parts();
    let Ok(id) = id.parse() else { return pages::missing(Denial::NotFound) };
    let outcome = async {
        let caller = Caller::of(http, &parts)?;
        let actor = caller.actor(&http.app).await?;
        match http.app.visible(&actor, id).await {
            Ok(image) => Ok(Ok((image, caller))),
            Err(ServeError::Denied(denial)) => Ok(Err(denial)),
            Err(error) => Err(Problem::from_serve(&http.app, &error)),
        }
    };
    match outcome.await {
        Ok(Ok((image, caller))) => {
            let page = render(pages::theme(&parts.headers), &caller.origin.base, &image);
            pages::respond_for(http, page.into_string(), pages::Scripts::None)
        }
        Ok(Err(denial)) => pages::missing(denial),
        Err(problem) => problem.into_response(),
    }
}
