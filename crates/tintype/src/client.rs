//! Talking to a server by its API.

use std::{
    cell::Cell,
    fs::File,
    io::{self, Read},
    path::Path,
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, anyhow, bail};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use ureq::{
    Agent, SendBody,
    http::Request,
    tls::{RootCerts, TlsConfig},
};

/// Tries of one request, the first included.
const TRIES: u32 = 6;
/// Longest pause between two tries.
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// A server, and the token that is shown to it.
pub(crate) struct Client {
    agent: Agent,
    base: String,
    token: Option<String>,
    /// Whether files may go straight to the server's object storage; `None` before it was asked.
    direct: Cell<Option<bool>>,
}

/// A body that can be sent again.
pub(crate) struct Payload<'a> {
    pub(crate) content_type: String,
    pub(crate) len: u64,
    /// Opens it anew from its beginning.
    pub(crate) open: &'a dyn Fn() -> Result<Box<dyn Read>>,
}

/// What the server said.
struct Answer {
    status: u16,
    retry_after: Option<u64>,
    /// Where a redirect leads.
    location: Option<String>,
    body: Value,
}

/// Why a request has no answer.
struct Failure {
    error: anyhow::Error,
    /// Whether the connection was to blame, so that the next one may do.
    may_pass: bool,
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self { error, may_pass: false }
    }
}

impl Failure {
    fn of_connection(error: &ureq::Error, what: &str) -> Self {
        let may_pass = match error {
            ureq::Error::Io(error) => !is_about_certificate(error),
            ureq::Error::Protocol(_)
            | ureq::Error::Timeout(_)
            | ureq::Error::HostNotFound
            | ureq::Error::ConnectionFailed
            | ureq::Error::ConnectProxyFailed(_) => true,
            _ => false,
        };
        Self { error: anyhow!("{what}: {error}"), may_pass }
    }
}

fn is_about_certificate(error: &io::Error) -> bool {
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>());
    matches!(cause, Some(rustls::Error::InvalidCertificate(_)))
}

/// A body, and why it could not be read to its end.
struct Watched {
    body: Box<dyn Read>,
    failed: Option<io::Error>,
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.body.read(buffer).map_err(|error| {
            let kind = error.kind();
            if kind != io::ErrorKind::Interrupted {
                self.failed = Some(error);
            }
            kind.into()
        })
    }
}

impl Client {
    /// A client of the server at `base`, such as `https://img.example.org`. `token` is one that [`token`] let through.
    pub(crate) fn new(base: &str, token: Option<String>) -> Self {
        let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
        let config = Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            // The token would stay behind, and the server would ask for one.
            .max_redirects(0)
            .timeout_connect(Some(Duration::from_secs(15)))
            .timeout_recv_response(Some(Duration::from_secs(120)))
            .user_agent(concat!("tintype/", env!("CARGO_PKG_VERSION")))
            .build();
        Self {
            agent: config.into(),
            base: base.trim_end_matches('/').to_owned(),
            token,
            direct: Cell::new(None),
        }
    }

    /// Sends a request until the server takes or refuses it. Tries again where the connection breaks or the server is busy;
    /// `key` makes the request one whose repetition does no harm.
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        key: Option<&str>,
        payload: Option<&Payload<'_>>,
    ) -> Result<Value> {
        let mut attempt = 1;
        loop {
            let failure = match self.once(method, path, key, payload) {
                Ok(answer) if (200..300).contains(&answer.status) => return Ok(answer.body),
                Ok(answer) => {
                    let error = refusal(&answer);
                    if attempt == TRIES || !matches!(answer.status, 408 | 429 | 502..=504) {
                        return Err(error);
                    }
                    (error, answer.retry_after.map(Duration::from_secs))
                }
                Err(failure) if attempt == TRIES || !failure.may_pass => return Err(failure.error),
                Err(failure) => (failure.error, None),
            };
            let (error, wait) = failure;
            let pause = wait.unwrap_or_else(|| Duration::from_millis(250 << attempt)).min(PAUSE_MAX);
            eprintln!("{error:#}; trying again in {:.1} s", pause.as_secs_f64());
            thread::sleep(pause);
            attempt += 1;
        }
    }

    /// Asks once, without trying again.
    pub(crate) fn ask(&self, path: &str) -> Result<Value> {
        let answer = self.once("GET", path, None, None).map_err(|failure| failure.error)?;
        if (200..300).contains(&answer.status) { Ok(answer.body) } else { Err(refusal(&answer)) }
    }

    /// Whether files may go straight to the server's object storage.
    pub(crate) fn takes_direct(&self) -> bool {
        if self.direct.get().is_none() {
            // A server that does not say so takes them itself, or says why not when a file comes.
            let says = self.ask("/api/v1/config").is_ok_and(|config| config["upload"]["direct"] == true);
            self.direct.set(Some(says));
        }
        self.direct.get() == Some(true)
    }

    /// From now on files go through the server.
    pub(crate) fn forgo_direct(&self) {
        self.direct.set(Some(false));
    }

    /// Sends a body to an address of another server, once and without our token. `headers` are texts by their names.
    pub(crate) fn put_elsewhere(&self, url: &str, headers: &Value, payload: &Payload<'_>) -> Result<()> {
        let mut request =
            Request::builder().method("PUT").uri(url).header("content-length", payload.len.to_string());
        for (name, value) in headers.as_object().into_iter().flatten() {
            request = request.header(name, value.as_str().unwrap_or_default());
        }
        let mut body = (payload.open)()?;
        let request = request.body(SendBody::from_reader(&mut body)).context("this is no address")?;
        let answer = self.agent.run(request)?;
        let status = answer.status();
        if status.is_success() { Ok(()) } else { Err(anyhow!("it answered {status}")) }
    }

    fn once(
        &self,
        method: &str,
        path: &str,
        key: Option<&str>,
        payload: Option<&Payload<'_>>,
    ) -> Result<Answer, Failure> {
        let url = format!("{}{path}", self.base);
        let mut request = Request::builder().method(method).uri(&url);
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let sent = match payload {
            Some(payload) => {
                request = request
                    .header("content-type", &payload.content_type)
                    .header("content-length", payload.len.to_string());
                let mut body = Watched { body: (payload.open)()?, failed: None };
                let request = request.body(SendBody::from_reader(&mut body)).context("this is no address")?;
                let sent = self.agent.run(request);
                if let (Err(_), Some(error)) = (&sent, body.failed) {
                    return Err(anyhow::Error::new(error).context("cannot read what is to be sent").into());
                }
                sent
            }
            None => self.agent.run(request.body(()).context("this is no address")?),
        };
        let mut response =
            sent.map_err(|error| Failure::of_connection(&error, &format!("{} does not answer", self.base)))?;
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        let retry_after = header("retry-after").and_then(|value| value.parse().ok());
        let location = header("location").filter(|_| response.status().is_redirection()).map(|location| {
            // Without what was asked for: the address of the server.
            location.strip_suffix(path).unwrap_or(location).to_owned()
        });
        let status = response.status().as_u16();
        let text = response.body_mut().read_to_string();
        let text = text.map_err(|error| Failure::of_connection(&error, "the answer broke off"))?;
        Ok(Answer {
            status,
            retry_after,
            location,
            body: serde_json::from_str(&text).unwrap_or(Value::String(text)),
        })
    }
}

/// What the server refused, in its own words, or by the status where there are none.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) status: u16,
    words: String,
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.words)
    }
}

impl std::error::Error for Refused {}

fn refusal(answer: &Answer) -> anyhow::Error {
    let words = answer.body["detail"].as_str();
    let words = match (words, answer.body["request_id"].as_str()) {
        (Some(words), Some(id)) if answer.status >= 500 => format!("{words} (request {id})"),
        (Some(words), _) => words.to_owned(),
        (None, _) if let Some(location) = &answer.location => {
            format!("the server is elsewhere: use --to {location}")
        }
        (None, _) => format!("the server answered {}", answer.status),
    };
    Refused { status: answer.status, words }.into()
}

/// A token as somebody gave it, without the white space around it. Line ends of other systems come along with it from files.
///
/// # Errors
/// It is empty, or holds what no token does.
pub(crate) fn token(given: &str) -> Result<String> {
    let token = given.trim();
    if token.is_empty() {
        bail!("the token is empty; give the one that `tintype token create` printed");
    }
    match token.chars().find(|character| !character.is_ascii_graphic()) {
        // The hint that stands beside a token ends so.
        Some('…') => {
            bail!("the token is cut off: it holds …; give all of what `tintype token create` printed")
        }
        Some(other) => bail!(
            "the token holds {other:?}, which none does; give what `tintype token create` printed, and nothing else"
        ),
        None => Ok(token.to_owned()),
    }
}

/// What a part of a path holds plainly (RFC 3986, unreserved), and the slash.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// A path, or a value of a query, as it stands in an address.
pub(crate) fn encode(text: &str) -> String {
    utf8_percent_encode(text, PATH).to_string()
}

/// A folder of named paths as the API has it: a slash at its end, none at its beginning; nothing for the root.
pub(crate) fn slashed(folder: &str) -> String {
    let plain = folder.trim_matches('/');
    if plain.is_empty() { String::new() } else { format!("{plain}/") }
}

/// SHA-256 of a file as 64 hex digits.
pub(crate) fn sha256_of(path: &Path) -> Result<String> {
    let failed = || format!("cannot read {}", path.display());
    let mut file = File::open(path).with_context(failed)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 256 << 10];
    loop {
        match file.read(&mut buffer).with_context(failed)? {
            0 => return Ok(hex(&hasher.finalize())),
            read => hasher.update(&buffer[..read]),
        }
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A name for one upload that nobody else makes: 32 hex digits.
pub(crate) fn fresh_key() -> String {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    hex(&bytes)
}

/// The whole body as bytes that can be sent again.
pub(crate) fn read_all(mut source: impl Read, max: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.by_ref().take(max + 1).read_to_end(&mut bytes).context("cannot read the standard input")?;
    if bytes.len() as u64 > max {
        bail!("the standard input has more than {max} bytes; send larger pictures as files");
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_taken_whole_and_without_what_is_around_it() {
        for given in ["tint_a1_00", "tint_a1_00\r\n", " tint_a1_00\t"] {
            assert_eq!(token(given).unwrap(), "tint_a1_00", "{given:?}");
        }
        for (given, words) in [
            ("\r\n", "the token is empty"),
            ("tint_b4Ck…", "the token is cut off"),
            ("tint_a 00", "the token holds ' '"),
            ("tint_a\r\ntint_b", r"the token holds '\r'"),
            ("\u{feff}tint_a", r"the token holds '\u{feff}'"),
        ] {
            let error = token(given).unwrap_err().to_string();
            assert!(error.contains(words) && !error.contains("tint_"), "{error}");
        }
    }

    #[test]
    fn paths_are_encoded() {
        assert_eq!(encode(&(slashed("/blog/") + "ü b.jpg")), "blog/%C3%BC%20b.jpg");
        assert_eq!(slashed("/"), "");
    }
}
