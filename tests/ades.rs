//! CAdES signatures, judged by openssl and by their structure.

use proptest::prelude::*;
use rubrica::ades::cades::{self, Input};
use rubrica::ades::cms::{InvalidAttribute, OptionalAttribute, SignedAttributesSpec, prepare};
use rubrica::ades::{AdesError, Assembled, CertificateChain, Original};
use rubrica::domain::algorithm::{Digest, DigestAlgorithm, KeyAlgorithm, Padding, SignatureScheme};
use rubrica::domain::document::Packaging;
use rubrica::domain::request::{CadesOptions, Commitment, SignaturePolicy, SignerLocation};

use crate::harness::authorities::{Authorities, NOW, judge_cades};
use crate::harness::outline::outline;
use crate::harness::software_key::SoftwareKey;

const DOCUMENT: &[u8] = b"I agree.\n";

fn sign(
    key: &SoftwareKey,
    scheme: SignatureScheme,
    packaging: Packaging,
    document: &[u8],
    media_type: Option<&str>,
    options: CadesOptions,
) -> Assembled {
    let chain = Authorities::new().chain(key.public());
    let prepared = cades::prepare(&Input {
        chain: CertificateChain::from_der(chain).unwrap(),
        scheme,
        document: Digest::of(scheme.digest, document),
        document_len: u64::try_from(document.len()).unwrap(),
        packaging,
        signing_time: NOW,
        media_type: media_type.map(str::to_owned),
        options,
    })
    .unwrap();
    let value = key.value(scheme, &prepared.dtbs_r());
    let value = prepared.verified(value).unwrap();
    prepared.assemble(value).unwrap()
}

fn file(assembled: &Assembled, document: &[u8]) -> Vec<u8> {
    let original = match assembled.original {
        Original::Included => document,
        Original::Omitted => &[],
    };
    [&assembled.prefix, original, &assembled.suffix].concat()
}

/// What `openssl cms -verify -cades` says about a signature over [`DOCUMENT`].
fn judge(signed: &[u8], packaging: Packaging) -> Result<String, String> {
    let beside = match packaging {
        Packaging::Detached => Some(DOCUMENT),
        Packaging::Enveloping => None,
    };
    judge_cades(signed, beside)
}

#[test]
fn openssl_accepts_every_scheme_around_and_beside_the_document() {
    let keys = [
        SoftwareKey::rsa(),
        SoftwareKey::p256(7),
        SoftwareKey::p384(7),
    ];
    for key in &keys {
        for scheme in schemes(key.public().algorithm()) {
            for packaging in Packaging::ALL {
                let signed = sign(
                    key,
                    scheme,
                    *packaging,
                    DOCUMENT,
                    None,
                    CadesOptions::default(),
                );
                let verdict = judge(&file(&signed, DOCUMENT), *packaging);
                let content = verdict.unwrap_or_else(|error| panic!("{scheme:?}: {error}"));
                assert_eq!(content.as_bytes(), DOCUMENT);
            }
        }
    }
}

fn schemes(key: KeyAlgorithm) -> impl Iterator<Item = SignatureScheme> {
    let all = Padding::ALL.iter().flat_map(|padding| {
        DigestAlgorithm::ALL.iter().map(|digest| SignatureScheme {
            padding: *padding,
            digest: *digest,
        })
    });
    all.filter(move |scheme| key.supports(*scheme))
}

#[test]
fn openssl_refuses_a_changed_document() {
    let key = SoftwareKey::p256(7);
    let scheme = key.public().algorithm().default_scheme();
    let signed = sign(
        &key,
        scheme,
        Packaging::Detached,
        b"I disagree.\n",
        None,
        CadesOptions::default(),
    );
    let verdict = judge(&file(&signed, DOCUMENT), Packaging::Detached);
    assert!(verdict.unwrap_err().contains("CAdES Verification failure"));
}

#[test]
fn openssl_accepts_every_optional_attribute() {
    let key = SoftwareKey::p256(7);
    let scheme = key.public().algorithm().default_scheme();
    let signed = sign(
        &key,
        scheme,
        Packaging::Enveloping,
        DOCUMENT,
        Some("text/plain"),
        every_option(),
    );
    judge(&file(&signed, DOCUMENT), Packaging::Enveloping).unwrap();
}

#[test]
fn a_detached_signature_has_this_structure() {
    let key = SoftwareKey::p256(7);
    let scheme = key.public().algorithm().default_scheme();
    let signed = sign(
        &key,
        scheme,
        Packaging::Detached,
        DOCUMENT,
        None,
        CadesOptions::default(),
    );
    insta::assert_snapshot!(without_certificates(&outline(&signed.prefix)));
}

#[test]
fn an_enveloping_signature_has_this_structure() {
    let key = SoftwareKey::p384(7);
    let scheme = key.public().algorithm().default_scheme();
    let signed = sign(
        &key,
        scheme,
        Packaging::Enveloping,
        DOCUMENT,
        Some("text/plain"),
        every_option(),
    );
    insta::assert_snapshot!(without_certificates(&outline(&file(&signed, DOCUMENT))));
}

/// Leaves out the lines of the certificates, which have their own snapshots.
fn without_certificates(outline: &str) -> String {
    let mut text = String::new();
    let mut skipping = false;
    for line in outline.lines() {
        let depth = line.len() - line.trim_start().len();
        if depth <= 6 {
            skipping = line == "      [0]";
        }
        if !skipping || depth <= 8 {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

fn every_option() -> CadesOptions {
    CadesOptions {
        commitment: Some(Commitment::ProofOfApproval),
        location: Some(location()),
        policy: Some(policy()),
    }
}

fn location() -> SignerLocation {
    SignerLocation {
        country: Some("ES".to_owned()),
        locality: Some("A Coruña".to_owned()),
        postal_address: vec!["Rúa Nova 1".to_owned(), "15003".to_owned()],
    }
}

fn policy() -> SignaturePolicy {
    SignaturePolicy {
        id: "2.16.724.1.3.1.1.2.1.9".parse().unwrap(),
        hash_algorithm: DigestAlgorithm::Sha256,
        hash: vec![9; 32],
        uri: Some("https://sede.example/policy.pdf".to_owned()),
    }
}

#[test]
fn an_attribute_stands_once() {
    let key = SoftwareKey::p256(7);
    let scheme = key.public().algorithm().default_scheme();
    let chain = CertificateChain::from_der(Authorities::new().chain(key.public())).unwrap();
    let spec = SignedAttributesSpec {
        signing_time: None,
        optional: vec![
            OptionalAttribute::commitment(Commitment::ProofOfApproval).unwrap(),
            OptionalAttribute::commitment(Commitment::ProofOfOrigin).unwrap(),
        ],
    };
    let prepared = prepare(&chain, scheme, &Digest::of(scheme.digest, DOCUMENT), &spec);
    assert!(matches!(
        prepared,
        Err(AdesError::Attribute(InvalidAttribute::Twice(_)))
    ));
}

fn refused(attribute: Result<OptionalAttribute, AdesError>) -> InvalidAttribute {
    match attribute {
        Err(AdesError::Attribute(reason)) => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_location_says_something() {
    let refused_location = |location| refused(OptionalAttribute::location(&location));
    assert_eq!(
        refused_location(SignerLocation::default()),
        InvalidAttribute::EmptyLocation
    );
    assert_eq!(
        refused_location(SignerLocation {
            country: Some(" ".to_owned()),
            ..location()
        }),
        InvalidAttribute::BlankLocation("country")
    );
    assert_eq!(
        refused_location(SignerLocation {
            postal_address: vec!["line".to_owned(); 7],
            ..location()
        }),
        InvalidAttribute::PostalAddress
    );
}

#[test]
fn a_policy_has_a_whole_digest_and_an_address_in_ascii() {
    let refused_policy = |policy| refused(OptionalAttribute::policy(&policy));
    assert_eq!(
        refused_policy(SignaturePolicy {
            hash: vec![9; 20],
            ..policy()
        }),
        InvalidAttribute::PolicyHash(DigestAlgorithm::Sha256)
    );
    for uri in ["", "https://españa.example"] {
        assert_eq!(
            refused_policy(SignaturePolicy {
                uri: Some(uri.to_owned()),
                ..policy()
            }),
            InvalidAttribute::PolicyUri
        );
    }
}

#[test]
fn a_mime_type_is_a_media_type() {
    for good in [
        "text/plain",
        "application/vnd.oasis.opendocument.text",
        "image/svg+xml",
        "text/plain; charset=utf-8",
    ] {
        assert!(OptionalAttribute::mime_type(good).is_ok(), "{good}");
    }
    for bad in [
        "",
        "text",
        "text/",
        "/plain",
        "text/plain; ñ",
        "a/b/c",
        "té/xt",
    ] {
        assert_eq!(
            refused(OptionalAttribute::mime_type(bad)),
            InvalidAttribute::MimeType(bad.to_owned())
        );
    }
}

#[test]
fn a_chain_survives_pem() {
    let key = SoftwareKey::p256(7);
    let certificates = Authorities::new().chain(key.public());
    let chain = CertificateChain::from_der(certificates.clone()).unwrap();
    let again = CertificateChain::from_pem(&chain.to_pem().unwrap()).unwrap();
    assert!(again.iter().eq(certificates.iter().map(Vec::as_slice)));
    assert_eq!(again.public_key(), key.public());
}

#[test]
fn a_chain_without_certificates_or_with_junk_is_refused() {
    let from_der = CertificateChain::from_der;
    assert!(matches!(from_der(Vec::new()), Err(AdesError::EmptyChain)));
    let mut certificates = Authorities::new().chain(SoftwareKey::p256(7).public());
    certificates[1] = b"junk".to_vec();
    assert!(matches!(
        from_der(certificates),
        Err(AdesError::Certificate { position: 2, .. })
    ));
}

proptest! {
    #[test]
    fn signed_attributes_stand_in_the_order_of_der(chosen in any::<[bool; 4]>()) {
        let key = SoftwareKey::p256(7);
        let scheme = key.public().algorithm().default_scheme();
        let [commitment, with_location, with_policy, media_type] = chosen;
        let options = CadesOptions {
            commitment: commitment.then_some(Commitment::ProofOfCreation),
            location: with_location.then(location),
            policy: with_policy.then(policy),
        };
        let media_type = media_type.then_some("application/pdf");
        let signed = sign(&key, scheme, Packaging::Detached, DOCUMENT, media_type, options);
        let attributes = signed_attributes(&signed.prefix);
        prop_assert_eq!(attributes.len(), 4 + chosen.iter().filter(|chosen| **chosen).count());
        prop_assert!(attributes.is_sorted());
    }
}

/// The encoding of each signed attribute, in the order in which they stand.
fn signed_attributes(content_info: &[u8]) -> Vec<Vec<u8>> {
    use der::{Decode, Reader, SliceReader, asn1::AnyRef};
    let members = |value: &[u8]| {
        let content = AnyRef::from_der(value).unwrap().value().to_vec();
        let mut reader = SliceReader::new(&content).unwrap();
        let mut members = Vec::new();
        while !reader.is_finished() {
            members.push(reader.tlv_bytes().unwrap().to_vec());
        }
        members
    };
    let signed_data = members(members(content_info).last().unwrap()).concat();
    let signer_info = members(members(&signed_data).last().unwrap()).concat();
    members(members(&signer_info).get(3).unwrap())
}
