//! What was asked of the server and what it acknowledged.

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use tintype_testkit::{build, pixels};

use crate::support::Client;

/// An upload that was acknowledged.
#[derive(Clone, Debug)]
struct Upload {
    seed: u64,
    link: String,
    id: String,
    delete_token: String,
    /// The answer came when the crash had begun: nobody could have had it from a machine without power, and a disk that
    /// is being shut down may say it has synced what it drops (xfs does so: an inode whose log items were just thrown
    /// away looks like one that has nothing left to log).
    late: bool,
    deleted: Deleted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deleted {
    No,
    /// Asked for; whether it happened is not known.
    Asked,
    Acknowledged,
}

pub(crate) struct Ledger {
    uploads: Mutex<Vec<Upload>>,
    seed: u64,
    next: AtomicU64,
    stopping: AtomicBool,
    crashing: AtomicBool,
}

/// The picture of a number: most are small, some fill several pages of a disk.
fn picture(seed: u64) -> Vec<u8> {
    let side = 16 + u32::try_from(pixels::mix(seed) % 200).unwrap_or(0);
    build::png(side, side, seed)
}

impl Ledger {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            uploads: Mutex::default(),
            seed,
            next: AtomicU64::new(0),
            stopping: AtomicBool::new(false),
            crashing: AtomicBool::new(false),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Upload>> {
        self.uploads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn acknowledged(&self) -> usize {
        self.lock().len()
    }

    /// From now on a hand that meets an error has met the crash.
    pub(crate) fn stop_soon(&self) {
        self.stopping.store(true, Ordering::SeqCst);
    }

    /// The crash begins: what is answered from now on is no acknowledgement.
    pub(crate) fn crash(&self) {
        self.crashing.store(true, Ordering::SeqCst);
    }

    pub(crate) fn go_on(&self) {
        self.stopping.store(false, Ordering::SeqCst);
        self.crashing.store(false, Ordering::SeqCst);
    }

    /// Uploads, uploads the same again, and deletes, until the server goes away.
    pub(crate) fn work(&self, client: &Client, hand: u64) {
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let dice = pixels::mix(self.seed ^ (number << 8) ^ hand);
            let went_on = match dice % 10 {
                0 | 1 => self.delete(client, dice),
                2 => {
                    // Bytes that are or were there: shared, or revived, or written anew.
                    let earlier = self.lock().len() as u64;
                    self.upload(
                        client,
                        if earlier == 0 {
                            number
                        } else {
                            self.lock()[usize::try_from(dice % earlier).unwrap()].seed
                        },
                    )
                }
                _ => self.upload(client, self.seed.wrapping_mul(1_000_000) + number),
            };
            if !went_on {
                return;
            }
        }
    }

    fn upload(&self, client: &Client, seed: u64) -> bool {
        let headers = [("content-type", "image/png"), ("sec-fetch-site", "cross-site")];
        let Ok(reply) = client.try_send("POST", "/api/v1/images", &headers, Some(&picture(seed))) else {
            return false;
        };
        if reply.status != 201 {
            // A disk without power answers that it cannot write, and that is no acknowledgement.
            assert!(self.stopping.load(Ordering::SeqCst), "{} {}", reply.status, reply.text());
            return reply.status < 500;
        }
        let upload = Upload {
            seed,
            link: reply.at("/links/image"),
            id: reply.at("/id"),
            delete_token: reply.at("/delete_token"),
            late: self.crashing.load(Ordering::SeqCst),
            deleted: Deleted::No,
        };
        self.lock().push(upload);
        true
    }

    fn delete(&self, client: &Client, dice: u64) -> bool {
        let chosen = {
            let mut uploads = self.lock();
            let count = uploads.len() as u64;
            if count == 0 {
                return true;
            }
            let upload = &mut uploads[usize::try_from((dice >> 8) % count).unwrap()];
            if upload.deleted != Deleted::No {
                return true;
            }
            upload.deleted = Deleted::Asked;
            upload.clone()
        };
        let now = if dice & 1 == 0 { "?now=true" } else { "" };
        let path = format!("/api/v1/images/{}{now}", chosen.id);
        let headers = [("tintype-delete-token", chosen.delete_token.as_str())];
        let Ok(reply) = client.try_send("DELETE", &path, &headers, None) else { return false };
        if reply.status == 204 && !self.crashing.load(Ordering::SeqCst) {
            let mut uploads = self.lock();
            let upload = uploads.iter_mut().find(|upload| upload.id == chosen.id).unwrap();
            upload.deleted = Deleted::Acknowledged;
        }
        reply.status < 500
    }

    /// What was acknowledged and is not so. What came too late to be an acknowledgement is one from now on where it
    /// stands, and forgotten where it does not.
    pub(crate) fn losses(&self, client: &Client) -> Vec<String> {
        let mut losses = Vec::new();
        self.lock().retain_mut(|upload| {
            let served = client.get(&upload.link);
            let whole = served.status == 200 && served.body == picture(upload.seed);
            if std::mem::take(&mut upload.late) && served.status == 404 {
                return false;
            }
            let right = match upload.deleted {
                Deleted::No => whole,
                Deleted::Asked => whole || served.status == 410,
                Deleted::Acknowledged => served.status == 410,
            };
            if !right {
                losses.push(format!(
                    "{} ({:?}): {} with {} bytes",
                    upload.link,
                    upload.deleted,
                    served.status,
                    served.body.len()
                ));
            }
            true
        });
        losses
    }

    pub(crate) fn summary(&self) -> String {
        let uploads = self.lock();
        let deleted = uploads.iter().filter(|upload| upload.deleted == Deleted::Acknowledged).count();
        format!("{} uploads and {deleted} deletes acknowledged", uploads.len())
    }
}
