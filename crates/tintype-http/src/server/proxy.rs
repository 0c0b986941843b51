//! The PROXY protocol, versions 1 and 2: what a proxy says before all else of the connection that it passes on
//! (haproxy.org/download/3.0/doc/proxy-protocol.txt).

use std::{
    io,
    net::{IpAddr, SocketAddr},
};

use ppp::{HeaderResult, v1, v2};
use tokio::{io::AsyncReadExt as _, net::TcpStream};

/// What version 2 begins with.
const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
/// Version 2, and the command by which a proxy asks for itself.
const LOCAL: u8 = 0x20;
/// Longest line of version 1, its end included.
const LINE_MAX: usize = 107;
/// Most bytes that follow the 16 of version 2. Addresses take 36; the rest is extensions that are passed over.
const REST_MAX: usize = 4096;

/// Reads the header, and no byte more; answers the client. A proxy that asks for itself, such as a health check, is its own
/// client; so is one elsewhere that names this machine's own address, which it cannot have met.
///
/// # Errors
/// `InvalidData` where no header comes first; otherwise the system's word.
pub(super) async fn client(stream: &mut TcpStream, proxy: SocketAddr) -> io::Result<SocketAddr> {
    let header = read(stream).await?;
    // Of what a proxy asks for itself family and addresses say nothing (2.2); some leave them out and name a family.
    if header.starts_with(SIGNATURE) && header.get(12) == Some(&LOCAL) {
        return Ok(proxy);
    }
    let named = match HeaderResult::parse(&header) {
        HeaderResult::V1(Ok(header)) => match header.addresses {
            v1::Addresses::Tcp4(of) => SocketAddr::from((of.source_address, of.source_port)),
            v1::Addresses::Tcp6(of) => SocketAddr::from((of.source_address, of.source_port)),
            v1::Addresses::Unknown => proxy,
        },
        HeaderResult::V2(Ok(header)) => match header.addresses {
            v2::Addresses::IPv4(of) => SocketAddr::new(IpAddr::V4(of.source_address), of.source_port),
            v2::Addresses::IPv6(of) => SocketAddr::new(IpAddr::V6(of.source_address), of.source_port),
            v2::Addresses::Unix(_) | v2::Addresses::Unspecified => proxy,
        },
        _ => return Err(invalid("the header is malformed")),
    };
    let is_here = |address: SocketAddr| address.ip().to_canonical().is_loopback();
    Ok(if is_here(named) && !is_here(proxy) { proxy } else { named })
}

async fn read(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut header = vec![0; SIGNATURE.len()];
    stream.read_exact(&mut header).await?;
    if header == SIGNATURE {
        header.resize(16, 0);
        stream.read_exact(&mut header[12..]).await?;
        let rest = usize::from(u16::from_be_bytes([header[14], header[15]]));
        if rest > REST_MAX {
            return Err(invalid("the header is too long"));
        }
        header.resize(16 + rest, 0);
        stream.read_exact(&mut header[16..]).await?;
        return Ok(header);
    }
    if !header.starts_with(b"PROXY ") {
        return Err(invalid("there is no header"));
    }
    // Byte by byte, because what follows the line is not ours to take.
    while !header.ends_with(b"\r\n") {
        if header.len() == LINE_MAX {
            return Err(invalid("the header is too long"));
        }
        header.push(stream.read_u8().await?);
    }
    Ok(header)
}

fn invalid(words: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, words)
}

#[cfg(test)]
mod tests {
    use tokio::{io::AsyncWriteExt as _, net::TcpListener};

    use super::*;

    const PROXY: &str = "127.0.0.1:9";

    async fn heard(sent: &[u8]) -> io::Result<(SocketAddr, Vec<u8>)> {
        heard_from(PROXY, sent).await
    }

    async fn heard_from(proxy: &str, sent: &[u8]) -> io::Result<(SocketAddr, Vec<u8>)> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let mut sender = TcpStream::connect(listener.local_addr()?).await?;
        sender.write_all(sent).await?;
        drop(sender);
        let mut stream = listener.accept().await?.0;
        let client = client(&mut stream, proxy.parse().expect("an address")).await?;
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).await?;
        Ok((client, rest))
    }

    fn second(command: u8, family: u8, addresses: &[u8]) -> Vec<u8> {
        let len = u16::try_from(addresses.len()).expect("short");
        [&SIGNATURE[..], &[command, family], &len.to_be_bytes(), addresses].concat()
    }

    #[tokio::test]
    async fn both_versions_say_who_it_is_and_leave_the_rest() {
        let four =
            [&[203, 0, 113, 9, 10, 0, 0, 1][..], &4711u16.to_be_bytes(), &443u16.to_be_bytes()].concat();
        // An extension of three bytes follows the addresses.
        let extended = [&four[..], &[4, 0, 3, 1, 2, 3]].concat();
        let six = [
            &[0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1][..],
            &[0; 16],
            &7u16.to_be_bytes(),
            &443u16.to_be_bytes(),
        ]
        .concat();
        for (header, client) in [
            (b"PROXY TCP4 203.0.113.9 10.0.0.1 4711 443\r\n".to_vec(), "203.0.113.9:4711"),
            (b"PROXY TCP6 2001:db8::1 ::1 7 443\r\n".to_vec(), "[2001:db8::1]:7"),
            (b"PROXY UNKNOWN\r\n".to_vec(), PROXY),
            (b"PROXY UNKNOWN what ever\r\n".to_vec(), PROXY),
            (second(0x21, 0x11, &four), "203.0.113.9:4711"),
            (second(0x21, 0x11, &extended), "203.0.113.9:4711"),
            (second(0x21, 0x21, &six), "[2001:db8::1]:7"),
            (second(0x20, 0x00, &[]), PROXY),
            (second(0x20, 0x11, &[]), PROXY),
            (second(0x20, 0x11, &four), PROXY),
            (second(0x21, 0x00, &[]), PROXY),
        ] {
            let sent = [&header[..], b"GET / HTTP/1.1\r\n"].concat();
            let (heard, rest) = heard(&sent).await.unwrap();
            assert_eq!((heard, &rest[..]), (client.parse().unwrap(), &b"GET / HTTP/1.1\r\n"[..]));
        }
    }

    #[tokio::test]
    async fn no_proxy_elsewhere_names_this_machine() {
        let elsewhere = "10.0.0.5:9";
        for own in ["TCP4 127.0.0.1 10.0.0.1", "TCP6 ::1 ::2", "TCP6 ::ffff:127.0.0.1 ::2"] {
            let header = format!("PROXY {own} 7 443\r\n");
            let (client, _) = heard_from(elsewhere, header.as_bytes()).await.unwrap();
            assert_eq!(client, elsewhere.parse().unwrap(), "{own}");
            let (client, _) = heard(header.as_bytes()).await.unwrap();
            assert!(client.ip().to_canonical().is_loopback() && client.port() == 7, "{own}");
        }
        let (client, _) = heard_from(elsewhere, b"PROXY TCP4 203.0.113.9 10.0.0.1 7 443\r\n").await.unwrap();
        assert_eq!(client, "203.0.113.9:7".parse().unwrap());
    }

    #[tokio::test]
    async fn what_is_no_header_is_refused() {
        let long = [b"PROXY TCP4 ".to_vec(), vec![b'1'; 200], b"\r\n".to_vec()].concat();
        let mut longer = second(0x21, 0x11, &[0; 12]);
        longer[14] = 0xff;
        for sent in [
            b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(),
            b"PROXY TCP4 203.0.113.9 10.0.0.1 99999 443\r\n".to_vec(),
            b"PROXY TCP4 <script> 10.0.0.1 1 443\r\n".to_vec(),
            b"PROXY TCP4 203.0.113.9".to_vec(),
            long,
            longer,
            second(0x31, 0x11, &[0; 12]),
            second(0x21, 0x11, &[0; 4]),
            Vec::new(),
        ] {
            assert!(heard(&sent).await.is_err(), "{}", String::from_utf8_lossy(&sent));
        }
    }
}
