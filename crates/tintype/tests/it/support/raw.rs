//! A bare connection, for what a proper client never sends.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use super::{Reply, Server};

/// A connection on which every byte is the test's own.
pub(crate) struct Raw(TcpStream);

impl Raw {
    pub(crate) fn connect(server: &Server) -> Self {
        Self::connect_to(server.address())
    }

    /// Connects to another of the server's addresses.
    pub(crate) fn connect_to(address: &str) -> Self {
        let stream = TcpStream::connect(address).expect("the server accepts");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout can be set");
        Self(stream)
    }

    /// Sends bytes; `false` where the server no longer listens.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> bool {
        self.0.write_all(bytes).is_ok()
    }

    /// Waits for the whole reply.
    pub(crate) fn reply(mut self) -> Reply {
        let mut bytes = Vec::new();
        let mut piece = [0; 8192];
        loop {
            if let Some(reply) = parse(&bytes) {
                return reply;
            }
            match self.0.read(&mut piece) {
                Ok(count) if count > 0 => bytes.extend_from_slice(&piece[..count]),
                ended => panic!("{ended:?} before the end of the reply: {}", String::from_utf8_lossy(&bytes)),
            }
        }
    }

    /// Waits until the server hangs up, whatever it says before.
    pub(crate) fn closed(mut self) -> bool {
        let mut piece = [0; 8192];
        loop {
            match self.0.read(&mut piece) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(error) => return error.kind() == std::io::ErrorKind::ConnectionReset,
            }
        }
    }

    /// Sends one whole request and waits for its reply.
    pub(crate) fn ask(server: &Server, request: &str) -> Reply {
        let mut raw = Self::connect(server);
        assert!(raw.send(request.as_bytes()), "the server listens");
        raw.reply()
    }

    /// The same at another address.
    pub(crate) fn ask_at(address: &str, request: &str) -> Reply {
        let mut raw = Self::connect_to(address);
        assert!(raw.send(request.as_bytes()), "somebody listens at {address}");
        raw.reply()
    }

    /// `GET path` with this Host and further header lines, each ended by CRLF.
    pub(crate) fn get(server: &Server, path: &str, host: &str, lines: &str) -> Reply {
        Self::ask(server, &format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{lines}\r\n"))
    }
}

/// The reply in `bytes`, once it is whole.
fn parse(bytes: &[u8]) -> Option<Reply> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length").map_or("0", |(_, value)| value);
    let body = bytes[end + 4..].to_vec();
    (body.len() >= length.parse().ok()?).then(|| Reply::new(status, headers, body))
}
