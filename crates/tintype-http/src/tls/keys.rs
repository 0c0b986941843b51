//! The certificates in use and the challenges under way, chosen by name.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};

use rustls::{
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use tintype_app::types::UnixMillis;

/// A certificate with its key, and what is told of it.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(super) certified: Arc<CertifiedKey>,
    /// The names it is for.
    pub(super) names: Vec<String>,
    pub(super) not_before: UnixMillis,
    pub(super) not_after: UnixMillis,
}

/// A certificate that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyError {
    #[error("there is no certificate in PEM")]
    NoCertificate(#[source] rustls::pki_types::pem::Error),
    #[error("there is no private key in PEM")]
    NoKey(#[source] rustls::pki_types::pem::Error),
    #[error("the certificate is damaged")]
    Damaged,
    #[error("the private key is not the certificate's, or of no kind that TLS uses")]
    Mismatch(#[source] rustls::Error),
}

impl Key {
    /// Reads a certificate, those that vouch for it, and its private key, in PEM.
    pub(crate) fn from_pem(chain: &[u8], private_key: &[u8]) -> Result<Self, KeyError> {
        let chain: Vec<_> = CertificateDer::pem_slice_iter(chain)
            .collect::<Result<_, _>>()
            .map_err(KeyError::NoCertificate)?;
        let first =
            chain.first().ok_or(KeyError::NoCertificate(rustls::pki_types::pem::Error::NoItemsFound))?;
        let (_, parsed) = x509_parser::parse_x509_certificate(first).map_err(|_| KeyError::Damaged)?;
        let millis = |time: x509_parser::time::ASN1Time| UnixMillis(time.timestamp().saturating_mul(1000));
        let (not_before, not_after) =
            (millis(parsed.validity().not_before), millis(parsed.validity().not_after));
        let names = names(&parsed);
        let private_key = PrivateKeyDer::from_pem_slice(private_key).map_err(KeyError::NoKey)?;
        let provider = rustls::crypto::ring::default_provider();
        let certified = CertifiedKey::from_der(chain, private_key, &provider).map_err(KeyError::Mismatch)?;
        Ok(Self { certified: Arc::new(certified), names, not_before, not_after })
    }
}

fn names(certificate: &x509_parser::certificate::X509Certificate<'_>) -> Vec<String> {
    use x509_parser::extensions::GeneralName;
    let Ok(Some(extension)) = certificate.subject_alternative_name() else { return Vec::new() };
    let name = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => Some(name.to_ascii_lowercase()),
        _ => None,
    };
    extension.value.general_names.iter().filter_map(name).collect()
}

/// What handshakes choose from.
pub(crate) struct Keys {
    /// The names that this server answers to.
    domains: Vec<String>,
    table: RwLock<Table>,
    challenges: Arc<Challenges>,
    /// Configured names that were asked for in vain, each told once.
    refused: Mutex<HashSet<String>>,
}

#[derive(Default)]
struct Table {
    /// The certificate from the operator's files, for every name.
    own: Option<Key>,
    /// Those of an authority, by name.
    issued: HashMap<String, Key>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("domains", &self.domains).finish_non_exhaustive()
    }
}

impl Keys {
    pub(super) fn new(domains: Vec<String>) -> Self {
        Self { domains, table: RwLock::default(), challenges: Arc::default(), refused: Mutex::default() }
    }

    /// The names that this server answers to.
    pub(crate) fn domains(&self) -> &[String] {
        &self.domains
    }

    pub(super) fn set_own(&self, key: Key) {
        self.table.write().unwrap_or_else(PoisonError::into_inner).own = Some(key);
    }

    pub(super) fn set_issued(&self, domain: &str, key: Key) {
        self.table.write().unwrap_or_else(PoisonError::into_inner).issued.insert(domain.to_owned(), key);
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).remove(domain);
    }

    /// Every certificate in use: a name of it, and until when it is good.
    pub(crate) fn ends(&self) -> Vec<(String, UnixMillis)> {
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        let own = table.own.iter().map(|key| (key.names.first().cloned().unwrap_or_default(), key.not_after));
        own.chain(table.issued.iter().map(|(domain, key)| (domain.clone(), key.not_after))).collect()
    }

    pub(super) fn challenges(&self) -> Arc<Challenges> {
        self.challenges.clone()
    }

    /// What is to be answered to a challenge by HTTP (RFC 8555, 8.3).
    pub(crate) fn http_answer(&self, token: &str) -> Option<String> {
        self.challenges.lock().by_token.get(token).cloned()
    }
}

impl ResolvesServerCert for Keys {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = &table.own {
            return Some(own.certified.clone());
        }
        // Whoever names nobody, such as a check by address, means the first.
        let asked = hello.server_name().map(str::to_ascii_lowercase);
        let name = asked.as_ref().or(self.domains.first())?;
        if let Some(key) = table.issued.get(name) {
            return Some(key.certified.clone());
        }
        let known = self.domains.contains(name);
        if known && self.refused.lock().unwrap_or_else(PoisonError::into_inner).insert(name.clone()) {
            tracing::warn!(domain = name, "refusing HTTPS for this domain until it has a certificate");
        }
        None
    }
}

/// Challenges under way.
#[derive(Default)]
pub(super) struct Challenges(Mutex<Open>);

#[derive(Default)]
pub(super) struct Open {
    pub(super) by_name: HashMap<String, Arc<CertifiedKey>>,
    pub(super) by_token: HashMap<String, String>,
}

impl Challenges {
    pub(super) fn lock(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Challenges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Challenges")
    }
}

impl ResolvesServerCert for Challenges {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.lock().by_name.get(&hello.server_name()?.to_ascii_lowercase()).cloned()
    }
}
