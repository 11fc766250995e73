//! The token goes and comes back; the PIN is wrong.

use std::num::NonZeroUsize;
use std::thread;
use std::time::Duration;

use rubrica::domain::algorithm::KeyAlgorithm;
use rubrica::domain::secret::SecretText;
use rubrica::domain::wrapping::WrappedBy;
use rubrica::hsm::{AwayCause, Hsm, HsmError, KekVersion, Lane};

use super::contract::{sign_one, to_sign};
use crate::harness::alone;

const KEK: KekVersion = KekVersion(1);
const BY: &WrappedBy = &WrappedBy::Kek(KEK);

#[test]
fn a_token_put_back_is_found_without_a_restart() {
    alone!(a_token_put_back_is_found_without_a_restart, |token| {
        let hsm = token.hsm();
        let key = hsm.generate_wrapped(BY, KeyAlgorithm::EcP256).unwrap();
        for _ in 0..3 {
            sign_one(&hsm, BY, KeyAlgorithm::EcP256, &key.wrapped).unwrap();
            token.pull_out();
            let error = sign_one(&hsm, BY, KeyAlgorithm::EcP256, &key.wrapped).unwrap_err();
            assert!(matches!(error, HsmError::Away { .. }), "{error:?}");
            assert!(error.is_temporary());
            assert!(hsm.status().is_err());
            token.put_back();
            thread::sleep(Duration::from_millis(600));
            sign_one(&hsm, BY, KeyAlgorithm::EcP256, &key.wrapped).unwrap();
            assert_eq!(hsm.keks().unwrap(), [KEK]);
        }
    });
}

/// SoftHSM answers for a token of which only some files are there. That is no token without keys.
#[test]
fn a_token_that_is_only_half_there_is_away_until_it_is_whole() {
    alone!(
        a_token_that_is_only_half_there_is_away_until_it_is_whole,
        |token| {
            let hsm = token.hsm();
            let key = hsm.generate_wrapped(BY, KeyAlgorithm::EcP256).unwrap();
            let sign = || sign_one(&hsm, BY, KeyAlgorithm::EcP256, &key.wrapped);
            for _ in 0..2 {
                sign().unwrap();
                token.pull_out();
                assert!(matches!(sign(), Err(HsmError::Away { .. })));
                token.put_back();
                token.hide_keys();
                for _ in 0..3 {
                    thread::sleep(Duration::from_millis(600));
                    let error = sign().unwrap_err();
                    assert!(matches!(error, HsmError::Away { .. }), "{error:?}");
                    assert!(hsm.status().is_err());
                    assert!(hsm.keks().is_err());
                }
                token.show_keys();
                thread::sleep(Duration::from_millis(600));
                sign().unwrap();
                assert_eq!(hsm.keks().unwrap(), [KEK]);
            }
        }
    );
}

#[test]
fn every_session_survives_the_return_of_the_token() {
    alone!(every_session_survives_the_return_of_the_token, |token| {
        let hsm = token.hsm();
        let key = hsm.generate_wrapped(BY, KeyAlgorithm::EcP256).unwrap();
        let all_sign = || {
            thread::scope(|scope| {
                let threads: Vec<_> = (0..8)
                    .map(|_| {
                        scope.spawn(|| {
                            (0..20)
                                .map(|_| sign_one(&hsm, BY, KeyAlgorithm::EcP256, &key.wrapped))
                                .collect::<Result<Vec<_>, _>>()
                        })
                    })
                    .collect();
                threads
                    .into_iter()
                    .map(|thread| thread.join().unwrap())
                    .collect::<Vec<_>>()
            })
        };
        assert!(all_sign().iter().all(Result::is_ok));
        token.pull_out();
        assert!(
            all_sign()
                .iter()
                .all(|signed| matches!(signed, Err(HsmError::Away { .. })))
        );
        token.put_back();
        thread::sleep(Duration::from_millis(600));
        for signed in all_sign() {
            signed.unwrap();
        }
        assert_eq!(hsm.object_count().unwrap().session, 0);
    });
}

/// SoftHSM goes on with a key that is in its memory when its files are gone. So somebody else's job makes the batch
/// give way; the key cannot be unwrapped again.
#[test]
fn a_token_lost_in_the_middle_of_a_batch_keeps_the_values_that_were_made() {
    alone!(
        a_token_lost_in_the_middle_of_a_batch_keeps_the_values_that_were_made,
        |token| {
            token.hsm();
            let mut settings = token.settings();
            settings.sessions = NonZeroUsize::MIN;
            let hsm = Hsm::new(settings);
            let algorithm = KeyAlgorithm::Rsa2048;
            let key = hsm.generate_wrapped(BY, algorithm).unwrap();
            let all: Vec<_> = (0..2000_u32)
                .map(|number| to_sign(algorithm.default_scheme(), &number.to_be_bytes()))
                .collect();
            let other = hsm.in_lane(Lane::of(&[7; 16]));
            let values = thread::scope(|scope| {
                let batch = scope.spawn(|| hsm.sign_wrapped(BY, algorithm, &key.wrapped, &all));
                while hsm.load().gave_way == 0 {
                    other.keks().unwrap();
                }
                token.pull_out();
                other.keks().unwrap_err();
                batch.join().unwrap().unwrap()
            });
            assert_eq!(values.len(), all.len());
            let made = values.iter().take_while(|value| value.is_ok()).count();
            assert!(0 < made && made < all.len(), "{made}");
            for (one, value) in all.iter().zip(&values).take(made) {
                let value = value.as_ref().unwrap();
                let verified = key.public_key.verify(one.scheme, &one.dtbs_r, value);
                assert_eq!(verified, Ok(()));
            }
            for value in &values[made..] {
                let error = value.as_ref().unwrap_err();
                assert!(error.is_temporary());
                let HsmError::NotReached(why) = error else {
                    panic!("{error:?}");
                };
                assert!(matches!(**why, HsmError::Away { .. }), "{why:?}");
            }
            token.put_back();
            thread::sleep(Duration::from_millis(600));
            sign_one(&hsm, BY, algorithm, &key.wrapped).unwrap();
            assert_eq!(hsm.object_count().unwrap().session, 0);
        }
    );
}

#[test]
fn a_token_that_was_never_there_is_away_and_not_an_error_for_ever() {
    alone!(
        a_token_that_was_never_there_is_away_and_not_an_error_for_ever,
        |token| {
            token.pull_out();
            let hsm = Hsm::new(token.settings());
            let error = hsm.status().unwrap_err();
            assert!(
                matches!(
                    &error,
                    HsmError::Away {
                        cause: AwayCause::TokenAbsent(_),
                        ..
                    }
                ),
                "{error:?}"
            );
            token.put_back();
            thread::sleep(Duration::from_millis(600));
            assert_eq!(hsm.status().unwrap().label, token.label);
        }
    );
}

#[test]
fn a_wrong_pin_is_tried_once() {
    alone!(a_wrong_pin_is_tried_once, |token| {
        let mut settings = token.settings();
        settings.pin = SecretText::new("not-the-pin".to_owned());
        let wrong = Hsm::new(settings);
        let errors: Vec<_> = thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| wrong.keks())).collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap().unwrap_err())
                .collect()
        });
        for error in errors {
            assert!(matches!(error, HsmError::WrongPin { .. }), "{error:?}");
            assert!(!error.is_temporary());
            assert!(error.to_string().contains("CKR_PIN_INCORRECT"));
            assert!(!format!("{error:?}").contains("not-the-pin"));
        }
        // SoftHSM notes a wrong PIN until the next right one; it was refused, not locked.
        Hsm::new(token.settings()).status().unwrap();
    });
}

#[test]
fn a_module_that_is_none_is_named() {
    let mut settings = crate::harness::softhsm::settings("any", "any");
    settings.module = "/nonexistent/pkcs11.so".into();
    let error = Hsm::new(settings).status().unwrap_err();
    assert!(matches!(error, HsmError::Module { .. }), "{error:?}");
    assert!(error.to_string().contains("/nonexistent/pkcs11.so"));
    assert!(!error.is_temporary());
}
