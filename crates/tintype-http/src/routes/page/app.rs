//! `GET /` and `GET /images`: the web app

use axum::{
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::header;

use crate::{
    Http, assets,
    caller::Caller,
    pages::{self, Look},
    problem::Problem,
    routes::ops::config::{ConfigReply, Store},
};

/// The web app's page. Makes a browser that has no key an owner, so that its parallel first uploads share one.
pub(crate) async fn app(State(http): State<Http>, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let mut caller = Caller::of(&http, &parts)?;
    let look = Look::of(&parts);
    let Some(index) = assets::index() else {
        return Ok(pages::unbuilt(&look).into_response());
    };
    let config = serde_json::to_string(&ConfigReply::new(&http)).unwrap_or_default();
    let form = pages::upload_form(&look, http.app.config(), Store::of(&http)).into_string();
    let page = index
        .replace("data-theme=\"auto\"", &format!("data-theme=\"{}\"", look.theme))
        .replace("<!--tintype:head-->", &pages::config_script(&config).into_string())
        .replace("<!--tintype:nojs-->", &form);
    let mut response = pages::respond_for(&http, page, pages::Scripts::App);
    if let Some(cookie) = caller.become_owner(&http.app) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}
