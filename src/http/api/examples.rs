//! Examples of answers, for the description of the API. A test holds them against real answers.

use serde_json::{Value, json};

use crate::http::error::Code;

const REQUEST: &str = "019abf4e-5d10-7c31-9a52-6f0c7a8b1e24";
const DOCUMENT: &str = "019abf4e-5d11-7a40-8c6d-2b9e41f7d053";
/// Of the five bytes `Hello`.
const SHA256: &str = "185f8db32271fe25f561a6fc938b2e264306ec304eda518007d1764826381969";

/// An app.
pub(super) fn app() -> Value {
    json!({
        "id": "019abf3a-0c52-7d18-b1f4-90a6c3e5d712",
        "name": "Sede electrónica",
        "return_urls": ["https://sede.example/back"],
    })
}

/// A request that waits for its signer.
pub(super) fn pending() -> Value {
    json!({
        "id": REQUEST,
        "state": "pending",
        "title": "Application for a grant",
        "language": "es",
        "return_url": "https://sede.example/back?file=77",
        "created_at": "2026-11-23T09:00:00Z",
        "expires_at": "2026-11-24T09:00:00Z",
        "delete_at": "2026-12-24T09:00:00Z",
        "approval_url": format!("https://sign.example/r/{REQUEST}.q4Yb0zJ6m1cT8vKx2LwR5A"),
        "fingerprint": "4F2A-91C0",
        "documents": [{
            "id": DOCUMENT,
            "name": "letter.txt",
            "media_type": "text/plain",
            "size": 5,
            "sha256": SHA256,
            "format": "cades",
            "packaging": "enveloping",
            "digest": "sha-256",
            "state": "waiting",
        }],
    })
}

/// The same after the app took it back.
pub(super) fn cancelled() -> Value {
    let mut request = with(
        pending(),
        json!({
            "state": "cancelled",
            "reason": {"code": "cancelled_by_app", "detail": "The app cancelled the request."},
            "finished_at": "2026-11-23T09:10:00Z",
            "delete_at": "2026-12-23T09:10:00Z",
        }),
    );
    let not_signed = json!({
        "state": "not_signed",
        "reason": {
            "code": "request_cancelled",
            "detail": "The app cancelled the request. It was not signed.",
        },
    });
    if let Some(document) = request.pointer_mut("/documents/0") {
        *document = with(document.take(), not_signed);
    }
    request
}

/// The same after the signer approved it.
pub(super) fn completed() -> Value {
    let mut request = with(
        pending(),
        json!({
            "state": "completed",
            "finished_at": "2026-11-23T09:05:00Z",
            "delete_at": "2026-12-23T09:05:00Z",
            "certificate": "-----BEGIN CERTIFICATE-----\n…\n-----END CERTIFICATE-----\n",
            "chain": "-----BEGIN CERTIFICATE-----\n…\n-----END CERTIFICATE-----\n",
        }),
    );
    let signed = json!({
        "state": "signed",
        "signed": {
            "name": "letter.txt.p7m",
            "media_type": "application/pkcs7-mime",
            "size": 3412,
            "sha256": "9c0d294c05fc1d88d698034609bb81c0c69196327594e4c69d2915c80fd9850c",
            "level": "CAdES-BASELINE-B",
            "signed_at": "2026-11-23T09:05:00Z",
            "url": format!("/v1/signature-requests/{REQUEST}/documents/{DOCUMENT}"),
        },
    });
    if let Some(document) = request.pointer_mut("/documents/0") {
        *document = with(document.take(), signed);
    }
    request
}

/// A page of requests, not the last one.
pub(super) fn list() -> Value {
    let mut request = pending();
    if let Some(fields) = request.as_object_mut() {
        for name in ["approval_url", "fingerprint", "documents"] {
            fields.remove(name);
        }
    }
    json!({"requests": [request], "next": REQUEST})
}

/// A problem of that kind.
pub(super) fn problem(code: Code) -> Value {
    let (status, title) = code.meaning();
    json!({
        "type": format!("/docs#{code}"),
        "title": title,
        "status": status.as_u16(),
        "code": code,
        "request_id": "5b1f0c3e9d7a2846e0f1b3c5",
    })
}

fn with(mut value: Value, more: Value) -> Value {
    if let (Some(fields), Value::Object(more)) = (value.as_object_mut(), more) {
        fields.extend(more);
    }
    value
}
