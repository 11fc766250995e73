//! A key without an HSM and its certificate, for the tests of the formats.

use p256::ecdsa::signature::hazmat::PrehashSigner;

use super::CertificateChain;
use crate::domain::algorithm::KeyAlgorithm;
use crate::domain::key::{DtbsR, SignatureValue, ToSign, VerifiedValue};

/// The certificate of the P-256 key whose private half is thirty-two sevens, in force from 2026 to 2046.
pub(crate) const CERTIFICATE: &str = "\
-----BEGIN CERTIFICATE-----
MIIByTCCAW6gAwIBAgIFAQIDBAUwCgYIKoZIzj0EAwIwPDELMAkGA1UEBhMCRVMx
FjAUBgNVBAoMDVJ1YnJpY2EgdGVzdHMxFTATBgNVBAMMDFNpZ25lciBQLTI1NjAe
Fw0yNjExMjMwNDAyMDZaFw00NjExMTgwNDAyMDZaMDwxCzAJBgNVBAYTAkVTMRYw
FAYDVQQKDA1SdWJyaWNhIHRlc3RzMRUwEwYDVQQDDAxTaWduZXIgUC0yNTYwWTAT
BgcqhkjOPQIBBggqhkjOPQMBBwNCAAQeGFMv1HVMAvMEHZx1zrM7g//YGsfOT+iC
zLHJi8WJbqRsMRxOL/QN2Wo2U+bkVEXTLf5Ibs7XXHqQxqGIgcCjo10wWzAdBgNV
HQ4EFgQUZjRoBunM+8sC8qg3n5dC3fH0CgUwHwYDVR0jBBgwFoAUZjRoBunM+8sC
8qg3n5dC3fH0CgUwDgYDVR0PAQH/BAQDAgZAMAkGA1UdEwQCMAAwCgYIKoZIzj0E
AwIDSQAwRgIhAJhp0/8TVz1OmPlD5hzNPOkT9pQ/WTG3D9z7KJmIspZWAiEA9f0O
NLXGgghIjB9NoGSdX7uKil0IBTpjykJ1T6G5UGo=
-----END CERTIFICATE-----
";

/// The chain that holds this certificate alone.
pub(crate) fn chain() -> CertificateChain {
    CertificateChain::from_pem(CERTIFICATE).unwrap()
}

/// Signs with the certificate's key, always with the same result (RFC 6979).
pub(crate) fn sign(dtbs_r: &DtbsR) -> VerifiedValue {
    let key = p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap();
    let value: p256::ecdsa::Signature = key.sign_prehash(dtbs_r.0.bytes()).unwrap();
    let algorithm = KeyAlgorithm::EcP256;
    let value = SignatureValue::from_ecdsa_rs(algorithm, &value.to_bytes()).unwrap();
    let over = ToSign {
        scheme: algorithm.default_scheme(),
        dtbs_r: dtbs_r.clone(),
    };
    chain().public_key().verified(&over, value).unwrap()
}
