//! The settings of the HTTP side.

use std::{net::IpAddr, path::PathBuf, time::Duration};

use ipnet::IpNet;

use crate::{base_path, limit::Rates};

/// What crawlers may take into their index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Robots {
    /// Pages of images that are public.
    Public,
    /// Nothing.
    None,
}

/// Settings of the HTTP side.
#[derive(Clone, Debug)]
pub struct HttpConfig {
    /// What links begin with, such as `https://img.example.org` or `https://example.org/pictures`, without a slash at its
    /// end. Unset, the request's Host.
    pub base_url: Option<String>,
    /// What links to pictures begin with that have a copy in a public bucket, without a slash at its end.
    pub copies_url: Option<String>,
    /// Whether the address of a picture answers the page about it to browsers that open it and to readers of cards.
    pub negotiate: bool,
    /// What crawlers may take into their index.
    pub robots: Robots,
    /// Proxies whose `X-Forwarded-*` headers count.
    pub trusted_proxies: Vec<IpNet>,
    /// Other origins whose pages may use the API with tokens.
    pub cors_origins: Vec<String>,
    /// The operator's own pages, which stand before the web app.
    pub web_dir: Option<PathBuf>,
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

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            base_url: None,
            copies_url: None,
            negotiate: false,
            robots: Robots::Public,
            trusted_proxies: loopback(),
            cors_origins: Vec::new(),
            web_dir: None,
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

impl HttpConfig {
    /// The path that stands before every address of ours, such as `/pictures`; mostly nothing.
    pub(crate) fn base_path(&self) -> &str {
        self.base_url.as_deref().map_or("", base_path::of)
    }

    /// Whether headers set by `peer` on behalf of others count.
    pub(crate) fn trusts(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        self.trusted_proxies.iter().any(|net| net.contains(&peer))
    }
}
