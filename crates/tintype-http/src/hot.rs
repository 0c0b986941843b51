//! The shortest way: a hot original from RAM or an open file, past the router, the catalogue and the file system.

use std::sync::Arc;

use http::{Method, Response, header, request::Parts};
use tintype_app::{
    App,
    headers::Lasting,
    serve::{Body as StoredBody, Stored},
    types::{ImageId, MediaType, id::IMAGE_ID_LEN},
};

use crate::{
    Http,
    deliver::{deliver_by, stream},
    negotiate,
    server::{FILE_BYTES_MAX, FrontBody, Pieces, Way},
};

/// Answers `GET` and `HEAD` of `/i/{id}.{ext}` where the original is in RAM and needs no identity to be seen.
pub(crate) fn answer(http: &Http, parts: &Parts, way: &Way) -> Option<Response<FrontBody>> {
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
        let of_file = |start, end| file_body(&http.app, way, &stored, start, end);
        let mut response =
            deliver_by(&http.app, &parts.method, &parts.headers, &stored, Lasting::Immutable, of_file);
        if http.config.negotiate {
            negotiate::mark(response.headers_mut());
        }
        response
    })
}

/// An open file goes from the system's cache straight into the socket, or through memory where TLS has to have it.
fn file_body(app: &App, way: &Way, stored: &Arc<Stored>, start: u64, end: u64) -> FrontBody {
    let file = match &stored.body {
        StoredBody::File(blob) => blob.file(),
        StoredBody::Memory(_) | StoredBody::Elsewhere(..) => None,
    };
    let direct = match way {
        Way::Plain(files) => {
            let len = usize::try_from(end - start).ok();
            file.zip(len).and_then(|(file, len)| files.stand_in(file, start, len)).map(FrontBody::from)
        }
        Way::Secure => file
            .filter(|_| end - start <= FILE_BYTES_MAX)
            .map(|file| FrontBody::File(Pieces::new(file, start, end))),
    };
    direct.unwrap_or_else(|| stream(app, stored.clone(), None, start, end).into())
}
