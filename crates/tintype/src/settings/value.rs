//! Reading values: sizes, times, words, lists.

use std::time::Duration;

use tintype_http::Rate;

/// A size: bytes, or a number with `kB`, `MB`, `GB` or `TB` (binary), such as `100MB`.
pub(super) fn bytes(text: &str) -> Result<u64, String> {
    let (number, unit) = split(text);
    let factor = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" | "kib" => 1 << 10,
        "m" | "mb" | "mib" => 1 << 20,
        "g" | "gb" | "gib" => 1 << 30,
        "t" | "tb" | "tib" => 1 << 40,
        _ => return Err("takes a number of bytes, or one with kB, MB, GB or TB, such as 100MB".to_owned()),
    };
    let number: u64 = number.parse().map_err(|_| "takes a whole number, such as 100MB".to_owned())?;
    number.checked_mul(factor).ok_or_else(|| "is larger than any disk".to_owned())
}

/// A time in seconds: a number, or one with `s`, `m`, `h` or `d`, such as `30d`.
pub(super) fn seconds(text: &str) -> Result<i64, String> {
    let (number, unit) = split(text);
    let factor = match unit {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err("takes a number of seconds, or one with s, m, h or d, such as 30d".to_owned()),
    };
    let number: i64 = number.parse().map_err(|_| "takes a whole number, such as 30d".to_owned())?;
    number
        .checked_mul(factor)
        .filter(|seconds| *seconds <= 100 * 366 * 86_400)
        .ok_or_else(|| "takes at most a hundred years".to_owned())
}

/// A whole number between `min` and `max`.
pub(super) fn number<N: std::str::FromStr + PartialOrd + std::fmt::Display + Copy>(
    text: &str,
    min: N,
    max: N,
) -> Result<N, String> {
    text.parse()
        .ok()
        .filter(|number| (&min..=&max).contains(&number))
        .ok_or_else(|| format!("takes a whole number from {min} to {max}"))
}

/// Parts between commas, without the spaces round them.
pub(super) fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty())
}

/// An address to listen on.
pub(super) fn socket(text: &str) -> Result<std::net::SocketAddr, String> {
    text.parse().map_err(|_| "takes an address with a port, such as 127.0.0.1:8443 or [::]:443".to_owned())
}

/// Networks between commas; an address is a network of one.
pub(super) fn networks(text: &str) -> Result<Vec<ipnet::IpNet>, String> {
    list(text)
        .map(|net| net.parse().or_else(|_| net.parse::<std::net::IpAddr>().map(ipnet::IpNet::from)))
        .collect::<Result<_, _>>()
        .map_err(|_| "takes networks between commas, such as 10.0.0.0/8, ::1/128".to_owned())
}

/// `600/1m`: so much in so long a time, or `off`.
pub(super) fn rate(text: &str) -> Result<Option<Rate>, String> {
    if text == "off" {
        return Ok(None);
    }
    let invalid = || "takes an amount and a time, such as 600/1m or 20GB/1h, or off".to_owned();
    let (amount, per) = text.split_once('/').ok_or_else(invalid)?;
    let (amount, per) = (bytes(amount).map_err(|_| invalid())?, seconds(per).map_err(|_| invalid())?);
    match u64::try_from(per) {
        Ok(per @ 1..) if amount > 0 => Ok(Some(Rate { amount, per: Duration::from_secs(per) })),
        _ => Err(invalid()),
    }
}

/// On or off.
pub(super) fn switch(text: &str) -> Result<bool, String> {
    match text {
        "on" | "true" => Ok(true),
        "off" | "false" => Ok(false),
        _ => Err("takes on or off".to_owned()),
    }
}

/// A time to wait for a sender: at least a second, because none at all would refuse everybody.
pub(super) fn timeout(text: &str) -> Result<Duration, String> {
    match u64::try_from(seconds(text)?) {
        Ok(seconds @ 1..) => Ok(Duration::from_secs(seconds)),
        _ => Err("takes at least 1s".to_owned()),
    }
}

fn split(text: &str) -> (&str, &str) {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    (&text[..end], text[end..].trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times_have_units() {
        for (text, value) in [
            ("0", Some(0)),
            ("100MB", Some(100 << 20)),
            ("5 kB", Some(5120)),
            ("1g", Some(1 << 30)),
            ("MB", None),
            ("1.5MB", None),
            ("-1", None),
            ("9999999999999TB", None),
        ] {
            assert_eq!(bytes(text).ok(), value, "{text}");
        }
        for (text, value) in
            [("0", Some(0)), ("30d", Some(2_592_000)), ("90 m", Some(5_400)), ("1y", None), ("", None)]
        {
            assert_eq!(seconds(text).ok(), value, "{text}");
        }
    }
}
