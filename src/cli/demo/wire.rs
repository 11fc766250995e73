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

    /// The documents that are the reason, by their places in the request, each place once, and what is wrong.
    pub(super) fn refused_documents(&self) -> Vec<(usize, String)> {
        let mut found: Vec<(usize, String)> = Vec::new();
        for field in &self.errors {
            let place = field
                .pointer
                .strip_prefix("/documents/")
                .and_then(|rest| rest.split('/').next())
                .and_then(|number| number.parse().ok());
            let Some(place) = place else { continue };
            match found.iter_mut().find(|(known, _)| *known == place) {
                Some((_, detail)) => {
                    detail.push(' ');
                    detail.push_str(&field.detail);
                }
                None => found.push((place, field.detail.clone())),
            }
        }
        found.sort_by_key(|(place, _)| *place);
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
                {"pointer": "/documents/2", "detail": "third"},
                {"pointer": "/documents/0/name", "detail": "first"},
                {"pointer": "/documents/2/title", "detail": "again"},
                {"pointer": "/signer", "detail": "nobody"},
            ],
        }))
        .unwrap();
        assert_eq!(
            problem.refused_documents(),
            [(0, "first".to_owned()), (2, "third again".to_owned())]
        );
    }
}
