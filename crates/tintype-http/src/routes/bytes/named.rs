//! `GET /{named path}`, and everything else that no route answers

use axum::{
    extract::{Request, State},
    response::{IntoResponse as _, Response},
};
use http::{Method, header};
use percent_encoding::percent_decode_str;
use tintype_app::{authorize::Denial, headers::Lasting, serve::ServeError, text};

use super::refuse;
use crate::{
    Http,
    caller::Caller,
    deliver::deliver,
    negotiate,
    pages::{self, Look},
    problem::{Code, Problem},
    routes::page::share::in_place_of_bytes,
};

/// An image at a path of its owner's choice. Whatever is no such path is not there.
pub(crate) async fn named(State(http): State<Http>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let path =
        percent_decode_str(parts.uri.path()).decode_utf8().ok().and_then(|path| text::named_path(&path).ok());
    let wants_page = pages::wants_html(&parts.headers);
    let Some(path) = path else {
        return if wants_page {
            pages::missing(&Look::of(&parts), Denial::NotFound)
        } else {
            Problem::not_found(&http.app).into_response()
        };
    };
    if parts.method != Method::GET && parts.method != Method::HEAD {
        let detail = "A named path takes GET and HEAD. Publish by PUT to /api/v1/files/ and the path.";
        let mut response = Problem::new(&http.app, Code::MethodNotAllowed, detail).into_response();
        response.headers_mut().insert(header::ALLOW, http::HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    let outcome = async {
        let caller = Caller::of(&http, &parts)?;
        let actor = caller.actor(&http.app).await?;
        match http.app.original_at_path(&actor, &path).await {
            Err(ServeError::Denied(denial)) if wants_page => Ok(Err(denial)),
            Err(error) => Err(Problem::from_serve(&http.app, &error)),
            Ok(stored) => Ok(Ok(stored)),
        }
    };
    match outcome.await {
        Ok(Ok(stored)) if http.config.negotiate && negotiate::wants_page(&parts) => {
            in_place_of_bytes(&http, stored.id, &parts).await
        }
        Ok(Ok(stored)) => {
            let mut response =
                deliver(&http.app, &parts.method, &parts.headers, &stored, Lasting::Movable).await;
            if http.config.negotiate {
                negotiate::mark(response.headers_mut());
            }
            response
        }
        Ok(Err(denial)) => pages::missing(&Look::of(&parts), denial),
        Err(problem) => refuse(problem),
    }
}
