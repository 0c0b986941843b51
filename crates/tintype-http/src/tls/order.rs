//! One order of one domain's certificate (RFC 8555, 7.4), from the account to the chain.

use std::{sync::Arc, time::Duration};

use instant_acme::{
    Account, AccountCredentials, AuthorizationStatus, ChallengeType, Error, ExternalAccountKey, Identifier,
    NewAccount, NewOrder, Order, OrderStatus, Problem, RetryPolicy,
};
use tintype_app::{
    Trouble,
    certificate::{Certificates, Issued},
};
use tokio::sync::Mutex;

use super::{
    challenge::Answer,
    key::{Key, KeyError},
    keys::Challenges,
    transport::Transport,
};
use crate::config::AcmeConfig;

/// How often an authority is asked whether it is ready, and how long.
const POLLING: RetryPolicy = RetryPolicy::new()
    .initial_delay(Duration::from_millis(200))
    .backoff(1.5)
    .timeout(Duration::from_secs(90));

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub(super) enum OrderError {
    /// The authority looked for the answer to its challenge and did not find it.
    #[error("the authority could not confirm the domain by {by}: {}", words(.problem))]
    Challenge {
        /// The challenge's name.
        by: &'static str,
        /// What it says.
        problem: Problem,
    },
    /// It did not find either.
    #[error(
        "the authority could not confirm the domain by tls-alpn-01: {}; nor by http-01: {}", words(.tls), words(.http)
    )]
    Challenges {
        /// What it says of the one over TLS.
        tls: Problem,
        /// What it says of the other.
        http: Problem,
    },
    /// It refused.
    #[error("the authority refused: {}", words(.0))]
    Refused(Problem),
    /// It offers no challenge that can be answered here.
    #[error("the authority offers none of {0}")]
    NoChallenge(&'static str),
    /// It does not answer, or not as it should.
    #[error("the authority does not answer as it should")]
    Unreachable(#[source] Error),
    /// What it issued cannot be used.
    #[error("the authority's certificate cannot be used")]
    Unusable(#[source] KeyError),
    /// Our own trouble.
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

impl From<Error> for OrderError {
    fn from(error: Error) -> Self {
        match error {
            Error::Api(problem) => Self::Refused(problem),
            error => Self::Unreachable(error),
        }
    }
}

/// The authority's own words, and the name of the problem.
fn words(problem: &Problem) -> String {
    let kind = problem.r#type.as_deref().unwrap_or("about:blank");
    let kind = kind.strip_prefix("urn:ietf:params:acme:error:").unwrap_or(kind);
    let mut text = format!("{} ({kind})", problem.detail.as_deref().unwrap_or("no words"));
    for part in &problem.subproblems {
        text.push_str("; ");
        text.push_str(part.detail.as_deref().unwrap_or_default());
    }
    text
}

/// Whether a problem is of this kind (RFC 8555, 6.7).
fn is(problem: &Problem, kind: &str) -> bool {
    problem.r#type.as_deref().and_then(|full| full.strip_prefix("urn:ietf:params:acme:error:")) == Some(kind)
}

/// One attempt to get one domain's certificate.
pub(super) struct Attempt<'a> {
    pub(super) store: &'a Certificates,
    pub(super) config: &'a AcmeConfig,
    pub(super) transport: Transport,
    pub(super) challenges: &'a Arc<Challenges>,
    /// Held by whoever makes the account, so that there is one.
    pub(super) registering: &'a Mutex<()>,
}

impl Attempt<'_> {
    /// Orders a certificate: confirmed over TLS, and where that fails and HTTP may do better, over HTTP.
    pub(super) async fn order(&self, domain: &str) -> Result<Issued, OrderError> {
        let (account, credentials) = self.account().await?;
        match self.order_with(&account, domain).await {
            // The authority has forgotten the account, as one for tests does: a new one serves as well.
            Err(OrderError::Refused(problem)) if is(&problem, "accountDoesNotExist") => {
                tracing::warn!(
                    directory = self.store.directory(),
                    "the certificate authority does not know the account any more; making a new one"
                );
                self.forget_account(&credentials).await?;
                let (account, _) = self.account().await?;
                self.order_with(&account, domain).await
            }
            outcome => outcome,
        }
    }

    async fn order_with(&self, account: &Account, domain: &str) -> Result<Issued, OrderError> {
        let over_tls = self.order_by(account, domain, ChallengeType::TlsAlpn01).await;
        let other_way = match &over_tls {
            Err(OrderError::NoChallenge(_)) => true,
            // A name that leads nowhere leads nowhere over HTTP too, and failures are few that an authority allows.
            Err(OrderError::Challenge { problem, .. }) => !is(problem, "dns") && !is(problem, "caa"),
            _ => false,
        };
        if !other_way {
            return over_tls;
        }
        match (over_tls, self.order_by(account, domain, ChallengeType::Http01).await) {
            (Err(OrderError::NoChallenge(_)), Err(OrderError::NoChallenge(_))) => {
                Err(OrderError::NoChallenge("tls-alpn-01 and http-01"))
            }
            (over_tls, Err(OrderError::NoChallenge(_))) => over_tls,
            (
                Err(OrderError::Challenge { problem: tls, .. }),
                Err(OrderError::Challenge { problem: http, .. }),
            ) => Err(OrderError::Challenges { tls, http }),
            (_, outcome) => outcome,
        }
    }

    /// The account at the authority and its credentials; made when there is none.
    async fn account(&self) -> Result<(Account, String), OrderError> {
        let _alone = self.registering.lock().await;
        let builder = Account::builder_with_http(Box::new(self.transport.clone()));
        if let Some(text) = self.store.account().await?
            && let Ok(credentials) = serde_json::from_str::<AccountCredentials>(&text)
        {
            return Ok((builder.from_credentials(credentials).await?, text));
        }
        let contact = self.config.email.as_ref().map(|email| format!("mailto:{email}"));
        let contact: Vec<&str> = contact.as_deref().into_iter().collect();
        let new =
            NewAccount { contact: &contact, terms_of_service_agreed: true, only_return_existing: false };
        let external =
            self.config.external.as_ref().map(|key| ExternalAccountKey::new(key.id.clone(), &key.key));
        let (account, credentials) =
            builder.create(&new, self.store.directory().to_owned(), external.as_ref()).await?;
        let credentials = serde_json::to_string(&credentials).map_err(Error::from)?;
        self.store.keep_account(credentials.clone()).await?;
        Ok((account, credentials))
    }

    /// Forgets an account, unless another domain's attempt has made a new one meanwhile.
    async fn forget_account(&self, credentials: &str) -> Result<(), Trouble> {
        let _alone = self.registering.lock().await;
        if self.store.account().await?.as_deref() == Some(credentials) {
            self.store.forget_account().await?;
        }
        Ok(())
    }

    async fn order_by(
        &self,
        account: &Account,
        domain: &str,
        kind: ChallengeType,
    ) -> Result<Issued, OrderError> {
        let by = if kind == ChallengeType::Http01 { "http-01" } else { "tls-alpn-01" };
        let names = [Identifier::Dns(domain.to_owned())];
        let mut order = account.new_order(&NewOrder::new(&names)).await?;
        let mut answers = Vec::new();
        let mut authorizations = order.authorizations();
        while let Some(authorization) = authorizations.next().await {
            let mut authorization = authorization?;
            if authorization.status == AuthorizationStatus::Valid {
                continue;
            }
            let mut challenge = authorization.challenge(kind.clone()).ok_or(OrderError::NoChallenge(by))?;
            answers.push(Answer::give(self.challenges.clone(), domain, &challenge)?);
            challenge.set_ready().await?;
        }
        match order.poll_ready(&POLLING).await {
            Ok(OrderStatus::Ready | OrderStatus::Valid) => {}
            // The authority had trouble with the question, not with the order.
            Err(Error::Api(problem)) if order.state().error.is_none() => {
                return Err(OrderError::Refused(problem));
            }
            Ok(_) | Err(Error::Api(_)) => return Err(refusal(&mut order, by).await),
            Err(error) => return Err(error.into()),
        }
        drop(answers);
        let private_key = order.finalize().await?;
        let chain = order.poll_certificate(&POLLING).await?;
        let key = Key::from_pem(chain.as_bytes(), private_key.as_bytes()).map_err(OrderError::Unusable)?;
        Ok(Issued { chain, private_key, not_before: key.life.begin, not_after: key.life.end })
    }
}

/// Why an order was refused: what its challenge says, else what it says itself.
async fn refusal(order: &mut Order, by: &'static str) -> OrderError {
    let of_order = order.state().error.clone();
    let mut authorizations = order.authorizations();
    while let Some(Ok(mut authorization)) = authorizations.next().await {
        let Ok(state) = authorization.refresh().await else { continue };
        if let Some(problem) = state.challenges.iter().find_map(|challenge| challenge.error.clone()) {
            return OrderError::Challenge { by, problem };
        }
    }
    let none = || Problem { r#type: None, detail: None, status: None, subproblems: Vec::new() };
    OrderError::Challenge { by, problem: of_order.unwrap_or_else(none) }
}
