//! The shortest way: a hot original from RAM or an open file, past the router, the catalogue and the file system.

use std::sync::Arc;

use http::{Method, Response, header, request::Parts};
use tintype_app::{
    headers::Lasting,
    serve::{Body as StoredBody, Stored},
    types::{ImageId, MediaType, id::IMAGE_ID_LEN},
};

use crate::{
    Http,
    deliver::{deliver_by, stream},
    negotiate,
    server::{Files, FrontBody},
};

/// Answers `GET` and `HEAD` of `/i/{id}.{ext}` where the original is in RAM and needs no identity to be seen.
pub(crate) fn answer(http: &Http, parts: &Parts, files: &Files) -> Option<Response<FrontBody>> {
    if parts.method != Method::GET && parts.method != Method::HEAD {
        return None;
    }
    // Whoever shows a token hears whether it is one, hot or not.
    if parts.headers.contains_key(header::AUTHORIZATION) {
        return None;
    }
    if http.config.negotiate && negotiate::wants_page(parts) {
        return None;
    }
    let file = parts.uri.path().strip_prefix("/i/")?;
    let id: ImageId = file.get(..IMAGE_ID_LEN)?.parse().ok()?;
    let rest = &file[IMAGE_ID_LEN..];
    let stored = http.app.hot_original(id)?;
    if matches!(stored.body, StoredBody::Elsewhere(..)) {
        // Signing may have to ask for credentials.
        return None;
    }
    let fits = rest.is_empty()
        || rest
            .strip_prefix('.')
            .is_some_and(|text| MediaType::from_extension(text) == Some(stored.media_type));
    fits.then(|| {
        let of_file = |start, end| file_body(files, &stored, start, end);
        let mut response =
            deliver_by(&http.app, &parts.method, &parts.headers, &stored, Lasting::Immutable, of_file);
        if http.config.negotiate {
            negotiate::mark(response.headers_mut());
        }
        response
    })
}

/// An open file goes from the system's cache straight into the socket.
fn file_body(files: &Files, stored: &Arc<Stored>, start: u64, end: u64) -> FrontBody {
    let direct = match &stored.body {
        StoredBody::File(blob) => {
            let len = usize::try_from(end - start).ok();
            blob.file().zip(len).and_then(|(file, len)| files.stand_in(file, start, len))
        }
        StoredBody::Memory(_) | StoredBody::Elsewhere(..) => None,
    };
    direct.map_or_else(|| stream(stored.clone(), start, end).into(), FrontBody::from)
}
