//! The routes of systems that Tintype replaces, in their own shapes, so that their front ends work as they are.
//!
//! Each file tells which system it speaks for. All are open to pages of every origin, as those systems were; a cookie does
//! not count there, because the browser says that the request comes from another site.

pub(crate) mod base64;
pub(crate) mod direct;
pub(crate) mod upload;

use axum::{
    Router,
    extract::Request,
    middleware::{Next, from_fn},
    response::{IntoResponse as _, Response},
    routing::{MethodRouter, delete, get, post, put},
};
use http::{HeaderValue, Method, StatusCode, header};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::Http;

/// What the old systems said that pages may send.
const HEADERS: &str = "Content-Type,X-Amz-Date,Authorization,X-Api-Key,X-Amz-Security-Token";

/// Every dialect's routes.
pub(crate) fn router() -> Router<Http> {
    let base64 = || open(post(base64::upload), "POST,OPTIONS");
    let upload = || open(get(upload::list).post(upload::upload), "POST,OPTIONS");
    let remove = || open(delete(upload::remove), "DELETE,OPTIONS");
    Router::new()
        .route("/uploads/init", open(post(direct::init), "POST,OPTIONS"))
        .route("/uploads/complete", open(post(direct::complete), "POST,OPTIONS"))
        .route("/uploads/{id}", open(put(direct::send), "PUT,OPTIONS"))
        .route("/", base64())
        .route("/v0", base64())
        .route("/v0/", base64())
        .route("/upload", upload())
        .route("/upload/", upload())
        .route("/api/upload", upload())
        .route("/api/upload/", upload())
        .route("/upload/{file}", remove())
        .route("/api/upload/{file}", remove())
}

/// The description of one address of each.
pub(crate) fn described() -> utoipa::openapi::OpenApi {
    OpenApiRouter::<Http>::new()
        .routes(routes!(direct::init))
        .routes(routes!(direct::send))
        .routes(routes!(direct::complete))
        .routes(routes!(base64::upload))
        .routes(routes!(upload::list, upload::upload))
        .routes(routes!(upload::remove))
        .into_openapi()
}

/// Opens a route to pages of every origin: preflights are answered 200, and every answer, errors too, may be read.
fn open(route: MethodRouter<Http>, methods: &'static str) -> MethodRouter<Http> {
    let answer = move |request: Request, next: Next| async move {
        let mut response = if request.method() == Method::OPTIONS {
            StatusCode::OK.into_response()
        } else {
            next.run(request).await
        };
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(methods));
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(HEADERS));
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("ETag, Retry-After"));
        response
    };
    route.options(|| async {}).layer(from_fn(answer))
}

/// The reply to a dialect's upload: 200 and, where a browser became an owner by it, its cookie.
fn reply<T: serde::Serialize>(body: T, cookie: Option<HeaderValue>) -> Response {
    let mut response = crate::routes::image::upload::no_store(axum::Json(body).into_response());
    if let Some(cookie) = cookie {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}
