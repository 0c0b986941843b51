//! Publishing less than was received: kept ranges and a few new bytes become a new staged file.

use std::{fs::File, io::IoSlice, ops::Range, sync::Arc};

use sha2::{Digest as _, Sha256};
use tintype_types::{Span, SpanPlan};

use crate::{
    BlobError, Staged,
    folder::{Folder, READ_SIZE, StagedFile},
};

/// Carries a plan out in memory of one buffer, whatever the size of the file.
///
/// A plan that keeps the file whole copies nothing: the result is the same file. A crash leaves what staging leaves.
pub(crate) fn rewrite(folder: &Arc<Folder>, staged: &Staged, plan: &SpanPlan) -> Result<Staged, BlobError> {
    plan.validate(staged.len()).map_err(|error| {
        BlobError::Corrupt(format!("the plan for a file of {} bytes: {error}", staged.len()))
    })?;
    if plan.is_whole(staged.len()) {
        return Ok(staged.shared());
    }
    let mut copy = Copy::new(folder, staged.file(), plan.len())?;
    for span in &plan.0 {
        match span {
            Span::Keep { offset, len } => copy.keep(*offset, *len)?,
            Span::New(bytes) => copy.add(bytes)?,
            Span::Zero { len } => copy.zero(*len)?,
        }
    }
    copy.finish(plan.len())
}

/// Copies a whole file into a new staged one, hashed on the way: what is published later is what was read now, whatever
/// becomes of the file.
pub(crate) fn restage(folder: &Arc<Folder>, source: Arc<File>, len: u64) -> Result<Staged, BlobError> {
    let mut copy = Copy::new(folder, source, len)?;
    copy.keep(0, len)?;
    copy.finish(len)
}

struct Copy<'a> {
    folder: &'a Folder,
    source: Arc<File>,
    target: StagedFile,
    buffer: Vec<u8>,
    /// Bytes at the front of the buffer that are still to be written.
    filled: usize,
    hasher: Sha256,
}

impl<'a> Copy<'a> {
    fn new(folder: &'a Arc<Folder>, source: Arc<File>, len: u64) -> Result<Self, BlobError> {
        let room = usize::try_from(len).unwrap_or(READ_SIZE).clamp(1, READ_SIZE);
        Ok(Self {
            folder,
            source,
            target: StagedFile::create(Arc::clone(folder))?,
            buffer: vec![0; room],
            filled: 0,
            hasher: Sha256::new(),
        })
    }

    fn finish(mut self, len: u64) -> Result<Staged, BlobError> {
        self.flush()?;
        Staged::new(self.target, len, self.hasher)
    }

    fn keep(&mut self, mut offset: u64, mut len: u64) -> Result<(), BlobError> {
        while len > 0 {
            let space = self.space(len)?;
            let read = self
                .folder
                .disk
                .read_at(&self.source, &mut self.buffer[space], offset)
                .map_err(|errno| BlobError::unavailable("reading a staged file", errno))?;
            if read == 0 {
                return Err(BlobError::Corrupt(
                    "a staged file is shorter than what was written to it".to_owned(),
                ));
            }
            self.filled += read;
            offset += read as u64;
            len -= read as u64;
        }
        Ok(())
    }

    fn add(&mut self, mut bytes: &[u8]) -> Result<(), BlobError> {
        while !bytes.is_empty() {
            let space = self.space(bytes.len() as u64)?;
            let (now, later) = bytes.split_at(space.len());
            self.buffer[space].copy_from_slice(now);
            self.filled += now.len();
            bytes = later;
        }
        Ok(())
    }

    fn zero(&mut self, mut len: u64) -> Result<(), BlobError> {
        while len > 0 {
            let space = self.space(len)?;
            let done = space.len();
            self.buffer[space].fill(0);
            self.filled += done;
            len -= done as u64;
        }
        Ok(())
    }

    /// Room in the buffer behind what is filled: for at most `wanted` bytes and at least one.
    fn space(&mut self, wanted: u64) -> Result<Range<usize>, BlobError> {
        if self.filled == self.buffer.len() {
            self.flush()?;
        }
        let room = self.buffer.len() - self.filled;
        let len = usize::try_from(wanted).unwrap_or(room).min(room);
        Ok(self.filled..self.filled + len)
    }

    fn flush(&mut self) -> Result<(), BlobError> {
        let filled = &self.buffer[..self.filled];
        if !filled.is_empty() {
            self.hasher.update(filled);
            self.folder
                .disk
                .write(self.target.writer(), &mut [IoSlice::new(filled)])
                .map_err(|errno| BlobError::writing("writing a staged file", errno))?;
        }
        self.filled = 0;
        Ok(())
    }
}
