//! A SAD signs what it was bound to, once, in its time.

use std::sync::Barrier;
use std::thread;

use rubrica::activation::{ActivationError, Sad};
use rubrica::clock::Ambient;
use rubrica::domain::algorithm::{Digest, DigestAlgorithm};
use rubrica::domain::key::{DtbsR, ToSign};
use time::Duration;

use super::stand::{NoLedger, Stand, set};
use crate::harness::{ambient, hsm};

#[test]
fn a_sad_signs_only_its_own_digests() {
    let stand = Stand::new();
    let citizen = stand.citizen();
    let credential = stand.credential(&citizen);
    let approved = set(&["first", "second", "first"]);
    let sad = stand.approve(&citizen, &credential, &approved);
    let values = stand.activate(sad, &credential, &approved).unwrap();
    assert_eq!(values.len(), 3);
    for (one, value) in approved.iter().zip(values) {
        let value = value.unwrap();
        assert_eq!(
            credential
                .public_key
                .verify(one.scheme, &one.dtbs_r, value.value()),
            Ok(())
        );
    }
    let scheme = approved[0].scheme;
    let other_scheme = ToSign {
        scheme: rubrica::domain::algorithm::SignatureScheme {
            digest: DigestAlgorithm::Sha512,
            ..scheme
        },
        dtbs_r: DtbsR(Digest::of(DigestAlgorithm::Sha512, b"first")),
    };
    let mut reordered = approved.clone();
    reordered.swap(0, 1);
    let others = [
        set(&["first", "second", "third"]),
        set(&["first", "second"]),
        set(&["first", "second", "first", "second"]),
        set(&[]),
        reordered,
        vec![other_scheme, approved[1].clone(), approved[2].clone()],
    ];
    for other in others {
        let sad = stand.approve(&citizen, &credential, &approved);
        let refused = stand.activate(sad, &credential, &other).unwrap_err();
        assert!(matches!(refused, ActivationError::Set), "{refused:?}");
        assert!(!refused.is_temporary());
    }
    assert_eq!(stand.ledger.spent(), 1, "a refusal spends nothing");
}

#[test]
fn a_sad_serves_one_credential_of_one_signer() {
    let stand = Stand::new();
    let (ana, berta) = (stand.citizen(), stand.citizen());
    let (first, second) = (stand.credential(&ana), stand.credential(&ana));
    let theirs = stand.credential(&berta);
    let to_sign = set(&["a document"]);
    let sad = stand.approve(&ana, &first, &to_sign);
    assert!(matches!(
        stand.activate(sad, &second, &to_sign),
        Err(ActivationError::Credential)
    ));
    let sad = stand.approve(&ana, &theirs, &to_sign);
    assert!(matches!(
        stand.activate(sad, &theirs, &to_sign),
        Err(ActivationError::Signer)
    ));
    assert_eq!(stand.ledger.spent(), 0);
}

#[test]
fn a_sad_ends_with_its_time() {
    let (ambient, clock) = ambient::moving();
    let stand = Stand::on(hsm(), ambient);
    let citizen = stand.citizen();
    let credential = stand.credential(&citizen);
    let to_sign = set(&["a document"]);
    let in_time = stand.approve(&citizen, &credential, &to_sign);
    let late = stand.approve(&citizen, &credential, &to_sign);
    clock.advance(Duration::seconds(59));
    stand.activate(in_time, &credential, &to_sign).unwrap();
    clock.advance(Duration::seconds(1));
    assert!(matches!(
        stand.activate(late, &credential, &to_sign),
        Err(ActivationError::Expired)
    ));
    assert_eq!(stand.ledger.spent(), 1);
}

#[test]
fn of_many_uses_at_once_exactly_one_signs() {
    let stand = Stand::new();
    let citizen = stand.citizen();
    let credential = stand.credential(&citizen);
    let to_sign = set(&["a document"]);
    let id = stand.ambient.id();
    let threads = 8;
    let together = Barrier::new(threads);
    let results: Vec<_> = thread::scope(|scope| {
        let running: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    // As several nodes would, each from what the citizen's browser sent it.
                    let sad = Sad::bind(
                        id,
                        citizen.signer,
                        &credential,
                        &to_sign,
                        citizen.secret.clone(),
                        stand.soon(),
                    );
                    together.wait();
                    stand.activate(sad, &credential, &to_sign)
                })
            })
            .collect();
        running
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    let signed = results.iter().filter(|result| result.is_ok()).count();
    let spent = results
        .iter()
        .filter(|result| matches!(result, Err(ActivationError::Spent)))
        .count();
    assert_eq!((signed, spent), (1, threads - 1), "{results:?}");
}

#[test]
fn nothing_is_signed_when_the_ledger_is_away() {
    let stand = Stand::new();
    let citizen = stand.citizen();
    let credential = stand.credential(&citizen);
    let to_sign = set(&["a document"]);
    let sad = stand.approve(&citizen, &credential, &to_sign);
    let error = stand
        .activation
        .activate(sad, &credential, &to_sign, &NoLedger, &mut |_, value| {
            panic!("{value:?}")
        })
        .unwrap_err();
    assert!(matches!(error, ActivationError::Ledger(_)));
    assert!(error.is_temporary());
}

#[test]
fn one_bad_digest_does_not_stop_the_others() {
    let stand = Stand::new();
    let citizen = stand.citizen();
    let credential = stand.credential(&citizen);
    let mut to_sign = set(&["good", "bad", "good as well"]);
    to_sign[1].dtbs_r = DtbsR(Digest::of(DigestAlgorithm::Sha384, b"bad"));
    let sad = stand.approve(&citizen, &credential, &to_sign);
    let values = stand.activate(sad, &credential, &to_sign).unwrap();
    assert!(matches!(
        values.as_slice(),
        [Ok(_), Err(ActivationError::Hsm(_)), Ok(_)]
    ));
}

#[test]
fn printing_a_sad_shows_no_secret() {
    let stand = Stand::on(hsm(), Ambient::system());
    let citizen = stand.citizen();
    let credential = stand.credential(&citizen);
    let sad = stand.approve(&citizen, &credential, &set(&["a document"]));
    let printed = format!("{sad:?}");
    assert!(printed.starts_with("Sad { id: "), "{printed}");
    assert!(!printed.contains("ecret"), "{printed}");
}
