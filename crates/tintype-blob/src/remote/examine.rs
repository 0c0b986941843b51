//! What a service does of all that we ask, tried on objects that are removed again.

use std::time::Duration;

use bytes::Bytes;
use object_store::{ObjectStore as _, ObjectStoreExt as _, PutMode, PutOptions, PutPayload};
use reqwest::{Client, Method, StatusCode, header};
use rusty_s3::signing;
use tintype_types::ContentHash;

use super::{Remote, S3Options, failed};
use crate::{BlobError, folder::names};

/// How a check came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As it should be.
    Fine(String),
    /// It works, but something should be mended: what was found, and what to do.
    Weak(String, String),
    /// It does not work: what was found, and what to do.
    Broken(String, String),
}

/// What was looked at, and how it is.
pub type Checked = (&'static str, Outcome);

/// Difference between two clocks at which signatures are refused, and half of it.
const SKEW_MAX: i64 = 900;
const TIMEOUT: Duration = Duration::from_secs(20);

/// Examines a bucket as pages of `origins` and the server would use it, and, with `public_url`, readers that come without a
/// signature. Leaves nothing behind.
///
/// # Errors
/// Settings that no client can be made of.
pub async fn examine(
    options: &S3Options,
    origins: &[String],
    public_url: Option<&str>,
) -> Result<Vec<Checked>, BlobError> {
    let remote = Remote::connect(options)?;
    let http = Client::builder().timeout(TIMEOUT).redirect(reqwest::redirect::Policy::none()).build();
    let http = http.map_err(|error| BlobError::Remote {
        what: "making a client".to_owned(),
        hint: "tell the makers",
        source: Box::new(error),
    })?;
    let examiner = Examiner { remote, http, options, name: format!("doctor-{}", std::process::id()) };
    let mut all = examiner.all(origins).await;
    if let Some(url) = public_url {
        all.push(("readers", examiner.readers(url).await));
    }
    let _ = examiner.remote.store.delete(&examiner.remote.path(&examiner.name)).await;
    Ok(all)
}

fn cause(error: &BlobError) -> String {
    use std::error::Error as _;
    error.source().map(|source| format!(" ({source})")).unwrap_or_default()
}

struct Examiner<'a> {
    remote: Remote,
    http: Client,
    options: &'a S3Options,
    name: String,
}

impl Examiner<'_> {
    async fn all(&self, origins: &[String]) -> Vec<Checked> {
        let mut all = vec![self.clock().await];
        match self.permissions().await {
            Ok(found) => all.push(("permissions", Outcome::Fine(found))),
            Err(error) => {
                let found = format!("{error}{}", cause(&error));
                all.push((
                    "permissions",
                    Outcome::Broken(
                        found,
                        "`tintype doctor --print policy` is what the key needs".to_owned(),
                    ),
                ));
                return all;
            }
        }
        all.push(self.ranges().await);
        all.push(self.conditional().await);
        all.extend(self.signed(origins).await);
        all.push(self.lifecycle().await);
        all.push(self.syncs().await);
        all
    }

    fn endpoint(&self) -> String {
        let region = self.options.region.clone().unwrap_or_else(|| "us-east-1".to_owned());
        self.options.endpoint.clone().unwrap_or_else(|| format!("https://s3.{region}.amazonaws.com"))
    }

    async fn clock(&self) -> Checked {
        const WHAT: &str = "store's clock";
        let asked = self.http.get(self.endpoint()).send().await;
        let Ok(answer) = asked else {
            let mend = "start it, or correct store.endpoint".to_owned();
            return (WHAT, Outcome::Broken(format!("{} does not answer", self.endpoint()), mend));
        };
        let date = answer.headers().get(header::DATE).and_then(|value| value.to_str().ok());
        let Some(theirs) = date.and_then(|text| jiff::fmt::rfc2822::parse(text).ok()) else {
            return (WHAT, Outcome::Fine("the service does not tell its time".to_owned()));
        };
        let skew = jiff::Timestamp::now().as_second() - theirs.timestamp().as_second();
        let found = format!("{skew} s apart from the service's");
        if skew.abs() >= SKEW_MAX {
            (
                WHAT,
                Outcome::Broken(
                    found,
                    "signatures are refused: set this machine's clock (timedatectl set-ntp true)".to_owned(),
                ),
            )
        } else if skew.abs() > SKEW_MAX / 10 {
            (WHAT, Outcome::Weak(found, "beyond 900 s signatures are refused: have it set by NTP".to_owned()))
        } else {
            (WHAT, Outcome::Fine(found))
        }
    }

    /// Puts, looks at, lists, copies, reads and removes.
    async fn permissions(&self) -> Result<String, BlobError> {
        let (one, two) = (self.remote.path(&self.name), self.remote.path(&format!("{}-copy", self.name)));
        let store = &self.remote.store;
        let did = |what: &'static str| move |error| failed(what, error);
        store.put(&one, PutPayload::from_static(b"doctor")).await.map_err(did("storing an object"))?;
        let size = store.head(&one).await.map_err(did("looking at an object"))?.size;
        let read = store.get(&one).await.map_err(did("reading an object"))?;
        let read = read.bytes().await.map_err(did("reading an object"))?;
        store.copy(&one, &two).await.map_err(did("copying an object"))?;
        let mut listed = store.list(Some(&self.remote.path(names::ORIGINALS)));
        if let Some(Err(error)) = futures_util::StreamExt::next(&mut listed).await {
            return Err(failed("listing objects", error));
        }
        store.delete(&two).await.map_err(did("removing an object"))?;
        if (size, read.as_ref()) != (6, b"doctor".as_slice()) {
            return Err(BlobError::Corrupt("an object came back as other bytes than were stored".to_owned()));
        }
        Ok("objects are stored, read, listed, copied and removed".to_owned())
    }

    async fn ranges(&self) -> Checked {
        let part = self.remote.store.get_range(&self.remote.path(&self.name), 2..5).await;
        (
            "ranges",
            match part {
                Ok(part) if part.as_ref() == b"cto" => Outcome::Fine("parts of objects are read".to_owned()),
                Ok(_) => Outcome::Broken(
                    "a part has other bytes than were asked for".to_owned(),
                    "use another service: large pictures would be broken".to_owned(),
                ),
                Err(error) => Outcome::Broken(
                    format!("parts cannot be read: {error}"),
                    "use another service: large pictures are served in parts".to_owned(),
                ),
            },
        )
    }

    async fn conditional(&self) -> Checked {
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        let again = self
            .remote
            .store
            .put_opts(&self.remote.path(&self.name), PutPayload::from_static(b"doctor"), options)
            .await;
        (
            "conditional",
            Outcome::Fine(match again {
                Err(object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. }) => {
                    "writes that must not replace are refused where something is; nothing here needs it"
                        .to_owned()
                }
                _ => "conditions of writes are ignored; nothing here needs them".to_owned(),
            }),
        )
    }

    /// Signed addresses: that they work, that they bind, that nothing else reads, and that pages of these origins may use them.
    async fn signed(&self, origins: &[String]) -> Vec<Checked> {
        let id = ContentHash([0xd0; 32]);
        let body = Bytes::from_static(b"doctor");
        let signed = self.remote.sign_put(id, Some("image/png"), Some(6), None, 60).await;
        let url = match signed {
            Ok(Some(signed)) => signed.url,
            Ok(None) => return Vec::new(),
            Err(error) => {
                let mend = "give this machine credentials".to_owned();
                return vec![("signing", Outcome::Broken(error.to_string(), mend))];
            }
        };
        let put = async |content_type: &str, body: Bytes| {
            let sent = self.http.put(&url).header(header::CONTENT_TYPE, content_type).body(body).send().await;
            sent.map(|answer| answer.status())
        };
        let mut all = Vec::new();
        let wrong =
            [put("text/html", body.clone()).await, put("image/png", Bytes::from_static(b"doctor!")).await];
        let right = put("image/png", body).await;
        all.push(("signing", match (&right, &wrong) {
            (Ok(status), _) if !status.is_success() => Outcome::Broken(
                format!("a signed PUT is answered {status}"),
                "files go through the server instead; look at store.public_endpoint and store.region".to_owned(),
            ),
            (Err(error), _) => Outcome::Broken(format!("a signed PUT fails: {error}"), "look at store.public_endpoint".to_owned()),
            (Ok(_), wrong) if wrong.iter().any(|status| status.as_ref().is_ok_and(StatusCode::is_success)) => Outcome::Weak(
                "a signature does not bind the type and the length of a file".to_owned(),
                "set upload.direct = off: whoever has an address could send anything of any size to the bucket".to_owned(),
            ),
            _ => Outcome::Fine("a signed PUT takes the file that was announced and no other".to_owned()),
        }));
        let bare = url.split('?').next().unwrap_or_default();
        let read = self.http.get(bare).send().await.map(|answer| answer.status());
        all.push((
            "secrecy",
            match read {
                Ok(status) if status.is_success() => Outcome::Broken(
                    "anybody reads incoming/, where files wait that nobody has looked at".to_owned(),
                    "make the bucket private, or allow reading below public/ alone".to_owned(),
                ),
                _ => Outcome::Fine("without a signature nothing is read".to_owned()),
            },
        ));
        for origin in origins {
            all.push(("cors", self.cors(&url, origin).await));
        }
        let _ = self.remote.remove_incoming(id).await;
        all
    }

    async fn cors(&self, url: &str, origin: &str) -> Outcome {
        let asked = self
            .http
            .request(Method::OPTIONS, url)
            .header(header::ORIGIN, origin)
            .header(header::ACCESS_CONTROL_REQUEST_METHOD, "PUT")
            .header(header::ACCESS_CONTROL_REQUEST_HEADERS, "content-type,x-amz-checksum-sha256")
            .send()
            .await;
        let mend = "put `tintype doctor --print cors` on the bucket; until then browsers send files through the server".to_owned();
        let Ok(answer) = asked else { return Outcome::Weak(format!("{origin}: no answer"), mend) };
        let says =
            |name| answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let named = says(header::ACCESS_CONTROL_ALLOW_ORIGIN);
        let methods = says(header::ACCESS_CONTROL_ALLOW_METHODS);
        if answer.status().is_success() && (named == origin || named == "*") && methods.contains("PUT") {
            Outcome::Fine(format!("pages of {origin} may send files"))
        } else {
            Outcome::Weak(format!("pages of {origin} may not send files ({})", answer.status()), mend)
        }
    }

    /// Whether anybody reads what lies below `public/`, at the address that links begin with.
    async fn readers(&self, public_url: &str) -> Outcome {
        let path = self.remote.path(&format!("{}/{}", names::PUBLIC, self.name));
        if let Err(error) = self.remote.store.put(&path, PutPayload::from_static(b"doctor")).await {
            return Outcome::Broken(
                format!("nothing can be stored below public/: {error}"),
                "`tintype doctor --print policy` is what the key needs".to_owned(),
            );
        }
        let asked = self.http.get(format!("{public_url}/{}", self.name)).send().await;
        let outcome = match asked {
            Ok(answer) if answer.status().is_success() => match answer.bytes().await {
                Ok(bytes) if bytes.as_ref() == b"doctor" => {
                    Outcome::Fine(format!("anybody reads copies at {public_url}"))
                }
                _ => Outcome::Broken(
                    format!("{public_url} answers, but with something else"),
                    "let delivery.public_url lead to public/ of this bucket".to_owned(),
                ),
            },
            Ok(answer) => Outcome::Broken(
                format!("{public_url} answers {}", answer.status()),
                "let anybody read below public/ (`tintype doctor --print public-policy`), or have the CDN read there".to_owned(),
            ),
            Err(error) => Outcome::Broken(
                format!("{public_url} does not answer: {error}"),
                "correct delivery.public_url".to_owned(),
            ),
        };
        let _ = self.remote.store.delete(&path).await;
        match outcome {
            Outcome::Fine(found) => self.nothing_else(public_url).await.unwrap_or(Outcome::Fine(found)),
            outcome => outcome,
        }
    }

    /// What is wrong where readers reach more of the bucket than the copies: beside `public/` lie the originals of private
    /// images, under names that a catalogue in the same place tells.
    async fn nothing_else(&self, public_url: &str) -> Option<Outcome> {
        let (parent, _) = public_url.strip_suffix(names::PUBLIC)?.rsplit_once('/')?;
        let asked = self.http.get(format!("{parent}/{}", names::IDENTITY)).send().await.ok()?;
        asked.status().is_success().then(|| {
            Outcome::Broken(
                format!("anybody reads the whole bucket at {parent}, private images included"),
                "let the CDN show public/ and nothing else of the bucket, or give the copies a bucket policy of their own (`tintype doctor --print public-policy`)".to_owned(),
            )
        })
    }

    async fn lifecycle(&self) -> Checked {
        const WHAT: &str = "lifecycle";
        let mend = "put `tintype doctor --print lifecycle` on the bucket; the server sweeps by itself what it knows of".to_owned();
        let text = match self.subresource("lifecycle").await {
            Some((status, text)) if status.is_success() => text,
            Some((status, _)) => return (WHAT, Outcome::Weak(format!("no rules ({status})"), mend)),
            None => return (WHAT, Outcome::Weak("rules cannot be read".to_owned(), mend)),
        };
        let prefix = self.remote.name(names::INCOMING);
        if text.contains(&prefix) && text.contains("AbortIncompleteMultipartUpload") {
            (
                WHAT,
                Outcome::Fine(
                    "files that were sent and not published, and parts without an end, are removed"
                        .to_owned(),
                ),
            )
        } else {
            (
                WHAT,
                Outcome::Weak(
                    format!("no rule removes what is left below {prefix}/, or parts without an end"),
                    mend,
                ),
            )
        }
    }

    /// Whether the engine writes to the disk before it answers, as far as its kind tells.
    async fn syncs(&self) -> Checked {
        const WHAT: &str = "store's syncs";
        let server = self.maker().await.unwrap_or_default().to_lowercase();
        (
            WHAT,
            if server.contains("seaweed") {
                Outcome::Weak(
                "SeaweedFS syncs nothing unless it is told to".to_owned(),
                "in `weed shell`: fs.configure -locationPrefix=/buckets/ -fsync -apply; a power cut may take uploads away else".to_owned(),
            )
            } else if server.contains("garage") {
                Outcome::Weak(
                    "Garage syncs nothing unless it is told to".to_owned(),
                    "set data_fsync = true and metadata_fsync = true in garage.toml, or have three replicas"
                        .to_owned(),
                )
            } else {
                Outcome::Fine("not to be seen from here: what the service promises".to_owned())
            },
        )
    }

    /// What a service says of itself: SeaweedFS in a header, Garage in the words with which it refuses strangers.
    async fn maker(&self) -> Option<String> {
        let answer = self.http.get(self.endpoint()).send().await.ok()?;
        let header = answer.headers().get(header::SERVER).and_then(|value| value.to_str().ok());
        let header = header.unwrap_or_default().to_owned();
        Some(format!("{header} {}", answer.text().await.unwrap_or_default()))
    }

    /// Reads one of the bucket's own documents.
    async fn subresource(&self, name: &str) -> Option<(StatusCode, String)> {
        let signer = self.remote.signer.as_ref()?;
        let credentials = signer.credentials().await.ok()?;
        let url = signing::sign(
            &jiff::Timestamp::now(),
            rusty_s3::Method::Get,
            signer.bucket.base_url().clone(),
            credentials.key(),
            credentials.secret(),
            credentials.token(),
            signer.bucket.region(),
            60,
            [(name, "")].into_iter(),
            std::iter::empty(),
        );
        let answer = self.http.get(url.as_str()).send().await.ok()?;
        let status = answer.status();
        Some((status, answer.text().await.ok()?))
    }
}
