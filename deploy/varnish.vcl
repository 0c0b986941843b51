# Varnish in front of Tintype: pictures are kept until they change, and forgotten within a second of a delete.
#
# Needs vmod xkey (Debian: varnish-modules). Settings of Tintype that go with it:
#
#   [server]
#   base_url = "https://images.example.org"
#   [cdn]
#   driver = "varnish"
#   varnish_url = "http://127.0.0.1:6081"

vcl 4.1;

import xkey;

backend tintype {
  .host = "127.0.0.1";
  .port = "8080";
}

# Where Tintype itself asks from.
acl purgers {
  "127.0.0.1";
  "::1";
}

sub vcl_recv {
  if (req.method == "PURGE") {
    # What came through a proxy has two addresses here: the sender's, and the proxy's, which may be among these.
    if (client.ip !~ purgers || req.http.X-Forwarded-For ~ ",") {
      return (synth(403, "Only Tintype may purge"));
    }
    if (!req.http.xkey) {
      return (synth(400, "Name the tags in the header xkey"));
    }
    set req.http.x-purged = xkey.purge(req.http.xkey);
    return (synth(200, "purged " + req.http.x-purged));
  }

  # Only Varnish says for whom it asks; whether that is by HTTPS, server.base_url says.
  unset req.http.Forwarded;
  unset req.http.X-Forwarded-Host;
  unset req.http.X-Forwarded-Proto;
  unset req.http.X-Original-URL;
  unset req.http.X-Rewrite-URL;
  unset req.http.x-purged;
  unset req.http.x-cookie-kept;

  # The server takes one range at a time, and sends everything where more are asked for. So do we.
  if (req.http.Range && req.http.Range !~ "^bytes=([0-9]+-[0-9]*|-[0-9]+)$") {
    unset req.http.Range;
  }
  # Anybody may send names of their own making, each kept as a picture of its own. With yours here, only these are kept:
  # if (req.http.Host !~ "(?i)^(images|media)\.example\.org$") { return (pass); }
  # Pictures have no query, and no letter or digit of an address needs an encoding; what has one is asked for each time, so
  # that nobody fills the cache with copies of one picture.
  if ((req.method != "GET" && req.method != "HEAD") || req.http.Authorization || req.url ~ "\?"
      || req.url ~ "(?i)%(2[de]|3[0-9]|[46][1-9a-f]|[57][0-9a]|5f|7e)"
      || req.url !~ "(?i)^/(i|images)/|\.(jpe?g|png|gif|webp|avif)$") {
    return (pass);
  }
  # Tags are compared weakly (RFC 9110, 13.1.2). Beside a range Varnish compares them strongly.
  set req.http.If-None-Match = regsuball(req.http.If-None-Match, "W/", "");
  if (req.http.If-None-Match == "") {
    unset req.http.If-None-Match;
  }
  # Cookies say nothing of a picture that everybody may see. Where there is none for everybody, its owner may ask (below).
  if (req.restarts == 0) {
    set req.http.x-cookie-kept = req.http.Cookie;
    unset req.http.Cookie;
    return (hash);
  }
  return (pass);
}

sub vcl_backend_response {
  # Only pictures name their tag, and only what can be forgotten by its tag is kept.
  if (!beresp.http.xkey) {
    set beresp.uncacheable = true;
    set beresp.ttl = 10s;
  }
  # Nothing is shown for longer than the server says.
  if (beresp.http.Cache-Control !~ "stale-while-revalidate") {
    set beresp.grace = 0s;
  }
}

sub vcl_backend_fetch {
  unset bereq.http.x-cookie-kept;
}

sub vcl_deliver {
  if (resp.status == 404 && req.restarts == 0 && req.http.x-cookie-kept) {
    set req.http.Cookie = req.http.x-cookie-kept;
    return (restart);
  }
  unset resp.http.xkey;
  if (obj.hits > 0) {
    set resp.http.X-Cache = "HIT";
  } else {
    set resp.http.X-Cache = "MISS";
  }
}
