//! Multipart bodies, written by hand so that tests can get them wrong.

/// The boundary of every body.
const BOUNDARY: &str = "----rubrica-test";

/// A `multipart/form-data` body (RFC 7578).
#[derive(Default)]
pub(crate) struct Form(Vec<u8>);

impl Form {
    /// Begins with the metadata, as the API wants it.
    pub(crate) fn of(metadata: &serde_json::Value) -> Self {
        Self::default().part(
            "request",
            "application/json",
            metadata.to_string().as_bytes(),
        )
    }

    /// One more document.
    pub(crate) fn document(self, bytes: &[u8]) -> Self {
        self.part("document", "application/octet-stream", bytes)
    }

    /// Any part.
    pub(crate) fn part(mut self, name: &str, kind: &str, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(
            format!(
                "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"f\"\r\n\
                 Content-Type: {kind}\r\n\r\n"
            )
            .as_bytes(),
        );
        self.0.extend_from_slice(bytes);
        self.0.extend_from_slice(b"\r\n");
        self
    }

    /// The whole body.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.0
            .extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        self.0
    }

    /// What has been written so far, without the end.
    pub(crate) fn unfinished(self) -> Vec<u8> {
        self.0
    }

    /// The value of the `Content-Type` header.
    pub(crate) fn content_type() -> String {
        format!("multipart/form-data; boundary={BOUNDARY}")
    }
}
