//! Reading bodies: bounded in length and in time, and JSON whose faults name their place.

use actix_web::error::PayloadError;
use actix_web::http::header;
use actix_web::{HttpRequest, web};
use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_path_to_error::{Path, Segment};

use super::object::Object;
use super::upload::UploadFault;
use crate::http::error::Code;
use crate::http::pace::Pace;
use crate::http::problem::Problem;
use crate::service::FieldError;

/// Of a body that broke off.
pub(super) const ENDED_EARLY: &str = "The body ended early or was not encoded as it says.";
/// Stands between what serde found and what it expected.
const EXPECTED: &str = ", expected ";
/// Longest text about one value, in characters.
const LONGEST_FAULT: usize = 200;
/// Longest field name that is repeated, in bytes; none of ours comes near.
const LONGEST_NAME: usize = 64;

/// Refuses a body that says of itself that it is too long, before a byte of it is read.
pub(super) fn check_length(request: &HttpRequest, limit: u64) -> Result<(), Problem> {
    let Some(value) = request.headers().get(header::CONTENT_LENGTH) else {
        return Ok(());
    };
    let length: u64 = value
        .to_str()
        .ok()
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| Problem::new(Code::MalformedRequest))?;
    if length > limit {
        return Err(UploadFault::TooLarge { limit }.into());
    }
    Ok(())
}

/// The whole of a short body.
pub(super) async fn read(
    payload: web::Payload,
    limit: u64,
    mut pace: Pace,
) -> Result<Bytes, Problem> {
    let mut body = BytesMut::new();
    let mut pieces = std::pin::pin!(bounded(payload, limit));
    loop {
        match pace.wait(pieces.next()).await {
            Err(_elapsed) => return Err(UploadFault::TooSlow.into()),
            Ok(None) => return Ok(body.freeze()),
            Ok(Some(Ok(piece))) => {
                pace.received(piece.len());
                body.extend_from_slice(&piece);
            }
            Ok(Some(Err(PayloadError::Overflow))) => {
                return Err(UploadFault::TooLarge { limit }.into());
            }
            Ok(Some(Err(error))) => {
                return Err(Problem::new(Code::MalformedRequest)
                    .with_detail(ENDED_EARLY)
                    .because(error));
            }
        }
    }
}

/// The same body, ended by [`PayloadError::Overflow`] when it is longer than allowed.
pub(super) fn bounded(
    payload: impl Stream<Item = Result<Bytes, PayloadError>>,
    limit: u64,
) -> impl Stream<Item = Result<Bytes, PayloadError>> {
    let mut left = limit;
    payload.map(move |piece| {
        let piece = piece?;
        let length = u64::try_from(piece.len()).unwrap_or(u64::MAX);
        left = left.checked_sub(length).ok_or(PayloadError::Overflow)?;
        Ok(piece)
    })
}

/// An object in JSON: 400 when it is no JSON, 422 with the place when it is another one.
pub(super) fn json<T: DeserializeOwned>(text: &[u8]) -> Result<T, Problem> {
    let malformed = |error: serde_json::Error| {
        Problem::new(Code::MalformedJson).with_detail(format!("{error}."))
    };
    // Syntax first, or a wrong field before the fault would hide it.
    serde_json::from_slice::<IgnoredAny>(text).map_err(malformed)?;
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let read = serde_path_to_error::deserialize(&mut deserializer);
    read.map(|Object(value)| value).map_err(|error| {
        let pointer = pointer(error.path());
        let error = error.into_inner();
        if error.is_data() {
            Problem::new(Code::InvalidRequest).with_fields(vec![fault(pointer, &error)])
        } else {
            malformed(error)
        }
    })
}

fn fault(pointer: String, error: &serde_json::Error) -> FieldError {
    let text = error.to_string();
    let text = text
        .rsplit_once(" at line ")
        .map_or(&*text, |(text, _)| text);
    // A field that is missing or comes twice has no place of its own; the message names it.
    let named = |start| {
        let rest = text.strip_prefix(start)?;
        rest.strip_suffix('`')
    };
    if let Some(name) = named("missing field `") {
        FieldError::new(format!("{pointer}/{name}"), "This field is missing.")
    } else if let Some(name) = named("duplicate field `") {
        FieldError::new(format!("{pointer}/{name}"), "This field is there twice.")
    } else {
        FieldError::new(pointer, format!("{}.", without_value(text)))
    }
}

/// What serde says of a value, without the value: that may be a whole document, or say whom the request is about.
///
/// Serde quotes what it found before it says what it expected, which is the last thing it says and our own.
fn without_value(text: &str) -> String {
    let told = match text.rsplit_once(EXPECTED) {
        Some((found, expected)) => {
            let kind = found.split(['"', '`']).next().unwrap_or_default();
            format!("{}{EXPECTED}{expected}", kind.trim_end())
        }
        None => text.to_owned(),
    };
    told.chars().take(LONGEST_FAULT).collect()
}

/// A JSON Pointer (RFC 6901). What is too long for a name of ours is told as `?`.
fn pointer(path: &Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        pointer.push('/');
        match segment {
            Segment::Seq { index } => pointer.push_str(&index.to_string()),
            Segment::Map { key: name } | Segment::Enum { variant: name }
                if name.len() <= LONGEST_NAME =>
            {
                pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
            }
            Segment::Map { .. } | Segment::Enum { .. } | Segment::Unknown => pointer.push('?'),
        }
    }
    pointer
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::api::wire::NewSignatureRequest;

    fn refused(text: &str) -> (Code, Vec<FieldError>) {
        let problem = json::<NewSignatureRequest>(text.as_bytes())
            .map(|_| ())
            .unwrap_err();
        (problem.code(), problem.fields().to_vec())
    }

    #[test]
    fn what_is_no_json_is_told_apart_from_another_shape() {
        for text in [
            "",
            "{",
            "nonsense",
            "{\"signer\": \"x\", \"documents\": []} {}",
            "{\"a\":}",
            "\u{feff}{}",
        ] {
            assert_eq!(refused(text).0, Code::MalformedJson, "{text:?}");
        }
        for text in ["[]", "{}", "7", "null"] {
            assert_eq!(refused(text).0, Code::InvalidRequest, "{text:?}");
        }
    }

    #[test]
    fn a_fault_names_its_place() {
        let place = |text: &str| refused(text).1[0].pointer.clone();
        let documents = |document: &str| {
            format!("{{\"signer\": \"x\", \"documents\": [{{\"name\": \"a\"}}, {document}]}}")
        };
        assert_eq!(place("{\"documents\": []}"), "/signer");
        assert_eq!(place("{\"signer\": 7, \"documents\": []}"), "/signer");
        assert_eq!(place("{\"signer\": \"x\", \"a/b~\": 1}"), "/a~1b~0");
        assert_eq!(place(&documents("{}")), "/documents/1/name");
        assert_eq!(
            place(&documents("{\"name\": \"b\", \"colour\": 1}")),
            "/documents/1/colour"
        );
        assert_eq!(
            place(&documents("{\"name\": \"b\", \"digest\": \"sha-1\"}")),
            "/documents/1/digest"
        );
        assert_eq!(
            place(&documents("{\"name\": \"b\", \"pades\": {\"colour\": 1}}")),
            "/documents/1/pades/colour"
        );
    }

    #[test]
    fn what_an_app_sent_is_never_repeated() {
        let dni = "12345678Z";
        let long = "QUJD".repeat(5000);
        let policy = |id: &str| {
            format!(
                "{{\"signer\": \"x\", \"documents\": [{{\"name\": \"a\", \"cades\": {{\"policy\": {{\"id\": \"{id}\"}}}}}}]}}"
            )
        };
        for value in [dni, &long, "a`, expected \\\"QUJD 12345678"] {
            for text in [
                format!("{{\"signer\": [\"{value}\"], \"documents\": []}}"),
                format!("{{\"signer\": \"x\", \"documents\": \"{value}\"}}"),
                format!("{{\"signer\": \"x\", \"documents\": [\"{value}\"]}}"),
                format!("{{\"signer\": \"x\", \"language\": \"{value}\"}}"),
                format!("{{\"signer\": \"x\", \"lifetime_seconds\": \"{value}\"}}"),
                "{\"signer\": 12345678, \"documents\": []}".to_owned(),
                policy(value),
            ] {
                let (code, fields) = refused(&text);
                assert_eq!(code, Code::InvalidRequest, "{text}");
                for FieldError { pointer, detail } in fields {
                    assert!(!detail.contains("QUJD"), "{detail}");
                    assert!(!detail.contains("12345678"), "{detail}");
                    assert!(detail.chars().count() <= LONGEST_FAULT + 1, "{detail}");
                    assert!(pointer.len() < 40, "{pointer}");
                }
            }
        }
        let (_, fields) = refused(&format!("{{\"{long}\": 1}}"));
        assert_eq!(fields[0].pointer, "/?");
        let (_, fields) = refused("{\"signer\": [], \"documents\": []}");
        assert_eq!(
            fields[0].detail,
            "invalid type: sequence, expected a string."
        );
    }
}
