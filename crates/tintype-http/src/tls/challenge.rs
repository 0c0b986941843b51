//! The answer to an authority's challenge, given as long as it stands.

use std::sync::Arc;

use instant_acme::{ChallengeHandle, ChallengeType};
use rcgen::{CertificateParams, CustomExtension, KeyPair};
use rustls::{
    crypto::ring::sign::any_ecdsa_type,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    sign::CertifiedKey,
};

use super::keys::Challenges;

/// An answer that is being given; dropped, it is given no more.
pub(super) struct Answer {
    challenges: Arc<Challenges>,
    place: Place,
}

enum Place {
    Name(String),
    Token(String),
}

impl Answer {
    /// Begins to answer a challenge for `domain`.
    pub(super) fn give(
        challenges: Arc<Challenges>,
        domain: &str,
        challenge: &ChallengeHandle<'_>,
    ) -> Result<Self, instant_acme::Error> {
        let authorization = challenge.key_authorization();
        let place = if challenge.r#type == ChallengeType::TlsAlpn01 {
            let key =
                certificate(domain, authorization.digest().as_ref()).map_err(instant_acme::Error::Other)?;
            challenges.lock().by_name.insert(domain.to_owned(), Arc::new(key));
            Place::Name(domain.to_owned())
        } else {
            let token = challenge.token.clone();
            challenges.lock().by_token.insert(token.clone(), authorization.as_str().to_owned());
            Place::Token(token)
        };
        Ok(Self { challenges, place })
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        let mut open = self.challenges.lock();
        match &self.place {
            Place::Name(name) => drop(open.by_name.remove(name)),
            Place::Token(token) => drop(open.by_token.remove(token)),
        }
    }
}

/// A certificate of our own making that carries the digest (RFC 8737, 3).
fn certificate(
    domain: &str,
    digest: &[u8],
) -> Result<CertifiedKey, Box<dyn std::error::Error + Send + Sync>> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new([domain.to_owned()])?;
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
    let certificate = params.self_signed(&key)?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    Ok(CertifiedKey::new(vec![certificate.der().clone()], any_ecdsa_type(&key)?))
}
