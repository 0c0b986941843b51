//! Settings of caches in front of the server.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use tintype_app::{
    cdn::{Bunny, CloudFront, Cloudflare, Driver, Fastly, Nginx, Secret, TagHeader, Varnish, Webhook},
    config::CdnConfig,
};
use tintype_http::base_path_of;

use super::{Given, value::list};

/// The kinds of caches, by their words.
const DRIVERS: [&str; 7] = ["bunny", "cloudflare", "cloudfront", "fastly", "nginx", "varnish", "webhook"];

/// What stands in the section `cdn`.
#[derive(Clone, Debug)]
pub(crate) struct CdnSettings {
    pub(crate) drivers: Vec<&'static str>,
    /// `None`: those that the drivers need.
    pub(crate) tags: Option<Vec<TagHeader>>,
    pub(crate) verify: bool,
    pub(crate) verify_url: Option<String>,
    pub(crate) bunny_url: String,
    pub(crate) bunny_zone: Option<String>,
    pub(crate) bunny_key: Option<Secret>,
    pub(crate) cloudflare_url: String,
    pub(crate) cloudflare_zone: Option<String>,
    pub(crate) cloudflare_token: Option<Secret>,
    pub(crate) cloudfront_url: String,
    pub(crate) cloudfront_distribution: Option<String>,
    pub(crate) cloudfront_tags: bool,
    pub(crate) cloudfront_access_key: Option<String>,
    pub(crate) cloudfront_secret_key: Option<Secret>,
    pub(crate) fastly_url: String,
    pub(crate) fastly_service: Option<String>,
    pub(crate) fastly_token: Option<Secret>,
    pub(crate) nginx_url: Vec<String>,
    pub(crate) varnish_url: Vec<String>,
    pub(crate) webhook_url: Option<String>,
    pub(crate) webhook_secret: Option<Secret>,
}

impl Default for CdnSettings {
    fn default() -> Self {
        Self {
            drivers: Vec::new(),
            tags: None,
            verify: true,
            verify_url: None,
            bunny_url: "https://api.bunny.net".to_owned(),
            bunny_zone: None,
            bunny_key: None,
            cloudflare_url: "https://api.cloudflare.com".to_owned(),
            cloudflare_zone: None,
            cloudflare_token: None,
            cloudfront_url: "https://cloudfront.amazonaws.com".to_owned(),
            cloudfront_distribution: None,
            cloudfront_tags: false,
            cloudfront_access_key: None,
            cloudfront_secret_key: None,
            fastly_url: "https://api.fastly.com".to_owned(),
            fastly_service: None,
            fastly_token: None,
            nginx_url: Vec::new(),
            varnish_url: Vec::new(),
            webhook_url: None,
            webhook_secret: None,
        }
    }
}

impl CdnSettings {
    /// The caches as the use cases know them. `bases` are what addresses begin with that readers use.
    ///
    /// # Errors
    /// A setting that a cache needs is missing.
    pub(super) fn config(&self, bases: &[String]) -> Result<CdnConfig> {
        let mut drivers = Vec::new();
        for name in &self.drivers {
            self.add_driver(name, bases, &mut drivers)?;
        }
        let tags = self.tags.clone().unwrap_or_else(|| {
            let mut needed: Vec<TagHeader> = drivers.iter().filter_map(Driver::tag_header).collect();
            needed.sort_unstable();
            needed.dedup();
            needed
        });
        for driver in &drivers {
            if let Some(header) = driver.tag_header().filter(|header| !tags.contains(header)) {
                bail!(
                    "cdn.driver names {}, which forgets by the header {}, but cdn.tags leaves it out: add it, or remove \
                     cdn.tags",
                    driver.name(),
                    header.as_str()
                );
            }
        }
        let below = bases.first().map_or("", |base| base_path_of(base));
        let verify = match (&self.verify_url, bases.first()) {
            _ if drivers.is_empty() || !self.verify => None,
            // It stands for the host alone: addresses are the same there as everywhere.
            (Some(url), _) if base_path_of(url).is_empty() => Some(format!("{url}{below}")),
            (Some(url), _) => Some(url.clone()),
            (None, Some(base)) => Some(base.clone()),
            (None, None) => bail!(
                "cdn.driver is set, but nobody said where readers see whether a cache has forgotten: set server.base_url, or \
                 cdn.verify_url, or cdn.verify = off"
            ),
        };
        Ok(CdnConfig { drivers, tags, verify })
    }

    /// Adds a driver, one for each node where there are several: they do not wait for each other.
    fn add_driver(&self, name: &str, bases: &[String], drivers: &mut Vec<Driver>) -> Result<()> {
        drivers.push(match name {
            "bunny" => Driver::Bunny(Bunny {
                endpoint: self.bunny_url.clone(),
                zone: needed(name, "bunny_zone", &self.bunny_zone)?,
                key: needed(name, "bunny_key", &self.bunny_key)?,
            }),
            "cloudflare" => Driver::Cloudflare(Cloudflare {
                endpoint: self.cloudflare_url.clone(),
                zone: needed(name, "cloudflare_zone", &self.cloudflare_zone)?,
                token: needed(name, "cloudflare_token", &self.cloudflare_token)?,
            }),
            "cloudfront" => Driver::CloudFront(CloudFront {
                endpoint: self.cloudfront_url.clone(),
                distribution: needed(name, "cloudfront_distribution", &self.cloudfront_distribution)?,
                by_tag: self.cloudfront_tags,
                base_paths: base_paths(bases),
                access_key: needed(name, "cloudfront_access_key", &self.cloudfront_access_key)?,
                secret_key: needed(name, "cloudfront_secret_key", &self.cloudfront_secret_key)?,
            }),
            "fastly" => Driver::Fastly(Fastly {
                endpoint: self.fastly_url.clone(),
                service: needed(name, "fastly_service", &self.fastly_service)?,
                token: needed(name, "fastly_token", &self.fastly_token)?,
            }),
            "nginx" => {
                let base_paths = base_paths(bases);
                let nodes = nodes(name, "nginx_url", &self.nginx_url)?.into_iter();
                drivers
                    .extend(nodes.map(|node| Driver::Nginx(Nginx { node, base_paths: base_paths.clone() })));
                return Ok(());
            }
            "varnish" => {
                let nodes = nodes(name, "varnish_url", &self.varnish_url)?.into_iter();
                drivers.extend(nodes.map(|node| Driver::Varnish(Varnish { node })));
                return Ok(());
            }
            _ => {
                if bases.is_empty() {
                    bail!("cdn.driver names webhook, which is told whole addresses: set server.base_url");
                }
                Driver::Webhook(Webhook {
                    url: needed(name, "webhook_url", &self.webhook_url)?,
                    secret: needed(name, "webhook_secret", &self.webhook_secret)?,
                    bases: bases.to_vec(),
                })
            }
        });
        Ok(())
    }
}

/// What is likely not meant so.
pub(super) fn doubts(cdn: &CdnSettings, given: &BTreeMap<&'static str, Given>) -> Vec<String> {
    // Guarding the origin takes no driver.
    let general = |key: &str| ["cdn.driver", "cdn.origin_secret", "cdn.origin_header"].contains(&key);
    let idle = given.keys().filter(|key| key.starts_with("cdn.") && !general(key)).filter(|key| {
        let of = key.strip_prefix("cdn.").and_then(|key| key.split_once('_')).map(|(kind, _)| kind);
        match of.filter(|kind| DRIVERS.contains(kind)) {
            Some(kind) => !cdn.drivers.contains(&kind),
            None => cdn.drivers.is_empty(),
        }
    });
    let idle: Vec<&str> = idle.copied().collect();
    if idle.is_empty() {
        return Vec::new();
    }
    vec![format!(
        "{} is set, but cdn.driver does not name the cache that it is for, and no such cache is told what to forget: name it in \
         cdn.driver, or take the setting away",
        idle.join(", ")
    )]
}

/// The paths of addresses, each once; an empty one where there is no address.
fn base_paths(bases: &[String]) -> Vec<String> {
    let mut paths: Vec<String> = bases.iter().map(|base| base_path_of(base).to_owned()).collect();
    paths.sort_unstable();
    paths.dedup();
    if paths.is_empty() { vec![String::new()] } else { paths }
}

fn needed<T: Clone>(driver: &str, key: &str, value: &Option<T>) -> Result<T> {
    value.clone().with_context(|| format!("cdn.driver names {driver}, but cdn.{key} is not set"))
}

fn nodes(driver: &str, key: &str, nodes: &[String]) -> Result<Vec<String>> {
    needed(driver, key, &Some(nodes.to_vec()).filter(|nodes| !nodes.is_empty()))
}

/// Drivers between commas, each once.
pub(super) fn drivers(text: &str) -> Result<Vec<&'static str>, String> {
    let invalid = || format!("takes any of {} between commas, each once", DRIVERS.join(", "));
    let mut found = Vec::new();
    for word in list(text) {
        let name = DRIVERS.into_iter().find(|name| *name == word).ok_or_else(invalid)?;
        if found.contains(&name) {
            return Err(invalid());
        }
        found.push(name);
    }
    if found.is_empty() { Err(invalid()) } else { Ok(found) }
}

/// Headers of tags between commas, `off`, or `auto`.
pub(super) fn tags(text: &str) -> Result<Option<Vec<TagHeader>>, String> {
    let of = |word: &str| TagHeader::ALL.into_iter().find(|header| header.as_str() == word);
    match text {
        "auto" => Ok(None),
        "off" => Ok(Some(Vec::new())),
        _ => list(&text.to_ascii_lowercase()).map(of).collect::<Option<_>>().map(Some).ok_or_else(|| {
            let words = TagHeader::ALL.map(TagHeader::as_str).join(", ");
            format!("takes auto, off, or any of {words} between commas")
        }),
    }
}

/// A name that a service gave: of letters, digits, `-` and `_`.
pub(super) fn id(text: &str) -> Result<Option<String>, String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if text.is_empty() || !text.bytes().all(plain) {
        return Err("takes letters, digits, '-' and '_'".to_owned());
    }
    Ok(Some(text.to_owned()))
}

/// A key that a service gave: visible ASCII.
pub(super) fn key(text: &str) -> Result<Option<Secret>, String> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("takes a key of letters, digits and signs, without spaces".to_owned());
    }
    Ok(Some(Secret::new(text)))
}

/// The secrets of requests that may come: at least 16 characters each, at most two, so that one can be changed for another.
pub(super) fn origin_secrets(text: &str) -> Result<Vec<Secret>, String> {
    let secrets: Vec<&str> = list(text).collect();
    let long = |secret: &&str| secret.len() >= 16 && secret.bytes().all(|byte| byte.is_ascii_graphic());
    if secrets.is_empty() || secrets.len() > 2 || !secrets.iter().all(long) {
        return Err(
            "takes one secret, or two between a comma, of at least 16 letters, digits and signs each"
                .to_owned(),
        );
    }
    Ok(secrets.into_iter().map(Secret::new).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Sources, load};

    fn with(pairs: &[(&'static str, &str)]) -> Result<CdnConfig> {
        let flags = pairs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let settings = load(&Sources { flags, folder: "/nowhere".into(), ..Sources::default() })?;
        Ok(settings.app.cdn)
    }

    #[test]
    fn a_driver_brings_its_header_and_is_verified_where_readers_are() {
        assert!(with(&[]).unwrap().tags.is_empty());
        let base = ("server.base_url", "https://img.example.org");
        let varnish = ("cdn.varnish_url", "http://127.0.0.1:6081, http://10.0.0.2:6081/");
        let cdn = with(&[base, varnish, ("cdn.driver", "varnish")]).unwrap();
        assert_eq!((cdn.tags.as_slice(), cdn.forgets_all()), (&[TagHeader::Xkey][..], true));
        assert_eq!(cdn.verify.as_deref(), Some("https://img.example.org"));
        let labels: Vec<String> = cdn.drivers.iter().map(Driver::label).collect();
        assert_eq!(labels, ["varnish 127.0.0.1:6081", "varnish 10.0.0.2:6081"]);
        let below = ("server.base_url", "https://example.org/pictures");
        for (url, seen_at) in [
            ("http://127.0.0.1:44600", "http://127.0.0.1:44600/pictures"),
            ("http://127.0.0.1:44600/", "http://127.0.0.1:44600/pictures"),
            ("http://127.0.0.1:44600/pictures", "http://127.0.0.1:44600/pictures"),
        ] {
            let cdn = with(&[below, varnish, ("cdn.driver", "varnish"), ("cdn.verify_url", url)]).unwrap();
            assert_eq!(cdn.verify.as_deref(), Some(seen_at), "{url}");
        }
        let nginx = ("cdn.nginx_url", "http://127.0.0.1:8081");
        let cdn =
            with(&[base, varnish, nginx, ("cdn.driver", "varnish,nginx"), ("cdn.verify", "off")]).unwrap();
        assert!(!cdn.forgets_all() && cdn.verify.is_none());
    }

    #[test]
    fn what_is_missing_is_named() {
        let base = ("server.base_url", "https://img.example.org");
        for (pairs, words) in [
            (&[base, ("cdn.driver", "fastly")][..], "cdn.fastly_service is not set"),
            (&[base, ("cdn.driver", "akamai")], "bunny, cloudflare, cloudfront"),
            (&[base, ("cdn.driver", "nginx,nginx")], "each once"),
            (&[("cdn.driver", "nginx"), ("cdn.nginx_url", "http://127.0.0.1:1")], "cdn.verify_url"),
            (
                &[
                    base,
                    ("cdn.driver", "varnish"),
                    ("cdn.varnish_url", "http://h"),
                    ("cdn.tags", "cache-tag"),
                ],
                "the header xkey",
            ),
            (&[("cdn.tags", "etag")], "surrogate-key"),
            (&[("cdn.fastly_service", "a/b")], "letters, digits"),
            (&[("cdn.origin_secret", "short")], "16"),
            (&[("cdn.origin_header", "a b")], "a header's name"),
        ] {
            let error = format!("{:#}", with(pairs).unwrap_err());
            assert!(error.contains(words), "{pairs:?}: {error}");
        }
    }

    #[test]
    fn settings_without_effect_are_doubted() {
        let varnish = ("cdn.varnish_url", "http://127.0.0.1:6081");
        let driver = ("cdn.driver", "varnish");
        let base = ("server.base_url", "https://img.example.org");
        for (pairs, words) in [
            (&[varnish][..], "cdn.varnish_url is set, but"),
            (&[("cdn.tags", "xkey")], "cdn.tags is set, but"),
            (&[("cdn.verify", "off")], "cdn.verify is set, but"),
            (&[base, varnish, driver, ("cdn.fastly_token", "x")], "cdn.fastly_token is set, but"),
            (&[base, varnish, driver, ("cdn.verify", "off")], ""),
            (&[("cdn.origin_secret", "0123456789abcdef")], ""),
            (&[], ""),
        ] {
            let flags = pairs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
            let settings = load(&Sources { flags, folder: "/nowhere".into(), ..Sources::default() }).unwrap();
            let why = crate::settings::doubts(&settings).join(" ");
            assert!(why.contains(words) && why.is_empty() == words.is_empty(), "{pairs:?}: {why}");
        }
    }

    #[test]
    fn keys_are_not_shown() {
        let flags = vec![("cdn.fastly_token", "s3cr3t-token".to_owned())];
        let settings = load(&Sources { flags, folder: "/nowhere".into(), ..Sources::default() }).unwrap();
        assert!(!format!("{settings:?}").contains("s3cr3t-token"));
        let wrong = with(&[("cdn.bunny_key", "s3cr3t token")]).unwrap_err();
        assert!(!format!("{wrong:#}").contains("s3cr3t"), "{wrong:#}");
    }
}
