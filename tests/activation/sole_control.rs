//! Who cannot sign: whoever lacks the citizen, the HSM, or the right row.

use rubrica::activation::{ActivationError, Sad};
use rubrica::clock::Ambient;
use rubrica::domain::algorithm::Digest;
use rubrica::domain::credential::Revocation;
use rubrica::domain::key::{DtbsR, KekVersion, ToSign};
use rubrica::domain::revocation::RevocationReason;
use rubrica::domain::secret::{CitizenSecret, SecretBytes};
use rubrica::domain::wrapping::WrappedBy;
use rubrica::hsm::{HsmError, WrappedKey};

use super::stand::{ALGORITHM, Stand, set};
use crate::harness::{alone, hsm};

#[test]
fn the_database_and_the_pin_are_not_enough() {
    let stand = Stand::new();
    let citizen = stand.citizen();
    let credential = stand.credential(&citizen);
    let sealed = credential.sealed_key.clone().unwrap();
    let to_sign = set(&["a document"]);
    // The HSM unwraps nothing that is still sealed, wherever one cuts.
    for cut in [0, 1, 33, sealed.len() - 16] {
        // The first byte of a wrapped key names its mechanism: 3 is a vendor's, which the token does not know, and what is
        // sealed may begin with it by chance.
        for first in [sealed[cut], 3] {
            let wrapped = [&[first], &sealed[cut + 1..]].concat();
            let attempt = hsm().sign_wrapped(
                &credential.wrapped_by,
                ALGORITHM,
                &WrappedKey::new(wrapped),
                &to_sign,
            );
            let is_refused = match first {
                3 => matches!(attempt, Err(HsmError::Unsupported { .. })),
                _ => matches!(attempt, Err(HsmError::WrappedKey { .. })),
            };
            assert!(is_refused, "{cut}, {first}: {attempt:?}");
        }
    }
    // A secret made from what the database shows opens nothing: neither the public half nor nothing at all.
    let sealing_key = *citizen.secret.sealing_key().as_bytes();
    for guess in [sealing_key, [0; 32]] {
        let sad = Sad::bind(
            stand.ambient.id(),
            citizen.signer,
            &credential,
            &to_sign,
            CitizenSecret::new(SecretBytes::new(guess)),
            stand.soon(),
        );
        assert!(matches!(
            stand.activate(sad, &credential, &to_sign),
            Err(ActivationError::Seal)
        ));
    }
}

#[test]
fn another_citizens_secret_opens_nothing() {
    let stand = Stand::new();
    let (ana, berta) = (stand.citizen(), stand.citizen());
    let credential = stand.credential(&ana);
    let to_sign = set(&["a document"]);
    let sad = Sad::bind(
        stand.ambient.id(),
        ana.signer,
        &credential,
        &to_sign,
        berta.secret.clone(),
        stand.soon(),
    );
    assert!(matches!(
        stand.activate(sad, &credential, &to_sign),
        Err(ActivationError::Seal)
    ));
}

#[test]
fn a_sealed_key_put_into_another_row_does_not_open() {
    let stand = Stand::new();
    let citizen = stand.citizen();
    let (first, second) = (stand.credential(&citizen), stand.credential(&citizen));
    let to_sign = set(&["a document"]);
    let mut swapped = first.clone();
    swapped.sealed_key.clone_from(&second.sealed_key);
    let sad = stand.approve(&citizen, &swapped, &to_sign);
    assert!(matches!(
        stand.activate(sad, &swapped, &to_sign),
        Err(ActivationError::Seal)
    ));
    // The public key swapped as well: still the other credential's identifier.
    swapped.public_key.clone_from(&second.public_key);
    let sad = stand.approve(&citizen, &swapped, &to_sign);
    assert!(matches!(
        stand.activate(sad, &swapped, &to_sign),
        Err(ActivationError::Seal)
    ));
    // The credential given to another signer.
    let thief = stand.citizen();
    let mut stolen = first;
    stolen.signer = thief.signer;
    let sad = stand.approve(&thief, &stolen, &to_sign);
    assert!(matches!(
        stand.activate(sad, &stolen, &to_sign),
        Err(ActivationError::Seal)
    ));
}

#[test]
fn a_changed_seal_does_not_open() {
    let stand = Stand::new();
    let citizen = stand.citizen();
    let to_sign = set(&["a document"]);
    let mut credential = stand.credential(&citizen);
    if let Some(byte) = credential
        .sealed_key
        .as_mut()
        .and_then(|key| key.last_mut())
    {
        *byte ^= 1;
    }
    let sad = stand.approve(&citizen, &credential, &to_sign);
    assert!(matches!(
        stand.activate(sad, &credential, &to_sign),
        Err(ActivationError::Seal)
    ));
    credential.wrapped_by = WrappedBy::Kek(KekVersion(1));
    let sad = stand.approve(&citizen, &credential, &to_sign);
    assert!(matches!(
        stand.activate(sad, &credential, &to_sign),
        Err(ActivationError::Seal)
    ));
}

#[test]
fn revoking_ends_a_credential_for_good() {
    let stand = Stand::new();
    let citizen = stand.citizen();
    let to_sign = set(&["a document"]);
    let mut deleted = stand.credential(&citizen);
    let mut marked = deleted.clone();
    deleted.sealed_key = None;
    marked.revocation = Some(Revocation {
        at: stand.ambient.now(),
        reason: RevocationReason::ALL[0],
    });
    for credential in [deleted, marked] {
        let sad = stand.approve(&citizen, &credential, &to_sign);
        assert!(matches!(
            stand.activate(sad, &credential, &to_sign),
            Err(ActivationError::Revoked)
        ));
    }
    assert_eq!(stand.ledger.spent(), 0);
}

#[test]
fn a_fresh_key_signs_the_request_for_its_certificate() {
    let stand = Stand::new();
    let citizen = stand.citizen();
    let fresh = stand
        .activation
        .generate(citizen.signer, stand.ambient.id(), &stand.by, ALGORITHM)
        .unwrap();
    let scheme = ALGORITHM.default_scheme();
    let request = ToSign {
        scheme,
        dtbs_r: DtbsR(Digest::of(scheme.digest, fresh.public_key().spki())),
    };
    let (provisioned, value) = fresh
        .seal_with_request(&citizen.secret.sealing_key(), &request)
        .unwrap();
    assert_eq!(
        provisioned
            .public_key
            .verify(scheme, &request.dtbs_r, &value),
        Ok(())
    );
}

#[test]
fn a_lost_hsm_is_temporary_and_nothing_stays_on_the_token() {
    alone!(
        a_lost_hsm_is_temporary_and_nothing_stays_on_the_token,
        |token| {
            let hsm = token.hsm();
            let stand = Stand::on(hsm.clone(), Ambient::system());
            let citizen = stand.citizen();
            let credential = stand.credential(&citizen);
            let to_sign = set(&["a document"]);
            for _ in 0..20 {
                let sad = stand.approve(&citizen, &credential, &to_sign);
                stand.activate(sad, &credential, &to_sign).unwrap();
            }
            let objects = hsm.object_count().unwrap();
            assert_eq!(objects.token, 1);
            // The wrapping key, in each session that has used it.
            let sessions = token.settings().sessions.get();
            assert!((1..=sessions).contains(&objects.session), "{objects:?}");
            token.pull_out();
            assert!(
                stand
                    .activation
                    .check_reachable()
                    .unwrap_err()
                    .is_temporary()
            );
            let sad = stand.approve(&citizen, &credential, &to_sign);
            let error = stand.activate(sad, &credential, &to_sign).unwrap_err();
            assert!(error.is_temporary(), "{error:?}");
        }
    );
}
