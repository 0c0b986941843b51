//! HTTPS by itself: certificates from an authority (ACME, RFC 8555) or from files, chosen by the name that a client asks
//! for, and changed without a restart.

mod acme;
mod challenge;
mod files;
mod key;
mod keys;
mod order;
mod reminder;
mod schedule;
mod standing;
mod transport;

use std::{io, sync::Arc, time::Duration};

use rustls::{
    ServerConfig,
    server::{Acceptor, ClientHello, NoServerSessionStorage},
};
use tintype_app::App;
use tokio::net::TcpStream;
use tokio_rustls::{LazyConfigAcceptor, server::TlsStream};
use tokio_util::sync::CancellationToken;

pub(crate) use self::keys::Keys;
use self::{acme::Authority, files::Files};
pub use self::{
    files::{FilesError, OwnCertificate},
    standing::{Life, Standing},
    transport::RootError,
};
use crate::config::{CertificateSource, HttpConfig};

/// The protocol by which an authority looks at a challenge (RFC 8737).
const ACME_TLS: &[u8] = b"acme-tls/1";
/// Where an authority looks for the answers to challenges by HTTP (RFC 8555, 8.3).
pub(crate) const CHALLENGES: &str = "/.well-known/acme-challenge/";
/// Bytes that may wait to be sent, encrypted: a hot picture leaves in few system calls.
const SEND_BUFFER: usize = 128 << 10;

/// Why TLS cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The certificate's files.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// The authority's own root.
    #[error(transparent)]
    Root(#[from] RootError),
    /// What the library says of the protocol's parts.
    #[error("TLS cannot be set up")]
    Library(#[from] rustls::Error),
}

/// What speaks TLS on accepted connections, and what keeps its certificates.
#[derive(Clone)]
pub struct Tls {
    pub(crate) keys: Arc<Keys>,
    site: Arc<ServerConfig>,
    challenges: Arc<ServerConfig>,
    source: Source,
}

/// Where certificates come from.
#[derive(Clone)]
enum Source {
    Files(Files),
    Authority(Authority),
}

impl Tls {
    /// Reads the certificate's files, or the authority's root, where they are named.
    ///
    /// # Errors
    /// [`TlsError`] names the file that cannot be used.
    pub fn open(config: &HttpConfig) -> Result<Self, TlsError> {
        let keys = Arc::new(Keys::new(config.tls.domains.clone()));
        let source = match &config.tls.source {
            CertificateSource::Files { certificate, key } => {
                let files = Files::new(certificate.clone(), key.clone(), config.https_hosts());
                keys.set_own(files.take()?);
                Source::Files(files)
            }
            CertificateSource::Authority(authority) => Source::Authority(Authority::new(authority.clone())?),
        };
        let mut site = ServerConfig::builder().with_no_client_auth().with_cert_resolver(keys.clone());
        site.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        site.ticketer = rustls::crypto::ring::Ticketer::new()?;
        let mut challenges =
            ServerConfig::builder().with_no_client_auth().with_cert_resolver(keys.challenges());
        challenges.alpn_protocols = vec![ACME_TLS.to_vec()];
        challenges.session_storage = Arc::new(NoServerSessionStorage {});
        Ok(Self { keys, site: Arc::new(site), challenges: Arc::new(challenges), source })
    }

    /// Looks at the certificate's files now instead of a little later; asks the authority anew for what it has refused.
    pub fn reload(&self) {
        match &self.source {
            Source::Files(files) => files.look(),
            Source::Authority(authority) => authority.hurry(),
        }
    }

    /// Keeps certificates fresh until `stop`.
    pub(crate) fn keep(&self, app: &App, stop: &CancellationToken) {
        match &self.source {
            Source::Files(files) => {
                let (files, keys, stop) = (files.clone(), self.keys.clone(), stop.clone());
                let clock = app.clock().clone();
                tokio::spawn(async move { stop.run_until_cancelled(files.watch(&keys, &clock)).await });
            }
            Source::Authority(authority) => authority.keep(app, &self.keys, stop),
        }
    }

    /// Shakes hands. `None` where an authority has looked at a challenge and wants no more.
    ///
    /// # Errors
    /// Whatever ends a handshake: mostly the client's business.
    pub(crate) async fn accept(&self, stream: TcpStream) -> io::Result<Option<TlsStream<TcpStream>>> {
        let start = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
        let challenge = is_challenge(&start.client_hello());
        let config = if challenge { &self.challenges } else { &self.site };
        let mut stream =
            start.into_stream_with(config.clone(), |tls| tls.set_buffer_limit(Some(SEND_BUFFER))).await?;
        if challenge {
            use tokio::io::AsyncWriteExt as _;
            let _ = tokio::time::timeout(Duration::from_secs(1), stream.shutdown()).await;
            return Ok(None);
        }
        Ok(Some(stream))
    }
}

/// Whether this is an authority that looks for its challenge: it speaks that protocol and no other.
fn is_challenge(hello: &ClientHello<'_>) -> bool {
    hello.alpn().is_some_and(|mut protocols| protocols.next() == Some(ACME_TLS) && protocols.next().is_none())
}

/// Whether a connection speaks HTTP/2.
pub(crate) fn is_http2(stream: &TlsStream<TcpStream>) -> bool {
    stream.get_ref().1.alpn_protocol() == Some(b"h2")
}
