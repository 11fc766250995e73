//! What another session of the same login sees of the keys, asked past our code.

use cryptoki::context::Pkcs11;
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;
use rubrica::domain::algorithm::KeyAlgorithm;
use rubrica::domain::wrapping::WrappedBy;
use rubrica::hsm::{Hsm, HsmError, KekVersion, Operation, SessionKeys, WrapMechanism};

use super::contract::{sign_one, to_sign};
use crate::harness::alone;
use crate::harness::new_token::MODULE;
use crate::harness::wrapping::wrapped_by;

const KEK: KekVersion = KekVersion(1);
const BY: &WrappedBy = &WrappedBy::Kek(KEK);

#[test]
fn a_key_at_work_is_sensitive_and_cannot_be_wrapped_again() {
    alone!(
        a_key_at_work_is_sensitive_and_cannot_be_wrapped_again,
        |token| {
            let hsm = token.hsm();
            for (algorithm, count) in [(KeyAlgorithm::Rsa3072, 500), (KeyAlgorithm::EcP384, 3000)] {
                let key = hsm.generate_wrapped(BY, algorithm).unwrap();
                let many = vec![to_sign(algorithm.default_scheme(), b"a document"); count];
                let spy = spy();
                let kek = only(&spy, ObjectClass::SECRET_KEY).unwrap();
                std::thread::scope(|scope| {
                    let signing =
                        scope.spawn(|| hsm.sign_wrapped(BY, algorithm, &key.wrapped, &many));
                    let at_work = loop {
                        if let Some(found) = only(&spy, ObjectClass::PRIVATE_KEY) {
                            break found;
                        }
                        assert!(!signing.is_finished(), "the key was never seen at work");
                    };
                    let asked = [
                        AttributeType::Sensitive,
                        AttributeType::Extractable,
                        AttributeType::Token,
                        AttributeType::Sign,
                        AttributeType::Decrypt,
                        AttributeType::Unwrap,
                    ];
                    let expected = [
                        Attribute::Sensitive(true),
                        Attribute::Extractable(false),
                        Attribute::Token(false),
                        Attribute::Sign(true),
                        Attribute::Decrypt(false),
                        Attribute::Unwrap(false),
                    ];
                    // SoftHSM shows an object that it is still making, with attributes of its own.
                    loop {
                        let flags = spy.get_attributes(at_work, &asked).unwrap();
                        if expected.iter().all(|one| flags.contains(one)) {
                            break;
                        }
                        assert!(!signing.is_finished(), "{flags:?}");
                    }
                    let wrapped = spy.wrap_key(&Mechanism::AesKeyWrapPad, kek, at_work);
                    assert!(
                        matches!(wrapped, Err(Error::Pkcs11(RvError::KeyUnextractable, _))),
                        "{wrapped:?}"
                    );
                    let secret = spy
                        .get_attributes(
                            at_work,
                            &[AttributeType::PrivateExponent, AttributeType::Value],
                        )
                        .unwrap_or_default();
                    assert!(secret.is_empty());
                    signing.join().unwrap().unwrap();
                });
                assert!(only(&spy, ObjectClass::PRIVATE_KEY).is_none());
            }
        }
    );
}

#[test]
fn a_kek_wraps_and_does_nothing_else() {
    alone!(a_kek_wraps_and_does_nothing_else, |token| {
        let hsm = token.hsm();
        hsm.generate_kek(KekVersion(2)).unwrap();
        let spy = spy();
        let keks = spy
            .find_objects(&[Attribute::Class(ObjectClass::SECRET_KEY)])
            .unwrap();
        assert_eq!(keks.len(), 2);
        for kek in &keks {
            let flags = spy
                .get_attributes(
                    *kek,
                    &[
                        AttributeType::Sensitive,
                        AttributeType::NeverExtractable,
                        AttributeType::Wrap,
                        AttributeType::Unwrap,
                        AttributeType::Encrypt,
                        AttributeType::Decrypt,
                        AttributeType::Sign,
                        AttributeType::Derive,
                    ],
                )
                .unwrap();
            let expected = [
                Attribute::Sensitive(true),
                Attribute::NeverExtractable(true),
                Attribute::Wrap(true),
                Attribute::Unwrap(true),
                Attribute::Encrypt(false),
                Attribute::Decrypt(false),
                Attribute::Sign(false),
                Attribute::Derive(false),
            ];
            for attribute in expected {
                assert!(flags.contains(&attribute), "{attribute:?} in {flags:?}");
            }
            assert!(
                spy.update_attributes(*kek, &[Attribute::Decrypt(true)])
                    .is_err()
            );
            assert!(
                spy.encrypt(&Mechanism::AesCbcPad([0; 16]), *kek, b"x")
                    .is_err()
            );
        }
        let other = spy.wrap_key(&Mechanism::AesKeyWrapPad, keks[0], keks[1]);
        assert!(
            matches!(other, Err(Error::Pkcs11(RvError::KeyUnextractable, _))),
            "{other:?}"
        );
    });
}

#[test]
fn a_wrapping_key_at_hand_wraps_and_does_nothing_else() {
    alone!(
        a_wrapping_key_at_hand_wraps_and_does_nothing_else,
        |token| {
            let hsm = token.hsm();
            let by = wrapped_by(&hsm, KEK);
            assert_eq!(hsm.object_count().unwrap().session, 0);
            hsm.generate_wrapped(&by, KeyAlgorithm::EcP256).unwrap();
            let spy = spy();
            let session_keys = [
                Attribute::Class(ObjectClass::SECRET_KEY),
                Attribute::Token(false),
            ];
            let found = spy.find_objects(&session_keys).unwrap();
            assert_eq!(found.len(), 1);
            let flags = spy
                .get_attributes(
                    found[0],
                    &[
                        AttributeType::Sensitive,
                        AttributeType::Extractable,
                        AttributeType::Private,
                        AttributeType::Encrypt,
                        AttributeType::Decrypt,
                        AttributeType::Derive,
                    ],
                )
                .unwrap();
            for attribute in [
                Attribute::Sensitive(true),
                Attribute::Extractable(false),
                Attribute::Private(true),
                Attribute::Encrypt(false),
                Attribute::Decrypt(false),
                Attribute::Derive(false),
            ] {
                assert!(flags.contains(&attribute), "{attribute:?} in {flags:?}");
            }
            let kek = spy
                .find_objects(&[
                    Attribute::Class(ObjectClass::SECRET_KEY),
                    Attribute::Token(true),
                ])
                .unwrap()[0];
            let wrapped = spy.wrap_key(&Mechanism::AesKeyWrapPad, kek, found[0]);
            assert!(
                matches!(wrapped, Err(Error::Pkcs11(RvError::KeyUnextractable, _))),
                "{wrapped:?}"
            );
        }
    );
}

#[test]
fn a_kek_that_does_more_than_wrap_is_not_used() {
    alone!(a_kek_that_does_more_than_wrap_is_not_used, |token| {
        let hsm = Hsm::new(token.settings());
        hsm.status().unwrap();
        let protected = [
            Attribute::Token(true),
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
            Attribute::Encrypt(false),
            Attribute::Decrypt(false),
            Attribute::Derive(false),
            Attribute::Wrap(true),
            Attribute::Unwrap(true),
        ];
        let make = |version: u32, otherwise: Attribute| {
            let mut attributes = vec![Attribute::Label(format!("rubrica-kek-{version}").into())];
            attributes.extend(
                protected
                    .iter()
                    .filter(|usual| usual.attribute_type() != otherwise.attribute_type())
                    .cloned(),
            );
            attributes.push(otherwise);
            attributes
        };
        let use_it = |version: u32| {
            let version = KekVersion(version);
            let used = hsm.generate_wrapped(&WrappedBy::Kek(version), KeyAlgorithm::EcP256);
            let checked = hsm.check_kek(version);
            assert_eq!(used.is_ok(), checked.is_ok(), "version {version}");
            used.map(|_| ())
        };
        for (version, otherwise, words) in [
            (7, Attribute::Extractable(true), "it may be extracted"),
            (8, Attribute::Encrypt(true), "it may encrypt"),
            (9, Attribute::Decrypt(true), "it may decrypt"),
            (10, Attribute::Derive(true), "it may derive"),
        ] {
            let mut attributes = make(version, otherwise);
            attributes.push(Attribute::ValueLen(32.into()));
            spy()
                .generate_key(&Mechanism::AesKeyGen, &attributes)
                .unwrap();
            let error = use_it(version).unwrap_err();
            assert!(
                matches!(error, HsmError::KekUnprotected { version: found, .. } if found.0 == version),
                "{error:?}"
            );
            assert!(error.to_string().contains(words), "{error}");
        }
        // One whose value somebody brought, and may still have.
        let mut attributes = make(11, Attribute::Value(vec![7; 32]));
        attributes.push(Attribute::Class(ObjectClass::SECRET_KEY));
        attributes.push(Attribute::KeyType(KeyType::AES));
        spy().create_object(&attributes).unwrap();
        let error = use_it(11).unwrap_err();
        assert!(
            error.to_string().contains("not made on the token"),
            "{error}"
        );

        let mut attributes = make(12, Attribute::Private(true));
        attributes.push(Attribute::ValueLen(32.into()));
        spy()
            .generate_key(&Mechanism::AesKeyGen, &attributes)
            .unwrap();
        use_it(12).unwrap();
    });
}

#[test]
fn keys_wrapped_with_trusted_need_a_kek_that_the_officer_trusts() {
    alone!(
        keys_wrapped_with_trusted_need_a_kek_that_the_officer_trusts,
        |token| {
            let mut settings = token.settings();
            settings.session_keys = SessionKeys::WrapWithTrusted;
            let hsm = Hsm::new(settings.clone());
            hsm.generate_kek(KEK).unwrap();
            let error = hsm.generate_wrapped(BY, KeyAlgorithm::EcP256).unwrap_err();
            assert!(
                matches!(
                    error,
                    HsmError::Refused {
                        operation: Operation::Wrap,
                        ..
                    }
                ),
                "{error:?}"
            );
            assert_eq!(hsm.object_count().unwrap().session, 0);
            // Officer and user cannot be logged in at once; the end of all sessions is the user's logout.
            drop(hsm);
            let officer = spy();
            let pin = AuthPin::from(token.officer_pin());
            officer.login(UserType::So, Some(&pin)).unwrap();
            // SoftHSM lets the officer make a trusted key, but not mark one that is there.
            officer
                .generate_key(
                    &Mechanism::AesKeyGen,
                    &[
                        Attribute::Token(true),
                        Attribute::Private(false),
                        Attribute::Trusted(true),
                        Attribute::Label(b"rubrica-kek-2".to_vec()),
                        Attribute::Sensitive(true),
                        Attribute::Extractable(false),
                        Attribute::Encrypt(false),
                        Attribute::Decrypt(false),
                        Attribute::Derive(false),
                        Attribute::Wrap(true),
                        Attribute::Unwrap(true),
                        Attribute::ValueLen(32.into()),
                    ],
                )
                .unwrap();
            drop(officer);
            let hsm = Hsm::new(settings);
            let trusted = WrappedBy::Kek(KekVersion(2));
            let key = hsm
                .generate_wrapped(&trusted, KeyAlgorithm::EcP256)
                .unwrap();
            sign_one(&hsm, &trusted, KeyAlgorithm::EcP256, &key.wrapped).unwrap();
        }
    );
}

#[test]
fn a_mechanism_that_the_token_refuses_is_named() {
    alone!(a_mechanism_that_the_token_refuses_is_named, |token| {
        let mut settings = token.settings();
        settings.wrap = WrapMechanism::AesCbcPad;
        let hsm = Hsm::new(settings);
        hsm.generate_kek(KEK).unwrap();
        let error = hsm.generate_wrapped(BY, KeyAlgorithm::EcP256).unwrap_err();
        assert!(matches!(error, HsmError::Unsupported { .. }), "{error:?}");
        assert!(error.to_string().contains("CKR_MECHANISM_INVALID"));
        assert_eq!(hsm.object_count().unwrap().session, 0);
    });
}

/// A session beside those of the code under test. The library is initialised and logged in already, which counts
/// for the whole process.
fn spy() -> Session {
    let pkcs11 = Pkcs11::new(MODULE).unwrap();
    let slot = pkcs11
        .get_slots_with_token()
        .unwrap()
        .into_iter()
        .find(|slot| pkcs11.get_token_info(*slot).unwrap().token_initialized())
        .unwrap();
    pkcs11.open_rw_session(slot).unwrap()
}

/// The one object of a class, when there is one. Handles come and go while we look.
fn only(session: &Session, class: ObjectClass) -> Option<ObjectHandle> {
    let found = session.find_objects(&[Attribute::Class(class)]).ok()?;
    found.first().copied()
}
