//! A backup in a bucket, under the names that it would have in a folder.
//!
//! Where the bucket is the one that keeps the originals anyway, the catalogue is all that a backup adds.

use std::{
    collections::HashMap,
    fs::File,
    io::{self, Read as _, Write as _},
    path::Path,
    sync::Arc,
};

use futures_util::StreamExt as _;
use object_store::{
    Attribute, AttributeValue, Attributes, GetOptions, ObjectStore as _, ObjectStoreExt as _, PutPayload,
};
use sha2::{Digest as _, Sha256};
use tintype_types::{BlobKey, ContentHash, MediaType};

use super::{Remote, S3Options, failed, put::read_at};
use crate::{BlobError, blocking::blocking, folder::names};

const CATALOGUE: &str = "tintype.db";
const HOLDER: &str = "tintype.holder";
const RELEASED: &str = "tintype.released";
/// What stands beside the catalogue, replaced together with it: its hash, and who wrote it.
const HASH: &str = "sha256";
const WRITER: &str = "writer";
const VERSION: &str = "version";

/// What is known of a stored catalogue besides its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCatalogue {
    /// Who stored it.
    pub writer: String,
    /// The name of this one, which no other has.
    pub version: String,
}

impl StoredCatalogue {
    fn of(attributes: &Attributes) -> Self {
        let says = |name: &'static str| {
            let value = attributes.get(&Attribute::Metadata(name.into()));
            value.map(|value| value.as_ref().to_owned()).unwrap_or_default()
        };
        Self { writer: says(WRITER), version: says(VERSION) }
    }
}

fn local(what: &str, source: io::Error) -> BlobError {
    BlobError::Unavailable { what: what.to_owned(), source }
}

/// A place for backups. Clones are the same place.
#[derive(Clone, Debug)]
pub struct Vault {
    remote: Arc<Remote>,
}

impl Vault {
    /// Makes a client. Nothing is asked of the service yet.
    ///
    /// # Errors
    /// Settings that no client can be made of.
    pub fn connect(options: &S3Options) -> Result<Self, BlobError> {
        Ok(Self { remote: Arc::new(Remote::connect(options)?) })
    }

    /// Sees to it that the place belongs to the catalogue with this identity; takes it where it is empty.
    ///
    /// # Errors
    /// [`BlobError::ForeignStore`] for a place of another catalogue; [`BlobError::Remote`].
    pub async fn claim(&self, identity: &str) -> Result<(), BlobError> {
        self.remote.claim(identity, true).await
    }

    /// Stores a catalogue that nobody writes to. The one that was there is replaced whole.
    ///
    /// # Errors
    /// [`BlobError::Unavailable`] where it cannot be read; [`BlobError::Remote`].
    pub async fn put_catalogue(&self, path: &Path, about: &StoredCatalogue) -> Result<(), BlobError> {
        let path = path.to_owned();
        let reading = |error: io::Error| local("reading the catalogue's copy", error);
        let (file, len, hash) = blocking(move || {
            let mut file = File::open(&path).map_err(reading)?;
            let (mut hasher, mut buffer, mut len) = (Sha256::new(), vec![0; 256 << 10], 0);
            loop {
                let read = file.read(&mut buffer).map_err(reading)?;
                if read == 0 {
                    return Ok((Arc::new(file), len, ContentHash(hasher.finalize().into())));
                }
                hasher.update(&buffer[..read]);
                len += read as u64;
            }
        })
        .await?;
        let mut attributes = Attributes::new();
        attributes.insert(Attribute::ContentType, "application/vnd.sqlite3".into());
        attributes.insert(Attribute::Metadata(HASH.into()), AttributeValue::from(hash.to_string()));
        attributes.insert(Attribute::Metadata(WRITER.into()), AttributeValue::from(about.writer.clone()));
        attributes.insert(Attribute::Metadata(VERSION.into()), AttributeValue::from(about.version.clone()));
        self.remote
            .send_read(CATALOGUE, len, attributes, |at, size| read_at(Arc::clone(&file), at, size))
            .await
    }

    /// Fetches the catalogue into a new file, verified and synced, and answers which it is; `None` where there is none.
    ///
    /// # Errors
    /// [`BlobError::Corrupt`] where it is not what was stored; [`BlobError::Remote`]; the file's disk.
    pub async fn get_catalogue(&self, path: &Path) -> Result<Option<StoredCatalogue>, BlobError> {
        let writing = |error: io::Error| local("writing the catalogue", error);
        let found = match self.remote.get(CATALOGUE, None).await {
            Err(BlobError::NotFound) => return Ok(None),
            found => found?,
        };
        let about = StoredCatalogue::of(&found.attributes);
        let stored =
            found.attributes.get(&Attribute::Metadata(HASH.into())).map(|hash| hash.as_ref().to_owned());
        let len = found.meta.size;
        let mut file = File::create_new(path).map_err(writing)?;
        let (mut bytes, mut hasher, mut seen) = (found.into_stream(), Sha256::new(), 0);
        while let Some(piece) = bytes.next().await {
            let piece = piece.map_err(|error| failed(format!("reading {CATALOGUE}"), error))?;
            hasher.update(&piece);
            seen += piece.len() as u64;
            file.write_all(&piece).map_err(writing)?;
        }
        let hash = ContentHash(hasher.finalize().into()).to_string();
        if seen != len || stored.is_some_and(|stored| stored != hash) {
            return Err(BlobError::Corrupt(format!(
                "{CATALOGUE} of the backup came with other bytes than were stored"
            )));
        }
        file.sync_all().map_err(writing)?;
        Ok(Some(about))
    }

    /// The catalogue that is there, without its bytes.
    ///
    /// # Errors
    /// [`BlobError::Remote`].
    pub async fn catalogue(&self) -> Result<Option<StoredCatalogue>, BlobError> {
        let options = GetOptions { head: true, ..GetOptions::default() };
        match self.remote.store.get_opts(&self.remote.path(CATALOGUE), options).await {
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(failed(format!("looking at {CATALOGUE}"), error)),
            Ok(found) => Ok(Some(StoredCatalogue::of(&found.attributes))),
        }
    }

    /// Which server backs its catalogue up here.
    ///
    /// # Errors
    /// [`BlobError::Remote`].
    pub async fn holder(&self) -> Result<Option<String>, BlobError> {
        self.note(HOLDER).await
    }

    /// Says which server backs its catalogue up here, or that none does.
    ///
    /// # Errors
    /// [`BlobError::Remote`].
    pub async fn set_holder(&self, holder: Option<&str>) -> Result<(), BlobError> {
        match holder {
            Some(holder) => self.set_note(HOLDER, holder).await,
            None => self.remote.remove(HOLDER).await.map(drop),
        }
    }

    /// What the server that had this place before says of giving it up.
    ///
    /// # Errors
    /// [`BlobError::Remote`].
    pub async fn released(&self) -> Result<Option<String>, BlobError> {
        self.note(RELEASED).await
    }

    /// Says how far giving this place up has come.
    ///
    /// # Errors
    /// [`BlobError::Remote`].
    pub async fn set_released(&self, words: &str) -> Result<(), BlobError> {
        self.set_note(RELEASED, words).await
    }

    async fn note(&self, name: &str) -> Result<Option<String>, BlobError> {
        let found = match self.remote.get(name, None).await {
            Err(BlobError::NotFound) => return Ok(None),
            found => found?,
        };
        let text = found.bytes().await.map_err(|error| failed(format!("reading {name}"), error))?;
        Ok(Some(String::from_utf8_lossy(&text).into_owned()))
    }

    async fn set_note(&self, name: &str, text: &str) -> Result<(), BlobError> {
        let path = self.remote.path(name);
        let put = self.remote.store.put(&path, PutPayload::from(text.to_owned()));
        put.await.map(drop).map_err(|error| failed(format!("storing {name}"), error))
    }

    /// The originals that are there, with their lengths.
    ///
    /// # Errors
    /// [`BlobError::Remote`].
    pub async fn originals(&self) -> Result<HashMap<BlobKey, u64>, BlobError> {
        let mut found = self.remote.store.list(Some(&self.remote.path(names::ORIGINALS)));
        let mut all = HashMap::new();
        while let Some(each) = found.next().await {
            let each = each.map_err(|error| failed("listing originals", error))?;
            if let Some(key) = each.location.filename().and_then(|name| name.parse().ok()) {
                all.insert(key, each.size);
            }
        }
        Ok(all)
    }

    /// Stores an original that a file of this machine holds, verified by the caller.
    ///
    /// # Errors
    /// [`BlobError::Unavailable`] where the file cannot be read; [`BlobError::Remote`].
    pub async fn put_original(
        &self,
        key: BlobKey,
        file: Arc<File>,
        len: u64,
        media_type: Option<MediaType>,
    ) -> Result<(), BlobError> {
        self.remote.put_file(key, file, len, media_type).await
    }

    /// Removes an original that no catalogue names any more.
    ///
    /// # Errors
    /// [`BlobError::Remote`].
    pub async fn remove_original(&self, key: BlobKey) -> Result<(), BlobError> {
        self.remote.delete(key).await.map(drop)
    }
}
