//! The choices of a document as one byte string, to be bound by digests and keyed digests.
//!
//! Every structure is taken apart without a rest, so that a new choice does not compile until it has its place here.

use super::options::{
    CadesOptions, DocumentOptions, PadesOptions, SignatureOptions, SignaturePolicy, SignerLocation,
};
use crate::domain::canonical::Canonical;

impl DocumentOptions {
    /// One byte string for each set of choices, and different ones for different sets: format, packaging, digest
    /// algorithm, padding, and everything else that the signature will say.
    pub fn encoded(&self) -> Vec<u8> {
        let Self {
            digest,
            padding,
            signature,
        } = self;
        let start = Canonical::new("rubrica document options 1")
            .part(self.format().as_str().as_bytes())
            .optional(
                self.packaging()
                    .map(|packaging| packaging.as_str().as_bytes()),
            )
            .part(digest.as_str().as_bytes())
            .optional(padding.map(|padding| padding.as_str().as_bytes()));
        match signature {
            SignatureOptions::Pades(options) => pades(start, options),
            SignatureOptions::Cades {
                packaging: _,
                options,
            } => cades(start, options),
        }
        .finish()
    }
}

fn pades(start: Canonical, options: &PadesOptions) -> Canonical {
    let PadesOptions {
        field,
        reason,
        location,
        contact,
        commitment,
        policy,
    } = options;
    [field, reason, location, contact]
        .into_iter()
        .fold(start, |canonical, option| {
            canonical.optional(text(option.as_ref()))
        })
        .optional(commitment.map(|commitment| commitment.as_str().as_bytes()))
        .optional(policy.as_ref().map(encoded_policy).as_deref())
}

fn cades(start: Canonical, options: &CadesOptions) -> Canonical {
    let CadesOptions {
        commitment,
        location,
        policy,
    } = options;
    let place = location.as_ref().map(|location| {
        let SignerLocation {
            country,
            locality,
            postal_address,
        } = location;
        Canonical::new("location")
            .optional(text(country.as_ref()))
            .optional(text(locality.as_ref()))
            .list(postal_address.iter().map(String::as_bytes))
            .finish()
    });
    start
        .optional(commitment.map(|commitment| commitment.as_str().as_bytes()))
        .optional(place.as_deref())
        .optional(policy.as_ref().map(encoded_policy).as_deref())
}

fn encoded_policy(policy: &SignaturePolicy) -> Vec<u8> {
    let SignaturePolicy {
        id,
        hash_algorithm,
        hash,
        uri,
    } = policy;
    Canonical::new("policy")
        .part(id.as_bytes())
        .part(hash_algorithm.as_str().as_bytes())
        .part(hash)
        .optional(text(uri.as_ref()))
        .finish()
}

fn text(option: Option<&String>) -> Option<&[u8]> {
    option.map(String::as_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::algorithm::{DigestAlgorithm, Padding};
    use crate::domain::document::Packaging;
    use crate::domain::request::Commitment;
    use std::collections::BTreeSet;

    fn with(signature: SignatureOptions) -> DocumentOptions {
        DocumentOptions {
            digest: DigestAlgorithm::Sha256,
            padding: None,
            signature,
        }
    }

    fn beside(options: CadesOptions) -> DocumentOptions {
        with(SignatureOptions::Cades {
            packaging: Packaging::Detached,
            options,
        })
    }

    fn inside(options: PadesOptions) -> DocumentOptions {
        with(SignatureOptions::Pades(options))
    }

    fn place(country: &str, locality: &str, lines: &[&str]) -> DocumentOptions {
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        beside(CadesOptions {
            location: Some(SignerLocation {
                country: some(country),
                locality: some(locality),
                postal_address: lines.iter().map(|line| (*line).to_owned()).collect(),
            }),
            ..CadesOptions::default()
        })
    }

    fn policy(id: &str, hash: u8, uri: Option<&str>) -> DocumentOptions {
        beside(CadesOptions {
            policy: Some(SignaturePolicy {
                id: id.parse().unwrap(),
                hash_algorithm: DigestAlgorithm::Sha256,
                hash: vec![hash; 32],
                uri: uri.map(str::to_owned),
            }),
            ..CadesOptions::default()
        })
    }

    #[test]
    fn every_choice_changes_the_encoding() {
        let some = || Some("Madrid".to_owned());
        let pades = PadesOptions::default;
        let all = [
            beside(CadesOptions::default()),
            DocumentOptions {
                digest: DigestAlgorithm::Sha384,
                ..beside(CadesOptions::default())
            },
            DocumentOptions {
                padding: Some(Padding::Pss),
                ..beside(CadesOptions::default())
            },
            with(SignatureOptions::Cades {
                packaging: Packaging::Enveloping,
                options: CadesOptions::default(),
            }),
            beside(CadesOptions {
                commitment: Some(Commitment::ProofOfApproval),
                ..CadesOptions::default()
            }),
            place("", "", &[]),
            place("ES", "", &[]),
            place("", "ES", &[]),
            place("", "", &["ES"]),
            place("", "", &["E", "S"]),
            policy("1.2.3", 1, None),
            policy("1.2.4", 1, None),
            policy("1.2.3", 2, None),
            policy("1.2.3", 1, Some("https://policy.example/")),
            inside(pades()),
            inside(PadesOptions {
                field: some(),
                ..pades()
            }),
            inside(PadesOptions {
                reason: some(),
                ..pades()
            }),
            inside(PadesOptions {
                location: some(),
                ..pades()
            }),
            inside(PadesOptions {
                contact: some(),
                ..pades()
            }),
            inside(PadesOptions {
                commitment: Some(Commitment::ProofOfApproval),
                ..pades()
            }),
            inside(PadesOptions {
                policy: Some(SignaturePolicy {
                    id: "1.2.3".parse().unwrap(),
                    hash_algorithm: DigestAlgorithm::Sha256,
                    hash: vec![1; 32],
                    uri: None,
                }),
                ..pades()
            }),
        ];
        let encodings: BTreeSet<_> = all.iter().map(DocumentOptions::encoded).collect();
        assert_eq!(encodings.len(), all.len());
    }
}
