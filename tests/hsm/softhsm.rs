//! The contract on SoftHSM, and what only it has.

use rubrica::domain::algorithm::KeyAlgorithm;
use rubrica::domain::wrapping::WrappedBy;
use rubrica::hsm::{HsmError, KekVersion, Presence, WrappedKey};

use super::contract::sign_one;
use crate::harness::hsm;

const BY: &WrappedBy = &WrappedBy::Kek(KekVersion(1));

super::contract::on!(crate::harness::hsm);

#[test]
fn the_token_has_all_it_needs() {
    let status = hsm().status().unwrap();
    assert!(!status.manufacturer.is_empty());
    assert_eq!(status.missing().count(), 0, "{status:?}");
    assert!(
        status
            .mechanisms
            .iter()
            .all(|mechanism| mechanism.presence == Presence::Present)
    );
}

/// `CKM_AES_KEY_WRAP_PAD` protects integrity itself.
#[test]
fn a_wrapped_key_with_any_byte_changed_is_refused() {
    let (hsm, algorithm) = (hsm(), KeyAlgorithm::EcP256);
    let key = hsm.generate_wrapped(BY, algorithm).unwrap();
    for place in 0..key.wrapped.as_bytes().len() {
        let mut bytes = key.wrapped.as_bytes().to_vec();
        bytes[place] ^= 0x80;
        let refused = sign_one(&hsm, BY, algorithm, &WrappedKey::new(bytes));
        assert!(
            matches!(refused, Err(HsmError::WrappedKey { .. })),
            "{place}: {refused:?}"
        );
    }
}
