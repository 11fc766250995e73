//! What a signature will state beside the document, in words: the app chose it, and the citizen signs it.
//!
//! Every structure is taken apart without a rest, so that a new choice does not compile until it is shown here. An
//! app's own texts are shown to the letter, as they are signed.

use crate::domain::request::{
    CadesOptions, Commitment, DocumentOptions, PadesOptions, SignatureOptions, SignaturePolicy,
    SignerLocation,
};
use crate::http::citizen::page::Page;

/// One statement.
pub(in crate::http::citizen) struct Statement {
    /// What it is about.
    pub(in crate::http::citizen) label: String,
    /// What it says.
    pub(in crate::http::citizen) lines: Vec<String>,
    /// What only somebody who compares it needs.
    pub(in crate::http::citizen) details: Vec<String>,
}

impl Statement {
    /// What it says, on one line.
    pub(in crate::http::citizen) fn brief(&self) -> String {
        self.lines.join(", ")
    }
}

/// All that the signature of a document will state.
pub(in crate::http::citizen) fn statements(
    page: &Page,
    options: &DocumentOptions,
) -> Vec<Statement> {
    let DocumentOptions {
        // How it is computed, which states nothing.
        digest: _,
        padding: _,
        signature,
    } = options;
    match signature {
        SignatureOptions::Pades(options) => pades(page, options),
        SignatureOptions::Cades {
            packaging: _,
            options,
        } => cades(page, options),
    }
}

fn pades(page: &Page, options: &PadesOptions) -> Vec<Statement> {
    let PadesOptions {
        field,
        reason,
        location,
        contact,
        commitment,
        policy,
    } = options;
    [
        reason
            .as_ref()
            .map(|text| one(page.t("states-reason"), text)),
        commitment.map(|commitment| declared(page, commitment)),
        location
            .as_ref()
            .map(|text| one(page.t("states-place"), text)),
        contact
            .as_ref()
            .map(|text| one(page.t("states-contact"), text)),
        policy.as_ref().map(|policy| by(page, policy)),
        field.as_ref().map(|text| one(page.t("states-field"), text)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn cades(page: &Page, options: &CadesOptions) -> Vec<Statement> {
    let CadesOptions {
        commitment,
        location,
        policy,
    } = options;
    [
        commitment.map(|commitment| declared(page, commitment)),
        location.as_ref().map(|location| place(page, location)),
        policy.as_ref().map(|policy| by(page, policy)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn one(label: String, text: &str) -> Statement {
    Statement {
        label,
        lines: vec![text.to_owned()],
        details: Vec::new(),
    }
}

fn declared(page: &Page, commitment: Commitment) -> Statement {
    let words = match commitment {
        Commitment::ProofOfOrigin => page.t("states-origin"),
        Commitment::ProofOfReceipt => page.t("states-receipt"),
        Commitment::ProofOfDelivery => page.t("states-delivery"),
        Commitment::ProofOfSender => page.t("states-sender"),
        Commitment::ProofOfApproval => page.t("states-approval"),
        Commitment::ProofOfCreation => page.t("states-creation"),
    };
    one(page.t("states-commitment"), &words)
}

/// As on an envelope: the lines of the address, the town, the country.
fn place(page: &Page, location: &SignerLocation) -> Statement {
    let SignerLocation {
        country,
        locality,
        postal_address,
    } = location;
    Statement {
        label: page.t("states-place"),
        lines: postal_address
            .iter()
            .chain(locality)
            .chain(country)
            .cloned()
            .collect(),
        details: Vec::new(),
    }
}

/// The address is an app's, so it is shown and not linked to.
fn by(page: &Page, policy: &SignaturePolicy) -> Statement {
    let SignaturePolicy {
        id,
        hash_algorithm,
        hash,
        uri,
    } = policy;
    let digest = format!(
        "{} {}",
        hash_algorithm.as_str().to_uppercase(),
        hex::encode(hash)
    );
    Statement {
        label: page.t("states-policy"),
        lines: vec![id.to_string()],
        details: uri.iter().cloned().chain([digest]).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::algorithm::DigestAlgorithm;
    use crate::domain::document::Packaging;
    use crate::domain::language::Language;
    use std::collections::BTreeSet;

    fn said(page: &Page, signature: SignatureOptions) -> Vec<(String, String)> {
        let options = DocumentOptions {
            digest: DigestAlgorithm::Sha256,
            padding: None,
            signature,
        };
        statements(page, &options)
            .into_iter()
            .map(|statement| {
                let all = [statement.lines, statement.details].concat();
                (statement.label, all.join("|"))
            })
            .collect()
    }

    fn owned(statements: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = statements.iter();
        owned
            .map(|(label, text)| ((*label).to_owned(), (*text).to_owned()))
            .collect()
    }

    fn policy() -> SignaturePolicy {
        SignaturePolicy {
            id: "2.16.724.1.3.1.1.2.1.9".parse().unwrap(),
            hash_algorithm: DigestAlgorithm::Sha256,
            hash: vec![0x7a; 32],
            uri: Some("https://policy.example/9".to_owned()),
        }
    }

    #[test]
    fn everything_that_was_chosen_is_said() {
        let page = Page::new(Language::English, "/", String::new());
        let some = |text: &str| Some(text.to_owned());
        let by = format!(
            "2.16.724.1.3.1.1.2.1.9|https://policy.example/9|SHA-256 {}",
            "7a".repeat(32)
        );
        let rules = "Signature policy (the rules it is made by)";
        let pades = PadesOptions {
            field: some("Firma.1"),
            reason: some(" I  agree "),
            location: some("Mérida"),
            contact: some("ana@example.com"),
            commitment: Some(Commitment::ProofOfSender),
            policy: Some(policy()),
        };
        assert_eq!(
            said(&page, SignatureOptions::Pades(pades)),
            owned(&[
                ("Reason", " I  agree "),
                (
                    "You declare",
                    "That you sent this document, even if somebody else made it."
                ),
                ("Place", "Mérida"),
                ("Contact", "ana@example.com"),
                (rules, &by),
                ("Field of the PDF", "Firma.1"),
            ])
        );
        let options = CadesOptions {
            commitment: Some(Commitment::ProofOfApproval),
            location: Some(SignerLocation {
                country: some("ES"),
                locality: some("Toledo"),
                postal_address: vec!["Calle Mayor, 1".to_owned(), "45001".to_owned()],
            }),
            policy: Some(policy()),
        };
        let packaging = Packaging::Detached;
        assert_eq!(
            said(&page, SignatureOptions::Cades { packaging, options }),
            owned(&[
                (
                    "You declare",
                    "That you approve the content of this document."
                ),
                ("Place", "Calle Mayor, 1|45001|Toledo|ES"),
                (rules, &by),
            ])
        );
    }

    #[test]
    fn where_nothing_was_chosen_nothing_is_said() {
        let page = Page::new(Language::English, "/", String::new());
        let options = CadesOptions::default();
        let packaging = Packaging::Enveloping;
        assert_eq!(
            said(&page, SignatureOptions::Pades(PadesOptions::default())),
            []
        );
        assert_eq!(
            said(&page, SignatureOptions::Cades { packaging, options }),
            []
        );
    }

    #[test]
    fn each_commitment_has_words_of_its_own_in_every_language() {
        let mut words = BTreeSet::new();
        for &language in Language::ALL {
            let page = Page::new(language, "/", String::new());
            for &commitment in Commitment::ALL {
                words.insert((language, declared(&page, commitment).brief()));
            }
        }
        assert_eq!(words.len(), Language::ALL.len() * Commitment::ALL.len());
    }
}
