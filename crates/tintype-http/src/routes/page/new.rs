//! `POST /new`: uploading without JavaScript

use axum::{
    extract::{Request, State},
    response::Response,
};
use http::{StatusCode, header};

use crate::{
    Http,
    access_log::about,
    caller::Caller,
    form,
    pages::{self, Look},
    problem::Problem,
    routes::image::upload::publish,
};

/// Takes the plain form and answers with a page of links.
pub(crate) async fn new(State(http): State<Http>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let look = Look::of(&parts);
    let outcome = async {
        let mut caller = Caller::of(&http, &parts)?;
        let cookie = caller.become_owner(&http.app);
        let actor = caller.actor(&http.app).await?;
        let intake = form::intake(&http, &actor, &parts, body).await?;
        Ok::<_, Problem>((publish(&http, &actor, intake).await, caller, cookie))
    };
    match outcome.await {
        Ok((outcomes, caller, cookie)) => {
            let any = outcomes.iter().any(|(_, outcome)| outcome.is_ok());
            let failed = outcomes
                .iter()
                .find_map(|(_, outcome)| outcome.as_ref().err())
                .map(|problem| problem.code.status());
            let page = pages::result::page(&look, &caller.origin.base, &outcomes);
            let images =
                outcomes.iter().filter_map(|(_, outcome)| outcome.as_ref().ok()).map(|each| &each.image);
            let mut response =
                about(pages::respond_for(&http, page.into_string(), pages::Scripts::None), images);
            *response.status_mut() =
                if any { StatusCode::CREATED } else { failed.unwrap_or(StatusCode::BAD_REQUEST) };
            if let Some(cookie) = cookie {
                response.headers_mut().insert(header::SET_COOKIE, cookie);
            }
            response
        }
        Err(problem) => {
            let status = problem.code.status();
            let page = pages::result::refused(&look, &problem);
            let mut response = pages::respond_for(&http, page.into_string(), pages::Scripts::None);
            *response.status_mut() = status;
            response
        }
    }
}
