//! What was asked of the server and what it acknowledged.

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use serde_json::{Value, json};
use tintype_testkit::{build, pixels};

use crate::support::{Client, Reply, send_direct};

/// An upload that was acknowledged.
#[derive(Clone, Debug)]
struct Upload {
    seed: u64,
    link: String,
    id: String,
    /// None where the answer that had it was lost.
    delete_token: Option<String>,
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

/// A file that lies in the bucket and has to be published whenever that is asked for.
#[derive(Clone, Debug)]
struct Sent {
    seed: u64,
    upload_id: String,
}

pub(crate) struct Ledger {
    uploads: Mutex<Vec<Upload>>,
    /// Files in the bucket whose publication nobody has acknowledged yet.
    sent: Mutex<Vec<Sent>>,
    /// Whether half of the files go straight to the bucket.
    straight: bool,
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
            sent: Mutex::default(),
            straight: false,
            seed,
            next: AtomicU64::new(0),
            stopping: AtomicBool::new(false),
            crashing: AtomicBool::new(false),
        }
    }

    /// The same for a server with a bucket, to which every other file goes straight.
    pub(crate) fn of_bucket(seed: u64) -> Self {
        Self { straight: true, ..Self::new(seed) }
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
        if self.straight && pixels::mix(seed ^ self.seed) & 1 == 0 {
            return self.upload_straight(client, seed);
        }
        let Some(reply) = self.ask(client, "/api/v1/images", "image/png", &picture(seed)) else {
            return false;
        };
        if reply.status == 201 {
            self.note(seed, &reply);
        }
        reply.status < 500
    }

    /// Announces a file, sends it to the bucket and has it published.
    fn upload_straight(&self, client: &Client, seed: u64) -> bool {
        let picture = picture(seed);
        let wanted = json!({"contentType": "image/png", "size": picture.len()});
        let Some(begun) = self.ask_json(client, "/uploads/init", &wanted) else { return false };
        assert_eq!(send_direct(&begun, &[], &picture), 200);
        let sent = Sent { seed, upload_id: begun.at("/uploadId") };
        self.sent().push(sent.clone());
        self.publish(client, &sent)
    }

    fn publish(&self, client: &Client, sent: &Sent) -> bool {
        let wanted = json!({"uploadId": sent.upload_id});
        let Some(reply) = self.ask_json(client, "/uploads/complete", &wanted) else { return false };
        self.note(sent.seed, &reply);
        self.sent().retain(|known| known.upload_id != sent.upload_id);
        true
    }

    /// Has everything published that lies in the bucket: what a crash cut off is asked for again.
    pub(crate) fn publish_sent(&self, client: &Client) -> usize {
        let sent = self.sent().clone();
        for each in &sent {
            assert!(self.publish(client, each), "the server is there");
        }
        sent.len()
    }

    fn sent(&self) -> MutexGuard<'_, Vec<Sent>> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An answer of 200; `None` from a server that goes away.
    fn ask_json(&self, client: &Client, path: &str, body: &Value) -> Option<Reply> {
        let reply = self.ask(client, path, "application/json", body.to_string().as_bytes())?;
        (reply.status == 200).then_some(reply)
    }

    /// An answer; only a server that is being stopped may give none, or refuse.
    fn ask(&self, client: &Client, path: &str, content_type: &str, body: &[u8]) -> Option<Reply> {
        let headers = [("content-type", content_type), ("sec-fetch-site", "cross-site")];
        let sent = client.try_send("POST", path, &headers, Some(body));
        // A disk without power answers that it cannot write, and that is no acknowledgement.
        let fine = sent.as_ref().is_ok_and(|reply| matches!(reply.status, 200 | 201));
        assert!(fine || self.stopping.load(Ordering::SeqCst), "{path}: {sent:?}");
        sent.ok()
    }

    /// Takes an answer as the acknowledgement that it is.
    fn note(&self, seed: u64, reply: &Reply) {
        let upload = Upload {
            seed,
            link: reply.at("/links/image"),
            id: reply.at("/id"),
            delete_token: reply.json()["delete_token"].as_str().map(str::to_owned),
            late: self.crashing.load(Ordering::SeqCst),
            deleted: Deleted::No,
        };
        self.lock().push(upload);
    }

    fn delete(&self, client: &Client, dice: u64) -> bool {
        let (chosen, token) = {
            let mut uploads = self.lock();
            let count = uploads.len() as u64;
            if count == 0 {
                return true;
            }
            let upload = &mut uploads[usize::try_from((dice >> 8) % count).unwrap()];
            let Some(token) = upload.delete_token.clone().filter(|_| upload.deleted == Deleted::No) else {
                return true;
            };
            upload.deleted = Deleted::Asked;
            (upload.clone(), token)
        };
        let now = if dice & 1 == 0 { "?now=true" } else { "" };
        let path = format!("/api/v1/images/{}{now}", chosen.id);
        let headers = [("tintype-delete-token", token.as_str())];
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
