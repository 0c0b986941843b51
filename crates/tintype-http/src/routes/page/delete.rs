//! `GET` and `POST /d/{delete token}`

use axum::{
    extract::{Request, State},
    response::{IntoResponse as _, Response},
};
use http::{HeaderValue, StatusCode, header};
use tintype_app::{authorize::Denial, image::ImageError, types::secret::DeleteToken};

use crate::{
    Http,
    caller::Caller,
    pages::{self, Look},
    place::Place,
    problem::Problem,
};

/// Shows the picture and asks. A GET deletes nothing: programs follow links before people do.
pub(crate) async fn ask(State(http): State<Http>, Place(token): Place<String>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let Some(token) = DeleteToken::parse(&token) else {
        return pages::missing(&Look::of(&parts), Denial::NotFound);
    };
    let outcome = async {
        let caller = Caller::of(&http, &parts)?;
        match http.app.image_of_delete_token(&token).await {
            Ok(image) => Ok(Ok((image, caller))),
            Err(ImageError::Denied(denial)) => Ok(Err(denial)),
            Err(error) => Err(Problem::from_image(&http.app, &error)),
        }
    };
    secret(match outcome.await {
        Ok(Ok((image, caller))) => {
            let page = pages::delete::ask(&Look::of(&parts), &caller.origin.base, &image);
            pages::respond_for(&http, page.into_string(), pages::Scripts::None)
        }
        Ok(Err(denial)) => pages::missing(&Look::of(&parts), denial),
        Err(problem) => problem.into_response(),
    })
}

/// Deletes: a page for people, 204 for programs.
pub(crate) async fn delete(
    State(http): State<Http>,
    Place(token): Place<String>,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let html = pages::wants_html(&parts.headers);
    let outcome = match DeleteToken::parse(&token) {
        Some(token) => http.app.delete_by_token(&token, None, false).await,
        None => Err(Denial::NotFound.into()),
    };
    secret(match outcome {
        Ok(_) if html => {
            let page = pages::delete::done(&Look::of(&parts));
            pages::respond_for(&http, page.into_string(), pages::Scripts::None)
        }
        Ok(_) => StatusCode::NO_CONTENT.into_response(),
        Err(ImageError::Denied(denial)) if html => pages::missing(&Look::of(&parts), denial),
        Err(error) => Problem::from_image(&http.app, &error).into_response(),
    })
}

/// The address itself is a secret: it goes into no cache and no Referer.
fn secret(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}
