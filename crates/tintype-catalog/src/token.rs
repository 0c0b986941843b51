//! API tokens: what a program shows instead of a browser's key.

use sqlx::{AnyConnection, any::AnyRow};
use tintype_types::{Scopes, UnixMillis};

use crate::{
    Catalog,
    error::Result,
    owner::{self, OwnerId},
    row::{Columns, inserted},
};

/// A token to be made.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// What people call it; unique among the tokens that are not revoked.
    pub name: String,
    /// SHA-256 of the token.
    pub hash: [u8; 32],
    /// What it may do.
    pub scopes: Scopes,
    /// For whom it acts; `None` makes a fresh owner.
    pub owner: Option<OwnerId>,
    /// Now.
    pub created_at: UnixMillis,
    /// When it stops to be valid; `None` for never.
    pub expires_at: Option<UnixMillis>,
}

/// A token as stored. Revoked and expired ones are found too: whether it still counts is the caller's to judge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its number, which never returns.
    pub id: i64,
    /// What people call it.
    pub name: String,
    /// For whom it acts.
    pub owner: OwnerId,
    /// What it may do.
    pub scopes: Scopes,
    /// When its secret was made.
    pub created_at: UnixMillis,
    /// When it stops to be valid.
    pub expires_at: Option<UnixMillis>,
    /// When it was last shown, as often as [`Catalog::touch_token`] was told.
    pub last_used_at: Option<UnixMillis>,
    /// When it was revoked.
    pub revoked_at: Option<UnixMillis>,
}

macro_rules! select_token {
    ($rest:literal) => {
        concat!(
            "select id, name, owner_id, scopes, created_at, expires_at, last_used_at, revoked_at from tokens ",
            $rest
        )
    };
}

impl Token {
    fn from_row(row: &AnyRow) -> Result<Self> {
        let row = Columns(row);
        Ok(Self {
            id: row.get("id")?,
            name: row.get("name")?,
            owner: OwnerId(row.get("owner_id")?),
            scopes: row.parsed("scopes")?,
            created_at: row.time("created_at")?,
            expires_at: row.optional_time("expires_at")?,
            last_used_at: row.optional_time("last_used_at")?,
            revoked_at: row.optional_time("revoked_at")?,
        })
    }
}

/// A token's new secret.
#[derive(Clone, Debug)]
pub struct NewSecret {
    /// SHA-256 of the secret.
    pub hash: [u8; 32],
    /// Now.
    pub created_at: UnixMillis,
    /// How long it is valid.
    pub life: Life,
}

/// How long a new secret is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// So many seconds.
    Seconds(i64),
    /// As long as the secret before it was to be.
    AsBefore,
}

impl Catalog {
    /// Makes a token, and its owner where it names none.
    ///
    /// # Errors
    /// [`Constraint::TokenNameTaken`](crate::Constraint::TokenNameTaken),
    /// [`Constraint::UnknownReference`](crate::Constraint::UnknownReference) for an owner that does not exist; otherwise as
    /// every write.
    pub async fn create_token(&self, new: NewToken) -> Result<Token> {
        self.write(|db| Box::pin(create(db, new))).await
    }

    /// The token of a secret, by its SHA-256.
    ///
    /// # Errors
    /// As every question.
    pub async fn token_by_hash(&self, hash: [u8; 32]) -> Result<Option<Token>> {
        let sql = select_token!("where hash = $1");
        let row = sqlx::query(sql).bind(hash.to_vec()).fetch_optional(&mut *self.reader().await?).await?;
        row.as_ref().map(Token::from_row).transpose()
    }

    /// Every token, oldest first, revoked ones too.
    ///
    /// # Errors
    /// As every question.
    pub async fn tokens(&self) -> Result<Vec<Token>> {
        let rows = sqlx::query(select_token!("order by id")).fetch_all(&mut *self.reader().await?).await?;
        rows.iter().map(Token::from_row).collect()
    }

    /// Revokes the token of that name, or else of that number, and answers it; `None` where none that counts fits.
    ///
    /// # Errors
    /// As every write.
    pub async fn revoke_token(&self, name_or_id: &str, now: UnixMillis) -> Result<Option<Token>> {
        let wanted = name_or_id.to_owned();
        self.write(move |db| Box::pin(revoke(db, wanted, now))).await
    }

    /// Gives the token of that name, or else of that number, a new secret in the place of the old one, and answers it. Number,
    /// name, owner and scopes stay. Of a name, the token that is not revoked is meant; else the last that was: it counts again.
    /// `None` where none fits.
    ///
    /// # Errors
    /// [`Constraint::TokenNameTaken`](crate::Constraint::TokenNameTaken) where a revoked token is named by its number and
    /// another one has its name by now; otherwise as every write.
    pub async fn renew_token(&self, name_or_id: &str, new: NewSecret) -> Result<Option<Token>> {
        let wanted = name_or_id.to_owned();
        self.write(move |db| Box::pin(renew(db, wanted, new))).await
    }

    /// Notes that the token was shown. How often is worth a write is the caller's to judge.
    ///
    /// # Errors
    /// As every write.
    pub async fn touch_token(&self, id: i64, now: UnixMillis) -> Result<()> {
        self.write_one(move |db| {
            Box::pin(async move {
                let sql = "update tokens set last_used_at = $2 where id = $1";
                sqlx::query(sql).bind(id).bind(now.0).execute(db).await?;
                Ok(())
            })
        })
        .await
    }
}

async fn create(db: &mut AnyConnection, new: NewToken) -> Result<Token> {
    let owner = match new.owner {
        Some(owner) => owner,
        None => owner::insert_for_token(db, new.created_at).await?,
    };
    let sql = "insert into tokens (name, hash, owner_id, scopes, created_at, expires_at) \
               values ($1, $2, $3, $4, $5, $6) returning id";
    let write = sqlx::query(sql)
        .bind(&new.name)
        .bind(new.hash.to_vec())
        .bind(owner.0)
        .bind(new.scopes.to_string())
        .bind(new.created_at.0)
        .bind(new.expires_at.map(|time| time.0));
    Ok(Token {
        id: inserted(db, write).await?,
        name: new.name,
        owner,
        scopes: new.scopes,
        created_at: new.created_at,
        expires_at: new.expires_at,
        last_used_at: None,
        revoked_at: None,
    })
}

async fn revoke(db: &mut AnyConnection, wanted: String, now: UnixMillis) -> Result<Option<Token>> {
    let by_name = select_token!("where name = $1 and revoked_at is null");
    let mut found = sqlx::query(by_name).bind(&wanted).fetch_optional(&mut *db).await?;
    if found.is_none()
        && let Ok(id) = wanted.parse::<i64>()
    {
        let by_id = select_token!("where id = $1 and revoked_at is null");
        found = sqlx::query(by_id).bind(id).fetch_optional(&mut *db).await?;
    }
    let Some(row) = found else { return Ok(None) };
    let mut token = Token::from_row(&row)?;
    let sql = "update tokens set revoked_at = $2 where id = $1";
    sqlx::query(sql).bind(token.id).bind(now.0).execute(db).await?;
    token.revoked_at = Some(now);
    Ok(Some(token))
}

async fn renew(db: &mut AnyConnection, wanted: String, new: NewSecret) -> Result<Option<Token>> {
    let by_name = select_token!(
        "where name = $1 order by case when revoked_at is null then 0 else 1 end, id desc limit 1"
    );
    let mut found = sqlx::query(by_name).bind(&wanted).fetch_optional(&mut *db).await?;
    if found.is_none()
        && let Ok(id) = wanted.parse::<i64>()
    {
        found = sqlx::query(select_token!("where id = $1")).bind(id).fetch_optional(&mut *db).await?;
    }
    let Some(row) = found else { return Ok(None) };
    let mut token = Token::from_row(&row)?;
    token.expires_at = match new.life {
        Life::Seconds(seconds) => Some(new.created_at.plus_seconds(seconds)),
        Life::AsBefore => {
            token.expires_at.map(|end| UnixMillis(new.created_at.0 + (end.0 - token.created_at.0)))
        }
    };
    (token.created_at, token.last_used_at, token.revoked_at) = (new.created_at, None, None);
    let sql = "update tokens set hash = $2, created_at = $3, expires_at = $4, last_used_at = null, revoked_at = null \
               where id = $1 returning id";
    let write = sqlx::query(sql)
        .bind(token.id)
        .bind(new.hash.to_vec())
        .bind(new.created_at.0)
        .bind(token.expires_at.map(|time| time.0));
    inserted(db, write).await?;
    Ok(Some(token))
}
