//! What the catalogue keeps of certificates: those in use, with their keys, and the accounts at authorities.

pub use tintype_catalog::{Certificate, Issued};
use tintype_types::UnixMillis;

use crate::{App, Trouble};

/// The certificates and the account that one authority's directory stands for. Cheap to clone.
#[derive(Clone)]
pub struct Certificates {
    app: App,
    directory: String,
}

impl App {
    /// What is kept of the authority whose directory is at this address.
    pub fn certificates(&self, directory: String) -> Certificates {
        Certificates { app: self.clone(), directory }
    }
}

impl Certificates {
    /// The address of the authority's directory.
    pub fn directory(&self) -> &str {
        &self.directory
    }

    /// The time.
    pub fn now(&self) -> UnixMillis {
        self.app.clock.now()
    }

    /// A random part of `seconds`, so that servers that failed together do not come back together.
    pub fn spread(&self, seconds: i64) -> i64 {
        let random = u64::from_le_bytes(self.app.random.nonce());
        i64::try_from(random % (seconds.unsigned_abs() + 1)).unwrap_or(0)
    }

    /// Whether another server has taken over, and asks for certificates itself.
    pub fn is_paused(&self) -> bool {
        self.app.is_paused()
    }

    /// The account's credentials, where there is an account. A secret.
    ///
    /// # Errors
    /// The server's own trouble.
    pub async fn account(&self) -> Result<Option<String>, Trouble> {
        Ok(self.app.catalog.acme_account(&self.directory).await?)
    }

    /// Keeps the credentials of a new account.
    ///
    /// # Errors
    /// The server's own trouble.
    pub async fn keep_account(&self, credentials: String) -> Result<(), Trouble> {
        let now = self.app.clock.now();
        Ok(self.app.catalog.keep_acme_account(self.directory.clone(), credentials, now).await?)
    }

    /// Forgets the account, which the authority does not know.
    ///
    /// # Errors
    /// The server's own trouble.
    pub async fn forget_account(&self) -> Result<(), Trouble> {
        Ok(self.app.catalog.forget_acme_account(self.directory.clone()).await?)
    }

    /// What is known of a domain's certificate.
    ///
    /// # Errors
    /// The server's own trouble.
    pub async fn of(&self, domain: &str) -> Result<Certificate, Trouble> {
        Ok(self.app.catalog.certificate(domain, &self.directory).await?)
    }

    /// The certificate of a domain that is good for longest, whichever authority issued it.
    ///
    /// # Errors
    /// The server's own trouble.
    pub async fn latest(&self, domain: &str) -> Result<Option<Issued>, Trouble> {
        Ok(self.app.catalog.latest_certificate(domain).await?)
    }

    /// Keeps a domain's new certificate.
    ///
    /// # Errors
    /// The server's own trouble.
    pub async fn keep(&self, domain: &str, issued: Issued) -> Result<(), Trouble> {
        Ok(self.app.catalog.keep_certificate(domain.to_owned(), self.directory.clone(), issued).await?)
    }

    /// Notes an attempt, and when the next follows if it comes to nothing.
    ///
    /// # Errors
    /// The server's own trouble.
    pub async fn put_off(
        &self,
        domain: &str,
        attempts: u32,
        due_at: UnixMillis,
        problem: String,
    ) -> Result<(), Trouble> {
        let (domain, directory) = (domain.to_owned(), self.directory.clone());
        Ok(self.app.catalog.put_off_certificate(domain, directory, attempts, due_at, problem).await?)
    }
}
