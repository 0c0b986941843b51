//! Forms as browsers send them (RFC 7578).

const BOUNDARY: &str = "----tintype-test-boundary-7MA4YWxkTrZu0gW";

/// A multipart form.
#[derive(Default)]
pub(crate) struct Form {
    parts: Vec<u8>,
}

impl Form {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Adds a file. Quotes and line breaks of its name are encoded as browsers do (the HTML standard).
    pub(crate) fn file(self, name: &str, bytes: &[u8]) -> Self {
        let name = name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A");
        self.part(
            &format!("name=\"file\"; filename=\"{name}\"\r\nContent-Type: application/octet-stream"),
            bytes,
        )
    }

    /// Adds a field.
    pub(crate) fn field(self, name: &str, value: &str) -> Self {
        self.part(&format!("name=\"{name}\""), value.as_bytes())
    }

    /// Adds a part with a disposition of one's own.
    pub(crate) fn part(mut self, head: &str, bytes: &[u8]) -> Self {
        self.parts.extend_from_slice(
            format!("--{BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\n").as_bytes(),
        );
        self.parts.extend_from_slice(bytes);
        self.parts.extend_from_slice(b"\r\n");
        self
    }

    pub(crate) fn content_type(&self) -> String {
        format!("multipart/form-data; boundary={BOUNDARY}")
    }

    pub(crate) fn body(&self) -> Vec<u8> {
        let mut body = self.parts.clone();
        body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        body
    }
}
