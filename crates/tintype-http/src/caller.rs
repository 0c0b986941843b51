//! Who sends a request: credential, cookie, origin.

use std::net::SocketAddr;

use axum::extract::FromRequestParts;
use http::{HeaderMap, HeaderName, HeaderValue, header, request::Parts};
use tintype_app::{
    Actor, App, Credential,
    types::secret::{ApiToken, OwnerKey},
};

use crate::{
    Http,
    origin::{At, Origin},
    problem::Problem,
};

/// The address of the other end of the connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// Marks a request that came over TLS of our own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Secure;

/// Whoever asks, past trusted proxies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Client {
    /// Its address: never one of a trusted proxy, unless that asks for itself or hides for whom.
    pub(crate) address: std::net::IpAddr,
    /// Whether it has no limits: this machine, or a trusted proxy, that does not ask for anybody else.
    pub(crate) exempt: bool,
}

/// Everything about a request that says who sends it.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) origin: Origin,
    pub(crate) credential: Credential,
    /// Whether the request carries an owner's cookie, whether or not it counts.
    pub(crate) has_cookie: bool,
    /// Whether another site's page caused the request.
    pub(crate) cross_site: bool,
}

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const COOKIE: &str = "tintype_owner";
const COOKIE_HTTPS: &str = "__Host-tintype_owner";
/// Under a sub-path, where the other name's rule (`Path=/`) would hand the key to the neighbours.
const COOKIE_HTTPS_BELOW: &str = "__Secure-tintype_owner";
/// 400 days, the longest that browsers keep a cookie.
const COOKIE_SECONDS: u32 = 400 * 86_400;

impl Caller {
    /// Reads a request's head.
    pub(crate) fn of(http: &Http, parts: &Parts) -> Result<Self, Problem> {
        let peer = parts.extensions.get::<Peer>().map_or(SocketAddr::from(([0, 0, 0, 0], 0)), |peer| peer.0);
        let secure = parts.extensions.get::<Secure>().is_some();
        let origin = Origin::of(&http.config, &parts.headers, &parts.uri, peer, secure)
            .map_err(|_| Problem::invalid_host(&http.app))?;
        let cookie = cookie(&parts.headers, cookie_name(&origin)).and_then(OwnerKey::parse);
        let cross_site = is_cross_site(&parts.headers, &origin);
        let has_cookie = cookie.is_some();
        let credential = match (bearer(&parts.headers), cookie) {
            (Bearer::Token(token), _) => Credential::Token(token),
            (Bearer::Malformed, _) => Credential::Malformed,
            (Bearer::Absent, Some(key)) if !cross_site && origin.at != At::Media => Credential::Browser(key),
            (Bearer::Absent, _) => Credential::Nothing,
        };
        Ok(Self { origin, credential, has_cookie, cross_site })
    }

    /// Finds out who that is.
    pub(crate) async fn actor(&self, app: &App) -> Result<Actor, Problem> {
        app.identify(&self.credential).await.map_err(|error| Problem::from_identify(app, &error))
    }

    /// Makes the browser that sent this an owner, where it may be one and is none: gives the cookie to set.
    pub(crate) fn become_owner(&mut self, app: &App) -> Option<HeaderValue> {
        if self.cross_site
            || self.origin.at == At::Media
            || self.has_cookie
            || !matches!(self.credential, Credential::Nothing)
        {
            return None;
        }
        let key = app.new_owner_key();
        let name = cookie_name(&self.origin);
        let secure = if self.origin.https { "; Secure" } else { "" };
        let value = format!(
            "{name}={}; Path={}/; Max-Age={COOKIE_SECONDS}; HttpOnly; SameSite=Lax{secure}",
            key.expose(),
            self.origin.prefix
        );
        self.credential = Credential::Browser(key);
        let mut value = HeaderValue::from_str(&value).expect("base58 and attributes are visible ASCII");
        value.set_sensitive(true);
        Some(value)
    }
}

impl FromRequestParts<Http> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, http: &Http) -> Result<Self, Problem> {
        Self::of(http, parts)
    }
}

fn cookie_name(origin: &Origin) -> &'static str {
    match (origin.https, origin.prefix.is_empty()) {
        (false, _) => COOKIE,
        (true, true) => COOKIE_HTTPS,
        (true, false) => COOKIE_HTTPS_BELOW,
    }
}

enum Bearer {
    Absent,
    Malformed,
    Token(ApiToken),
}

fn bearer(headers: &HeaderMap) -> Bearer {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Bearer::Absent };
    let Ok(text) = value.to_str() else { return Bearer::Malformed };
    match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
            ApiToken::parse(token.trim()).map_or(Bearer::Malformed, Bearer::Token)
        }
        // A password for the proxy in front, which passes it on, is none of ours.
        Some((scheme, _)) if scheme.eq_ignore_ascii_case("basic") => Bearer::Absent,
        _ => Bearer::Malformed,
    }
}

pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .find_map(|line| line.split(';').find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('=')))
}

/// A browser says where a request comes from (Fetch Metadata); older ones name an origin for every unsafe method.
fn is_cross_site(headers: &HeaderMap, origin: &Origin) -> bool {
    match headers.get(SEC_FETCH_SITE).map(HeaderValue::as_bytes) {
        Some(site) => !matches!(site, b"same-origin" | b"none"),
        None => headers.get(header::ORIGIN).is_some_and(|value| {
            let host = value.to_str().ok().and_then(|text| text.split_once("://")).map(|(_, host)| host);
            host.is_none_or(|host| !host.eq_ignore_ascii_case(&origin.host))
        }),
    }
}
