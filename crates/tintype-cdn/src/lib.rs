//! Telling caches in front of the server what to forget.
//!
//! One file per kind of cache: how it is asked, what it can be asked for, and how much at a time. Nothing is remembered here;
//! what has to be tried again is the caller's to know. This crate speaks HTTP as a client and to caches alone.
#![forbid(unsafe_code)]

mod bunny;
mod cloudflare;
mod cloudfront;
mod error;
mod fastly;
mod look;
mod nginx;
mod secret;
mod send;
mod varnish;
mod webhook;

use std::{sync::OnceLock, time::Duration};

use tintype_types::{ImageId, UnixMillis};

pub use bunny::Bunny;
pub use cloudflare::Cloudflare;
pub use cloudfront::CloudFront;
pub use error::PurgeError;
pub use fastly::Fastly;
pub use look::Seen;
pub use nginx::Nginx;
pub use secret::Secret;
pub use varnish::Varnish;
pub use webhook::Webhook;

/// Time in which a cache, or its API, must have taken the connection: one that is not there is known soon.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Time in which it must have answered.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Something to be forgotten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forget {
    /// The image that it is about; `None` for a named path.
    pub image: Option<ImageId>,
    /// The tag that every answer carries which shows it.
    pub tag: String,
    /// The paths of all its addresses that are known, each with a slash before it and percent-encoded.
    pub paths: Vec<String>,
    /// What the paths of its pictures begin with, where one beginning stands for all of them and for nothing else.
    pub prefix: Option<String>,
}

/// A response header that carries tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TagHeader {
    /// `Surrogate-Key`, with spaces between tags: Fastly.
    SurrogateKey,
    /// `Cache-Tag`, with commas: Cloudflare and CloudFront.
    CacheTag,
    /// `xkey`, with spaces: Varnish.
    Xkey,
    /// `CDN-Tag`, with commas: bunny.
    CdnTag,
}

impl TagHeader {
    /// Every header.
    pub const ALL: [Self; 4] = [Self::SurrogateKey, Self::CacheTag, Self::Xkey, Self::CdnTag];

    /// Its name in lower case, which is also its word in settings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SurrogateKey => "surrogate-key",
            Self::CacheTag => "cache-tag",
            Self::Xkey => "xkey",
            Self::CdnTag => "cdn-tag",
        }
    }

    /// What stands between two tags.
    pub const fn separator(self) -> char {
        match self {
            Self::SurrogateKey | Self::Xkey => ' ',
            Self::CacheTag | Self::CdnTag => ',',
        }
    }
}

/// A kind of cache, and how this one is reached.
#[derive(Clone, Debug)]
pub enum Driver {
    /// bunny.net.
    Bunny(Bunny),
    /// Cloudflare.
    Cloudflare(Cloudflare),
    /// Amazon CloudFront.
    CloudFront(CloudFront),
    /// Fastly.
    Fastly(Fastly),
    /// nginx with `ngx_cache_purge`.
    Nginx(Nginx),
    /// Varnish with vmod xkey.
    Varnish(Varnish),
    /// Anything else, told by a call that is signed.
    Webhook(Webhook),
}

impl Driver {
    /// Its word in settings.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Bunny(_) => "bunny",
            Self::Cloudflare(_) => "cloudflare",
            Self::CloudFront(_) => "cloudfront",
            Self::Fastly(_) => "fastly",
            Self::Nginx(_) => "nginx",
            Self::Varnish(_) => "varnish",
            Self::Webhook(_) => "webhook",
        }
    }

    /// The name of this one, by which it is known from others of its kind: `varnish 127.0.0.1:6081` where there may be several.
    pub fn label(&self) -> String {
        let node = match self {
            Self::Nginx(nginx) => &nginx.node,
            Self::Varnish(varnish) => &varnish.node,
            _ => return self.name().to_owned(),
        };
        format!("{} {}", self.name(), node.split_once("://").map_or(node.as_str(), |(_, host)| host))
    }

    /// The header by which it learns tags; `None` where it forgets by address.
    pub const fn tag_header(&self) -> Option<TagHeader> {
        match self {
            Self::Bunny(_) => Some(TagHeader::CdnTag),
            Self::Cloudflare(_) => Some(TagHeader::CacheTag),
            Self::CloudFront(cloudfront) if cloudfront.by_tag => Some(TagHeader::CacheTag),
            Self::Fastly(_) => Some(TagHeader::SurrogateKey),
            Self::Varnish(_) => Some(TagHeader::Xkey),
            Self::CloudFront(_) | Self::Nginx(_) | Self::Webhook(_) => None,
        }
    }

    /// Whether it forgets every address of an image, those that nobody listed included. Where it does not, caches may keep
    /// an address no longer than they would without purges.
    pub const fn reaches_all(&self) -> bool {
        match self {
            Self::Bunny(_) | Self::Cloudflare(_) | Self::Fastly(_) | Self::Varnish(_) => true,
            // A wildcard stands for the addresses below /i/; others are listed.
            Self::CloudFront(cloudfront) => cloudfront.by_tag,
            Self::Nginx(_) | Self::Webhook(_) => false,
        }
    }

    /// Whether it forgets no address but those that are listed.
    pub const fn needs_list(&self) -> bool {
        matches!(self, Self::Nginx(_) | Self::Webhook(_))
    }

    /// Most things that one call takes.
    pub const fn batch(&self) -> u32 {
        match self {
            Self::Bunny(_) | Self::Nginx(_) => 1,
            Self::Cloudflare(_) => cloudflare::BATCH,
            Self::CloudFront(cloudfront) => cloudfront.batch(),
            Self::Fastly(_) => fastly::BATCH,
            Self::Varnish(_) => varnish::BATCH,
            Self::Webhook(_) => webhook::BATCH,
        }
    }

    /// Whether it may keep an answer that was under way when it was told to forget it, once the body has ended. Varnish knows an
    /// object from its head on, and CloudFront is told again after [`cloudfront::SETTLES`].
    pub const fn keeps_at_the_end(&self) -> bool {
        !matches!(self, Self::Varnish(_) | Self::CloudFront(_))
    }

    /// Time from its answer until what it was told holds everywhere.
    pub const fn settles(&self) -> Duration {
        match self {
            Self::CloudFront(_) => cloudfront::SETTLES,
            // "Within seconds" by their documentation.
            Self::Bunny(_) | Self::Cloudflare(_) | Self::Webhook(_) => Duration::from_secs(5),
            Self::Fastly(_) => Duration::from_secs(1),
            Self::Nginx(_) | Self::Varnish(_) => Duration::ZERO,
        }
    }
}

/// A cache that can be told.
#[derive(Debug)]
pub struct Cache {
    driver: Driver,
    label: String,
    client: Client,
}

impl Cache {
    /// A cache; nothing is asked of it yet.
    pub fn new(driver: Driver) -> Self {
        Self { label: driver.label(), driver, client: Client::default() }
    }

    /// Its name, as [`Driver::label`] says.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// What it is.
    pub const fn driver(&self) -> &Driver {
        &self.driver
    }

    /// Tells it to forget all of `what`, of which there are at most [`Driver::batch`]. What it did not know is no error.
    ///
    /// # Errors
    /// [`PurgeError`]; then any part may have been forgotten, and all of it is to be asked for again.
    pub async fn forget(&self, what: &[Forget], now: UnixMillis) -> Result<(), PurgeError> {
        let client = self.client.get()?;
        match &self.driver {
            Driver::Bunny(bunny) => bunny.forget(client, what).await,
            Driver::Cloudflare(cloudflare) => cloudflare.forget(client, what).await,
            Driver::CloudFront(cloudfront) => cloudfront.forget(client, what, now).await,
            Driver::Fastly(fastly) => fastly.forget(client, what).await,
            Driver::Nginx(nginx) => nginx.forget(client, what).await,
            Driver::Varnish(varnish) => varnish.forget(client, what).await,
            Driver::Webhook(webhook) => webhook.forget(client, what, now).await,
        }
    }
}

/// What a reader sees.
#[derive(Debug, Default)]
pub struct Reader {
    client: Client,
}

impl Reader {
    /// Asks for an address as a reader would, and reads no more than the head of the answer.
    ///
    /// # Errors
    /// [`PurgeError::Unavailable`] where nobody answers.
    pub async fn look(&self, url: &str) -> Result<Seen, PurgeError> {
        look::look(self.client.get()?, url).await
    }
}

/// The HTTP client, made when it is needed first.
#[derive(Debug, Default)]
struct Client(OnceLock<reqwest::Client>);

impl Client {
    fn get(&self) -> Result<&reqwest::Client, PurgeError> {
        if let Some(client) = self.0.get() {
            return Ok(client);
        }
        let built = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            // A purge that is sent elsewhere is a wrong address, and a key is not shown to others.
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("tintype/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| PurgeError::Unavailable(format!("no client could be made: {error}")))?;
        Ok(self.0.get_or_init(|| built))
    }
}
