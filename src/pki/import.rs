//! Certificates from an authority outside, checked before a credential takes them.
//!
//! Trust is not decided here: whoever imports a chain vouches for its last certificate. Everything below it is
//! verified, so that no signature is ever made with a certificate that does not belong to the key.

use der::asn1::AnyRef;
use der::{Decode, Encode, Reader};
use spki::AlgorithmIdentifierOwned;
use time::{Duration, OffsetDateTime};
use x509_cert::Certificate;
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage};

use super::certificate::moment;
use super::profile::citizen::Citizen;
use super::{PkiError, Serial};
use crate::domain::algorithm::{Digest, DigestAlgorithm, Padding, SignatureScheme};
use crate::domain::algorithm_identifier::signature_algorithm;
use crate::domain::key::{DtbsR, PublicKey, SignatureValue};
use crate::domain::pem;

mod holder;

pub use holder::{Difference, Differences};

/// More certificates than any chain in use has.
const CHAIN_MAX: usize = 10;

/// A chain that fits the credential's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The certificates in DER, the citizen's first, each issued by the one after it.
    pub certificates: Vec<Vec<u8>>,
    /// Serial number of the citizen's certificate.
    pub serial: Serial,
    /// Whom it names (RFC 4514).
    pub subject: String,
    /// Who issued it (RFC 4514).
    pub issuer: String,
    /// The first second of its validity.
    pub not_before: OffsetDateTime,
    /// The last second of its validity.
    pub not_after: OffsetDateTime,
}

/// Why a chain was refused. Positions count from 1, the citizen's certificate.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// Nothing like a certificate was found.
    #[error(
        "no certificate found; give PEM blocks, the citizen's first, or one certificate in DER"
    )]
    Empty,
    /// A PEM block is damaged.
    #[error("the PEM text is damaged")]
    Pem(#[source] der::Error),
    /// More certificates than any chain has.
    #[error("{0} certificates are too many for a chain; give the citizen's and those above it")]
    TooMany(usize),
    /// One cannot be read.
    #[error("certificate {position} is no X.509 certificate in DER")]
    Certificate {
        /// Its place.
        position: usize,
        /// What the parser found.
        #[source]
        source: PkiError,
    },
    /// The certificate is for another key.
    #[error(
        "the first certificate is not for this credential's key; is the citizen's certificate first?"
    )]
    OtherKey,
    /// The certificate is for the key and names another person.
    #[error(
        "the certificate names somebody else: {0}. Were two requests swapped at the authority, or is the registered name wrong?"
    )]
    OtherHolder(Differences),
    /// An authority's certificate cannot sign documents.
    #[error("the first certificate is an authority's; put the citizen's certificate first")]
    Authority,
    /// Its validity has not begun.
    #[error("the certificate is not valid before {0}")]
    NotYetValid(OffsetDateTime),
    /// Its validity is over.
    #[error("the certificate expired on {0}")]
    Expired(OffsetDateTime),
    /// It is valid for longer than a qualified certificate may be (Ley 6/2020 article 4.2).
    #[error(
        "the certificate is valid until {not_after}, and for five years at most it may be until {longest}; ask for a \
         shorter one"
    )]
    TooLong {
        /// Its last second.
        not_after: OffsetDateTime,
        /// What that may be at most.
        longest: OffsetDateTime,
    },
    /// One above it has expired.
    #[error("certificate {position} of the chain expired on {not_after}")]
    IssuerExpired {
        /// Its place.
        position: usize,
        /// When.
        not_after: OffsetDateTime,
    },
    /// The certificate is not for signatures that bind their signer.
    #[error(
        "the certificate's key usage lacks nonRepudiation (contentCommitment); ask for a signing certificate"
    )]
    KeyUsage,
    /// The chain is out of order or has a gap.
    #[error(
        "certificate {position} was not issued by the next one; sort the chain from the citizen upwards"
    )]
    Order {
        /// Place of the certificate whose issuer does not follow.
        position: usize,
    },
    /// What should be an authority is none.
    #[error("certificate {position} is no authority's, yet it stands as an issuer")]
    NotAnAuthority {
        /// Its place.
        position: usize,
    },
    /// The signature is by an algorithm that is not supported, such as one with SHA-1.
    #[error("certificate {position} is signed by an algorithm that is not supported or not safe")]
    Algorithm {
        /// Its place.
        position: usize,
    },
    /// The names fit and the signature does not.
    #[error("the signature on certificate {position} does not verify with the next one's key")]
    Signature {
        /// Its place.
        position: usize,
    },
}

/// Checks a chain, PEM or a single certificate in DER, against the credential's key and its citizen.
///
/// The key, validity and its length, key usage, the subject's serial number and names, and every link are checked. The chain need not
/// reach a root.
pub fn import_certificate(
    chain: &[u8],
    public_key: &PublicKey,
    holder: &Citizen,
    now: OffsetDateTime,
) -> Result<Imported, ImportError> {
    let certificates = read(chain)?;
    let links = certificates
        .iter()
        .enumerate()
        .map(|(index, der)| {
            Link::read(der).map_err(|source| ImportError::Certificate {
                position: index + 1,
                source,
            })
        })
        .collect::<Result<Vec<_>, _>>()?;
    let Some((citizen, above)) = links.split_first() else {
        return Err(ImportError::Empty);
    };
    check_citizen(citizen, public_key, now)?;
    let subject = citizen.certificate.tbs_certificate().subject();
    if let Some(differences) = holder::differences(subject, holder) {
        return Err(ImportError::OtherHolder(differences));
    }
    let mut lower = citizen;
    for (index, upper) in above.iter().enumerate() {
        check_link(lower, upper, index + 1, now)?;
        lower = upper;
    }
    let tbs = citizen.certificate.tbs_certificate();
    Ok(Imported {
        serial: Serial::of(tbs.serial_number()),
        subject: tbs.subject().to_string(),
        issuer: tbs.issuer().to_string(),
        not_before: citizen.not_before,
        not_after: citizen.not_after,
        certificates,
    })
}

fn read(chain: &[u8]) -> Result<Vec<Vec<u8>>, ImportError> {
    /// The tag of every certificate's outermost SEQUENCE; no PEM text begins with the digit it stands for.
    const SEQUENCE: &[u8] = &[0x30];
    let certificates = match std::str::from_utf8(chain) {
        Ok(text) if text.contains("-----BEGIN") => {
            pem::certificates(text).map_err(ImportError::Pem)?
        }
        _ if chain.starts_with(SEQUENCE) => vec![chain.to_vec()],
        _ => Vec::new(),
    };
    match certificates.len() {
        0 => Err(ImportError::Empty),
        1..=CHAIN_MAX => Ok(certificates),
        more => Err(ImportError::TooMany(more)),
    }
}

/// A certificate of the chain and what the checks need of it.
struct Link {
    certificate: Certificate,
    signed: Vec<u8>,
    spki: Vec<u8>,
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
    key_usage: Option<KeyUsage>,
    authority: bool,
}

impl Link {
    fn read(der: &[u8]) -> Result<Self, PkiError> {
        let certificate = Certificate::from_der(der)?;
        let tbs = certificate.tbs_certificate();
        let constraints = tbs.get_extension::<BasicConstraints>()?;
        Ok(Self {
            signed: signed_part(der)?,
            spki: tbs.subject_public_key_info().to_der()?,
            not_before: moment(tbs.validity().not_before)?,
            not_after: moment(tbs.validity().not_after)?,
            key_usage: tbs.get_extension::<KeyUsage>()?.map(|(_, usage)| usage),
            authority: constraints.is_some_and(|(_, constraints)| constraints.ca),
            certificate,
        })
    }
}

fn check_citizen(
    citizen: &Link,
    public_key: &PublicKey,
    now: OffsetDateTime,
) -> Result<(), ImportError> {
    if citizen.authority {
        return Err(ImportError::Authority);
    }
    if citizen.spki != public_key.spki() {
        return Err(ImportError::OtherKey);
    }
    if now < citizen.not_before {
        return Err(ImportError::NotYetValid(citizen.not_before));
    }
    if citizen.not_after < now {
        return Err(ImportError::Expired(citizen.not_after));
    }
    let longest = five_years_after(citizen.not_before);
    if citizen.not_after > longest {
        return Err(ImportError::TooLong {
            not_after: citizen.not_after,
            longest,
        });
    }
    match citizen.key_usage {
        Some(usage) if usage.non_repudiation() => Ok(()),
        _ => Err(ImportError::KeyUsage),
    }
}

/// The same day and second five years later; the first of March for the twenty-ninth of February.
fn five_years_after(moment: OffsetDateTime) -> OffsetDateTime {
    let year = moment.year().saturating_add(5);
    moment
        .replace_year(year)
        .or_else(|_| moment.saturating_add(Duration::DAY).replace_year(year))
        .unwrap_or(moment)
}

/// Checks that the authority `upper` made the certificate at `position`.
fn check_link(
    lower: &Link,
    upper: &Link,
    position: usize,
    now: OffsetDateTime,
) -> Result<(), ImportError> {
    let above = position + 1;
    let tbs = lower.certificate.tbs_certificate();
    if tbs.issuer() != upper.certificate.tbs_certificate().subject() {
        return Err(ImportError::Order { position });
    }
    let may_sign = upper.key_usage.is_none_or(|usage| usage.key_cert_sign());
    if !upper.authority || !may_sign {
        return Err(ImportError::NotAnAuthority { position: above });
    }
    if upper.not_after < now {
        return Err(ImportError::IssuerExpired {
            position: above,
            not_after: upper.not_after,
        });
    }
    let unsupported = ImportError::Algorithm { position };
    let algorithm = lower.certificate.signature_algorithm();
    let Some(scheme) = scheme(algorithm) else {
        return Err(unsupported);
    };
    let Ok(key) = PublicKey::from_spki(&upper.spki) else {
        return Err(unsupported);
    };
    let dtbs_r = DtbsR(Digest::of(scheme.digest, &lower.signed));
    // Whole bytes: what says how many bits do not count is not signed, and other readers would refuse the certificate for it.
    let value = lower.certificate.signature().as_bytes();
    let value = value.ok_or(ImportError::Signature { position })?;
    key.verify(scheme, &dtbs_r, &SignatureValue(value.to_vec()))
        .or(Err(ImportError::Signature { position }))
}

/// The `TBSCertificate` in the very bytes that were signed.
fn signed_part(certificate: &[u8]) -> Result<Vec<u8>, der::Error> {
    AnyRef::from_der(certificate)?.sequence(|fields| {
        let signed = fields.tlv_bytes()?.to_vec();
        while !fields.is_finished() {
            fields.tlv_bytes()?;
        }
        Ok(signed)
    })
}

/// The scheme behind a signature algorithm; `None` for one that is not ours.
fn scheme(algorithm: &AlgorithmIdentifierOwned) -> Option<SignatureScheme> {
    Padding::ALL
        .iter()
        .flat_map(|padding| {
            DigestAlgorithm::ALL.iter().map(|digest| SignatureScheme {
                padding: *padding,
                digest: *digest,
            })
        })
        .find(|scheme| signature_algorithm(*scheme).is_ok_and(|known| known == *algorithm))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn five_years_are_counted_by_the_calendar() {
        for (from, until) in [
            (
                datetime!(2026-11-23 10:00 UTC),
                datetime!(2031-11-23 10:00 UTC),
            ),
            // Two leap days in between, and none.
            (
                datetime!(2023-03-01 00:00 UTC),
                datetime!(2028-03-01 00:00 UTC),
            ),
            (
                datetime!(2097-01-01 00:00 UTC),
                datetime!(2102-01-01 00:00 UTC),
            ),
            (
                datetime!(2024-02-29 23:59:59 UTC),
                datetime!(2029-03-01 23:59:59 UTC),
            ),
        ] {
            assert_eq!(five_years_after(from), until);
        }
    }
}
