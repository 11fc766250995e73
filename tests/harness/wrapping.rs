//! Wrapping keys as the service makes them, for tests that put credentials together by hand.

use rubrica::clock::Ambient;
use rubrica::domain::key::KekVersion;
use rubrica::domain::wrapping::{WrappedBy, WrappingKey};
use rubrica::hsm::Hsm;
use rubrica::store::{Store, wrapping_keys};

/// A wrapping key of that token, under that KEK.
pub(crate) fn wrapping_key(hsm: &Hsm, kek: KekVersion) -> WrappingKey {
    let ambient = Ambient::system();
    let wrapped = hsm.generate_wrapping_key(kek).unwrap();
    WrappingKey {
        id: ambient.id(),
        kek,
        wrapped: wrapped.as_bytes().to_vec(),
        created_at: ambient.now(),
        rewrapped_at: None,
    }
}

/// The same, to wrap signers' keys.
pub(crate) fn wrapped_by(hsm: &Hsm, kek: KekVersion) -> WrappedBy {
    WrappedBy::WrappingKey(wrapping_key(hsm, kek))
}

/// The same, kept in the database.
pub(crate) fn kept(hsm: &Hsm, store: &Store, kek: KekVersion) -> WrappedBy {
    let key = wrapping_key(hsm, kek);
    store
        .write(|connection| wrapping_keys::insert(connection, &key))
        .unwrap();
    WrappedBy::WrappingKey(key)
}
