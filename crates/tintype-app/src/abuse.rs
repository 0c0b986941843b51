//! Reports of images, and bans.

use std::{
    collections::HashSet,
    net::IpAddr,
    sync::{
        PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use ipnet::IpNet;
use tintype_catalog::{Ban, BanKind, Catalog, NewReport, Report};
use tintype_types::{ContentHash, ImageId, Scope};

use crate::{
    Actor, App, Trouble,
    authorize::{Action, Denial, Subject, authorize},
    image::ImageError,
};

/// Why people report an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It breaks the law.
    Illegal,
    /// It shows somebody who does not want that.
    Privacy,
    /// It is somebody else's work.
    Copyright,
    /// It is meant to deceive, or advertises.
    Spam,
    /// Something else.
    Other,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 5] = [Self::Illegal, Self::Privacy, Self::Copyright, Self::Spam, Self::Other];

    /// The word in the form and in the catalogue.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Illegal => "illegal",
            Self::Privacy => "privacy",
            Self::Copyright => "copyright",
            Self::Spam => "spam",
            Self::Other => "other",
        }
    }

    /// What people read.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Illegal => "It breaks the law",
            Self::Privacy => "It shows somebody who does not want that",
            Self::Copyright => "It is somebody else’s work",
            Self::Spam => "It deceives or advertises",
            Self::Other => "Something else",
        }
    }

    /// The reason of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == word)
    }
}

/// The bans in force, asked of every request.
#[derive(Default)]
pub(crate) struct Bans {
    /// Whether any address is banned; asked before the lock is.
    any_address: AtomicBool,
    addresses: RwLock<Vec<IpNet>>,
    contents: RwLock<HashSet<ContentHash>>,
    open_reports: AtomicU64,
}

/// What cannot be banned.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no SHA-256 of 64 hex digits and no address or network such as 192.0.2.7 or 2001:db8::/32")]
pub struct InvalidBan(pub String);

/// Reads what is to be banned.
///
/// # Errors
/// [`InvalidBan`].
pub fn parse_ban(text: &str) -> Result<(BanKind, String), InvalidBan> {
    if let Ok(hash) = text.to_ascii_lowercase().parse::<ContentHash>() {
        return Ok((BanKind::Content, hash.to_hex()));
    }
    let net = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    net.map(|net| (BanKind::Address, net.trunc().to_string()))
        .map_err(|_| InvalidBan(text.chars().take(80).collect()))
}

impl App {
    /// Reads the bans and counts the reports anew.
    ///
    /// # Errors
    /// The server's own trouble.
    pub(crate) async fn load_abuse(&self) -> Result<(), Trouble> {
        let bans = self.catalog.bans().await?;
        let of = |kind| bans.iter().filter(move |ban| ban.kind == kind);
        let addresses: Vec<IpNet> = of(BanKind::Address).filter_map(|ban| ban.value.parse().ok()).collect();
        self.bans.any_address.store(!addresses.is_empty(), Ordering::Relaxed);
        *self.bans.addresses.write().unwrap_or_else(PoisonError::into_inner) = addresses;
        *self.bans.contents.write().unwrap_or_else(PoisonError::into_inner) =
            of(BanKind::Content).filter_map(|ban| ban.value.parse().ok()).collect();
        self.bans.open_reports.store(self.catalog.open_reports().await?, Ordering::Relaxed);
        Ok(())
    }

    /// Whether an address is banned.
    pub fn is_banned(&self, client: IpAddr) -> bool {
        self.bans.any_address.load(Ordering::Relaxed)
            && self
                .bans
                .addresses
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .iter()
                .any(|net| net.contains(&client))
    }

    /// Whether the bytes of a file are banned.
    pub(crate) fn is_banned_content(&self, hash: ContentHash) -> bool {
        self.bans.contents.read().unwrap_or_else(PoisonError::into_inner).contains(&hash)
    }

    /// Reports that wait for the operator.
    pub fn open_reports(&self) -> u64 {
        self.bans.open_reports.load(Ordering::Relaxed)
    }

    /// Takes a report of an image that its reporter can see.
    ///
    /// # Errors
    /// The image is not there, or not for the reporter; the server's own trouble.
    pub async fn report(
        &self,
        actor: &Actor,
        id: ImageId,
        reason: Reason,
        detail: Option<String>,
        contact: Option<String>,
    ) -> Result<(), ImageError> {
        let found = self.catalog.image(id).await.map_err(Trouble::from)?;
        let now = self.clock.now();
        let subject = found.as_ref().map(|image| Subject::of(image, now));
        authorize(actor, Action::View, subject, self.config.uploaders)?;
        let new = NewReport { image: id, reason: reason.as_str(), detail, contact, created_at: now };
        let number = self.catalog.add_report(new).await.map_err(Trouble::from)?;
        self.bans.open_reports.fetch_add(1, Ordering::Relaxed);
        tracing::warn!(report = number, image = %id, reason = reason.as_str(), "an image was reported; see `tintype report list`");
        Ok(())
    }

    /// Reports, newest first.
    ///
    /// # Errors
    /// Not an admin, or the server's own trouble.
    pub async fn reports(&self, actor: &Actor, closed: bool, limit: u32) -> Result<Vec<Report>, ImageError> {
        admin(actor)?;
        Ok(self.catalog.reports(closed, limit.clamp(1, 1_000)).await.map_err(Trouble::from)?)
    }

    /// Marks a report as dealt with; [`Denial::NotFound`] where none of this number waits.
    ///
    /// # Errors
    /// Not an admin, or the server's own trouble.
    pub async fn close_report(&self, actor: &Actor, id: i64) -> Result<(), ImageError> {
        admin(actor)?;
        if !self.catalog.close_report(id, self.clock.now()).await.map_err(Trouble::from)? {
            return Err(Denial::NotFound.into());
        }
        self.load_abuse().await?;
        Ok(())
    }

    /// Bans content or an address at once; images of banned content are deleted, and can be restored while the ban is lifted
    /// in time. Returns how many were.
    ///
    /// # Errors
    /// Not an admin, or the server's own trouble.
    pub async fn ban(
        &self,
        actor: &Actor,
        kind: BanKind,
        value: String,
        note: Option<String>,
    ) -> Result<usize, ImageError> {
        admin(actor)?;
        let now = self.clock.now();
        ban(&self.catalog, kind, value.clone(), note, now).await.map_err(Trouble::from)?;
        self.load_abuse().await?;
        let Ok(hash) = value.parse::<ContentHash>() else { return Ok(0) };
        let images = self.catalog.images_of_content(hash).await.map_err(Trouble::from)?;
        for id in &images {
            self.catalog.trash_image(*id, now).await.map_err(Trouble::from)?;
            self.forget_cached(*id);
        }
        // Their copies go at once too, but the bucket keeps no image from being hidden.
        self.jobs.notify_one();
        Ok(images.len())
    }

    /// Lifts a ban; [`Denial::NotFound`] where there is none.
    ///
    /// # Errors
    /// Not an admin, or the server's own trouble.
    pub async fn lift_ban(&self, actor: &Actor, kind: BanKind, value: String) -> Result<(), ImageError> {
        admin(actor)?;
        if !self.catalog.lift_ban(kind, value).await.map_err(Trouble::from)? {
            return Err(Denial::NotFound.into());
        }
        self.load_abuse().await?;
        Ok(())
    }

    /// Every ban.
    ///
    /// # Errors
    /// Not an admin, or the server's own trouble.
    pub async fn list_bans(&self, actor: &Actor) -> Result<Vec<Ban>, ImageError> {
        admin(actor)?;
        Ok(self.catalog.bans().await.map_err(Trouble::from)?)
    }
}

/// Writes a ban into the catalogue alone.
///
/// # Errors
/// The catalogue's trouble.
pub async fn ban(
    catalog: &Catalog,
    kind: BanKind,
    value: String,
    note: Option<String>,
    now: tintype_types::UnixMillis,
) -> Result<(), tintype_catalog::CatalogError> {
    catalog.add_ban(Ban { kind, value, note, created_at: now }).await
}

pub(crate) fn admin(actor: &Actor) -> Result<(), Denial> {
    authorize(actor, Action::Administer, None, crate::config::Uploaders::Token).map_err(|denial| match denial
    {
        Denial::NeedsScope(_) => Denial::NeedsScope(Scope::Admin),
        denial => denial,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_and_networks_are_told_apart() {
        let hash = "AB".repeat(32);
        assert_eq!(parse_ban(&hash).unwrap(), (BanKind::Content, hash.to_lowercase()));
        assert_eq!(parse_ban("192.0.2.7").unwrap(), (BanKind::Address, "192.0.2.7/32".to_owned()));
        assert_eq!(parse_ban("192.0.2.7/24").unwrap(), (BanKind::Address, "192.0.2.0/24".to_owned()));
        assert_eq!(parse_ban("2001:db8::1/32").unwrap(), (BanKind::Address, "2001:db8::/32".to_owned()));
        for text in ["", "abc", "example.org", "1.2.3", "ab"] {
            assert!(parse_ban(text).is_err(), "{text}");
        }
    }
}
