//! Reading addresses.

/// An address that names are put behind.
pub(super) fn folder_url(text: &str) -> Result<String, String> {
    let invalid = || {
        "takes http:// or https:// with a host and perhaps a path, such as https://cdn.example.org/public"
            .to_owned()
    };
    let text = text.strip_suffix('/').unwrap_or(text);
    let (scheme, rest) = text.split_once("://").ok_or_else(invalid)?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    base_url(&format!("{scheme}://{host}")).map_err(|_| invalid())?;
    let plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'~' | b'/' | b'%');
    if path.bytes().all(plain) { Ok(text.to_owned()) } else { Err(invalid()) }
}

/// Where the program is: scheme and host, and perhaps a path that all of its addresses begin with.
pub(crate) fn site_url(text: &str) -> Result<String, String> {
    let invalid = || {
        "takes http:// or https:// with a host and perhaps a path of a-z, 0-9, '-', '.', '_' and '~', such as https://img.example.org or https://example.org/pictures"
            .to_owned()
    };
    let text = text.strip_suffix('/').unwrap_or(text);
    let (scheme, rest) = text.split_once("://").ok_or_else(invalid)?;
    let Some((host, path)) = rest.split_once('/') else { return base_url(text).map_err(|_| invalid()) };
    base_url(&format!("{scheme}://{host}")).map_err(|_| invalid())?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    let part = |part: &str| !part.is_empty() && part != "." && part != ".." && part.bytes().all(plain);
    if !path.split('/').all(part) {
        return Err(invalid());
    }
    let first = path.split('/').next().unwrap_or_default();
    if tintype_app::text::is_reserved(first) {
        return Err(format!(
            "takes no path that begins with /{first}, which the program answers itself; choose another, such as /pictures"
        ));
    }
    Ok(text.to_owned())
}

/// An origin: scheme and host, without a path.
pub(super) fn base_url(text: &str) -> Result<String, String> {
    let invalid = || {
        "takes http:// or https:// with a host, without a path, such as https://img.example.org".to_owned()
    };
    let text = text.strip_suffix('/').unwrap_or(text);
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).ok_or_else(invalid)?;
    let plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':' | b'[' | b']' | b'_');
    if host.is_empty() || !host.bytes().all(plain) { Err(invalid()) } else { Ok(text.to_owned()) }
}
