//! The settings of HTTPS: reading names, and putting the parts together.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};

use anyhow::{Result, bail};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use tintype_http::{AcmeConfig, CertificateSource, ExternalAccount, https_host};

use super::{Given, Settings, value::list};

/// Where plain HTTP is led to HTTPS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Redirect {
    /// Nobody said: at port 80 of every address.
    #[default]
    Default,
    At(SocketAddr),
    Off,
}

/// HTTPS by itself, as it was given.
#[derive(Clone, Debug, Default)]
pub(crate) struct TlsSettings {
    pub(crate) listen: Option<SocketAddr>,
    pub(crate) http_listen: Redirect,
    pub(crate) certificate: Option<PathBuf>,
    pub(crate) key: Option<PathBuf>,
    pub(crate) acme: AcmeConfig,
    pub(crate) eab_kid: Option<String>,
    pub(crate) eab_key: Option<Secret>,
}

/// Bytes that are shown to nobody.
#[derive(Clone)]
pub(crate) struct Secret(Vec<u8>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// Names of domains between commas, in lower case, each once.
pub(super) fn domains(text: &str) -> Result<Vec<String>, String> {
    let mut domains = Vec::new();
    for name in list(text) {
        let domain = domain(name)?;
        if !domains.contains(&domain) {
            domains.push(domain);
        }
    }
    if domains.is_empty() {
        return Err("takes names of domains between commas, such as images.example.org".to_owned());
    }
    Ok(domains)
}

fn domain(name: &str) -> Result<String, String> {
    if let Some((scheme, rest)) = name.split_once("://") {
        return Err(format!("takes names alone: {rest} without {scheme}://"));
    }
    let address = name.trim_start_matches('[').trim_end_matches(']');
    if address.parse::<IpAddr>().is_ok() {
        return Err(format!("takes names of domains, and {name} is an address"));
    }
    if let Some((host, _)) = name.split_once(':') {
        return Err(format!("takes names alone: {host} without a port, which tls.listen chooses"));
    }
    if name.starts_with('*') {
        return Err(format!(
            "takes no wildcard such as {name}: that needs a challenge by DNS (DNS-01), which is not supported; name each domain"
        ));
    }
    if !name.is_ascii() {
        return Err(format!("takes names in ASCII: write {name} as DNS has it, beginning with xn--"));
    }
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    if name.len() > 253 || !name.split('.').all(label) {
        return Err("takes names of domains between commas, such as images.example.org".to_owned());
    }
    Ok(name)
}

/// The address of an authority's directory.
pub(super) fn directory(text: &str) -> Result<String, String> {
    let host = text.strip_prefix("https://").is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'));
    if host && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(text.to_owned());
    }
    Err("takes an address that begins with https://, such as https://ca.example.org/acme/directory"
        .to_owned())
}

/// A key in base64url, with or without padding.
pub(super) fn key(text: &str) -> Result<Secret, String> {
    match BASE64_URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')) {
        Ok(key) if !key.is_empty() => Ok(Secret(key)),
        _ => Err("takes a key in base64url, as the authority shows it".to_owned()),
    }
}

/// Puts the parts together. Half of them would leave a server that people believe to be safe.
pub(super) fn settle(settings: &mut Settings) -> Result<()> {
    let Settings { tls, http, given, .. } = settings;
    let mut acme = tls.acme.clone();
    acme.external = match (&tls.eab_kid, &tls.eab_key) {
        (Some(id), Some(Secret(key))) => Some(ExternalAccount { id: id.clone(), key: key.clone() }),
        (None, None) => None,
        (Some(_), None) => bail!("tls.acme_eab_kid is set, tls.acme_eab_key is not: set both"),
        (None, Some(_)) => bail!("tls.acme_eab_key is set, tls.acme_eab_kid is not: set both"),
    };
    http.tls.source = match (&tls.certificate, &tls.key) {
        (Some(certificate), Some(key)) => {
            CertificateSource::Files { certificate: certificate.clone(), key: key.clone() }
        }
        (None, None) => CertificateSource::Authority(acme),
        (Some(_), None) => bail!("tls.certificate is set, tls.key is not: set both"),
        (None, Some(_)) => bail!("tls.key is set, tls.certificate is not: set both"),
    };
    if let Some(domain) = http.tls.domains.first()
        && http.base_url.is_none()
    {
        let base = format!("https://{domain}");
        let place = given.get("tls.domains").map_or_else(String::new, |given| given.place.clone());
        given
            .insert("server.base_url", Given { value: base.clone(), place: format!("tls.domains, {place}") });
        http.base_url = Some(base);
    }
    Ok(())
}

/// Why these settings cannot be served. Other commands of the same folder go on: a domain may be the server's flag.
pub(crate) fn contradiction(settings: &Settings) -> Option<String> {
    let Settings { tls, http, .. } = settings;
    if !http.tls.is_on() {
        let idle = tls.listen.is_some() || matches!(tls.http_listen, Redirect::At(_));
        return idle.then(|| {
            "tls.listen or tls.http_listen is set, but HTTPS is off: set tls.domains, or tls.certificate and tls.key"
                .to_owned()
        });
    }
    let base = http.base_url.as_deref().filter(|base| base.starts_with("http://"))?;
    Some(format!(
        "server.base_url is {base}, but HTTPS is on: links would begin with http:// and cookies would not be Secure. Begin it \
         with https://, or leave it away: then the first of tls.domains is taken"
    ))
}

/// What is likely not meant so.
pub(super) fn doubts(settings: &Settings) -> Vec<String> {
    let tls = &settings.http.tls;
    let mut doubts = Vec::new();
    if tls.hsts.is_some() && !tls.is_on() {
        doubts.push(
            "tls.hsts is set, but HTTPS is off, and over plain HTTP browsers take no notice of it: set tls.domains, or let \
             whoever speaks HTTPS in front say it"
                .to_owned(),
        );
    }
    let Settings { http, .. } = settings;
    let site_is_https =
        tls.is_on() || http.base_url.as_deref().is_some_and(|base| base.starts_with("https://"));
    if let Some(plain) = http.media_url.as_deref().filter(|url| site_is_https && url.starts_with("http://")) {
        doubts.push(format!(
            "server.media_url is {plain}, but the site's pages come over HTTPS: browsers take no pictures over http:// in \
             them. Begin it with https://"
        ));
    }
    if tls.is_on() && matches!(tls.source, CertificateSource::Authority(_)) {
        let named = [("server.base_url", &http.base_url), ("server.media_url", &http.media_url)];
        for (setting, url) in named {
            let Some(host) = url.as_deref().and_then(https_host) else { continue };
            if !tls.domains.contains(&host) {
                doubts.push(format!(
                    "{setting} names {host}, which is not in tls.domains: no certificate is asked for it. Add it to \
                     tls.domains, unless a CDN or a proxy speaks HTTPS for it"
                ));
            }
        }
    }
    doubts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Sources, load};

    fn given(flags: &[(&'static str, &str)]) -> Settings {
        let flags = flags.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        load(&Sources { flags, folder: "/nowhere".into(), ..Sources::default() }).unwrap()
    }

    #[test]
    fn what_cannot_be_served_is_told_apart_from_what_is_doubtful() {
        let domain = ("tls.domains", "a.test");
        let media = ("server.media_url", "https://Media.test:8443");
        let plain = ("server.media_url", "http://media.test");
        for (flags, refused, doubted) in [
            (vec![domain], "", ""),
            (vec![("tls.listen", "[::]:443")], "HTTPS is off", ""),
            (vec![("tls.listen", "[::]:443"), domain], "", ""),
            (vec![domain, ("server.base_url", "http://a.test")], "Begin it with https://", ""),
            (
                vec![domain, ("server.base_url", "https://b.test/x")],
                "",
                "server.base_url names b.test, which is not",
            ),
            (vec![domain, ("server.base_url", "https://A.test:8443/x")], "", ""),
            (vec![("tls.domains", "a.test,b.test"), ("server.base_url", "https://b.test")], "", ""),
            (vec![("server.base_url", "http://a.test")], "", ""),
            (vec![domain, media], "", "Add it to tls.domains"),
            (vec![("tls.domains", "a.test,media.test"), media], "", ""),
            (vec![domain, media, ("tls.certificate", "a"), ("tls.key", "b")], "", ""),
            (vec![("server.base_url", "https://a.test"), media], "", ""),
            (vec![domain, plain], "", "pages come over HTTPS"),
            (vec![("server.base_url", "https://a.test"), plain], "", "pages come over HTTPS"),
            (vec![("server.base_url", "http://a.test"), plain], "", ""),
            (vec![("tls.hsts", "1d")], "", "HTTPS is off"),
            (vec![("tls.hsts", "1d"), domain], "", ""),
        ] {
            let settings = given(&flags);
            let why = contradiction(&settings).unwrap_or_default();
            assert!(why.contains(refused) && why.is_empty() == refused.is_empty(), "{flags:?}: {why}");
            let why = doubts(&settings).join(" ");
            assert!(why.contains(doubted) && why.is_empty() == doubted.is_empty(), "{flags:?}: {why}");
        }
    }

    #[test]
    fn names_are_taken_in_lower_case_and_once() {
        let names = domains("Img.Example.org., b.example, img.example.org,xn--bcher-kva.example").unwrap();
        assert_eq!(names, ["img.example.org", "b.example", "xn--bcher-kva.example"]);
        for text in
            ["", ",", "a b", "-a.example", "a-.example", "a_b.example", &"a".repeat(64), &"a.".repeat(130)]
        {
            assert!(domains(text).is_err(), "{text}");
        }
    }

    #[test]
    fn keys_are_base64url_and_not_shown() {
        let secret = key("_-8=").unwrap();
        assert_eq!(secret.0, [0xff, 0xef]);
        assert_eq!(format!("{secret:?}"), "Secret");
        assert!(key("").is_err() && key("+/").is_err());
    }
}
