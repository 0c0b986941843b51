//! Which address leads where.

use axum::{
    Router,
    extract::{Request, State},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use http::{HeaderValue, Method, StatusCode, header};
use utoipa::OpenApi as _;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    Http, assets,
    openapi::Description,
    problem::{Code, Problem},
    routes::{abuse, bytes, card, dialect, file, image, ops, page, purge},
};

/// The routes that the description tells of.
fn api() -> OpenApiRouter<Http> {
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(image::upload::upload, image::list::list))
        .routes(routes!(image::read::read, image::change::change, image::delete::delete))
        .routes(routes!(image::restore::restore))
        .routes(routes!(file::list::list))
        .routes(routes!(abuse::reports::list))
        .routes(routes!(abuse::reports::close))
        .routes(routes!(abuse::bans::list, abuse::bans::ban, abuse::bans::lift))
        .routes(routes!(purge::list::list, purge::add::add))
        .routes(routes!(purge::retry::retry))
        .routes(routes!(ops::config::config))
        .routes(routes!(ops::openapi::openapi))
        .routes(routes!(ops::health::health))
        .routes(routes!(ops::ready::ready))
        .routes(routes!(ops::metrics::metrics))
        .routes(routes!(ops::version::version))
}

/// The routes whose paths the description and the router spell differently, or that carry a preflight.
fn pictures() -> OpenApiRouter<Http> {
    OpenApiRouter::new()
        .routes(routes!(bytes::original::original))
        .routes(routes!(bytes::variant::variant))
        .routes(routes!(card::oembed::oembed))
        .route("/images/{file}", get(bytes::original::under_images))
}

/// The description of every route that has one.
pub(crate) fn described() -> utoipa::openapi::OpenApi {
    let mut openapi = api().into_openapi();
    openapi.merge(pictures().into_openapi());
    openapi.merge(file_description());
    openapi.merge(dialect::described());
    crate::openapi::tell_of_heads(&mut openapi);
    openapi
}

fn file_description() -> utoipa::openapi::OpenApi {
    let under_path = routes!(file::read::read, file::put::put, file::change::change, file::delete::delete);
    OpenApiRouter::<Http>::new().routes(under_path).into_openapi()
}

pub(crate) fn router(http: Http) -> Router {
    let bytes_preflight = axum::routing::options(bytes::preflight);
    let pages = Router::new()
        .route("/", get(page::app::app))
        .route("/images", get(page::app::app))
        .route("/new", post(page::new::new))
        .route("/api/docs", get(page::docs::docs))
        .route("/p/{id}", get(page::share::share))
        .route("/report/{id}", get(page::report::ask).post(page::report::report))
        .route("/d/{token}", get(page::delete::ask).post(page::delete::delete))
        .route("/assets/{*file}", get(assets::asset))
        .route("/icon.svg", get(assets::root_file))
        .route("/favicon.ico", get(assets::root_file))
        .route("/robots.txt", get(card::robots::robots));
    let preflights = Router::new()
        .route("/i/{file}", bytes_preflight.clone())
        .route("/i/{id}/{variant}", bytes_preflight.clone())
        .route("/images/{file}", bytes_preflight);
    let api = Router::from(api())
        .route("/api/v1/files", get(file::list::list))
        // A named path has slashes, which the description cannot say.
        .route(
            "/api/v1/files/{*path}",
            get(file::read::read)
                .put(file::put::put)
                .patch(file::change::change)
                .delete(file::delete::delete),
        )
        // Here too, so that it lies under the layer: a preflight is a method that no route has.
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn_with_state(http.clone(), cors));
    #[cfg(feature = "testing")]
    let pages = pages.route(
        "/testing/panic",
        get(|| async {
            if true {
                panic!("a test asked for it")
            }
        }),
    );
    Router::new()
        .merge(api)
        .merge(Router::from(pictures()))
        .merge(preflights)
        .merge(dialect::router())
        .merge(pages)
        .fallback(bytes::named::named)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn_with_state(http.clone(), page::own::own))
        .with_state(http)
}

pub(crate) async fn method_not_allowed(State(http): State<Http>) -> Response {
    let detail = "This address exists, but not for this method. The header Allow names those it takes.";
    Problem::new(&http.app, Code::MethodNotAllowed, detail).into_response()
}

/// Pages of the origins in `server.cors_origins` may use the API with tokens, never with cookies.
async fn cors(State(http): State<Http>, request: Request, next: Next) -> Response {
    let origin = request.headers().get(header::ORIGIN).filter(|origin| {
        http.config.cors_origins.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes())
    });
    let origin = origin.cloned();
    let preflight = request.method() == Method::OPTIONS;
    let mut response = match (&origin, preflight) {
        (Some(_), true) => StatusCode::NO_CONTENT.into_response(),
        _ => next.run(request).await,
    };
    let headers = response.headers_mut();
    if !http.config.cors_origins.is_empty() {
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
    }
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        let shown = HeaderValue::from_static("ETag, Location, Retry-After");
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, shown);
        if preflight {
            let methods = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE");
            headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
            let names = HeaderValue::from_static(
                "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Tintype-Delete-Token",
            );
            headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names);
            headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
        }
    }
    response
}
