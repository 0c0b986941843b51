//! `GET /{named path}`, and everything else that no route answers

use axum::{
    extract::{Request, State},
    response::{IntoResponse as _, Response},
};
use http::{Method, header};
use percent_encoding::percent_decode_str;
use tintype_app::{
    authorize::Denial, headers::Lasting, purge::path_tag, serve::ServeError, text, types::Visibility,
};

use super::refuse;
use crate::{
    Http,
    caller::Caller,
    deliver::{deliver, tag},
    media, pages,
    problem::{Code, Problem},
};

/// An image at a path of its owner's choice. Whatever is no such path is not there.
pub(crate) async fn named(State(http): State<Http>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let path =
        percent_decode_str(parts.uri.path()).decode_utf8().ok().and_then(|path| text::named_path(&path).ok());
    let wants_page = pages::wants_html(&parts.headers);
    let Some(path) = path else {
        return if wants_page {
            pages::missing(Denial::NotFound)
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
            Ok(stored) => Ok(Ok((stored, caller))),
        }
    };
    match outcome.await {
        Ok(Ok((stored, caller))) => {
            if let Some(response) = media::redirect(&caller.origin, &parts.uri, stored.visibility) {
                return response;
            }
            let mut response =
                deliver(&http.app, &parts.method, &parts.headers, &stored, Lasting::Movable).await;
            if stored.visibility != Visibility::Private && !http.app.config().cdn.tags.is_empty() {
                tag(&http.app, response.headers_mut(), &path_tag(&path));
            }
            response
        }
        Ok(Err(denial)) => pages::missing(denial),
        Err(problem) => refuse(problem),
    }
}
