//! The built-in authorities: a root, an issuing authority, and what they sign: certificates and revocation lists.
//!
//! Builders are pure: names, times, serial numbers and keys are parameters, and the key itself is behind
//! [`AuthorityKey`], because it stays in the HSM. Every signature is checked before a certificate leaves. Nothing
//! is stored or published here. Start reading at [`profile`].

use time::{Date, OffsetDateTime};

use crate::domain::algorithm::SignatureScheme;
use crate::domain::key::{BadSignature, DtbsR, InvalidPublicKey, PublicKey, SignatureValue};
use crate::hsm::HsmError;

mod authority;
mod certificate;
mod extension;
mod hsm_key;
pub mod import;
mod name;
pub mod profile;
pub mod request;
pub mod revocation;
mod serial;
pub mod settings;
mod validity;

pub use authority::Authority;
pub use certificate::Issued;
pub use hsm_key::HsmKey;
pub use name::describe_name;
pub use serial::{InvalidSerial, Serial};
pub use settings::Settings;
pub use validity::Validity;

/// The key of an authority, wherever it is.
pub trait AuthorityKey {
    /// Its public half.
    fn public_key(&self) -> &PublicKey;

    /// Signs a digest. `dtbs_r` is hashed already, with the scheme's digest; the implementation must not hash
    /// again.
    fn sign(&self, scheme: SignatureScheme, dtbs_r: &DtbsR) -> Result<SignatureValue, HsmError>;
}

/// Why nothing was issued.
#[derive(Debug, thiserror::Error)]
pub enum PkiError {
    /// The encoder or parser refused.
    #[error("the certificate could not be encoded in DER")]
    Encoding(#[from] der::Error),
    /// The stored certificate of an authority is not usable as one.
    #[error(
        "the certificate is not one of a certification authority with a subject key identifier"
    )]
    NotAnAuthority,
    /// A key that certificates here do not hold.
    #[error("the public key cannot be used")]
    PublicKey(#[from] InvalidPublicKey),
    /// The key does not belong to the authority's certificate.
    #[error(
        "the key of the authority does not fit its certificate; check the key's label in the HSM"
    )]
    WrongKey,
    /// The key could not sign.
    #[error("the key of the authority could not sign")]
    Signing(#[source] HsmError),
    /// The key signed something else.
    #[error("the signature of the authority does not verify; nothing was issued")]
    Signature(#[from] BadSignature),
    /// A time that X.509 cannot write.
    #[error("the validity lies outside the years 1970 to 9999")]
    Time,
    /// The certificate would be worth more than the one above it.
    #[error(
        "the certificate would end after its issuer's, which ends on {issuer_not_after}; renew the issuer first"
    )]
    OutlivesIssuer {
        /// End of the issuer's validity.
        issuer_not_after: OffsetDateTime,
    },
    /// A name is blank or holds control characters.
    #[error("{0} is blank or holds characters that do not belong in a name")]
    Name(&'static str),
    /// A serial number was not kept as it was issued.
    #[error("a serial number cannot be read")]
    Serial(#[from] InvalidSerial),
    /// Ley 6/2020 article 7.6: whoever was identified more than five years ago must be identified again.
    #[error(
        "the citizen was identified on {proofed_at}, more than five years ago, and must be identified again"
    )]
    StaleProofing {
        /// Day of the proofing.
        proofed_at: Date,
    },
}
