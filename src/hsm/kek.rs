//! Key-encryption keys: AES-256 on the token, known by `rubrica-kek-<version>`, never to leave it.

use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};

use super::call::Call;
use super::connection::Connection;
use super::error::{During, HsmError, Operation};
use super::settings::{SessionKeys, Settings};
use crate::domain::key::KekVersion;

const LABEL_PREFIX: &str = "rubrica-kek-";
/// AES-256.
const KEY_BYTES: u64 = 32;

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

fn check_protected(
    connection: &Connection,
    version: KekVersion,
    handle: ObjectHandle,
) -> Result<(), HsmError> {
    let attributes = connection
        .session
        .get_attributes(
            handle,
            &[AttributeType::Sensitive, AttributeType::Extractable],
        )
        .during(Operation::ReadAttributes)?;
    let protected = attributes.contains(&Attribute::Sensitive(true))
        && attributes.contains(&Attribute::Extractable(false));
    if protected {
        Ok(())
    } else {
        Err(HsmError::KekUnprotected(version))
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
    fn a_label_reads_back_to_its_version() {
        let label_of_7 = Attribute::Label(label(KekVersion(7)).into_bytes());
        assert_eq!(version(&label_of_7), Some(KekVersion(7)));
        assert_eq!(version(&Attribute::Label(b"another-key".to_vec())), None);
        assert_eq!(version(&Attribute::Label(b"rubrica-kek-x".to_vec())), None);
    }
}
