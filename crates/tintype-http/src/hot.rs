//! The shortest way: a hot original from RAM, past the router, the catalogue and the disk.

use axum::response::Response;
use http::{Method, request::Parts};
use tintype_app::types::{ImageId, MediaType, id::IMAGE_ID_LEN};

use crate::{
    Http,
    deliver::{Lasting, deliver},
};

/// Answers `GET` and `HEAD` of `/i/{id}.{ext}` where the original is in RAM and needs no identity to be seen.
pub(crate) fn answer(http: &Http, parts: &Parts) -> Option<Response> {
    if parts.method != Method::GET && parts.method != Method::HEAD {
        return None;
    }
    let file = parts.uri.path().strip_prefix("/i/")?;
    let id: ImageId = file.get(..IMAGE_ID_LEN)?.parse().ok()?;
    let rest = &file[IMAGE_ID_LEN..];
    let stored = http.app.hot_original(id)?;
    let fits = rest.is_empty()
        || rest
            .strip_prefix('.')
            .is_some_and(|text| MediaType::from_extension(text) == Some(stored.media_type));
    fits.then(|| deliver(&http.app, &parts.method, &parts.headers, &stored, Lasting::Immutable))
}
