//! Encrypted documents (ISO 32000-1 section 7.6, ISO 32000-2 section 7.6.4): only enough to say why one is refused.
//!
//! Nothing is decrypted. The empty user password is tried, because whether it opens the file decides what the
//! person is told.

use aws_lc_rs::cipher::{AES_128, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;
use md5::{Digest as _, Md5};

use super::error::{Forbidden, PdfError};
use super::object::{Dictionary, Object};
use crate::domain::algorithm::{Digest, DigestAlgorithm};

/// The padding of an empty password (ISO 32000-1 section 7.6.3.3, algorithm 2).
const PADDING: [u8; 32] = [
    0x28, 0xbf, 0x4e, 0x5e, 0x4e, 0x75, 0x8a, 0x41, 0x64, 0x00, 0x4e, 0x56, 0xff, 0xfa, 0x01, 0x08,
    0x2e, 0x2e, 0x00, 0xb6, 0xd0, 0x68, 0x3e, 0x80, 0x2f, 0x0c, 0xa9, 0xfe, 0x64, 0x53, 0x69, 0x7a,
];
/// Permission bit 6: annotate and fill in (ISO 32000-1 table 22).
const MAY_ANNOTATE: i64 = 0x20;
/// Permission bit 9, from revision 3 on: fill in and sign.
const MAY_FILL_IN: i64 = 0x100;

/// Why a document with this encryption dictionary and this `/ID` is refused.
pub(crate) fn refusal(encrypt: &Dictionary, id: &Object) -> PdfError {
    let is_standard = encrypt
        .get("Filter")
        .and_then(Object::as_name)
        .is_some_and(|name| name.is("Standard"));
    if !is_standard {
        return PdfError::Encrypted;
    }
    let first_id = id
        .as_array()
        .and_then(|parts| parts.first())
        .and_then(Object::as_string)
        .map(|string| &*string.bytes)
        .unwrap_or_default();
    match opens_without_password(encrypt, first_id) {
        Some(false) => PdfError::PasswordNeeded,
        Some(true) if !may_sign(encrypt) => PdfError::SigningForbidden(Forbidden::Permissions),
        _ => PdfError::Encrypted,
    }
}

fn may_sign(encrypt: &Dictionary) -> bool {
    let enough = match integer(encrypt, "R") {
        Some(2) => MAY_ANNOTATE,
        _ => MAY_ANNOTATE | MAY_FILL_IN,
    };
    integer(encrypt, "P").is_none_or(|bits| bits & enough != 0)
}

/// Whether the empty user password is right; `None` when the dictionary is none that is understood.
fn opens_without_password(encrypt: &Dictionary, first_id: &[u8]) -> Option<bool> {
    let user = string(encrypt, "U")?;
    match integer(encrypt, "R")? {
        revision @ 2..=4 => {
            let key = legacy_key(encrypt, revision, first_id)?;
            if revision == 2 {
                let mut expected = PADDING;
                rc4(&key, &mut expected);
                return Some(user == expected);
            }
            let mut expected = Md5::new()
                .chain_update(PADDING)
                .chain_update(first_id)
                .finalize()
                .to_vec();
            for round in 0..20 {
                let key: Vec<u8> = key.iter().map(|byte| byte ^ round).collect();
                rc4(&key, &mut expected);
            }
            Some(user.get(..16)? == expected)
        }
        5 => {
            let salt = user.get(32..40)?;
            Some(user.get(..32)? == sha2(DigestAlgorithm::Sha256, salt))
        }
        6 => {
            let salt = user.get(32..40)?;
            Some(user.get(..32)? == hardened_hash(salt)?)
        }
        _ => None,
    }
}

/// The file key for the empty password (ISO 32000-1 section 7.6.3.3, algorithm 2).
fn legacy_key(encrypt: &Dictionary, revision: i64, first_id: &[u8]) -> Option<Vec<u8>> {
    let length = match revision {
        2 => 5,
        3 => usize::try_from(integer(encrypt, "Length").unwrap_or(40)).ok()? / 8,
        _ => 16,
    };
    let permissions = integer(encrypt, "P")?.to_le_bytes();
    let mut hash = Md5::new()
        .chain_update(PADDING)
        .chain_update(string(encrypt, "O")?.get(..32)?)
        .chain_update(permissions.get(..4)?)
        .chain_update(first_id);
    if revision == 4 && encrypt.get("EncryptMetadata") == Some(&Object::Boolean(false)) {
        hash.update([0xff; 4]);
    }
    let mut key = hash.finalize().to_vec();
    if revision > 2 {
        for _ in 0..50 {
            key = Md5::digest(key.get(..length)?).to_vec();
        }
    }
    Some(key.get(..length)?.to_vec())
}

/// The hash of an empty user password with a salt (ISO 32000-2 section 7.6.4.3.4, algorithm 2.B).
fn hardened_hash(salt: &[u8]) -> Option<Vec<u8>> {
    let mut key = sha2(DigestAlgorithm::Sha256, salt);
    let mut round = 0_u32;
    loop {
        let mut data = key.repeat(64);
        let cipher = UnboundCipherKey::new(&AES_128, key.get(..16)?).ok()?;
        let vector: [u8; 16] = key.get(16..32)?.try_into().ok()?;
        EncryptingKey::cbc(cipher)
            .ok()?
            .less_safe_encrypt(
                &mut data,
                EncryptionContext::Iv128(FixedLength::from(vector)),
            )
            .ok()?;
        // 256 is 1 modulo 3, so the number's remainder is that of the sum of its bytes.
        let sum: u32 = data.iter().take(16).copied().map(u32::from).sum();
        let algorithm = match sum % 3 {
            0 => DigestAlgorithm::Sha256,
            1 => DigestAlgorithm::Sha384,
            _ => DigestAlgorithm::Sha512,
        };
        key = sha2(algorithm, &data);
        round += 1;
        if round >= 64 && u32::from(*data.last()?) + 32 <= round {
            key.truncate(32);
            return Some(key);
        }
    }
}

fn sha2(algorithm: DigestAlgorithm, data: &[u8]) -> Vec<u8> {
    Digest::of(algorithm, data).bytes().to_vec()
}

/// RC4, which PDF up to 1.5 prescribes; no crate for it is needed elsewhere.
fn rc4(key: &[u8], data: &mut [u8]) {
    if key.is_empty() {
        return;
    }
    let mut state: [u8; 256] = std::array::from_fn(|index| u8::try_from(index).unwrap_or(0));
    let at = |state: &[u8; 256], index: u8| state.get(usize::from(index)).copied().unwrap_or(0);
    let mut j = 0_u8;
    for (i, key_byte) in (0..=u8::MAX).zip(key.iter().cycle()) {
        j = j.wrapping_add(at(&state, i)).wrapping_add(*key_byte);
        state.swap(usize::from(i), usize::from(j));
    }
    let (mut i, mut j) = (0_u8, 0_u8);
    for byte in data {
        i = i.wrapping_add(1);
        j = j.wrapping_add(at(&state, i));
        state.swap(usize::from(i), usize::from(j));
        *byte ^= at(&state, at(&state, i).wrapping_add(at(&state, j)));
    }
}

fn integer(dictionary: &Dictionary, key: &str) -> Option<i64> {
    dictionary.get(key).and_then(Object::as_integer)
}

fn string<'d>(dictionary: &'d Dictionary, key: &str) -> Option<&'d [u8]> {
    dictionary
        .get(key)
        .and_then(Object::as_string)
        .map(|string| &*string.bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rc4_gives_the_published_key_stream() {
        // RFC 6229 section 2, 40-bit key 0x0102030405.
        let mut zeros = [0; 16];
        rc4(&[1, 2, 3, 4, 5], &mut zeros);
        assert_eq!(hex::encode(zeros), "b2396305f03dc027ccc3524a0a1118a8");
    }

    #[test]
    fn other_security_handlers_are_refused_as_encrypted() {
        let encrypt = Dictionary::from([("Filter", Object::name("Adobe.PubSec"))]);
        assert!(matches!(
            refusal(&encrypt, &Object::Null),
            PdfError::Encrypted
        ));
    }
}
