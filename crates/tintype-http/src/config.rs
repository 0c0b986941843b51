//! The settings of the HTTP side.

use std::{net::IpAddr, path::PathBuf, time::Duration};

use http::HeaderName;
use ipnet::IpNet;
use tintype_app::{cdn::Secret, text::InvalidField};

use crate::{base_path, limit::Rates};

/// What crawlers may take into their index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Robots {
    /// Pages of images that are public.
    Public,
    /// Nothing.
    None,
}

/// The headers in which proxies say for whom they ask. One kind only: a proxy that writes one hands on the other as the client
/// sent it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ForwardedBy {
    /// `X-Forwarded-For`, `X-Forwarded-Host` and `X-Forwarded-Proto`, as nearly all proxies do.
    #[default]
    XForwarded,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// Settings of the HTTP side.
#[derive(Clone, Debug)]
pub struct HttpConfig {
    /// What links begin with, such as `https://img.example.org` or `https://example.org/pictures`, without a slash at its
    /// end. Unset, the request's Host.
    pub base_url: Option<String>,
    /// An origin of its own for pictures, without cookies: what links to them begin with, without a slash at its end.
    pub media_url: Option<String>,
    /// What links to pictures begin with that have a copy in a public bucket, without a slash at its end.
    pub copies_url: Option<String>,
    /// Whether the address of a picture answers the page about it to browsers that open it and to readers of cards.
    pub negotiate: bool,
    /// What crawlers may take into their index.
    pub robots: Robots,
    /// Proxies that are believed what they say of whom they ask for.
    pub trusted_proxies: Vec<IpNet>,
    /// How they say it.
    pub forwarded: ForwardedBy,
    /// Whether connections of trusted proxies begin with the PROXY protocol.
    pub proxy_protocol: bool,
    /// HTTPS by itself.
    pub tls: TlsConfig,
    /// Other origins whose pages may use the API with tokens.
    pub cors_origins: Vec<String>,
    /// The operator's own pages, which stand before the web app.
    pub web_dir: Option<PathBuf>,
    /// What requests must show, one of them; none where everybody may ask this server.
    pub origin_secrets: Vec<Secret>,
    /// The header in which they show it.
    pub origin_header: HeaderName,
    /// Whether a folder of named paths shows its public pictures, at its address with a slash at the end.
    pub folder_index: bool,
    /// Whether the list of the dialect at `/upload` shows everybody's images, not only the caller's.
    pub list_shared: bool,
    /// How much one client may ask for; addresses of trusted proxies have no limit.
    pub rates: Rates,
    /// Most connections of one client.
    pub connections_per_client: usize,
    /// Who may read `/metrics` without a token.
    pub metrics_allow: Vec<IpNet>,
    /// Time between the wish to stop and the closing of the door, in which `/ready` says no.
    pub stop_delay: Duration,
    /// Most connections at once; further ones wait to be accepted.
    pub connections_max: usize,
    /// Time in which a request's headers must have come.
    pub header_timeout: Duration,
    /// Longest pause between two pieces of a body.
    pub body_timeout: Duration,
    /// Time that a shutdown gives requests under way.
    pub drain_timeout: Duration,
    /// The program's version.
    pub version: &'static str,
    /// The commit it was built of, or `unknown`.
    pub commit: &'static str,
}

/// Settings of TLS.
#[derive(Clone, Debug, Default)]
pub struct TlsConfig {
    /// The names that people use, in lower case, the main one first.
    pub domains: Vec<String>,
    /// Where their certificates come from.
    pub source: CertificateSource,
    /// Seconds for which browsers are told to use HTTPS alone (RFC 6797).
    pub hsts: Option<u64>,
}

impl TlsConfig {
    /// Whether HTTPS is spoken: there is a certificate, or a name to get one for.
    pub fn is_on(&self) -> bool {
        !self.domains.is_empty() || matches!(self.source, CertificateSource::Files { .. })
    }
}

/// Where certificates come from.
#[derive(Clone, Debug)]
pub enum CertificateSource {
    /// One certificate for all names, in files of the operator's, in PEM.
    Files {
        /// The certificate and those that vouch for it.
        certificate: PathBuf,
        /// Its private key.
        key: PathBuf,
    },
    /// One a domain, from an authority.
    Authority(AcmeConfig),
}

impl Default for CertificateSource {
    fn default() -> Self {
        Self::Authority(AcmeConfig::default())
    }
}

/// The authority that certificates are asked of (ACME, RFC 8555).
#[derive(Clone, Debug)]
pub struct AcmeConfig {
    /// The address of its directory.
    pub directory: String,
    /// The root in PEM that vouches for the directory's own certificate; `None` for those that the machine trusts.
    pub root: Option<PathBuf>,
    /// Whom it may write to.
    pub email: Option<String>,
    /// The account that it ties ours to (RFC 8555, 7.3.4).
    pub external: Option<ExternalAccount>,
}

impl Default for AcmeConfig {
    fn default() -> Self {
        Self { directory: LETS_ENCRYPT.to_owned(), root: None, email: None, external: None }
    }
}

/// The directory of Let's Encrypt.
pub const LETS_ENCRYPT: &str = "https://acme-v02.api.letsencrypt.org/directory";

/// An account at an authority, made elsewhere.
#[derive(Clone)]
pub struct ExternalAccount {
    /// Its key's identifier.
    pub id: String,
    /// The key. A secret.
    pub key: Vec<u8>,
}

impl std::fmt::Debug for ExternalAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ExternalAccount").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            base_url: None,
            media_url: None,
            copies_url: None,
            negotiate: false,
            robots: Robots::Public,
            trusted_proxies: loopback(),
            forwarded: ForwardedBy::default(),
            proxy_protocol: false,
            tls: TlsConfig::default(),
            cors_origins: Vec::new(),
            web_dir: None,
            origin_secrets: Vec::new(),
            origin_header: HeaderName::from_static("x-origin-secret"),
            folder_index: false,
            list_shared: false,
            rates: Rates::default(),
            connections_per_client: 256,
            metrics_allow: loopback(),
            stop_delay: Duration::ZERO,
            connections_max: 4096,
            header_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(30),
            drain_timeout: Duration::from_secs(30),
            version: "0.0.0",
            commit: "unknown",
        }
    }
}

fn loopback() -> Vec<IpNet> {
    vec![
        IpNet::new(IpAddr::from([127, 0, 0, 0]), 8).expect("8 bits fit into an IPv4 address"),
        IpNet::new(IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]), 128).expect("128 bits fit into an IPv6 address"),
    ]
}

/// Whether an address of the settings has this host, whatever its case, the dot at its end and a port that goes without saying.
fn is_host_of(url: &str, host: &str) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else { return false };
    let port = if scheme == "https" { ":443" } else { ":80" };
    let plain = |host: &str| {
        let host = host.strip_suffix(port).unwrap_or(host);
        host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
    };
    plain(rest.split('/').next().unwrap_or(rest)) == plain(host)
}

/// The host of an address that begins with `https://`, in lower case, without a port.
pub fn https_host(url: &str) -> Option<String> {
    let rest = url.strip_prefix("https://")?;
    let host = rest.split('/').next().unwrap_or(rest);
    let name = host.rsplit_once(':').filter(|(_, port)| !port.contains(']')).map_or(host, |(name, _)| name);
    Some(name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase())
}

impl HttpConfig {
    /// Whether a host, with or without the scheme's own port, is the one of `media_url`.
    pub(crate) fn is_media_host(&self, host: &str) -> bool {
        self.media_url.as_deref().is_some_and(|url| is_host_of(url, host))
    }

    /// Whether it is the one of `base_url`.
    pub(crate) fn is_site_host(&self, host: &str) -> bool {
        self.base_url.as_deref().is_some_and(|url| is_host_of(url, host))
    }

    /// The names by which the site is asked for over HTTPS, as far as the settings know them: the domains and the hosts of
    /// `base_url` and `media_url`, in lower case, without ports.
    pub fn https_hosts(&self) -> Vec<String> {
        let mut hosts = self.tls.domains.clone();
        for url in [&self.base_url, &self.media_url].into_iter().flatten() {
            if let Some(host) = https_host(url)
                && !hosts.contains(&host)
            {
                hosts.push(host);
            }
        }
        hosts
    }

    /// Takes the name of the header in which requests show the origin's secret.
    ///
    /// # Errors
    /// What would be accepted.
    pub fn set_origin_header(&mut self, name: &str) -> Result<(), String> {
        let name = name.parse().map_err(|_| "takes a header's name, such as X-Origin-Secret".to_owned())?;
        self.origin_header = name;
        Ok(())
    }

    /// The path that stands before every address of ours, such as `/pictures`; mostly nothing.
    pub(crate) fn base_path(&self) -> &str {
        self.base_url.as_deref().map_or("", base_path::of)
    }

    /// Refuses a new named path, or folder, that this server could not answer where it stands.
    ///
    /// # Errors
    /// It begins with the words of the path of `base_url`, or is a folder around them.
    pub(crate) fn allows_path(&self, path: &str) -> Result<(), InvalidField> {
        let base = self.base_path();
        if base_path::hides(base, path) {
            let problem = format!("is where this server itself stands, under {base}; choose another folder");
            return Err(InvalidField::new("path", problem));
        }
        Ok(())
    }

    /// Whether headers set by `peer` on behalf of others count.
    pub(crate) fn trusts(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        self.trusted_proxies.iter().any(|net| net.contains(&peer))
    }
}
