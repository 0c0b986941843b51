//! The table of settings. Help, the environment's names, the flags and the file all come from here.

use std::{path::PathBuf, time::Duration};

use tintype_app::config::{Delivery, Uploaders};
use tintype_http::{ForwardedBy, Robots};
use tintype_types::MediaType;

use super::{
    LogFormat, StoreKind, cdn,
    setting::{Setting, setting},
    tls,
    url::{base_url, folder_url, site_url},
    value::{bytes, list, networks, number, rate, seconds, socket, switch, timeout},
};

/// Every setting, by section.
pub(crate) static TABLE: &[Setting] = &[
    setting!("store.data", short "data", "./tintype-data", "Folder that holds pictures and catalogue", |s, v| {
        s.data = PathBuf::from(v);
        if v.is_empty() { Err("takes a folder".to_owned()) } else { Ok(()) }
    }),
    setting!(
        "store.kind",
        "auto",
        "Where originals are kept: folder, s3, or auto (s3 where a bucket and AWS_ACCESS_KEY_ID are given)",
        |s, v| {
            s.store.kind = match v {
                "auto" => StoreKind::Auto,
                "folder" => StoreKind::Folder,
                "s3" => StoreKind::S3,
                _ => return Err("takes folder, s3 or auto".to_owned()),
            };
            Ok(())
        }
    ),
    setting!("store.bucket", sample "images", "none", "Bucket of the object storage", |s, v| {
        s.store.bucket = Some(v.to_owned());
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
        if v.len() >= 3 && v.bytes().all(plain) { Ok(()) } else { Err("takes a bucket's name: 3 characters or more of a-z, 0-9, '-', '.' and '_'".to_owned()) }
    }),
    setting!("store.endpoint", sample "https://s3.example.org", "AWS", "Where the object storage is, such as https://s3.example.org", |s, v| {
        s.store.endpoint = Some(base_url(v)?);
        Ok(())
    }),
    setting!("store.public_endpoint", sample "https://s3.example.org", "store.endpoint", "Where browsers reach it, if elsewhere: what signed addresses begin with", |s, v| {
        s.store.public_endpoint = Some(base_url(v)?);
        Ok(())
    }),
    setting!("store.region", sample "eu-central-1", "AWS_REGION", "Region of the bucket; without any it is auto beside an endpoint, else us-east-1", |s, v| {
        s.store.region = Some(v.to_owned());
        if v.is_empty() { Err("takes a region's name, such as eu-central-1".to_owned()) } else { Ok(()) }
    }),
    setting!(
        "store.path_style",
        "auto",
        "Whether the bucket stands in the path instead of the host: on, off, or auto (on beside an endpoint)",
        |s, v| {
            s.store.path_style = match v {
                "auto" => None,
                _ => Some(switch(v).map_err(|_| "takes on, off or auto".to_owned())?),
            };
            Ok(())
        }
    ),
    setting!("store.prefix", sample "tintype", "none", "What the names of all objects begin with", |s, v| {
        s.store.prefix = v.trim_matches('/').to_owned();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'/');
        if v.bytes().all(plain) && !v.split('/').any(|part| part == "." || part == "..") { Ok(()) } else { Err("takes a path of a-z, 0-9, '-', '.' and '_' between slashes".to_owned()) }
    }),
    setting!(
        "store.deadline",
        "20s",
        "Time after which a call of the object storage is not tried again",
        |s, v| {
            s.store.deadline = timeout(v)?;
            Ok(())
        }
    ),
    setting!("store.bytes_max", sample "500GB", "none", "Most bytes of all pictures together; beyond it uploads are refused", |s, v| {
        s.app.store_bytes_max = Some(bytes(v)?);
        Ok(())
    }),
    setting!(
        "catalog.ephemeral",
        "refuse",
        "What to do where the originals are in object storage, the catalogue is on a disk that does not outlast the container, and catalog.restore_from is not set: refuse, or allow",
        |s, v| {
            s.ephemeral = match v {
                "refuse" => false,
                "allow" => true,
                _ => return Err("takes refuse or allow".to_owned()),
            };
            Ok(())
        }
    ),
    setting!(
        "catalog.restore_from",
        sample "s3://images/tintype",
        "none",
        "Place in object storage that the catalogue is restored from where store.data has none, and that the server backs it up to",
        |s, v| {
            s.restore_from = Some(v.parse()?);
            Ok(())
        }
    ),
    setting!(
        "catalog.backup_interval",
        "60s",
        "Shortest time between two backups of a catalogue that changes; a stop makes one more",
        |s, v| {
            s.backup_interval = u64::try_from(seconds(v)?).unwrap_or(0);
            if s.backup_interval == 0 { Err("takes at least 1s".to_owned()) } else { Ok(()) }
        }
    ),
    setting!("server.listen", short "listen", "127.0.0.1:8080", "Address and port to listen on; [::]:8080 for every address", |s, v| {
        s.listen = Some(v.parse().map_err(|_| "takes an address with a port, such as 127.0.0.1:8080 or [::]:8080".to_owned())?);
        Ok(())
    }),
    setting!("server.base_url", short "base-url", sample "https://img.example.org", "the request's own host", "What links begin with, such as https://img.example.org, or https://example.org/pictures under a path", |s, v| {
        s.http.base_url = Some(site_url(v)?);
        Ok(())
    }),
    setting!(
        "server.media_url", sample "https://media.example.org",
        "none",
        "Origin of its own for pictures, without cookies, which leads to this server too: what links to pictures begin with",
        |s, v| {
            s.http.media_url = Some(base_url(v)?);
            Ok(())
        }
    ),
    setting!(
        "server.trusted_proxies",
        "127.0.0.0/8, ::1/128",
        "Networks of proxies that are believed what they say of whom they ask for",
        |s, v| {
            s.http.trusted_proxies = networks(v)?;
            Ok(())
        }
    ),
    setting!(
        "server.forwarded",
        "x-forwarded",
        "Which headers of theirs are read: x-forwarded (X-Forwarded-For, -Host, -Proto) or forwarded (RFC 7239)",
        |s, v| {
            s.http.forwarded = match v {
                "x-forwarded" => ForwardedBy::XForwarded,
                "forwarded" => ForwardedBy::Forwarded,
                _ => return Err("takes \"x-forwarded\" or \"forwarded\"".to_owned()),
            };
            Ok(())
        }
    ),
    setting!(
        "server.proxy_protocol",
        "off",
        "Whether every connection of server.trusted_proxies begins with the PROXY protocol (1 or 2), which says who the client is: on or off",
        |s, v| {
            s.http.proxy_protocol = switch(v)?;
            Ok(())
        }
    ),
    setting!(
        "server.cors_origins", sample "https://app.example.org", "none",
        "Other origins whose pages may use the API with tokens, between commas",
        |s, v| {
            s.http.cors_origins = list(v).map(base_url).collect::<Result<_, _>>()?;
            Ok(())
        }
    ),
    setting!("server.connections_max", "4096", "Most connections at once", |s, v| {
        s.http.connections_max = number(v, 1, 1_000_000)?;
        Ok(())
    }),
    setting!("server.header_timeout", "10s", "Time in which the head of a request must have come", |s, v| {
        s.http.header_timeout = timeout(v)?;
        Ok(())
    }),
    setting!("server.body_timeout", "30s", "Longest pause between two pieces of a request's body", |s, v| {
        s.http.body_timeout = timeout(v)?;
        Ok(())
    }),
    setting!(
        "server.connections_per_client",
        "256",
        "Most connections of one address, or of one IPv6 network of 64 bits",
        |s, v| {
            s.http.connections_per_client = number(v, 1, 1_000_000)?;
            Ok(())
        }
    ),
    setting!("server.stop_delay", "0s", "Time that /ready says no before a stop closes the door", |s, v| {
        s.http.stop_delay = Duration::from_secs(u64::try_from(seconds(v)?).unwrap_or(0));
        Ok(())
    }),
    setting!(
        "links.negotiate",
        "off",
        "Whether a picture's own address answers its page to browsers that open it and to readers of cards: on or off; docs/cards.md says what caches then keep",
        |s, v| {
            s.http.negotiate = switch(v)?;
            Ok(())
        }
    ),
    setting!(
        "links.robots",
        "public",
        "What crawlers may take into their index: public (pages of images that are public), or none; cards are made either way",
        |s, v| {
            s.http.robots = match v {
                "public" => Robots::Public,
                "none" => Robots::None,
                _ => return Err("takes public or none".to_owned()),
            };
            Ok(())
        }
    ),
    setting!("tls.domains", short "domain", sample "images.example.org", "none", "Names that people use, between commas, or one flag each: the server gets a certificate for each and speaks HTTPS", |s, v| {
        s.http.tls.domains = tls::domains(v)?;
        Ok(())
    }),
    setting!(
        "tls.listen",
        "[::]:443",
        "Address and port for HTTPS, where tls.domains or tls.certificate is set",
        |s, v| {
            s.tls.listen = Some(socket(v)?);
            Ok(())
        }
    ),
    setting!(
        "tls.http_listen",
        "[::]:80",
        "Address and port that lead plain HTTP to HTTPS, where tls.domains is set, or off",
        |s, v| {
            s.tls.http_listen = if v == "off" { tls::Redirect::Off } else { tls::Redirect::At(socket(v)?) };
            Ok(())
        }
    ),
    setting!("tls.certificate", sample "/etc/tintype/fullchain.pem", "by tls.acme_directory", "File with a certificate of your own and its chain, in PEM; taken anew when it changes", |s, v| {
        s.tls.certificate = Some(PathBuf::from(v));
        Ok(())
    }),
    setting!("tls.key", sample "/etc/tintype/privkey.pem", "by tls.acme_directory", "File with its private key, in PEM", |s, v| {
        s.tls.key = Some(PathBuf::from(v));
        Ok(())
    }),
    setting!(
        "tls.hsts",
        "off",
        "How long browsers are told to use HTTPS alone, such as 365d, or off",
        |s, v| {
            s.http.tls.hsts = match v {
                "off" => None,
                _ => Some(
                    u64::try_from(seconds(v).map_err(|_| "takes a time, such as 365d, or off".to_owned())?)
                        .unwrap_or(0),
                ),
            };
            Ok(())
        }
    ),
    setting!(
        "tls.acme_directory",
        "https://acme-v02.api.letsencrypt.org/directory",
        "Directory of the authority that certificates are asked of (ACME)",
        |s, v| {
            s.tls.acme.directory = tls::directory(v)?;
            Ok(())
        }
    ),
    setting!("tls.acme_root", sample "/etc/tintype/ca.pem", "what the machine trusts", "File with the root, in PEM, by which a private authority's own address is known", |s, v| {
        s.tls.acme.root = Some(PathBuf::from(v));
        Ok(())
    }),
    setting!("tls.acme_email", sample "you@example.org", "none", "Where the authority may write to", |s, v| {
        s.tls.acme.email = Some(v.to_owned());
        let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b',' | b'?' | b'<' | b'>');
        if v.contains('@') && v.bytes().all(plain) { Ok(()) } else { Err("takes one address, such as you@example.org".to_owned()) }
    }),
    setting!("tls.acme_eab_kid", sample "kid-1", "none", "Identifier of the account at the authority, where it asks for one (external account binding)", |s, v| {
        s.tls.eab_kid = Some(v.to_owned());
        Ok(())
    }),
    setting!("tls.acme_eab_key", sample "c2VjcmV0", "none", "Key of that account, in base64url", |s, v| {
        s.tls.eab_key = Some(tls::key(v)?);
        Ok(())
    }),
    setting!("limit.requests", "12000/1m", "Requests of one client: a number and a time, or off", |s, v| {
        s.http.rates.requests = rate(v)?;
        Ok(())
    }),
    setting!("limit.uploads", "600/1m", "Uploads of one client: a number and a time, or off", |s, v| {
        s.http.rates.uploads = rate(v)?;
        Ok(())
    }),
    setting!(
        "limit.upload_bytes",
        "20GB/1h",
        "Uploaded bytes of one client: a size and a time, or off",
        |s, v| {
            s.http.rates.upload_bytes = rate(v)?;
            Ok(())
        }
    ),
    setting!(
        "limit.misses",
        "600/1m",
        "Addresses that lead nowhere (404) asked for by one client, or off",
        |s, v| {
            s.http.rates.misses = rate(v)?;
            Ok(())
        }
    ),
    setting!(
        "metrics.allow",
        "127.0.0.0/8, ::1/128",
        "Networks that may read /metrics without an admin token",
        |s, v| {
            s.http.metrics_allow = networks(v)?;
            Ok(())
        }
    ),
    setting!("upload.who", "anyone", "Who may upload: anyone, or token for holders of a token", |s, v| {
        s.app.uploaders = match v {
            "anyone" => Uploaders::Anyone,
            "token" => Uploaders::Token,
            _ => return Err("takes anyone or token".to_owned()),
        };
        Ok(())
    }),
    setting!(
        "upload.direct",
        "on",
        "Whether files may go from browsers and tools straight to the object storage: on or off",
        |s, v| {
            s.app.direct = switch(v)?;
            Ok(())
        }
    ),
    setting!("upload.bytes_max", "100MB", "Largest file", |s, v| {
        s.app.upload_bytes_max = bytes(v)?;
        if s.app.upload_bytes_max == 0 { Err("takes at least 1 byte".to_owned()) } else { Ok(()) }
    }),
    setting!(
        "upload.accept",
        "jpeg, png, gif, webp, avif",
        "Formats that are taken in, between commas",
        |s, v| {
            s.app.accepted = list(v)
                .map(|word| {
                    MediaType::from_extension(&word.to_ascii_lowercase())
                        .or_else(|| MediaType::from_mime(word))
                })
                .collect::<Option<Vec<_>>>()
                .filter(|accepted| !accepted.is_empty())
                .ok_or_else(|| "takes any of jpeg, png, gif, webp, avif between commas".to_owned())?;
            Ok(())
        }
    ),
    setting!(
        "upload.free_min",
        "256MB",
        "Free space below which uploads are refused; reads go on",
        |s, v| {
            s.app.free_min = bytes(v)?;
            Ok(())
        }
    ),
    setting!(
        "web.dir", sample "./public", "the built-in web app",
        "Folder with pages of your own, shown instead of the web app",
        |s, v| {
            s.http.web_dir = Some(PathBuf::from(v));
            if v.is_empty() { Err("takes a folder".to_owned()) } else { Ok(()) }
        }
    ),
    setting!(
        "paths.index",
        "off",
        "What a folder of named paths shows at its address, such as /blog/: off (404), or html (a page with its public pictures)",
        |s, v| {
            s.http.folder_index = match v {
                "off" => false,
                "html" => true,
                _ => return Err("takes off or html".to_owned()),
            };
            Ok(())
        }
    ),
    setting!(
        "dialects.c_shared",
        "off",
        "Whether GET /upload/ lists everybody's images instead of the caller's own: on or off",
        |s, v| {
            s.http.list_shared = switch(v)?;
            Ok(())
        }
    ),
    setting!(
        "delivery.mode",
        "proxy",
        "How pictures reach readers: proxy (through this server), redirect (signed addresses of the object storage), public (links point at a public bucket or a CDN), or accel (by nginx, X-Accel-Redirect)",
        |s, v| {
            s.app.delivery = match v {
                "proxy" => Delivery::Proxy,
                "redirect" => Delivery::Redirect,
                "public" => Delivery::Public,
                "accel" => Delivery::Accel,
                _ => return Err("takes proxy, redirect, public or accel".to_owned()),
            };
            Ok(())
        }
    ),
    setting!(
        "delivery.public_url",
        sample "https://cdn.example.org/public",
        "none",
        "Where readers find the copies below public/ of the bucket; links to pictures begin with it",
        |s, v| {
            s.http.copies_url = Some(folder_url(v)?);
            Ok(())
        }
    ),
    setting!(
        "cdn.driver", sample "varnish", "none",
        "Caches in front that are told what to forget, between commas: bunny, cloudflare, cloudfront, fastly, nginx, varnish, webhook",
        |s, v| cdn::drivers(v).map(|drivers| s.cdn.drivers = drivers)
    ),
    setting!(
        "cdn.tags",
        "auto",
        "Headers by which caches know what they keep: surrogate-key, cache-tag, xkey, cdn-tag between commas, off, or auto (those that cdn.driver needs)",
        |s, v| cdn::tags(v).map(|tags| s.cdn.tags = tags)
    ),
    setting!(
        "cdn.verify",
        "on",
        "Whether it is seen from outside that a cache has forgotten: on or off",
        |s, v| switch(v).map(|on| s.cdn.verify = on)
    ),
    setting!("cdn.verify_url", sample "https://img.example.org", "server.media_url, or else server.base_url", "Where that is seen: what addresses begin with, or the host alone, then with that address's path", |s, v| site_url(v).map(|url| s.cdn.verify_url = Some(url))),
    setting!("cdn.bunny_url", "https://api.bunny.net", "The API of bunny.net", |s, v| base_url(v)
        .map(|url| s.cdn.bunny_url = url)),
    setting!("cdn.bunny_zone", sample "123456", "none", "Number of the pull zone at bunny.net", |s, v| cdn::id(v).map(|id| s.cdn.bunny_zone = id)),
    setting!("cdn.bunny_key", sample "key", "none", "API key of the account at bunny.net", |s, v| cdn::key(v).map(|key| s.cdn.bunny_key = key)),
    setting!("cdn.cloudflare_url", "https://api.cloudflare.com", "The API of Cloudflare", |s, v| base_url(v)
        .map(|url| s.cdn.cloudflare_url = url)),
    setting!("cdn.cloudflare_zone", sample "023e105f4ecef8ad9ca31a8372d0c353", "none", "Id of the zone at Cloudflare", |s, v| cdn::id(v).map(|id| s.cdn.cloudflare_zone = id)),
    setting!("cdn.cloudflare_token", sample "token", "none", "API token of Cloudflare with the permission Cache Purge", |s, v| cdn::key(v).map(|key| s.cdn.cloudflare_token = key)),
    setting!("cdn.cloudfront_url", "https://cloudfront.amazonaws.com", "The API of CloudFront", |s, v| {
        base_url(v).map(|url| s.cdn.cloudfront_url = url)
    }),
    setting!("cdn.cloudfront_distribution", sample "EDFDVBD6EXAMPLE", "none", "Id of the distribution at CloudFront", |s, v| cdn::id(v).map(|id| s.cdn.cloudfront_distribution = id)),
    setting!(
        "cdn.cloudfront_tags",
        "off",
        "Whether the distribution knows tags by the header Cache-Tag, and forgets by them: on or off",
        |s, v| switch(v).map(|on| s.cdn.cloudfront_tags = on)
    ),
    setting!("cdn.cloudfront_access_key", sample "AKIAIOSFODNN7EXAMPLE", "none", "Id of the access key that may call cloudfront:CreateInvalidation", |s, v| cdn::id(v).map(|id| s.cdn.cloudfront_access_key = id)),
    setting!("cdn.cloudfront_secret_key", sample "key", "none", "That access key", |s, v| cdn::key(v).map(|key| s.cdn.cloudfront_secret_key = key)),
    setting!("cdn.fastly_url", "https://api.fastly.com", "The API of Fastly", |s, v| base_url(v)
        .map(|url| s.cdn.fastly_url = url)),
    setting!("cdn.fastly_service", sample "SU1Z0isxPaozGVKXdv0eY", "none", "Id of the service at Fastly", |s, v| cdn::id(v).map(|id| s.cdn.fastly_service = id)),
    setting!("cdn.fastly_token", sample "token", "none", "API token of Fastly with the scope purge_select", |s, v| cdn::key(v).map(|key| s.cdn.fastly_token = key)),
    setting!("cdn.nginx_url", sample "http://127.0.0.1:8081", "none", "Where nginx forgets below /purge; between commas where there are several", |s, v| list(v).map(base_url).collect::<Result<_, _>>().map(|urls| s.cdn.nginx_url = urls)),
    setting!("cdn.varnish_url", sample "http://127.0.0.1:6081", "none", "Where Varnish takes PURGE; between commas where there are several", |s, v| list(v).map(base_url).collect::<Result<_, _>>().map(|urls| s.cdn.varnish_url = urls)),
    setting!("cdn.webhook_url", sample "https://hooks.example.org/purge", "none", "Address that is called with what is to be forgotten", |s, v| folder_url(v).map(|url| s.cdn.webhook_url = Some(url))),
    setting!("cdn.webhook_secret", sample "secret", "none", "What those calls are signed with", |s, v| cdn::key(v).map(|key| s.cdn.webhook_secret = key)),
    setting!("cdn.origin_secret", sample "at-least-16-characters", "none", "What requests must show that may come here: only the CDN in front knows it; two between a comma while it is changed", |s, v| cdn::origin_secrets(v).map(|secrets| s.http.origin_secrets = secrets)),
    setting!("cdn.origin_header", "X-Origin-Secret", "The header in which they show it", |s, v| s
        .http
        .set_origin_header(v)),
    setting!("image.side_max", "32768", "Longest width or height in pixels", |s, v| {
        s.app.limits.side_max = number(v, 1, 65_535)?;
        Ok(())
    }),
    setting!("image.pixels_max", "100000000", "Most pixels of a frame", |s, v| {
        s.app.limits.pixels_max = number(v, 1, 4_000_000_000)?;
        Ok(())
    }),
    setting!("image.frames_max", "1000", "Most frames of an animation", |s, v| {
        s.app.limits.frames_max = number(v, 1, 1_000_000)?;
        Ok(())
    }),
    setting!("trash.keep", "30d", "How long a delete can be undone", |s, v| {
        s.app.trash_keep = seconds(v)?;
        Ok(())
    }),
    setting!(
        "sweep.grace",
        "24h",
        "Age that an unreferenced file must reach before it is removed",
        |s, v| {
            s.app.sweep_grace = seconds(v)?;
            Ok(())
        }
    ),
    setting!("sweep.interval", "60s", "Pause between two sweeps", |s, v| {
        s.app.sweep_interval = seconds(v)?;
        if s.app.sweep_interval == 0 { Err("takes at least 1s".to_owned()) } else { Ok(()) }
    }),
    setting!("cache.memory", "32MB", "RAM for hot pictures", |s, v| {
        s.app.cache_bytes = bytes(v)?;
        Ok(())
    }),
    setting!(
        "sandbox.mode",
        "auto",
        "Confinement of decoders: auto (goes on with one layer missing), require, or off",
        |s, v| {
            s.sandbox = v.parse().map_err(|_| "takes auto, require or off".to_owned())?;
            Ok(())
        }
    ),
    setting!("sandbox.workers", sample "2", "one a core, fewer where memory is short", "Pictures decoded at once", |s, v| {
        s.workers = Some(number(v, 1, 1024)?);
        Ok(())
    }),
    setting!("sandbox.memory", "1GB", "Address space of one worker", |s, v| {
        s.worker_memory = bytes(v)?;
        if s.worker_memory < 128 << 20 { Err("takes at least 128MB".to_owned()) } else { Ok(()) }
    }),
    setting!(
        "sandbox.decode_memory",
        sample "512MB",
        "half of the memory, at most 512MB",
        "Memory of all pictures being decoded, together",
        |s, v| {
            s.decode_memory = Some(bytes(v)?);
            if s.decode_memory < Some(64 << 20) { Err("takes at least 64MB".to_owned()) } else { Ok(()) }
        }
    ),
    setting!("sandbox.seconds", "30", "Time that one picture may take", |s, v| {
        s.worker_seconds = number(v, 1, 3_600)?;
        Ok(())
    }),
    setting!("log.level", "info", "How much to log: error, warn, info, debug or trace", |s, v| {
        s.log_level = v.parse().map_err(|_| "takes error, warn, info, debug or trace".to_owned())?;
        Ok(())
    }),
    setting!(
        "log.access",
        "on",
        "Whether a line a request goes to the standard output: on or off",
        |s, v| {
            s.log_access = switch(v)?;
            Ok(())
        }
    ),
    setting!(
        "log.format",
        "auto",
        "How lines are written: text, json, or auto (text on a terminal, json elsewhere)",
        |s, v| {
            s.log_format = match v {
                "auto" => LogFormat::Auto,
                "text" => LogFormat::Text,
                "json" => LogFormat::Json,
                _ => return Err("takes auto, text or json".to_owned()),
            };
            Ok(())
        }
    ),
    setting!("log.dir", sample "/var/log/tintype", "standard error and output", "Folder for app.log and access.log", |s, v| {
        s.log_dir = Some(PathBuf::from(v));
        if v.is_empty() { Err("takes a folder".to_owned()) } else { Ok(()) }
    }),
    setting!(
        "log.file_bytes",
        "50MB",
        "Size at which a log file is put aside as .1 and begun anew",
        |s, v| {
            s.log_file_bytes = bytes(v)?;
            if s.log_file_bytes < 4096 { Err("takes at least 4kB".to_owned()) } else { Ok(()) }
        }
    ),
    setting!("log.files", "5", "Files of each log that are kept beside the one being written", |s, v| {
        s.log_files = number(v, 1, 1000)?;
        Ok(())
    }),
];
