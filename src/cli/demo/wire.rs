//! The answers of the REST API, as far as the demo reads them. An app would do the same in its own language.

use serde::Deserialize;
use url::Url;

use crate::domain::document::{Format, Packaging};

/// RFC 9457, as this server answers.
#[derive(Deserialize)]
pub(super) struct ProblemBody {
    pub(super) code: String,
    pub(super) title: String,
    pub(super) detail: Option<String>,
    #[serde(default)]
    pub(super) errors: Vec<ProblemField>,
}

#[derive(Deserialize)]
pub(super) struct ProblemField {
    pub(super) pointer: String,
    pub(super) code: Option<String>,
    pub(super) detail: String,
}

/// A document that is the reason of a problem.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RefusedDocument {
    /// Its place in the request.
    pub(super) place: usize,
    pub(super) code: String,
    pub(super) detail: String,
}

#[derive(Deserialize)]
pub(super) struct RequestBody {
    pub(super) id: String,
    pub(super) state: String,
    pub(super) approval_url: Option<Url>,
    pub(super) documents: Vec<DocumentBody>,
}

#[derive(Deserialize)]
pub(super) struct DocumentBody {
    pub(super) format: Format,
    pub(super) packaging: Option<Packaging>,
    pub(super) state: String,
    pub(super) reason: Option<ReasonBody>,
    pub(super) signed: Option<SignedBody>,
}

#[derive(Deserialize)]
pub(super) struct ReasonBody {
    pub(super) code: String,
    pub(super) detail: String,
}

#[derive(Deserialize)]
pub(super) struct SignedBody {
    pub(super) size: u64,
    pub(super) sha256: String,
    pub(super) level: String,
    pub(super) url: Option<String>,
}

impl ProblemBody {
    /// What it says, for a person.
    pub(super) fn words(&self) -> String {
        let mut parts = vec![format!("{} ({})", self.title, self.code)];
        parts.extend(self.detail.clone());
        parts.extend(
            self.errors
                .iter()
                .map(|field| format!("{}: {}", field.pointer, field.detail)),
        );
        parts.join("; ")
    }

    /// The documents that are the reason, by their places in the request, each place once.
    pub(super) fn refused_documents(&self) -> Vec<RefusedDocument> {
        let mut found: Vec<RefusedDocument> = Vec::new();
        for field in &self.errors {
            let place = field
                .pointer
                .strip_prefix("/documents/")
                .and_then(|rest| rest.split('/').next())
                .and_then(|number| number.parse().ok());
            let Some(place) = place else { continue };
            match found.iter_mut().find(|known| known.place == place) {
                Some(known) => {
                    known.detail.push(' ');
                    known.detail.push_str(&field.detail);
                }
                None => found.push(RefusedDocument {
                    place,
                    code: field.code.as_ref().unwrap_or(&self.code).clone(),
                    detail: field.detail.clone(),
                }),
            }
        }
        found.sort_by_key(|document| document.place);
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_names_each_refused_document_once() {
        let problem: ProblemBody = serde_json::from_value(serde_json::json!({
            "code": "invalid_request",
            "title": "Some values are not acceptable",
            "errors": [
                {"pointer": "/documents/2", "code": "not_a_pdf", "detail": "third"},
                {"pointer": "/documents/0/name", "detail": "first"},
                {"pointer": "/documents/2/title", "detail": "again"},
                {"pointer": "/signer", "detail": "nobody"},
            ],
        }))
        .unwrap();
        let refused = |place, code: &str, detail: &str| RefusedDocument {
            place,
            code: code.to_owned(),
            detail: detail.to_owned(),
        };
        assert_eq!(
            problem.refused_documents(),
            [
                refused(0, "invalid_request", "first"),
                refused(2, "not_a_pdf", "third again")
            ]
        );
    }
}
