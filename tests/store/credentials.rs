//! Credentials in the database: their states, and that revoking deletes the key.

use rubrica::clock::Ambient;
use rubrica::domain::authority::AuthorityRole;
use rubrica::domain::credential::{
    Certification, Credential, CredentialIssuer, CredentialState, Revocation,
};
use rubrica::domain::id::{CredentialId, SignerId};
use rubrica::domain::key::KekVersion;
use rubrica::domain::language::Language;
use rubrica::domain::level::{ProofingMethod, RegistrationLevel};
use rubrica::domain::person::PersonName;
use rubrica::domain::revocation::RevocationReason;
use rubrica::domain::secret::SealingKey;
use rubrica::domain::signer::Signer;
use rubrica::domain::wrapping::{WrappedBy, WrappingKey};
use rubrica::store::authorities::{self, Coverage, StoredList};
use rubrica::store::credentials::{self, Change, RevokedCertificate};
use rubrica::store::{Store, signers, wrapping_keys};
use time::macros::{date, datetime};
use time::{Duration, OffsetDateTime};

use crate::harness::authorities::Authorities;
use crate::harness::database::both_databases;
use crate::harness::software_key::SoftwareKey;

pub(super) const NOW: OffsetDateTime = datetime!(2026-11-23 10:00 UTC);

both_databases! {
    fn a_credential_is_read_as_it_was_written(database) {
        let store = database.store();
        let signer = a_signer(&store);
        let key = WrappingKey {
            id: Ambient::system().id(),
            kek: KekVersion(2),
            wrapped: vec![9, 9],
            created_at: NOW,
            rewrapped_at: None,
        };
        store.write(|connection| wrapping_keys::insert(connection, &key)).unwrap();
        let under_it = Credential {
            wrapped_by: WrappedBy::WrappingKey(key),
            ..certified(signer, "0b")
        };
        for credential in [requested(signer), certified(signer, "0a"), under_it] {
            insert(&store, &credential);
            assert_eq!(find(&store, credential.id), Some(credential));
        }
        let all = store.read(|connection| credentials::of_signer(connection, signer)).unwrap();
        assert_eq!(all.len(), 3);
        assert_eq!(find(&store, Ambient::system().id()), None);
    }

    fn the_newest_credential_comes_first(database) {
        let store = database.store();
        let signer = a_signer(&store);
        let old = Credential { created_at: NOW - Duration::DAY, ..certified(signer, "0a") };
        let new = certified(signer, "0b");
        insert(&store, &new);
        insert(&store, &old);
        let all = store.read(|connection| credentials::of_signer(connection, signer)).unwrap();
        assert_eq!(all, [new, old]);
    }

    fn a_requested_credential_is_certified_once(database) {
        let store = database.store();
        let credential = requested(a_signer(&store));
        insert(&store, &credential);
        let certify = |serial| {
            let certification = certification(serial);
            store
                .write(|connection| credentials::certify(connection, credential.id, &certification))
                .unwrap()
        };
        assert_eq!(certify("0a"), Change::Made);
        assert_eq!(certify("0b"), Change::NotPossible);
        let kept = find(&store, credential.id).unwrap();
        assert_eq!(kept.state(), CredentialState::Active);
        assert_eq!(kept.certification, Some(certification("0a")));
    }

    fn revoking_deletes_the_key_and_is_final(database) {
        let store = database.store();
        let credential = certified(a_signer(&store), "0a");
        insert(&store, &credential);
        let first = revocation(0, RevocationReason::KeyCompromise);
        assert_eq!(revoke(&store, &credential, first), Change::Made);
        let second = revocation(1, RevocationReason::Superseded);
        assert_eq!(revoke(&store, &credential, second), Change::NotPossible);
        let kept = find(&store, credential.id).unwrap();
        assert_eq!(kept.state(), CredentialState::Revoked);
        assert_eq!(kept.sealed_key, None);
        assert_eq!(kept.revocation, Some(first));
        assert_eq!(kept.usable(NOW), None);
    }

    fn a_revocation_leaves_the_list_behind_until_the_next(database) {
        let store = database.store();
        let insert_authority =
            |connection: &mut _| authorities::insert(connection, AuthorityRole::Issuing, b"ca", NOW);
        store.write(insert_authority).unwrap();
        let coverage = || {
            let find = |connection: &mut _| authorities::find(connection, AuthorityRole::Issuing);
            store.read(find).unwrap().unwrap().coverage
        };
        let take = |connection: &mut _| authorities::take_turn(connection, AuthorityRole::Issuing);
        let list = StoredList { der: vec![0], next_update: NOW };
        let credential = certified(a_signer(&store), "0a");
        insert(&store, &credential);
        assert_eq!(coverage(), Coverage::Complete);
        // A turn taken before the revocation need not know it.
        let early = store.write(take).unwrap().unwrap();
        revoke(&store, &credential, revocation(0, RevocationReason::Superseded));
        store
            .write(|connection| authorities::keep_list(connection, AuthorityRole::Issuing, early, &list))
            .unwrap();
        assert_eq!(coverage(), Coverage::Behind);
        let late = store.write(take).unwrap().unwrap();
        store
            .write(|connection| authorities::keep_list(connection, AuthorityRole::Issuing, late, &list))
            .unwrap();
        assert_eq!(coverage(), Coverage::Complete);
    }

    fn the_list_names_what_the_built_in_authority_revoked(database) {
        let store = database.store();
        let signer = a_signer(&store);
        let outside = Credential {
            issuer: CredentialIssuer::Outside,
            ..certified(signer, "0c")
        };
        let later = certified(signer, "0a");
        let sooner = certified(signer, "0b");
        let active = certified(signer, "0d");
        let never_certified = requested(signer);
        for credential in [&outside, &later, &sooner, &active, &never_certified] {
            insert(&store, credential);
        }
        let superseded = |day| revocation(day, RevocationReason::Superseded);
        for (credential, day) in [(&outside, 0), (&later, 2), (&sooner, 1), (&never_certified, 0)] {
            assert_eq!(revoke(&store, credential, superseded(day)), Change::Made);
        }
        let on_list = store.read(credentials::revoked).unwrap();
        let entry = |serial: &str, day| RevokedCertificate {
            serial: serial.to_owned(),
            revocation: superseded(day),
        };
        assert_eq!(on_list, [entry("0b", 1), entry("0a", 2)]);
    }
}

#[test]
fn a_credential_is_usable_within_its_validity() {
    let credential = certified(Ambient::system().id(), "0a");
    let Certification {
        not_before,
        not_after,
        ..
    } = certification("0a");
    assert!(credential.usable(not_before).is_some());
    assert!(credential.usable(not_after).is_some());
    assert!(credential.usable(not_before - Duration::SECOND).is_none());
    assert!(credential.usable(not_after + Duration::SECOND).is_none());
    assert!(requested(credential.signer).usable(not_before).is_none());
}

pub(crate) fn insert(store: &Store, credential: &Credential) {
    store
        .write(|connection| credentials::insert(connection, credential))
        .unwrap();
}

fn find(store: &Store, id: CredentialId) -> Option<Credential> {
    store
        .read(|connection| credentials::find(connection, id))
        .unwrap()
}

pub(super) fn revoke(store: &Store, credential: &Credential, revocation: Revocation) -> Change {
    store
        .write(|connection| credentials::revoke(connection, credential.id, revocation))
        .unwrap()
}

pub(super) fn revocation(day: i64, reason: RevocationReason) -> Revocation {
    Revocation {
        at: NOW + Duration::days(day),
        reason,
    }
}

pub(crate) fn requested(signer: SignerId) -> Credential {
    Credential {
        id: Ambient::system().id(),
        signer,
        public_key: SoftwareKey::p256(7).public().clone(),
        wrapped_by: WrappedBy::Kek(KekVersion(3)),
        sealed_key: Some(vec![1, 2, 3]),
        issuer: CredentialIssuer::BuiltIn,
        request: Some(vec![4, 5]),
        certification: None,
        created_at: NOW,
        revocation: None,
    }
}

fn certified(signer: SignerId, serial: &str) -> Credential {
    Credential {
        certification: Some(certification(serial)),
        ..requested(signer)
    }
}

fn certification(serial: &str) -> Certification {
    Certification {
        chain: Authorities::new().chain(SoftwareKey::p256(7).public()),
        serial: serial.to_owned(),
        not_before: NOW,
        not_after: NOW + Duration::days(1000),
    }
}

/// Registers somebody to own credentials.
pub(crate) fn a_signer(store: &Store) -> SignerId {
    let signer = Signer {
        id: Ambient::system().id(),
        national_id: "99999999R".parse().unwrap(),
        name: PersonName::new("Íñigo", "Peña", None).unwrap(),
        phone: None,
        email: None,
        language: Language::Galician,
        method: ProofingMethod::InPerson,
        level: RegistrationLevel::Advanced,
        proofed_at: date!(2026 - 11 - 01),
        registered_at: NOW,
        activated_at: None,
        password_expires_at: None,
        blocked_at: None,
        activation_blocked_at: None,
        last_access_at: None,
        deregistered_at: None,
        sealing_key: SealingKey::from_slice(&[5; 32]).unwrap(),
    };
    store
        .write(|connection| signers::insert(connection, &signer))
        .unwrap();
    signer.id
}
