//! A network that does harm on demand: a proxy for HTTP/1.1 that delays, refuses, cuts and corrupts.
//!
//! Every request gets a connection of its own on both sides, so that each is one unit to do harm to.

use std::{
    io::{self, BufReader, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

/// What is done to requests that fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Harm {
    /// The answer comes so much later.
    Delay(Duration),
    /// Each n-th request is answered 503 without reaching the other side.
    FailEvery(usize),
    /// The request is answered with this status without reaching the other side.
    Answer(u16),
    /// The connection ends without an answer.
    Refuse,
    /// The answer's body ends after so many bytes, and the connection with it.
    CutBodyAt(usize),
    /// The last byte of the answer's body is another one.
    Corrupt,
    /// The request reaches the other side and is done there, but its answer is lost.
    LoseAnswer,
}

#[derive(Clone, Debug)]
struct Planned {
    method: Option<&'static str>,
    harm: Harm,
    /// How many more times; `None` for ever.
    left: Option<usize>,
    /// How many that fit pass before.
    skip: usize,
}

/// A proxy on a loopback port.
#[derive(Debug)]
pub struct Badnet {
    /// Where it listens: `127.0.0.1:port`.
    pub address: String,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    upstream: String,
    planned: Mutex<Vec<Planned>>,
    requests: AtomicUsize,
}

impl Badnet {
    /// Listens, and passes everything on to `upstream` (`127.0.0.1:port`).
    ///
    /// # Panics
    /// Where no port is free.
    pub fn before(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address").to_string();
        let shared = Arc::new(Shared { upstream: upstream.to_owned(), ..Shared::default() });
        let accepting = Arc::clone(&shared);
        // Ends with the process: tests have no use for an earlier end.
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&accepting);
                thread::spawn(move || {
                    // A connection that breaks is what this is for.
                    let _ = shared.serve(&stream);
                });
            }
        });
        Self { address, shared }
    }

    /// The proxy as an endpoint.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on, until [`Badnet::heal`].
    pub fn harm(&self, harm: Harm) {
        self.plan(Planned { method: None, harm, left: None, skip: 0 });
    }

    /// The same for requests with this method alone.
    pub fn harm_method(&self, method: &'static str, harm: Harm) {
        self.plan(Planned { method: Some(method), harm, left: None, skip: 0 });
    }

    /// The next `times` requests with this method.
    pub fn harm_next(&self, times: usize, method: &'static str, harm: Harm) {
        self.plan(Planned { method: Some(method), harm, left: Some(times), skip: 0 });
    }

    /// Requests with this method, but for the next `passing`.
    pub fn harm_after(&self, passing: usize, method: &'static str, harm: Harm) {
        self.plan(Planned { method: Some(method), harm, left: None, skip: passing });
    }

    /// Everything passes again.
    pub fn heal(&self) {
        self.shared.planned().clear();
    }

    /// Requests that came so far.
    pub fn requests(&self) -> usize {
        self.shared.requests.load(Ordering::Relaxed)
    }

    fn plan(&self, planned: Planned) {
        self.shared.planned().push(planned);
    }
}

impl Shared {
    fn planned(&self) -> std::sync::MutexGuard<'_, Vec<Planned>> {
        self.planned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is to be done to this request.
    fn harms(&self, method: &str, number: usize) -> Vec<Harm> {
        let mut planned = self.planned();
        let mut harms = Vec::new();
        planned.retain_mut(|plan| {
            let fits = plan.method.is_none_or(|wanted| wanted == method)
                && !matches!(plan.harm, Harm::FailEvery(every) if !number.is_multiple_of(every));
            if !fits {
                return true;
            }
            if plan.skip > 0 {
                plan.skip -= 1;
                return true;
            }
            harms.push(plan.harm.clone());
            match &mut plan.left {
                None => true,
                Some(left) => {
                    *left -= 1;
                    *left > 0
                }
            }
        });
        harms
    }

    fn serve(&self, client: &TcpStream) -> io::Result<()> {
        let mut client_out = client;
        let mut client_in = BufReader::new(client.try_clone()?);
        let head = read_head(&mut client_in)?;
        if head.is_empty() {
            return Ok(());
        }
        let number = self.requests.fetch_add(1, Ordering::Relaxed) + 1;
        let method = head[0].split(' ').next().unwrap_or_default();
        let harms = self.harms(method, number);
        if harms.contains(&Harm::Refuse) {
            return client.shutdown(Shutdown::Both);
        }
        let mut body = client_in.by_ref().take(length(&head).unwrap_or(0));
        let instead = harms.iter().find_map(|harm| match harm {
            Harm::FailEvery(_) => Some(503),
            Harm::Answer(status) => Some(*status),
            _ => None,
        });
        if let Some(status) = instead {
            io::copy(&mut body, &mut io::sink())?;
            let answer = format!("HTTP/1.1 {status} Harm\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            return client_out.write_all(answer.as_bytes());
        }
        let upstream = TcpStream::connect(&self.upstream)?;
        write_head(&upstream, &head)?;
        if expects_continue(&head) {
            client_out.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        io::copy(&mut body, &mut &upstream)?;
        let mut upstream_in = BufReader::new(upstream);
        let mut answer = read_head(&mut upstream_in)?;
        while answer.first().is_some_and(|line| line.contains(" 100 ")) {
            answer = read_head(&mut upstream_in)?;
        }
        for harm in &harms {
            if let Harm::Delay(delay) = harm {
                thread::sleep(*delay);
            }
        }
        if harms.contains(&Harm::LoseAnswer) {
            return client.shutdown(Shutdown::Both);
        }
        write_head(client, &answer)?;
        relay_body(&mut upstream_in, client, length(&answer), &harms)?;
        client.shutdown(Shutdown::Both)
    }
}

fn relay_body(from: &mut impl Read, mut to: &TcpStream, len: Option<u64>, harms: &[Harm]) -> io::Result<()> {
    let mut left = len.unwrap_or(u64::MAX);
    let mut may_pass = harms.iter().find_map(|harm| match harm {
        Harm::CutBodyAt(bytes) => Some(*bytes),
        _ => None,
    });
    let mut buffer = vec![0; 64 << 10];
    while left > 0 {
        let read = from.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        let piece = &mut buffer[..read];
        left = left.saturating_sub(read as u64);
        if left == 0 && harms.contains(&Harm::Corrupt) {
            piece[read - 1] ^= 1;
        }
        if let Some(bytes) = &mut may_pass {
            let passing = read.min(*bytes);
            to.write_all(&piece[..passing])?;
            *bytes -= passing;
            if *bytes == 0 {
                return Ok(());
            }
            continue;
        }
        to.write_all(piece)?;
    }
    Ok(())
}

/// The lines of a head, without the empty one that ends it.
fn read_head(from: &mut impl io::BufRead) -> io::Result<Vec<String>> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        from.read_line(&mut line)?;
        let line = line.trim_end().to_owned();
        if line.is_empty() {
            return Ok(lines);
        }
        lines.push(line);
    }
}

/// Sends a head that ends its connection.
fn write_head(mut to: &TcpStream, head: &[String]) -> io::Result<()> {
    let mut text = String::new();
    for line in head {
        let name = line.split(':').next().unwrap_or_default();
        if !name.eq_ignore_ascii_case("connection") && !name.eq_ignore_ascii_case("expect") {
            text.push_str(line);
            text.push_str("\r\n");
        }
    }
    text.push_str("Connection: close\r\n\r\n");
    to.write_all(text.as_bytes())
}

fn header<'a>(head: &'a [String], wanted: &str) -> Option<&'a str> {
    let pairs = head.iter().skip(1).filter_map(|line| line.split_once(':'));
    pairs.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim())
}

fn length(head: &[String]) -> Option<u64> {
    header(head, "content-length")?.parse().ok()
}

fn expects_continue(head: &[String]) -> bool {
    header(head, "expect").is_some()
}
