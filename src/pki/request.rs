//! Certification requests (PKCS #10, RFC 2986) for an authority outside.
//!
//! Made in two steps like every signature: what is to be signed is prepared here, and the citizen's key signs it behind
//! the HSM. It does so once, while it is made and before it is sealed to the citizen, who is absent.

use der::asn1::SetOfVec;
use der::{Decode, Encode};
use spki::SubjectPublicKeyInfoOwned;
use x509_cert::request::{CertReqInfo, Version};

use super::certificate::assemble;
use super::profile::citizen::{Citizen, subject};
use super::{PkiError, Settings};
use crate::domain::algorithm::{Digest, SignatureScheme};
use crate::domain::algorithm_identifier::signature_algorithm;
use crate::domain::key::{DtbsR, PublicKey, SignatureValue};
use crate::domain::pem;

/// A request that waits for its signature.
#[derive(Debug)]
pub struct PreparedRequest {
    content: Vec<u8>,
    public_key: PublicKey,
    scheme: SignatureScheme,
    dtbs_r: DtbsR,
}

/// A signed request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificationRequest(Vec<u8>);

/// Encodes a request for a citizen's certificate; the authority outside decides on everything but key and name.
pub fn prepare(
    citizen: &Citizen,
    public_key: &PublicKey,
    settings: &Settings,
) -> Result<PreparedRequest, PkiError> {
    let content = CertReqInfo {
        version: Version::V1,
        subject: subject(citizen, settings)?,
        public_key: SubjectPublicKeyInfoOwned::from_der(public_key.spki())?,
        attributes: SetOfVec::new(),
    }
    .to_der()?;
    let scheme = public_key.algorithm().default_scheme();
    Ok(PreparedRequest {
        dtbs_r: DtbsR(Digest::of(scheme.digest, &content)),
        content,
        public_key: public_key.clone(),
        scheme,
    })
}

impl PreparedRequest {
    /// The digest to be signed by the key the request is for.
    pub fn dtbs_r(&self) -> DtbsR {
        self.dtbs_r.clone()
    }

    /// By which scheme.
    pub fn scheme(&self) -> SignatureScheme {
        self.scheme
    }

    /// Checks the value and completes the request.
    pub fn assemble(self, value: SignatureValue) -> Result<CertificationRequest, PkiError> {
        self.public_key.verify(self.scheme, &self.dtbs_r, &value)?;
        let algorithm = signature_algorithm(self.scheme)?;
        Ok(CertificationRequest(assemble(
            &self.content,
            algorithm,
            value,
        )?))
    }
}

impl CertificationRequest {
    /// Takes up a request that was made here and stored.
    pub fn from_der(der: Vec<u8>) -> Self {
        Self(der)
    }

    /// The request in DER.
    pub fn der(&self) -> &[u8] {
        &self.0
    }

    /// The request as a PEM block (RFC 7468 section 7).
    pub fn to_pem(&self) -> Result<String, PkiError> {
        Ok(pem::encode("CERTIFICATE REQUEST", &self.0)?)
    }
}
