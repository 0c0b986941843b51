//! Turning stored bytes into responses. Everything that browsers, caches and attackers look at is set here.

use std::{borrow::Cow, sync::Arc};

use axum::{BoxError, body::Body, response::Response};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use tintype_app::{
    App, ByteStream, Trouble, UnderWay,
    config::Delivery,
    headers::{GONE, Lasting, cache_control, disposition},
    serve::{Body as StoredBody, Stored},
    types::{ImageId, Visibility},
};

use crate::{
    conditions::{Decision, decide},
    problem::{Code, Problem},
};

/// The internal address under which nginx has the data folder, where it hands the files out.
const ACCEL: &str = "/tintype-data";

const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// Answers a GET or HEAD with stored bytes. Where a service has them, it is asked first: what it does not have is a clear
/// answer and not half a picture. `path` is the named path that was asked for.
pub(crate) async fn deliver(
    app: &App,
    method: &Method,
    headers: &HeaderMap,
    stored: &Arc<Stored>,
    lasting: Lasting,
    path: Option<&str>,
) -> Response {
    let decision = decide(headers, &stored.etag, stored.len());
    // A signed address is for GET alone (AWS Signature Version 4). What a HEAD asks for is known here.
    if matches!(stored.body, StoredBody::Elsewhere(..))
        && method != Method::HEAD
        && !matches!(decision, Decision::NotModified | Decision::Changed)
    {
        return redirect(app, stored, lasting).await;
    }
    let mut asked = None;
    if let StoredBody::File(blob) = &stored.body
        && method == Method::GET
        && blob.file().is_none()
        && let Some(range) = decision.range(stored.len())
    {
        match blob.stream(range).await {
            Ok(bytes) => asked = Some(logged(stored.id, app.under_way(stored, path), bytes)),
            Err(error) => {
                use axum::response::IntoResponse as _;
                return Problem::from_trouble(app, &Trouble::from(error)).into_response();
            }
        }
    }
    deliver_by(app, method, headers, stored, lasting, |start, end| {
        asked.unwrap_or_else(|| stream(app, stored.clone(), path, start, end))
    })
}

/// Sends a reader to the object storage. The redirect may be kept for less time than the address is good for.
async fn redirect(app: &App, stored: &Stored, lasting: Lasting) -> Response {
    use axum::response::IntoResponse as _;
    let signed = match app.address_elsewhere(stored, lasting).await {
        Ok(signed) => signed,
        Err(trouble) => return Problem::from_trouble(app, &trouble).into_response(),
    };
    let Some((url, seconds)) = signed else { return Problem::not_found(app).into_response() };
    let kept = match lasting {
        Lasting::Immutable | Lasting::Unlisted => seconds * 3 / 4,
        Lasting::Movable => (seconds * 3 / 4).min(300),
    };
    let mut response = StatusCode::FOUND.into_response();
    let headers = response.headers_mut();
    headers.insert(header::LOCATION, value(url));
    headers.insert(header::CACHE_CONTROL, value(format!("public, max-age={kept}")));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    open_to_all(headers);
    tag(app, headers, &stored.tag);
    response
}

/// The same with a body of the caller's kind, where `of_file` makes that of a range of an open file.
pub(crate) fn deliver_by<B: Default + From<Bytes> + From<Body>>(
    app: &App,
    method: &Method,
    headers: &HeaderMap,
    stored: &Stored,
    lasting: Lasting,
    of_file: impl FnOnce(u64, u64) -> B,
) -> http::Response<B> {
    let len = stored.len();
    let decision = decide(headers, &stored.etag, len);
    if let StoredBody::File(blob) = &stored.body
        && app.config().delivery == Delivery::Accel
        && !matches!(decision, Decision::NotModified | Decision::Changed)
        && stored.visibility != Visibility::Private
    {
        // nginx knows the length, and decides on ranges.
        let mut response = respond(app, StatusCode::OK, stored, lasting, Some(len), B::default());
        response.headers_mut().remove(header::CONTENT_LENGTH);
        let key = blob.key();
        let path = format!("{ACCEL}/originals/{}/{key}", key.fan_out());
        response.headers_mut().insert("x-accel-redirect", value(path));
        return response;
    }
    match decision {
        Decision::NotModified => respond(app, StatusCode::NOT_MODIFIED, stored, lasting, None, B::default()),
        Decision::Full => {
            let body = body(method, stored, 0, len, of_file);
            respond(app, StatusCode::OK, stored, lasting, Some(len), body)
        }
        Decision::Range { start, end } => {
            let body = body(method, stored, start, end, of_file);
            let mut response =
                respond(app, StatusCode::PARTIAL_CONTENT, stored, lasting, Some(end - start), body);
            let range = format!("bytes {start}-{}/{len}", end - 1);
            response.headers_mut().insert(header::CONTENT_RANGE, value(range));
            response
        }
        Decision::Changed => changed(app).map(B::from),
        Decision::Unsatisfiable => unsatisfiable(app, len).map(B::from),
    }
}

fn changed(app: &App) -> Response {
    use axum::response::IntoResponse as _;
    let detail = "The file here is not the one that If-Match expects. Ask without it for what is here now.";
    let mut response = Problem::new(app, Code::PreconditionFailed, detail).into_response();
    open_to_all(response.headers_mut());
    response
}

fn unsatisfiable(app: &App, len: u64) -> Response {
    use axum::response::IntoResponse as _;
    let detail = format!("The file has {len} bytes; ask for a range within them.");
    let mut response = Problem::new(app, Code::RangeNotSatisfiable, detail).into_response();
    response.headers_mut().insert(header::CONTENT_RANGE, value(format!("bytes */{len}")));
    open_to_all(response.headers_mut());
    response
}

fn respond<B>(
    app: &App,
    status: StatusCode,
    stored: &Stored,
    lasting: Lasting,
    len: Option<u64>,
    body: B,
) -> http::Response<B> {
    let mut response = http::Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.reserve(12);
    let left = stored.expires_at.map(|end| app.clock().now().seconds_until(end));
    headers.insert(header::ETAG, value(stored.etag.clone()));
    let purged = app.is_purged();
    headers.insert(header::CACHE_CONTROL, text(cache_control(stored.visibility, left, lasting, purged)));
    if let Some(len) = len {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(stored.media_type.mime()));
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(len));
        headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        headers.insert(header::CONTENT_DISPOSITION, text(disposition(stored.file_name.as_deref())));
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    if stored.visibility != Visibility::Private {
        open_to_all(headers);
        tag(app, headers, &stored.tag);
    }
    response
}

/// Whoever has the link may use the picture anywhere, without cookies.
pub(crate) fn open_to_all(headers: &mut HeaderMap) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
}

/// Says what the answer shows in the headers by which caches forget it. Where no cache is told anything there are none.
pub(crate) fn tag(app: &App, headers: &mut HeaderMap, tag: &Bytes) {
    for kind in &app.config().cdn.tags {
        let name = HeaderName::from_static(kind.as_str());
        let value = match headers.get(&name) {
            Some(others) => {
                let others = String::from_utf8_lossy(others.as_bytes()).into_owned();
                value(format!("{others}{}{}", kind.separator(), String::from_utf8_lossy(tag)))
            }
            None => {
                HeaderValue::from_maybe_shared(tag.clone()).unwrap_or_else(|_| HeaderValue::from_static(""))
            }
        };
        headers.insert(name, value);
    }
}

/// Lets caches keep for a little that an image is gone, under its tag, so that it comes back with it.
pub(crate) fn gone(app: &App, headers: &mut HeaderMap, of: &Bytes) {
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(GONE));
    tag(app, headers, of);
}

fn text(text: Cow<'static, str>) -> HeaderValue {
    match text {
        Cow::Borrowed(text) => HeaderValue::from_static(text),
        Cow::Owned(text) => value(text),
    }
}

fn value(text: String) -> HeaderValue {
    HeaderValue::from_maybe_shared(Bytes::from(text)).unwrap_or_else(|_| HeaderValue::from_static(""))
}

fn body<B: Default + From<Bytes>>(
    method: &Method,
    stored: &Stored,
    start: u64,
    end: u64,
    of_file: impl FnOnce(u64, u64) -> B,
) -> B {
    if method == Method::HEAD {
        return B::default();
    }
    match &stored.body {
        StoredBody::Memory(bytes) => {
            let range =
                usize::try_from(start).unwrap_or(usize::MAX)..usize::try_from(end).unwrap_or(usize::MAX);
            B::from(bytes.slice(range))
        }
        StoredBody::File(_) => of_file(start, end),
        // Redirected before, but for HEAD, which has no body.
        StoredBody::Elsewhere(..) => B::default(),
    }
}

/// Reads a large file piece by piece.
pub(crate) fn stream(app: &App, stored: Arc<Stored>, path: Option<&str>, start: u64, end: u64) -> Body {
    let id = stored.id;
    let under_way = app.under_way(&stored, path);
    let opened = async move {
        match &stored.body {
            StoredBody::File(blob) => blob.stream(start..end).await,
            StoredBody::Memory(_) | StoredBody::Elsewhere(..) => Ok(stream::empty().boxed()),
        }
    };
    logged(id, under_way, stream::once(opened).try_flatten().boxed())
}

/// A body of pieces. A read that fails is logged and cuts the connection, so that nobody takes half for the whole.
fn logged(id: ImageId, under_way: Option<UnderWay>, pieces: ByteStream) -> Body {
    let pieces = pieces.map_err(move |error| {
        let trouble = Trouble::from(error);
        tracing::error!(image = %id, error = &trouble as &dyn std::error::Error, "a stored file could not be read");
        BoxError::from(trouble)
    });
    match under_way {
        Some(under_way) => Body::from_stream(until_broken_off(under_way, pieces)),
        None => Body::from_stream(pieces),
    }
}

/// Pieces that end with an error as soon as what they show is gone.
fn until_broken_off(
    under_way: UnderWay,
    pieces: impl Stream<Item = Result<Bytes, BoxError>>,
) -> impl Stream<Item = Result<Bytes, BoxError>> {
    let pieces = pieces.take_until(under_way.broken_off());
    let end = stream::once(async move { under_way.is_broken_off() });
    let broken = end.filter_map(async |broken| broken.then(|| Err("what it showed is gone".into())));
    pieces.chain(broken)
}
