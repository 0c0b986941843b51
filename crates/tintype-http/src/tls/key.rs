//! A certificate with its key: reading it, and what it is for.

use std::{net::IpAddr, sync::Arc};

use rustls::{
    Error,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    sign::CertifiedKey,
};
use tintype_app::types::UnixMillis;
use x509_parser::{certificate::X509Certificate, extensions::GeneralName, time::ASN1Time, x509::X509Version};

use super::standing::Life;

/// A certificate with its key, and what is told of it.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(super) certified: Arc<CertifiedKey>,
    /// The names and addresses that it is for, in lower case.
    pub(crate) names: Vec<String>,
    /// How long it is good.
    pub(super) life: Life,
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
    #[error(
        "the certificate is of X.509 version {0}, which TLS does not take: have one issued of version 3, with its names as \
         subjectAltName"
    )]
    Version(u32),
    #[error("the private key is not the certificate's: name the key that the certificate was asked for with")]
    Mismatch(#[source] Error),
    #[error(
        "the certificate or its private key is of no kind that is used here: use ECDSA (P-256, P-384), Ed25519, or RSA of 2048 \
         bits or more"
    )]
    Kind(#[source] Error),
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
        if parsed.version() != X509Version::V3 {
            return Err(KeyError::Version(parsed.version().0.saturating_add(1)));
        }
        let millis = |time: ASN1Time| UnixMillis(time.timestamp().saturating_mul(1000));
        let validity = parsed.validity();
        let life = Life { begin: millis(validity.not_before), end: millis(validity.not_after) };
        let names = names(&parsed);
        let private_key = PrivateKeyDer::from_pem_slice(private_key).map_err(KeyError::NoKey)?;
        let provider = rustls::crypto::ring::default_provider();
        let certified =
            CertifiedKey::from_der(chain, private_key, &provider).map_err(|error| match error {
                Error::InconsistentKeys(_) => KeyError::Mismatch(error),
                error => KeyError::Kind(error),
            })?;
        Ok(Self { certified: Arc::new(certified), names, life })
    }

    /// Whether it is for a host: a name, or an address with or without brackets.
    pub(crate) fn is_for(&self, host: &str) -> bool {
        let host = host.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        let address: Option<IpAddr> = host.parse().ok();
        self.names.iter().any(|name| match address {
            Some(address) => name.parse() == Ok(address),
            None => names_host(name, &host),
        })
    }
}

/// Whether a name of a certificate's is a host's: a wildcard stands for one label (RFC 9525, 6.3).
fn names_host(name: &str, host: &str) -> bool {
    let Some(below) = name.strip_prefix("*.") else { return name == host };
    let is_label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    host.split_once('.').is_some_and(|(label, rest)| is_label(label) && rest == below)
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else { return Vec::new() };
    let name = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => Some(name.to_ascii_lowercase()),
        GeneralName::IPAddress(octets) => address(octets).map(|address| address.to_string()),
        _ => None,
    };
    extension.value.general_names.iter().filter_map(name).collect()
}

fn address(octets: &[u8]) -> Option<IpAddr> {
    let four = || <[u8; 4]>::try_from(octets).map(IpAddr::from);
    let sixteen = || <[u8; 16]>::try_from(octets).map(IpAddr::from);
    four().or_else(|_| sixteen()).ok()
}

#[cfg(test)]
pub(super) mod tests {
    use rcgen::{CertificateParams, KeyPair, SanType};

    use super::*;

    /// A certificate of our own making for these names, whose life is that many seconds around `now`.
    pub(in crate::tls) fn made(names: &[&str], now: UnixMillis, begin: i64, end: i64) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.subject_alt_names = names
            .iter()
            .map(|name| match name.parse() {
                Ok(address) => SanType::IpAddress(address),
                Err(_) => SanType::DnsName((*name).try_into().unwrap()),
            })
            .collect();
        let time =
            |seconds| ASN1Time::from_timestamp(now.plus_seconds(seconds).0 / 1000).unwrap().to_datetime();
        (params.not_before, params.not_after) = (time(begin), time(end));
        (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
    }

    #[test]
    fn a_certificate_is_for_its_names_and_addresses() {
        let now = UnixMillis(1_800_000_000_000);
        let names = ["a.example.org", "*.b.example.org", "192.0.2.1", "2001:db8::1"];
        let (chain, private_key) = made(&names, now, -10, 10);
        let key = Key::from_pem(chain.as_bytes(), private_key.as_bytes()).unwrap();
        assert_eq!(key.names, names);
        assert_eq!(key.life, Life { begin: now.plus_seconds(-10), end: now.plus_seconds(10) });
        for host in [
            "a.example.org",
            "A.Example.ORG",
            "x.b.example.org",
            "192.0.2.1",
            "[2001:db8::1]",
            "2001:DB8:0::1",
        ] {
            assert!(key.is_for(host), "{host}");
        }
        for host in [
            "b.example.org",
            "x.y.b.example.org",
            ".b.example.org",
            "*.b.example.org",
            "evil/x.b.example.org",
            "xa.example.org",
            "192.0.2.2",
            "",
        ] {
            assert!(!key.is_for(host), "{host}");
        }
    }
}
