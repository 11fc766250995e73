//! The certificates that go into a signature, parsed and checked once. Builds no path and trusts nobody.

use std::sync::Arc;

use der::asn1::AnyRef;
use der::{Decode, Encode, Reader, SliceReader};
use x509_cert::Certificate;

use super::AdesError;
use crate::domain::key::PublicKey;
use crate::domain::pem;

/// A certificate chain, the signing certificate first, each in the very bytes it came in.
///
/// The signing certificate's public key is one this crate can verify with. A clone costs nothing.
#[derive(Debug, Clone)]
pub struct CertificateChain(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    signing: Certificate,
    public_key: PublicKey,
    certificates: Vec<Vec<u8>>,
}

impl CertificateChain {
    /// Takes certificates in DER, the signing certificate first.
    pub fn from_der(certificates: Vec<Vec<u8>>) -> Result<Self, AdesError> {
        let mut parsed = Vec::with_capacity(certificates.len());
        for (index, certificate) in certificates.iter().enumerate() {
            parsed.push(Certificate::from_der(certificate).map_err(|source| {
                AdesError::Certificate {
                    position: index + 1,
                    source,
                }
            })?);
        }
        let (Some(signing), Some(raw)) = (parsed.into_iter().next(), certificates.first()) else {
            return Err(AdesError::EmptyChain);
        };
        if !names_survive(&signing, raw)? {
            return Err(AdesError::IssuerNotDer);
        }
        let spki = signing
            .tbs_certificate()
            .subject_public_key_info()
            .to_der()?;
        let public_key = PublicKey::from_spki(&spki).map_err(AdesError::PublicKey)?;
        Ok(Self(Arc::new(Inner {
            signing,
            public_key,
            certificates,
        })))
    }

    /// Reads `CERTIFICATE` blocks (RFC 7468 section 5), the signing certificate first. Text around the blocks is
    /// skipped.
    pub fn from_pem(text: &str) -> Result<Self, AdesError> {
        Self::from_der(pem::certificates(text).map_err(AdesError::Pem)?)
    }

    /// The signing certificate.
    pub fn signing_certificate(&self) -> &Certificate {
        &self.0.signing
    }

    /// The signing certificate's public key.
    pub fn public_key(&self) -> &PublicKey {
        &self.0.public_key
    }

    /// Every certificate in DER, the signing certificate first.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.0.certificates.iter().map(Vec::as_slice)
    }

    /// The chain as PEM blocks in the same order, lines ending in LF.
    pub fn to_pem(&self) -> Result<String, AdesError> {
        let blocks = self.iter().map(|der| pem::encode("CERTIFICATE", der));
        Ok(blocks.collect::<Result<String, _>>()?)
    }
}

/// Whether serial number and issuer, once parsed, are written with the same bytes again. The parser quietly sorts
/// badly ordered sets, and a validator that compares bytes would then not find the certificate.
fn names_survive(parsed: &Certificate, raw: &[u8]) -> Result<bool, der::Error> {
    let tbs = parsed.tbs_certificate();
    let written = [tbs.serial_number().to_der()?, tbs.issuer().to_der()?];
    let read = AnyRef::from_der(raw)?.sequence(|certificate| {
        let read = AnyRef::decode(certificate)?.sequence(|fields| {
            if fields.peek_byte() == Some(VERSION) {
                fields.tlv_bytes()?;
            }
            let serial_number = fields.tlv_bytes()?.to_vec();
            fields.tlv_bytes()?;
            let issuer = fields.tlv_bytes()?.to_vec();
            drain(fields)?;
            Ok::<_, der::Error>([serial_number, issuer])
        });
        drain(certificate)?;
        read
    })?;
    Ok(read == written)
}

/// `[0] EXPLICIT`, the tag of a certificate's version.
const VERSION: u8 = 0xa0;

fn drain(reader: &mut SliceReader<'_>) -> Result<(), der::Error> {
    while !reader.is_finished() {
        reader.tlv_bytes()?;
    }
    Ok(())
}
