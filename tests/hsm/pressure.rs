//! Too much work, and work that takes too long. RSA-4096 is slow enough to keep a session busy for real.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rubrica::domain::algorithm::KeyAlgorithm;
use rubrica::domain::wrapping::WrappedBy;
use rubrica::hsm::{AwayCause, Hsm, HsmError, KekVersion, Operation, Rsa2048};

use super::contract::sign_one;
use crate::harness::alone;
use crate::harness::slow_job::{Crowd, slow, wait_until};

const KEK: KekVersion = KekVersion(1);
const BY: &WrappedBy = &WrappedBy::Kek(KEK);

#[test]
fn a_full_queue_answers_busy_at_once() {
    alone!(a_full_queue_answers_busy_at_once, |token| {
        let mut settings = token.settings();
        settings.sessions = NonZeroUsize::MIN;
        settings.queue = 1;
        settings.call_timeout = Duration::from_secs(120);
        let hsm = Hsm::new(settings);
        let crowd = Crowd::at(&hsm, 3);
        wait_until(&hsm, |load| load.idle == 0 && load.queued == 1);
        let asked = Instant::now();
        let error = hsm.keks().unwrap_err();
        assert!(matches!(error, HsmError::Busy), "{error:?}");
        assert!(error.is_temporary());
        assert!(
            asked.elapsed() < Duration::from_secs(60),
            "it waited in the queue"
        );
        assert!(hsm.load().turned_away > 0);
        drop(crowd);
        assert_eq!(hsm.keks().unwrap(), [KEK]);
    });
}

#[test]
fn waiting_too_long_in_the_queue_is_busy_and_nothing_is_done_later() {
    alone!(
        waiting_too_long_in_the_queue_is_busy_and_nothing_is_done_later,
        |token| {
            token.hsm();
            let mut settings = token.settings();
            settings.sessions = NonZeroUsize::MIN;
            settings.call_timeout = Duration::from_millis(200);
            let hsm = Hsm::new(settings);
            hsm.keks().unwrap();
            // Some luck could make a key in less than that time.
            let refused = (0..20).find_map(|number| {
                let label = format!("too-late-{number}");
                let made = thread::scope(|scope| {
                    wait_until(&hsm, |load| load.idle == 1);
                    let at_work = scope.spawn(|| slow(&hsm));
                    wait_until(&hsm, |load| load.idle == 0 && load.queued == 0);
                    let made = hsm.generate_authority_key(&label, KeyAlgorithm::EcP256);
                    at_work.join().unwrap().unwrap();
                    made
                });
                made.err().map(|error| (label, error))
            });
            let (label, error) = refused.unwrap();
            assert!(matches!(error, HsmError::Busy), "{error:?}");
            assert!(hsm.authority_key(&label).unwrap().is_none());
        }
    );
}

#[test]
fn a_session_that_does_not_answer_is_replaced_and_not_waited_for() {
    alone!(
        a_session_that_does_not_answer_is_replaced_and_not_waited_for,
        |token| {
            let patient = token.hsm();
            let key = patient.generate_wrapped(BY, KeyAlgorithm::EcP256).unwrap();
            let mut settings = token.settings();
            settings.sessions = NonZeroUsize::MIN;
            settings.generation_timeout = Duration::from_millis(20);
            let hsm = Hsm::new(settings);
            hsm.keks().unwrap();
            // RSA-4096 takes a second and more; some luck could make one key faster.
            let timed_out = (0..10)
                .find_map(|_| hsm.generate_wrapped(BY, KeyAlgorithm::Rsa4096).err())
                .unwrap();
            assert!(
                matches!(timed_out, HsmError::Timeout(Operation::GenerateKeyPair)),
                "{timed_out:?}"
            );
            assert_eq!(hsm.load().stuck, 1, "the call was waited for");
            // One more may hang; then there is nobody left to ask, and that is said at once.
            let answers: Vec<_> = (0..5)
                .map(|_| hsm.generate_wrapped(BY, KeyAlgorithm::Rsa4096))
                .collect();
            assert!(
                answers.iter().any(|answer| matches!(
                    answer,
                    Err(HsmError::Away {
                        cause: AwayCause::Hanging,
                        ..
                    } | HsmError::Timeout(_))
                )),
                "{answers:?}"
            );
            let load = hsm.load();
            assert!(load.workers + load.stuck <= 2, "{load:?}");
            // When the calls come back, all is as before and nothing of them is left.
            wait_until(&hsm, |load| load.stuck == 0);
            sign_one(&hsm, BY, KeyAlgorithm::EcP256, &key.wrapped).unwrap();
            assert_eq!(patient.object_count().unwrap().session, 0);
        }
    );
}

#[test]
fn the_token_does_not_fill() {
    alone!(the_token_does_not_fill, |token| {
        let hsm = token.hsm();
        let before = hsm.object_count().unwrap();
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for round in 0..25 {
                        let algorithm = match round {
                            0 => KeyAlgorithm::Rsa2048,
                            _ => KeyAlgorithm::EcP256,
                        };
                        let key = hsm.generate_wrapped(BY, algorithm).unwrap();
                        for _ in 0..4 {
                            sign_one(&hsm, BY, algorithm, &key.wrapped).unwrap();
                        }
                    }
                });
            }
        });
        assert_eq!(hsm.object_count().unwrap(), before);
        assert_eq!(before.session, 0);
        assert_eq!(before.token, 1, "the KEK alone");
    });
}

/// SoftHSM 2.6.1 refuses to make a token object when another session reads it while it is half written.
#[test]
fn lasting_keys_are_made_while_others_look_at_the_token() {
    alone!(
        lasting_keys_are_made_while_others_look_at_the_token,
        |token| {
            let hsm = token.hsm();
            let made = AtomicBool::new(false);
            thread::scope(|scope| {
                for _ in 0..3 {
                    scope.spawn(|| {
                        while !made.load(Ordering::Relaxed) {
                            hsm.object_count().unwrap();
                        }
                    });
                }
                let results: Vec<_> = (2..=51)
                    .flat_map(|number| {
                        let label = format!("authority-{number}");
                        [
                            hsm.generate_kek(KekVersion(number)),
                            hsm.generate_authority_key(&label, KeyAlgorithm::EcP256)
                                .map(|_| ()),
                        ]
                    })
                    .collect();
                made.store(true, Ordering::Relaxed);
                let failed: Vec<_> = results.iter().filter(|result| result.is_err()).collect();
                assert!(failed.is_empty(), "{} of 100: {failed:?}", failed.len());
            });
        }
    );
}

#[test]
fn rsa_2048_is_refused_unless_allowed() {
    alone!(rsa_2048_is_refused_unless_allowed, |token| {
        let mut settings = token.settings();
        settings.rsa_2048 = Rsa2048::Refused;
        let hsm = Hsm::new(settings);
        hsm.generate_kek(KEK).unwrap();
        assert!(matches!(
            hsm.generate_wrapped(BY, KeyAlgorithm::Rsa2048),
            Err(HsmError::Rsa2048)
        ));
        assert!(matches!(
            hsm.generate_authority_key("ca", KeyAlgorithm::Rsa2048),
            Err(HsmError::Rsa2048)
        ));
        assert_eq!(hsm.object_count().unwrap().token, 1);
    });
}
