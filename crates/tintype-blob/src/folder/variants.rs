//! Rendered variants: a cache in files. Any of it may be deleted at any time, and nothing of it is synced.
//!
//! A file is the variant's bytes and a trailer of 16 bytes: their length (u64), their CRC-32 (u32), both little-endian,
//! and `TTv1`. A power cut may leave a file short, empty or full of zeros under its final name; the trailer does not fit
//! then, the file is removed, and the variant is rendered anew.

use std::{io::IoSlice, sync::Arc};

use bytes::Bytes;
use rustix::io::Errno;
use tintype_types::ImageId;

use super::{
    Folder,
    disk::is_dots,
    names::{self, VARIANT_STAGING, VARIANTS},
};
use crate::BlobError;

const TRAILER_LEN: usize = 16;
const MAGIC: [u8; 4] = *b"TTv1";
/// Folders may be deleted under a write, by hand or with their image; so often the write makes them again.
const ATTEMPTS: u32 = 4;

fn trailer(body: &[u8]) -> [u8; TRAILER_LEN] {
    let mut trailer = [0; TRAILER_LEN];
    trailer[..8].copy_from_slice(&(body.len() as u64).to_le_bytes());
    trailer[8..12].copy_from_slice(&crc32fast::hash(body).to_le_bytes());
    trailer[12..].copy_from_slice(&MAGIC);
    trailer
}

/// The variant in a file's bytes; `None` where the trailer does not fit them.
fn checked(file: Vec<u8>) -> Option<Bytes> {
    let len = file.len().checked_sub(TRAILER_LEN)?;
    let (body, found) = file.split_at(len);
    (trailer(body) == found).then(|| Bytes::from(file).slice(..len))
}

impl Folder {
    /// Stores a variant; one of the same name is replaced.
    pub(crate) fn put_variant(
        self: &Arc<Self>,
        image: ImageId,
        recipe: &str,
        epoch: u32,
        bytes: &[u8],
    ) -> Result<(), BlobError> {
        self.check_writable()?;
        let path = names::variant(image, recipe, epoch)?;
        let (inner, outer) = names::variants(image);
        let temporary = format!("{VARIANT_STAGING}/{}", self.temporary_name());
        let failed = |errno| BlobError::writing(format!("writing {path}"), errno);
        // A crash from here to the rename leaves the temporary file; the sweep of the staging folders removes it.
        let mut attempt = 1;
        let written = loop {
            let written = self
                .make_folders(&[VARIANTS, VARIANT_STAGING, &outer, &inner])
                .and_then(|()| self.write_variant(&temporary, &path, bytes));
            match written {
                Err(Errno::NOENT) if attempt < ATTEMPTS => attempt += 1,
                written => break written,
            }
        };
        // A crash from here on leaves a file that may be torn: nothing was synced. Reading it finds that out.
        written.map_err(failed)
    }

    fn make_folders(&self, paths: &[&str]) -> Result<(), Errno> {
        // Nearly always the innermost folder exists, and so do the others.
        for path in paths {
            if self.disk.stat(*path).is_err() {
                self.disk.make_folder(path)?;
            }
        }
        Ok(())
    }

    fn write_variant(&self, temporary: &str, path: &str, bytes: &[u8]) -> Result<(), Errno> {
        let file = self.disk.create_named(temporary)?;
        let trailer = trailer(bytes);
        let result = self
            .disk
            .write(&file, &mut [IoSlice::new(bytes), IoSlice::new(&trailer)])
            .and_then(|()| self.disk.rename(temporary, path));
        if result.is_err() {
            let _ = self.disk.unlink(temporary);
        }
        result
    }

    /// Reads a variant; `None` where there is none or where the file is damaged, which removes it.
    pub(crate) fn get_variant(
        &self,
        image: ImageId,
        recipe: &str,
        epoch: u32,
    ) -> Result<Option<Bytes>, BlobError> {
        let path = names::variant(image, recipe, epoch)?;
        let failed = |errno| BlobError::unavailable(format!("reading {path}"), errno);
        let file = match self.disk.open(&path) {
            Err(Errno::NOENT) => return Ok(None),
            result => result.map_err(failed)?,
        };
        let len = rustix::fs::fstat(&file).map_err(failed)?.st_size;
        let len = usize::try_from(len).map_err(|_| failed(Errno::FBIG))?;
        let found = checked(self.disk.read_vec(&file, 0, len).map_err(failed)?);
        if found.is_none() {
            tracing::warn!(blob.file = path, "a cached variant is damaged and will be rendered anew");
            // Where it cannot be removed, the next put replaces it.
            let _ = self.disk.unlink(&path);
        }
        Ok(found)
    }

    /// Removes an image's variants; returns how many there were.
    pub(crate) fn delete_variants(&self, image: ImageId) -> Result<usize, BlobError> {
        let (inner, _) = names::variants(image);
        let failed = |errno| BlobError::writing(format!("removing {inner}"), errno);
        let mut removed = 0;
        for name in self.variant_names(&inner).map_err(failed)? {
            removed += usize::from(self.disk.unlink(&format!("{inner}/{name}")).map_err(failed)?);
        }
        self.disk.remove_folder(&inner).map_err(failed)?;
        Ok(removed)
    }

    /// The recipes of an image's variants, of any epoch, each once.
    pub(crate) fn variant_recipes(&self, image: ImageId) -> Result<Vec<String>, BlobError> {
        let (inner, _) = names::variants(image);
        let names = self.variant_names(&inner);
        let names = names.map_err(|errno| BlobError::unavailable(format!("reading {inner}"), errno))?;
        let mut recipes: Vec<String> =
            names.iter().filter_map(|name| Some(name.rsplit_once('.')?.0.to_owned())).collect();
        recipes.sort_unstable();
        recipes.dedup();
        Ok(recipes)
    }

    /// Counts an image's variants.
    pub(crate) fn variant_count(&self, image: ImageId) -> Result<usize, BlobError> {
        let (inner, _) = names::variants(image);
        let names = self.variant_names(&inner);
        names
            .map(|names| names.len())
            .map_err(|errno| BlobError::unavailable(format!("reading {inner}"), errno))
    }

    fn variant_names(&self, inner: &str) -> Result<Vec<String>, Errno> {
        let entries = match self.disk.entries(inner) {
            Err(Errno::NOENT) => return Ok(Vec::new()),
            result => result?,
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry?;
            // A name that is no text is not one of ours.
            match entry.file_name().to_str() {
                Ok(name) if !is_dots(entry.file_name()) => names.push(name.to_owned()),
                _ => {}
            }
        }
        Ok(names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(body: &[u8]) -> Vec<u8> {
        [body, &trailer(body)].concat()
    }

    #[test]
    fn a_whole_file_is_read_and_nothing_else_is() {
        for body in [b"".as_slice(), b"x", &[7; 1000]] {
            let whole = file(body);
            assert_eq!(checked(whole.clone()).as_deref(), Some(body));
            for len in 0..whole.len() {
                assert_eq!(checked(whole[..len].to_vec()), None, "cut at {len} of {}", whole.len());
            }
            for at in 0..whole.len() {
                let mut flipped = whole.clone();
                flipped[at] ^= 1;
                assert_eq!(checked(flipped), None, "byte {at} flipped");
            }
            assert_eq!(checked(vec![0; whole.len()]), None, "zeros");
        }
    }
}
