//! Opening every door that `tintype serve` listens at.

use std::{
    io::{self, ErrorKind},
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
};

use anyhow::{Context as _, Error, Result};
use tintype_http::{Doors, Https, Listener, Tls};

use crate::settings::{Redirect, Settings};

/// The open doors.
pub(super) struct Open {
    pub(super) doors: Doors,
    /// Where plain HTTP is spoken.
    pub(super) address: SocketAddr,
    /// Where HTTPS is.
    pub(super) https: Option<SocketAddr>,
    /// Where this machine's own commands find the server.
    pub(super) operator: SocketAddr,
}

/// Opens what the settings ask for.
pub(super) async fn open(settings: &Settings) -> Result<Open> {
    let site = site(settings).await?;
    let address = local(&site)?;
    // A proxy on this machine cannot be told from a command of the operator's by its address.
    let operator = if settings.http.proxy_protocol {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Some(Listener::bind(any).await.context("cannot listen for the commands of this machine")?)
    } else {
        None
    };
    let operator_address = operator.as_ref().map_or(Ok(address), local)?;
    let https = if settings.http.tls.is_on() { Some(https(settings).await?) } else { None };
    let https_address = https.as_ref().map(|https| local(&https.listener)).transpose()?;
    let doors = Doors { site, operator, https };
    Ok(Open { doors, address, https: https_address, operator: operator_address })
}

async fn https(settings: &Settings) -> Result<Https> {
    let tls = Tls::open(&settings.http)?;
    let listener = bind(settings.tls.listen, 443, "tls.listen", "--tls-listen [::]:8443").await?;
    let redirect = match settings.tls.http_listen {
        Redirect::Off => None,
        // Whoever names no domain may have another program there.
        Redirect::Default if settings.http.tls.domains.is_empty() => None,
        Redirect::Default => Some(None),
        Redirect::At(address) => Some(Some(address)),
    };
    let redirect = match redirect {
        Some(address) => {
            Some(bind(address, 80, "tls.http_listen", "--tls-http-listen [::]:8081, or off").await?)
        }
        None => None,
    };
    Ok(Https { tls, listener, redirect })
}

async fn site(settings: &Settings) -> Result<Listener> {
    match (settings.listen, settings.port) {
        (None, Some(port)) => {
            let all = everywhere(port).await;
            all.map_err(|error| refused(error, port, "PORT", "PORT=8081"))
        }
        (given, _) => {
            let address = given.unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)));
            Listener::bind(address).await.with_context(|| {
                format!("cannot listen on {address}; choose another address with --listen 127.0.0.1:PORT")
            })
        }
    }
}

/// Opens an address of the settings, or a port of every address of this machine.
async fn bind(given: Option<SocketAddr>, port: u16, setting: &str, example: &str) -> Result<Listener> {
    let opened = match given {
        Some(address) => Listener::bind(address).await,
        None => everywhere(port).await,
    };
    opened.map_err(|error| refused(error, given.map_or(port, |address| address.port()), setting, example))
}

async fn everywhere(port: u16) -> io::Result<Listener> {
    match Listener::bind(SocketAddr::from((Ipv6Addr::UNSPECIFIED, port))).await {
        // A machine without IPv6.
        Err(error) if !matches!(error.kind(), ErrorKind::AddrInUse | ErrorKind::PermissionDenied) => {
            Listener::bind(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port))).await
        }
        outcome => outcome,
    }
}

/// What to do about a port that cannot be had.
fn refused(error: io::Error, port: u16, setting: &str, example: &str) -> Error {
    let words = match error.kind() {
        ErrorKind::PermissionDenied => format!(
            "cannot listen on port {port} ({setting}): ports below 1024 need a permission. Give it with AmbientCapabilities=CAP_NET_BIND_SERVICE in \
             the unit of systemd, or with `setcap cap_net_bind_service=+ep` on the program, or choose another port with {example}"
        ),
        ErrorKind::AddrInUse => format!(
            "cannot listen on port {port} ({setting}): another program does. `ss -ltnp sport = :{port}` shows which; stop it, or choose another \
             port with {example}"
        ),
        _ => format!("cannot listen on port {port} ({setting}); choose another address with {example}"),
    };
    Error::new(error).context(words)
}

fn local(listener: &Listener) -> Result<SocketAddr> {
    listener.local_addr().context("the socket has no address")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_cannot_be_had_says_what_to_do() {
        for (kind, words) in [
            (
                ErrorKind::PermissionDenied,
                ["AmbientCapabilities=CAP_NET_BIND_SERVICE", "setcap", "--tls-listen [::]:8443"],
            ),
            (
                ErrorKind::AddrInUse,
                ["port 443 (tls.listen)", "ss -ltnp sport = :443", "--tls-listen [::]:8443"],
            ),
            (ErrorKind::AddrNotAvailable, ["port 443", "tls.listen", "--tls-listen [::]:8443"]),
        ] {
            let said = refused(kind.into(), 443, "tls.listen", "--tls-listen [::]:8443").to_string();
            assert!(words.iter().all(|word| said.contains(word)), "{said}");
        }
    }
}
