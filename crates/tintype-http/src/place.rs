//! What stands in an address.

use axum::extract::{FromRequestParts, Path};
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::{
    Http,
    problem::{Code, Problem},
};

/// The parts of an address that its route leaves open. As axum's `Path`, but an address that cannot be read leads nowhere,
/// and is told so by a problem document.
pub(crate) struct Place<T>(pub(crate) T);

impl<T: DeserializeOwned + Send> FromRequestParts<Http> for Place<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, http: &Http) -> Result<Self, Problem> {
        Path::from_request_parts(parts, http).await.map(|Path(open)| Self(open)).map_err(|_| {
            let detail = "There is nothing at this address: it is not UTF-8. Percent-encode it as UTF-8.";
            Problem::new(&http.app, Code::NotFound, detail)
        })
    }
}
