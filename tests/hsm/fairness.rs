//! Who has the sessions when more is asked for than there is. What comes before what is told by order, not by the clock.

use std::num::NonZeroUsize;
use std::thread;
use std::time::Duration;

use rubrica::domain::algorithm::KeyAlgorithm;
use rubrica::domain::key::ToSign;
use rubrica::domain::wrapping::WrappedBy;
use rubrica::hsm::{GeneratedKey, Hsm, HsmError, KekVersion, Lane};

use super::contract::{sign_one, to_sign};
use crate::harness::alone;
use crate::harness::slow_job::{Crowd, wait_until};
use crate::harness::softhsm::PrivateToken;

const KEK: KekVersion = KekVersion(1);
const BY: &WrappedBy = &WrappedBy::Kek(KEK);
const RSA: KeyAlgorithm = KeyAlgorithm::Rsa2048;
const ONE_APP: Lane = Lane::HOUSE;

fn another_app() -> Lane {
    Lane::of(&[2; 16])
}

/// A handle with so many sessions.
fn with_sessions(token: &PrivateToken, sessions: usize) -> Hsm {
    let mut settings = token.settings();
    settings.sessions = NonZeroUsize::new(sessions).unwrap();
    settings.call_timeout = Duration::from_secs(60);
    let hsm = Hsm::new(settings);
    if hsm.keks().unwrap().is_empty() {
        hsm.generate_kek(KEK).unwrap();
    }
    hsm
}

/// A batch that takes a second and more, and its key.
fn batch(hsm: &Hsm, digests: u32) -> (GeneratedKey, Vec<ToSign>) {
    let key = hsm.generate_wrapped(BY, RSA).unwrap();
    let all = (0..digests).map(|number| to_sign(RSA.default_scheme(), &number.to_be_bytes()));
    (key, all.collect())
}

/// Signs all; every value verifies in its place.
fn sign_all(hsm: &Hsm, (key, all): &(GeneratedKey, Vec<ToSign>)) {
    let values = hsm.sign_wrapped(BY, RSA, &key.wrapped, all).unwrap();
    assert_eq!(values.len(), all.len());
    for (one, value) in all.iter().zip(values) {
        let verified = key
            .public_key
            .verify(one.scheme, &one.dtbs_r, &value.unwrap());
        assert_eq!(verified, Ok(()));
    }
}

/// Many single signatures, one after the other, are all done while a batch on the only session is not.
fn singles_come_through(token: &PrivateToken, lane: Lane) {
    let hsm = with_sessions(token, 1);
    let long = batch(&hsm, 2000);
    // What made the key is at rest: who works from now on works for the batch.
    wait_until(&hsm, |load| load.idle == load.workers);
    thread::scope(|scope| {
        let at_work = scope.spawn(|| sign_all(&hsm.in_lane(ONE_APP), &long));
        wait_until(&hsm, |load| load.workers == 1 && load.idle == 0);
        let single = hsm.in_lane(lane);
        for _ in 0..5 {
            sign_one(&single, BY, RSA, &long.0.wrapped).unwrap();
        }
        assert!(!at_work.is_finished(), "they waited for the whole batch");
        at_work.join().unwrap();
    });
    let load = hsm.load();
    assert!(load.gave_way > 0, "{load:?}");
    assert_eq!(hsm.object_count().unwrap().session, 0);
}

#[test]
fn one_apps_batch_does_not_keep_another_apps_signatures_waiting() {
    alone!(
        one_apps_batch_does_not_keep_another_apps_signatures_waiting,
        |token| singles_come_through(token, another_app())
    );
}

#[test]
fn an_apps_batch_does_not_keep_its_own_signatures_waiting() {
    alone!(
        an_apps_batch_does_not_keep_its_own_signatures_waiting,
        |token| singles_come_through(token, ONE_APP)
    );
}

#[test]
fn a_later_batch_of_another_app_ends_before_one_that_is_much_longer() {
    alone!(
        a_later_batch_of_another_app_ends_before_one_that_is_much_longer,
        |token| {
            for sessions in [1, 2, 4] {
                let hsm = with_sessions(token, sessions);
                let (long, short) = (batch(&hsm, 2000), batch(&hsm, 200));
                wait_until(&hsm, |load| load.idle == load.workers);
                thread::scope(|scope| {
                    let at_work = scope.spawn(|| sign_all(&hsm.in_lane(ONE_APP), &long));
                    wait_until(&hsm, |load| load.workers > load.idle);
                    sign_all(&hsm.in_lane(another_app()), &short);
                    assert!(!at_work.is_finished(), "{sessions} sessions");
                    at_work.join().unwrap();
                });
                assert_eq!(hsm.object_count().unwrap().session, 0);
            }
        }
    );
}

#[test]
fn sessions_with_nothing_to_do_help_with_a_batch() {
    alone!(sessions_with_nothing_to_do_help_with_a_batch, |token| {
        let hsm = with_sessions(token, 2);
        let long = batch(&hsm, 2000);
        thread::scope(|scope| {
            let at_work = scope.spawn(|| sign_all(&hsm, &long));
            wait_until(&hsm, |load| load.workers == 2 && load.idle == 0);
            assert!(!at_work.is_finished());
            at_work.join().unwrap();
        });
        assert_eq!(hsm.load().gave_way, 0, "nobody waited");
        assert_eq!(hsm.object_count().unwrap().session, 0);
    });
}

#[test]
fn many_batches_at_once_lose_nothing_and_mix_nothing_up() {
    alone!(
        many_batches_at_once_lose_nothing_and_mix_nothing_up,
        |token| {
            let hsm = with_sessions(token, 3);
            let batches: Vec<_> = (0..6).map(|_| batch(&hsm, 150)).collect();
            thread::scope(|scope| {
                for (app, batch) in (0..).zip(&batches) {
                    let hsm = hsm.in_lane(Lane::of(&[app % 4; 16]));
                    scope.spawn(move || sign_all(&hsm, batch));
                }
            });
            wait_until(&hsm, |load| load.idle == load.workers);
            let load = hsm.load();
            assert_eq!((load.queued, load.lanes, load.stuck), (0, 0, 0), "{load:?}");
            assert_eq!(hsm.object_count().unwrap().session, 0);
        }
    );
}

#[test]
fn one_app_cannot_fill_the_queue_for_the_others() {
    alone!(one_app_cannot_fill_the_queue_for_the_others, |token| {
        token.hsm();
        let mut settings = token.settings();
        settings.sessions = NonZeroUsize::MIN;
        settings.queue = 4;
        settings.call_timeout = Duration::from_secs(120);
        let hsm = Hsm::new(settings);
        let crowd = Crowd::at(&hsm.in_lane(ONE_APP), 5);
        wait_until(&hsm, |load| load.idle == 0 && load.queued == 2);
        let error = hsm.in_lane(ONE_APP).keks().unwrap_err();
        assert!(matches!(error, HsmError::Busy), "{error:?}");
        assert_eq!(hsm.load().longest_lane, 2);
        assert_eq!(hsm.in_lane(another_app()).keks().unwrap(), [KEK]);
        drop(crowd);
    });
}

#[test]
fn a_key_that_does_not_open_fails_the_batch_as_a_whole() {
    alone!(
        a_key_that_does_not_open_fails_the_batch_as_a_whole,
        |token| {
            let hsm = with_sessions(token, 2);
            let (key, all) = batch(&hsm, 10);
            let error = hsm
                .sign_wrapped(&WrappedBy::Kek(KekVersion(9)), RSA, &key.wrapped, &all)
                .unwrap_err();
            assert!(matches!(error, HsmError::KekMissing(_)), "{error:?}");
        }
    );
}
