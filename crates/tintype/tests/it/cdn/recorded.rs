//! A server that answers as the API of a CDN is documented to, and remembers what it was asked.

use std::{
    collections::VecDeque,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use sha2::{Digest as _, Sha256};

/// What it was asked.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) at: Instant,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Request {
    /// A header's value, or "".
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// What it answers.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    head: String,
    body: String,
    hangs: bool,
}

impl Answer {
    /// A status with its words, header lines and a body.
    pub(super) fn new(status: &str, lines: &[&str], body: &str) -> Self {
        let lines: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
        Self { head: format!("HTTP/1.1 {status}\r\n{lines}"), body: body.to_owned(), hangs: false }
    }

    /// Nothing, for as long as somebody waits.
    pub(super) fn never() -> Self {
        Self { hangs: true, ..Self::new("200 OK", &[], "") }
    }
}

/// What an answer is made of: of the request, where nothing else was said.
type Usually = Box<dyn Fn(&Request) -> Answer + Send>;

struct State {
    asked: Vec<Request>,
    next: VecDeque<Answer>,
    always: Option<Answer>,
    usually: Usually,
}

/// The server.
pub(super) struct Recorded {
    pub(super) url: String,
    state: Arc<Mutex<State>>,
}

impl Recorded {
    /// Starts one that answers so.
    pub(super) fn start(usually: impl Fn(&Request) -> Answer + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state =
            State { asked: Vec::new(), next: VecDeque::new(), always: None, usually: Box::new(usually) };
        let state = Arc::new(Mutex::new(state));
        let shared = state.clone();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let state = shared.clone();
                thread::spawn(move || serve(&stream, &state));
            }
        });
        Self { url, state }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers the next requests with these, one each.
    pub(super) fn next(&self, answers: impl IntoIterator<Item = Answer>) {
        self.state().next.extend(answers);
    }

    /// Answers every request with this, or as usual again.
    pub(super) fn always(&self, answer: Option<Answer>) {
        self.state().always = answer;
    }

    /// Answers otherwise from now on.
    pub(super) fn usually(&self, usually: impl Fn(&Request) -> Answer + Send + 'static) {
        self.state().usually = Box::new(usually);
    }

    /// What it was asked since this was called last.
    pub(super) fn take(&self) -> Vec<Request> {
        std::mem::take(&mut self.state().asked)
    }

    /// How often it was asked since.
    pub(super) fn count(&self) -> usize {
        self.state().asked.len()
    }
}

fn serve(stream: &TcpStream, state: &Mutex<State>) {
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader) {
        let answer = {
            let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
            state.asked.push(request.clone());
            let next = state.next.pop_front();
            next.or_else(|| state.always.clone()).unwrap_or_else(|| (state.usually)(&request))
        };
        if answer.hangs {
            // Until whoever asked hangs up.
            let _ = reader.read(&mut [0]);
            return;
        }
        let text = format!("{}Content-Length: {}\r\n\r\n{}", answer.head, answer.body.len(), answer.body);
        if (&mut &*stream).write_all(text.as_bytes()).is_err() {
            return;
        }
    }
}

fn read(reader: &mut BufReader<&TcpStream>) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|count| *count > 0)?;
    let mut words = line.split(' ').map(str::to_owned);
    let (method, path) = (words.next()?, words.next()?);
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    let mut request = Request { at: Instant::now(), method, path, headers, body: String::new() };
    let mut body = vec![0; request.header("content-length").parse().unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    request.body = String::from_utf8(body).ok()?;
    Some(request)
}

/// The longest that a test waits for a call.
pub(super) const SOON: Duration = Duration::from_secs(60);

/// HMAC-SHA256 (RFC 2104), written out so that it is not the program's own.
pub(super) fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut block = [0; 64];
    if key.len() > block.len() {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let padded = |pad: u8| block.map(|byte| byte ^ pad);
    let inner = Sha256::new().chain_update(padded(0x36)).chain_update(text).finalize();
    Sha256::new().chain_update(padded(0x5c)).chain_update(inner).finalize().to_vec()
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
