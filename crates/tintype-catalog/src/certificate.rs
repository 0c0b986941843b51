//! Certificates of domains, and the accounts at the authorities that issue them.

use std::fmt;

use sqlx::any::AnyRow;
use tintype_types::UnixMillis;

use crate::{Catalog, error::Result, row::Columns};

/// A certificate that was issued, with its key.
#[derive(Clone, PartialEq, Eq)]
pub struct Issued {
    /// The certificate and those that vouch for it, in PEM, its own first.
    pub chain: String,
    /// Its private key, in PEM. A secret.
    pub private_key: String,
    /// Since when it is good.
    pub not_before: UnixMillis,
    /// Until when it is good.
    pub not_after: UnixMillis,
}

impl fmt::Debug for Issued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { not_before, not_after, .. } = self;
        f.debug_struct("Issued")
            .field("not_before", not_before)
            .field("not_after", not_after)
            .finish_non_exhaustive()
    }
}

/// What is known of a domain's certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Certificate {
    /// The one in use; `None` where none was issued yet.
    pub issued: Option<Issued>,
    /// How often the authority was asked since, in vain so far.
    pub attempts: u32,
    /// When it is asked next, after a failure.
    pub due_at: Option<UnixMillis>,
    /// What it said last.
    pub problem: Option<String>,
}

impl Catalog {
    /// The credentials of the account at a directory.
    ///
    /// # Errors
    /// As every question.
    pub async fn acme_account(&self, directory: &str) -> Result<Option<String>> {
        let query = sqlx::query("select credentials from acme_accounts where directory = $1").bind(directory);
        let row = query.fetch_optional(&mut *self.reader().await?).await?;
        row.map(|row| Columns(&row).get("credentials")).transpose()
    }

    /// Keeps the credentials of the account at a directory, in place of those before.
    ///
    /// # Errors
    /// As every write.
    pub async fn keep_acme_account(
        &self,
        directory: String,
        credentials: String,
        now: UnixMillis,
    ) -> Result<()> {
        self.write_one(move |db| {
            Box::pin(async move {
                let sql = "insert into acme_accounts (directory, credentials, created_at) values ($1, $2, $3) \
                           on conflict (directory) do update set credentials = excluded.credentials, \
                           created_at = excluded.created_at";
                sqlx::query(sql).bind(directory).bind(credentials).bind(now.0).execute(db).await?;
                Ok(())
            })
        })
        .await
    }

    /// Forgets the account at a directory, which the authority no longer knows.
    ///
    /// # Errors
    /// As every write.
    pub async fn forget_acme_account(&self, directory: String) -> Result<()> {
        self.write_one(move |db| {
            Box::pin(async move {
                sqlx::query("delete from acme_accounts where directory = $1")
                    .bind(directory)
                    .execute(db)
                    .await?;
                Ok(())
            })
        })
        .await
    }

    /// What is known of the certificate of a domain from the authority of a directory.
    ///
    /// # Errors
    /// As every question.
    pub async fn certificate(&self, domain: &str, directory: &str) -> Result<Certificate> {
        let sql = "select chain, private_key, not_before, not_after, attempts, due_at, problem from certificates \
                   where domain = $1 and directory = $2";
        let query = sqlx::query(sql).bind(domain).bind(directory);
        let row = query.fetch_optional(&mut *self.reader().await?).await?;
        row.as_ref().map_or_else(|| Ok(Certificate::default()), from_row)
    }

    /// The certificate of a domain that is good for longest, whichever authority issued it.
    ///
    /// # Errors
    /// As every question.
    pub async fn latest_certificate(&self, domain: &str) -> Result<Option<Issued>> {
        let sql = "select chain, private_key, not_before, not_after, attempts, due_at, problem from certificates \
                   where domain = $1 and not_after is not null order by not_after desc limit 1";
        let row = sqlx::query(sql).bind(domain).fetch_optional(&mut *self.reader().await?).await?;
        Ok(row.as_ref().map(from_row).transpose()?.and_then(|certificate| certificate.issued))
    }

    /// Keeps a certificate, in place of the one before, and forgets earlier failures.
    ///
    /// # Errors
    /// As every write.
    pub async fn keep_certificate(&self, domain: String, directory: String, issued: Issued) -> Result<()> {
        self.write_one(move |db| {
            Box::pin(async move {
                let sql = "insert into certificates (domain, directory, chain, private_key, not_before, not_after, \
                           attempts) values ($1, $2, $3, $4, $5, $6, 0) on conflict (domain, directory) do update \
                           set chain = excluded.chain, private_key = excluded.private_key, \
                           not_before = excluded.not_before, not_after = excluded.not_after, attempts = 0, \
                           due_at = null, problem = null";
                let write = sqlx::query(sql)
                    .bind(domain)
                    .bind(directory)
                    .bind(issued.chain)
                    .bind(issued.private_key)
                    .bind(issued.not_before.0)
                    .bind(issued.not_after.0);
                write.execute(db).await?;
                Ok(())
            })
        })
        .await
    }

    /// Notes the how manieth attempt in a row this is to get a domain's certificate, when the next follows if it comes to
    /// nothing, and what the authority said.
    ///
    /// # Errors
    /// As every write.
    pub async fn put_off_certificate(
        &self,
        domain: String,
        directory: String,
        attempts: u32,
        due_at: UnixMillis,
        problem: String,
    ) -> Result<()> {
        self.write_one(move |db| {
            Box::pin(async move {
                let sql = "insert into certificates (domain, directory, attempts, due_at, problem) \
                           values ($1, $2, $3, $4, $5) on conflict (domain, directory) do update \
                           set attempts = excluded.attempts, due_at = excluded.due_at, problem = excluded.problem";
                let write = sqlx::query(sql)
                    .bind(domain)
                    .bind(directory)
                    .bind(i64::from(attempts))
                    .bind(due_at.0)
                    .bind(problem);
                write.execute(db).await?;
                Ok(())
            })
        })
        .await
    }
}

fn from_row(row: &AnyRow) -> Result<Certificate> {
    let row = Columns(row);
    let chain: Option<String> = row.get("chain")?;
    let private_key: Option<String> = row.get("private_key")?;
    let times = (row.optional_time("not_before")?, row.optional_time("not_after")?);
    let issued = match (chain, private_key, times) {
        (Some(chain), Some(private_key), (Some(not_before), Some(not_after))) => {
            Some(Issued { chain, private_key, not_before, not_after })
        }
        _ => None,
    };
    Ok(Certificate {
        issued,
        attempts: row.number("attempts")?,
        due_at: row.optional_time("due_at")?,
        problem: row.get("problem")?,
    })
}
