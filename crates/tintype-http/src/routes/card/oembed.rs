//! `GET /oembed`

use std::fmt::Write as _;

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
    response::{IntoResponse as _, Response},
};
use http::{HeaderValue, header};
use serde::{Deserialize, Serialize};
use tintype_app::{Actor, App, Image, text::InvalidField, types::Visibility};
use utoipa::{IntoParams, ToSchema};

use crate::{
    Http,
    caller::Caller,
    cards::{self, Target},
    deliver::open_to_all,
    links::{self, Base},
    problem::{Code, Problem},
    reply::ProblemDocument,
    routes::image::upload::no_store,
};

/// How long a reader may keep what it was told, in seconds.
const KEPT: i64 = 86_400;

/// What the embedding program asks for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct OembedParams {
    /// An address of this server that leads to an image: its page, its file, or a named path.
    url: String,
    /// `json`, where it is left away, or `xml`.
    #[param(nullable = false)]
    format: Option<String>,
    /// Most pixels that the picture may be wide, and its thumbnail.
    #[param(minimum = 0, maximum = 4_294_967_295_u32, format = Int64, nullable = false)]
    maxwidth: Option<u32>,
    /// Most pixels that they may be high.
    #[param(minimum = 0, maximum = 4_294_967_295_u32, format = Int64, nullable = false)]
    maxheight: Option<u32>,
}

/// A photo, as oEmbed 1.0 tells of it.
#[derive(Serialize, ToSchema)]
#[schema(as = Oembed)]
pub(crate) struct OembedReply {
    /// Always `photo`.
    r#type: &'static str,
    /// Always `1.0`.
    version: &'static str,
    /// What the picture is called.
    title: String,
    provider_name: &'static str,
    provider_url: String,
    /// The address of the picture.
    url: String,
    width: u32,
    height: u32,
    /// A small WebP of at most 320 × 320 pixels, and of at most what was asked for.
    thumbnail_url: String,
    thumbnail_width: u32,
    thumbnail_height: u32,
    /// Seconds for which this may be kept.
    cache_age: i64,
}

/// What an embedding program shows of an image (<https://oembed.com>), for anybody and any page.
///
/// The answer is what a stranger sees, whoever asks: a private image is not there (404), a deleted one is gone (410).
/// `maxwidth` and `maxheight` choose smaller renditions. A format other than `json` and `xml` is 501.
#[utoipa::path(
    get,
    path = "/oembed",
    tag = "pictures",
    operation_id = "getOembed",
    params(OembedParams),
    responses(
        (status = 200, description = "The photo; with `format=xml` the same as `text/xml`", body = OembedReply),
        (status = "4XX", description = "No such image (404), deleted (410), or a query that cannot be read (400)", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "5XX", description = "A format that there is not (501), or the server's own trouble", body = ProblemDocument, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn oembed(
    State(http): State<Http>,
    caller: Caller,
    params: Result<Query<OembedParams>, QueryRejection>,
) -> Response {
    let answered = answer(&http.app, &caller.origin.base, params).await;
    let mut response = no_store(answered.unwrap_or_else(Problem::into_response));
    open_to_all(response.headers_mut());
    response
}

async fn answer(
    app: &App,
    base: &Base,
    params: Result<Query<OembedParams>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(asked) = params.map_err(|error| {
        let detail = format!(
            "The query cannot be read ({}). It takes url, format (json or xml), maxwidth and maxheight (pixels).",
            error.body_text()
        );
        Problem::new(app, Code::InvalidField, detail)
    })?;
    let image = find(app, base, &asked.url).await?;
    let max = (asked.maxwidth.unwrap_or(u32::MAX), asked.maxheight.unwrap_or(u32::MAX));
    let reply = photo(app, base, &image, max)?;
    match asked.format.as_deref() {
        None | Some("json") => Ok(Json(reply).into_response()),
        Some("xml") => {
            let mut response = reply.xml().into_response();
            response
                .headers_mut()
                .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/xml; charset=utf-8"));
            Ok(response)
        }
        Some(_) => {
            let detail = "There is no such format here; format takes json, which it is without one, and xml.";
            Err(Problem::new(app, Code::UnsupportedFormat, detail))
        }
    }
}

/// The image that a stranger sees at this address.
async fn find(app: &App, base: &Base, url: &str) -> Result<Image, Problem> {
    let found = match cards::target(base, url) {
        Some(Target::Image(id)) => app.visible(&Actor::Nobody, id).await,
        Some(Target::Path(path)) => app.visible_at_path(&Actor::Nobody, &path).await,
        None => {
            let detail =
                format!("That address leads to no image of this server, whose addresses begin with {base}/.");
            return Err(Problem::new(app, Code::NotFound, detail));
        }
    };
    found.map_err(|error| Problem::from_serve(app, &error))
}

fn photo(app: &App, base: &Base, image: &Image, max: (u32, u32)) -> Result<OembedReply, Problem> {
    debug_assert!(image.visibility != Visibility::Private, "nobody sees a private image");
    let pictures = cards::picture_within(base, image, max).zip(cards::thumbnail_within(base, image, max));
    let (picture, thumbnail) = pictures.ok_or_else(|| {
        let field = if max.0 < max.1 { "maxwidth" } else { "maxheight" };
        let too_small =
            InvalidField::new(field, "is smaller than the smallest rendition of this image; ask for more");
        Problem::from_field(app, &too_small)
    })?;
    let left = image.expires_at.map(|end| app.clock().now().seconds_until(end));
    Ok(OembedReply {
        r#type: "photo",
        version: "1.0",
        title: links::title(image).to_owned(),
        provider_name: "Tintype",
        provider_url: format!("{base}/"),
        url: picture.url,
        width: picture.width,
        height: picture.height,
        thumbnail_url: thumbnail.url,
        thumbnail_width: thumbnail.width,
        thumbnail_height: thumbnail.height,
        cache_age: left.unwrap_or(KEPT).min(KEPT),
    })
}

impl OembedReply {
    /// The same in the XML of oEmbed 1.0, section 2.3.4.2: one element a member.
    fn xml(&self) -> String {
        let mut text = "<?xml version=\"1.0\" encoding=\"utf-8\" standalone=\"yes\"?>\n<oembed>\n".to_owned();
        let (width, height) = (self.width.to_string(), self.height.to_string());
        let thumbnail = (self.thumbnail_width.to_string(), self.thumbnail_height.to_string());
        let age = self.cache_age.to_string();
        let members = [
            ("type", self.r#type),
            ("version", self.version),
            ("title", &self.title),
            ("provider_name", self.provider_name),
            ("provider_url", &self.provider_url),
            ("url", &self.url),
            ("width", &width),
            ("height", &height),
            ("thumbnail_url", &self.thumbnail_url),
            ("thumbnail_width", &thumbnail.0),
            ("thumbnail_height", &thumbnail.1),
            ("cache_age", &age),
        ];
        for (name, value) in members {
            // Two characters that XML 1.0 cannot hold.
            let value = value.replace(['\u{fffe}', '\u{ffff}'], "");
            let _ = writeln!(text, "  <{name}>{}</{name}>", links::escape(&value));
        }
        text.push_str("</oembed>\n");
        text
    }
}
