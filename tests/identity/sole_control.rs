//! Who can open a citizen's secret: whoever knows the password or the activation code, and nobody who has the
//! database.

use super::*;
use aes_gcm::Aes256Gcm;
use aes_gcm::aead::{Aead, KeyInit, Payload};
use rubrica::domain::secret::SecretBytes;
use sha2::{Digest, Sha256};

use crate::harness::database::both_databases;
use crate::harness::dump::dump;

both_databases! {
    fn changing_and_resetting_the_password_keep_the_secret(database) {
        let office = Office::new(database);
        let (signer, code) = office.active(ana());
        let who = &ana().national_id;
        let first = office.secret_of(who, PASSWORD);
        assert_eq!(first.sealing_key(), signer.sealing_key);
        let opened = office.with_password(who, PASSWORD).unwrap();
        office.choose(opened, Purpose::ChangePassword, "Ch4nged!pass");
        assert_eq!(office.secret_of(who, "Ch4nged!pass").expose(), first.expose());
        let opened = office.with_code(who, &code).unwrap();
        let after = office.choose(opened, Purpose::ResetPassword, "R3set!password");
        assert_eq!(office.secret_of(who, "R3set!password").expose(), first.expose());
        assert_eq!(after.sealing_key, signer.sealing_key);
    }

    fn losing_both_secrets_loses_the_old_secret_for_good(database) {
        let office = Office::new(database);
        let (signer, old_code) = office.active(ana());
        let who = &ana().national_id;
        let old = office.secret_of(who, PASSWORD);
        let renewed = office.identity.renew_registration(ana(), &PhoneClaim::Free).unwrap();
        assert_eq!(renewed.signer.id, signer.id);
        assert_eq!(
            renewed.earlier_credentials,
            rubrica::identity::EarlierCredentials::Lost
        );
        assert_ne!(renewed.signer.sealing_key, signer.sealing_key);
        assert!(office.with_password(who, PASSWORD).is_err());
        assert!(office.with_code(who, &old_code).is_err());
        let opened = office.with_code(who, &renewed.activation_code).unwrap();
        office.choose(opened, Purpose::Activate, PASSWORD);
        assert_ne!(office.secret_of(who, PASSWORD).expose(), old.expose());
    }

    fn a_renewal_overtakes_a_password_being_chosen(database) {
        let office = Office::new(database);
        let (signer, _) = office.active(ana());
        let opened = office.with_password(&ana().national_id, PASSWORD).unwrap();
        let new = NewPassword::new(&signer, &secret("N3w!password")).unwrap();
        let purpose = Purpose::ChangePassword;
        let opened = office.identity.open_challenge(opened, purpose, NOTHING).unwrap();
        let confirmed = office.confirm(&opened, purpose);
        office.identity.renew_registration(ana(), &PhoneClaim::Free).unwrap();
        assert!(matches!(
            office.identity.set_password(confirmed, &new),
            Err(IdentityError::Overtaken)
        ));
    }

    fn nothing_in_the_database_opens_the_secret(database) {
        let office = Office::new(database);
        office.active(ana());
        let who = &ana().national_id;
        let secret_value = office.secret_of(who, PASSWORD);
        let opened = office.with_password(who, PASSWORD).unwrap();
        let waiting = office.identity.open_challenge(opened, Purpose::ChangePassword, NOTHING).unwrap();

        let columns = dump(database);
        let sealed: Vec<&Vec<u8>> = columns.iter().filter(|bytes| bytes.len() == 12 + 32 + 16).collect();
        assert!(sealed.len() >= 3, "two keyslots and one waiting secret are expected");
        let keys = keys_out_of(&columns);
        assert!(keys.len() > 100, "the dump gave only {} keys to try", keys.len());
        for sealed in sealed {
            assert!(!opens(sealed, &keys, secret_value.expose()));
        }
        // Nor is there anything whose public half is the one that credentials are sealed to.
        let sealing_key = secret_value.sealing_key();
        for key in &keys {
            let taken_for_secret = CitizenSecret::new(SecretBytes::new(*key));
            assert_ne!(taken_for_secret.sealing_key(), sealing_key);
        }
        // The control: a seal whose key is in the dump is found out.
        let (nonce, secret) = ([1_u8; 12], [2_u8; 32]);
        let cipher = Aes256Gcm::new(keys.last().unwrap().into());
        let careless = cipher.encrypt(&nonce.into(), secret.as_slice()).unwrap();
        assert!(opens(&[nonce.as_slice(), &careless].concat(), &keys, &secret));
        drop(waiting);
    }

    fn neither_secrets_nor_codes_are_in_any_column(database) {
        let office = Office::new(database);
        let registered = office.register(ana());
        let code = registered.activation_code;
        let who = &ana().national_id;
        let opened = office.with_code(who, &code).unwrap();
        office.choose(opened, Purpose::Activate, PASSWORD);
        let secret_value = office.secret_of(who, PASSWORD);
        let opened = office.with_password(who, PASSWORD).unwrap();
        let waiting = office.identity.open_challenge(opened, Purpose::ChangePassword, NOTHING).unwrap();
        let key = waiting.browser_key.to_text();
        let plain_code = code.expose().replace('-', "");
        for column in dump(database) {
            for hidden in [
                secret_value.expose().as_slice(),
                hex::encode(secret_value.expose()).as_bytes(),
                PASSWORD.as_bytes(),
                code.expose().as_bytes(),
                plain_code.as_bytes(),
                key.expose().as_bytes(),
            ] {
                assert!(!contains(&column, hidden), "{column:?}");
            }
            assert_ne!(column, waiting.code.expose().as_bytes());
            assert_ne!(column, Sha256::digest(waiting.code.expose()).as_slice());
        }
        // The control: what is stored in clear is found by the same search.
        assert!(dump(database).iter().any(|column| contains(column, who.as_str().as_bytes())));
    }
}

#[test]
fn the_raw_database_file_holds_no_secret() {
    let database = TestDatabase::sqlite();
    let office = Office::new(&database);
    let (_, code) = office.active(ana());
    let secret_value = office.secret_of(&ana().national_id, PASSWORD);
    let path = database.url().strip_prefix("sqlite:").unwrap();
    let mut bytes = std::fs::read(path).unwrap();
    for ending in ["-wal", "-shm"] {
        bytes.extend(std::fs::read(format!("{path}{ending}")).unwrap_or_default());
    }
    assert!(
        contains(&bytes, b"12345678Z"),
        "the search finds nothing at all"
    );
    for hidden in [
        secret_value.expose().as_slice(),
        PASSWORD.as_bytes(),
        code.expose().as_bytes(),
        code.expose().replace('-', "").as_bytes(),
    ] {
        assert!(!contains(&bytes, hidden));
    }
}

/// Everything in the dump that somebody might take for an AES-256 key: each value's first, last and all inner 32
/// bytes, and the SHA-256 of each value.
fn keys_out_of(columns: &[Vec<u8>]) -> Vec<[u8; 32]> {
    columns
        .iter()
        .flat_map(|value| {
            value
                .windows(32)
                .map(|window| <[u8; 32]>::try_from(window).unwrap())
                .chain(std::iter::once(Sha256::digest(value).into()))
        })
        .collect()
}

/// Whether one of the keys opens a seal. Without its associated data a right key would be refused too; the tag is
/// therefore left aside, and the key stream is compared with the secret itself.
fn opens(sealed: &[u8], keys: &[[u8; 32]], secret: &[u8; 32]) -> bool {
    let (nonce, rest) = sealed.split_first_chunk::<12>().unwrap();
    keys.iter().any(|key| {
        let stream = Aes256Gcm::new(key.into())
            .encrypt(nonce.into(), Payload::from(&[0_u8; 32][..]))
            .unwrap();
        rest.iter()
            .zip(&stream)
            .take(32)
            .map(|(sealed, stream)| sealed ^ stream)
            .eq(secret.iter().copied())
    })
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle)
}
