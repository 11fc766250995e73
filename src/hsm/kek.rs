//! Key-encryption keys: AES-256 on the token, known by `rubrica-kek-<version>`, never to leave it.

use std::fmt;

use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};

use super::call::Call;
use super::connection::Connection;
use super::error::{During, HsmError, Operation};
use super::settings::{SessionKeys, Settings};
use crate::domain::key::KekVersion;

const LABEL_PREFIX: &str = "rubrica-kek-";
/// AES-256.
pub(super) const KEY_BYTES: u64 = 32;

/// What makes a key unfit to be a KEK: each of them lets somebody with the PIN have a wrapped key, or the KEK itself,
/// outside the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KekFault {
    /// `CKA_SENSITIVE` is not true.
    NotSensitive,
    /// `CKA_EXTRACTABLE` is not false.
    Extractable,
    /// `CKA_NEVER_EXTRACTABLE` is false: whoever made it extractable once may have it.
    OnceExtractable,
    /// `CKA_LOCAL` is false: its value came from outside, where it may still be.
    NotLocal,
    /// `CKA_ENCRYPT` is not false: a key of somebody's choice could be made to look wrapped.
    Encrypts,
    /// `CKA_DECRYPT` is not false: a wrapped key could be decrypted as if it were data.
    Decrypts,
    /// `CKA_DERIVE` is not false: keys of less protection could be made from it.
    Derives,
}

impl KekFault {
    /// What the token's answer shows. Tokens must say that a key is sensitive, not extractable, and neither encrypts,
    /// decrypts nor derives. How it came about counts only where the token tells.
    fn of(told: &[Attribute]) -> Vec<Self> {
        let must = [
            (Attribute::Sensitive(true), Self::NotSensitive),
            (Attribute::Extractable(false), Self::Extractable),
            (Attribute::Encrypt(false), Self::Encrypts),
            (Attribute::Decrypt(false), Self::Decrypts),
            (Attribute::Derive(false), Self::Derives),
        ];
        let must_not = [
            (Attribute::NeverExtractable(false), Self::OnceExtractable),
            (Attribute::Local(false), Self::NotLocal),
        ];
        let lacking = must
            .iter()
            .filter(|(good, _)| !told.contains(good))
            .map(|(_, fault)| *fault);
        let bad = must_not
            .iter()
            .filter(|(bad, _)| told.contains(bad))
            .map(|(_, fault)| *fault);
        lacking.chain(bad).collect()
    }

    /// All of them in one sentence's middle.
    pub(super) fn list(faults: &[Self]) -> String {
        let words: Vec<_> = faults.iter().map(ToString::to_string).collect();
        words.join(", ")
    }
}

impl fmt::Display for KekFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotSensitive => "it may be read",
            Self::Extractable => "it may be extracted",
            Self::OnceExtractable => "it could be extracted before",
            Self::NotLocal => "it was not made on the token",
            Self::Encrypts => "it may encrypt",
            Self::Decrypts => "it may decrypt",
            Self::Derives => "it may derive keys",
        })
    }
}

/// Makes a KEK of this version; refuses when there is one.
pub(super) fn generate(
    connection: &mut Connection,
    settings: &Settings,
    call: &Call,
    version: KekVersion,
) -> Result<(), HsmError> {
    let label = label(version);
    call.step(Operation::Find)?;
    if connection.find_one(&label, &template(&label))?.is_some() {
        return Err(HsmError::KekExists(version));
    }
    call.step(Operation::GenerateKek)?;
    let mut attributes = template(&label);
    attributes.extend([
        Attribute::Id(label.into_bytes()),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Wrap(true),
        Attribute::Unwrap(true),
        // Wrap and unwrap only: a key that also decrypts would give wrapped keys away in the clear.
        Attribute::Encrypt(false),
        Attribute::Decrypt(false),
        Attribute::Sign(false),
        Attribute::Verify(false),
        Attribute::Derive(false),
        Attribute::ValueLen(KEY_BYTES.into()),
    ]);
    attributes.extend(match settings.session_keys {
        SessionKeys::Extractable => [Attribute::Private(true), Attribute::Modifiable(false)],
        // The security officer must be able to see it and to mark it trusted.
        SessionKeys::WrapWithTrusted => [Attribute::Private(false), Attribute::Modifiable(true)],
    });
    // The class is the mechanism's (PKCS#11 section 6.13.2); some tokens refuse to hear it twice.
    attributes
        .retain(|attribute| !matches!(attribute, Attribute::Class(_) | Attribute::KeyType(_)));
    let handle = connection
        .session
        .generate_key(&Mechanism::AesKeyGen, &attributes)
        .during(Operation::GenerateKek)?;
    check_protected(connection, version, handle)?;
    connection.memory.note(&self::label(version));
    Ok(())
}

/// Destroys a KEK of this version. There may be none: an earlier try may have got so far.
pub(super) fn destroy(
    connection: &mut Connection,
    call: &Call,
    version: KekVersion,
) -> Result<(), HsmError> {
    let label = label(version);
    call.step(Operation::Find)?;
    let found = connection.find_one(&label, &template(&label))?;
    connection.keks.remove(&version);
    connection.memory.forget(&label);
    if let Some(handle) = found {
        call.step(Operation::Destroy)?;
        connection
            .session
            .destroy_object(handle)
            .during(Operation::Destroy)?;
    }
    Ok(())
}

/// Whether that KEK is protected as it should be.
pub(super) fn check(
    connection: &Connection,
    call: &Call,
    version: KekVersion,
) -> Result<(), HsmError> {
    call.step(Operation::Find)?;
    let label = label(version);
    let handle = connection
        .find_one(&label, &template(&label))?
        .ok_or(HsmError::KekMissing(version))?;
    check_protected(connection, version, handle)
}

/// The versions that are on the token, lowest first.
pub(super) fn versions(connection: &Connection, call: &Call) -> Result<Vec<KekVersion>, HsmError> {
    call.step(Operation::Find)?;
    connection.check_whole()?;
    let secret_keys = [
        Attribute::Token(true),
        Attribute::Class(ObjectClass::SECRET_KEY),
    ];
    let found = connection
        .session
        .find_objects(&secret_keys)
        .during(Operation::Find)?;
    let mut versions = Vec::new();
    for handle in found {
        call.step(Operation::ReadAttributes)?;
        let attributes = connection
            .session
            .get_attributes(handle, &[AttributeType::Label])
            .during(Operation::ReadAttributes)?;
        versions.extend(attributes.iter().filter_map(version));
    }
    versions.sort_unstable();
    versions.dedup();
    Ok(versions)
}

impl Connection {
    /// The handle of a KEK, after checking that it is protected as it should be.
    pub(super) fn kek(
        &mut self,
        call: &Call,
        version: KekVersion,
    ) -> Result<ObjectHandle, HsmError> {
        if let Some(handle) = self.keks.get(&version) {
            return Ok(*handle);
        }
        call.step(Operation::Find)?;
        let label = label(version);
        let handle = self
            .find_one(&label, &template(&label))?
            .ok_or(HsmError::KekMissing(version))?;
        check_protected(self, version, handle)?;
        self.memory.note(&label);
        self.keks.insert(version, handle);
        Ok(handle)
    }
}

/// Refuses a KEK with any [`KekFault`].
fn check_protected(
    connection: &Connection,
    version: KekVersion,
    handle: ObjectHandle,
) -> Result<(), HsmError> {
    let told = connection
        .session
        .get_attributes(
            handle,
            &[
                AttributeType::Sensitive,
                AttributeType::Extractable,
                AttributeType::NeverExtractable,
                AttributeType::Local,
                AttributeType::Encrypt,
                AttributeType::Decrypt,
                AttributeType::Derive,
            ],
        )
        .during(Operation::ReadAttributes)?;
    let faults = KekFault::of(&told);
    if faults.is_empty() {
        Ok(())
    } else {
        Err(HsmError::KekUnprotected { version, faults })
    }
}

fn label(version: KekVersion) -> String {
    format!("{LABEL_PREFIX}{version}")
}

fn version(attribute: &Attribute) -> Option<KekVersion> {
    match attribute {
        Attribute::Label(label) => std::str::from_utf8(label)
            .ok()?
            .strip_prefix(LABEL_PREFIX)?
            .parse()
            .ok()
            .map(KekVersion),
        _ => None,
    }
}

fn template(label: &str) -> Vec<Attribute> {
    vec![
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::KeyType(KeyType::AES),
        Attribute::Token(true),
        Attribute::Label(label.as_bytes().to_vec()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kek_is_fit_only_when_the_token_says_all_that_matters() {
        let fit = [
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
            Attribute::Encrypt(false),
            Attribute::Decrypt(false),
            Attribute::Derive(false),
        ];
        assert_eq!(KekFault::of(&fit), []);
        for left_out in 0..fit.len() {
            let mut told = fit.to_vec();
            told.remove(left_out);
            assert_eq!(KekFault::of(&told).len(), 1, "{told:?}");
        }
        for (bad, fault) in [
            (Attribute::Local(false), KekFault::NotLocal),
            (
                Attribute::NeverExtractable(false),
                KekFault::OnceExtractable,
            ),
        ] {
            let told = [fit.to_vec(), vec![bad]].concat();
            assert_eq!(KekFault::of(&told), [fault]);
        }
    }

    #[test]
    fn a_label_reads_back_to_its_version() {
        let label_of_7 = Attribute::Label(label(KekVersion(7)).into_bytes());
        assert_eq!(version(&label_of_7), Some(KekVersion(7)));
        assert_eq!(version(&Attribute::Label(b"another-key".to_vec())), None);
        assert_eq!(version(&Attribute::Label(b"rubrica-kek-x".to_vec())), None);
    }
}
