//! A client: a cookie jar or a token, and replies that are easy to assert about.

use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use super::Form;

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn new(status: u16, headers: Vec<(String, String)>, body: Vec<u8>) -> Self {
        Self { status, headers, body }
    }

    /// A header's value, or "".
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| {
            panic!("{error}: {} {}", self.status, String::from_utf8_lossy(&self.body))
        })
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A text of the JSON body at a pointer such as `/links/image`.
    pub(crate) fn at(&self, pointer: &str) -> String {
        let json = self.json();
        let value = json.pointer(pointer).unwrap_or_else(|| panic!("no {pointer} in {json}"));
        value.as_str().map_or_else(|| value.to_string(), str::to_owned)
    }

    /// Asserts the status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }

    /// Asserts a problem document with this status and code.
    #[track_caller]
    pub(crate) fn expect_problem(self, status: u16, code: &str) -> Self {
        assert_eq!(
            (self.status, self.header("content-type")),
            (status, "application/problem+json"),
            "{}",
            self.text()
        );
        let json = self.json();
        assert_eq!(
            (json["code"].as_str(), json["status"].as_u64()),
            (Some(code), Some(u64::from(status))),
            "{json}"
        );
        assert!(
            !json["detail"].as_str().unwrap_or_default().is_empty() && json["request_id"].is_string(),
            "{json}"
        );
        self
    }
}

/// Somebody who talks to the server.
pub(crate) struct Client {
    base: String,
    agent: ureq::Agent,
    token: Option<String>,
    headers: Vec<(String, String)>,
    cookie: Mutex<Option<String>>,
}

impl Client {
    pub(crate) fn new(base: &str) -> Self {
        let config = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build();
        Self {
            base: base.to_owned(),
            agent: config.into(),
            token: None,
            headers: Vec::new(),
            cookie: Mutex::new(None),
        }
    }

    pub(crate) fn with_token(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }

    /// Another client that shows the same cookie and token, on a connection of its own.
    pub(crate) fn again(&self) -> Self {
        let mut copy = Self::new(&self.base);
        copy.token.clone_from(&self.token);
        *copy.cookie.lock().unwrap_or_else(PoisonError::into_inner) = self.cookie();
        copy
    }

    /// The token that it shows.
    pub(crate) fn token(&self) -> String {
        self.token.clone().expect("a client with a token")
    }

    /// The owner's cookie that the server has set.
    pub(crate) fn cookie(&self) -> Option<String> {
        self.cookie.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[], None)
    }

    pub(crate) fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Reply {
        self.send("GET", path, headers, None)
    }

    pub(crate) fn head(&self, path: &str) -> Reply {
        self.send("HEAD", path, &[], None)
    }

    pub(crate) fn delete(&self, path: &str) -> Reply {
        self.send("DELETE", path, &[], None)
    }

    pub(crate) fn post(&self, path: &str, content_type: &str, body: &[u8]) -> Reply {
        self.send("POST", path, &[("content-type", content_type)], Some(body))
    }

    pub(crate) fn put(&self, path: &str, body: &[u8]) -> Reply {
        self.send("PUT", path, &[], Some(body))
    }

    pub(crate) fn patch(&self, path: &str, json: &Value) -> Reply {
        self.send("PATCH", path, &[("content-type", "application/json")], Some(json.to_string().as_bytes()))
    }

    /// Uploads one file by the form that browsers send.
    pub(crate) fn upload(&self, name: &str, bytes: &[u8]) -> Reply {
        self.form(&Form::new().file(name, bytes))
    }

    /// Uploads a form.
    pub(crate) fn form(&self, form: &Form) -> Reply {
        self.post("/api/v1/images", &form.content_type(), &form.body())
    }

    /// Any request. `path` may also be a whole address.
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Reply {
        self.try_send(method, path, headers, body).expect("the server answers")
    }

    /// Any request, to a server that may go away.
    pub(crate) fn try_send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Result<Reply, ureq::Error> {
        let url = self.here(path);
        let mut request = ureq::http::Request::builder().method(method).uri(url);
        let own = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in own.chain(headers.iter().copied()) {
            request = request.header(name, value);
        }
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if let Some(cookie) = self.cookie() {
            request = request.header("cookie", cookie);
        }
        let request = request.body(body.unwrap_or_default().to_vec()).expect("a valid request");
        let mut response = self.agent.run(request)?;
        let headers: Vec<(String, String)> = response
            .headers()
            .iter()
            .map(|(name, value)| {
                (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
            })
            .collect();
        if let Some((_, set)) = headers.iter().find(|(name, _)| name == "set-cookie") {
            let pair = set.split(';').next().unwrap_or_default().to_owned();
            *self.cookie.lock().unwrap_or_else(PoisonError::into_inner) = Some(pair);
        }
        let body = response.body_mut().with_config().limit(1 << 30).read_to_vec()?;
        Ok(Reply { status: response.status().as_u16(), headers, body })
    }

    /// The address of `path` on this server. A link may name another host: its `base_url`, or an earlier port.
    fn here(&self, path: &str) -> String {
        match path.split_once("://") {
            Some((_, rest)) => format!("{}/{}", self.base, rest.split_once('/').map_or("", |(_, path)| path)),
            None => format!("{}{path}", self.base),
        }
    }
}
