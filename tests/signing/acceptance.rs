//! What is signed is what was accepted and shown: somebody who can only write the database changes nothing of it.

use rubrica::auth::LinkKey;
use rubrica::domain::algorithm::{Digest, DigestAlgorithm};
use rubrica::domain::document::Packaging;
use rubrica::domain::request::{
    CadesOptions, Commitment, Document, RequestState, SignatureOptions,
};
use rubrica::domain::secret::SecretBytes;
use rubrica::service::acceptance::AcceptanceKey;
use rubrica::service::{ChallengeError, ServiceError};
use rubrica::store;

use crate::harness::asked::{self, detached, pades};
use crate::harness::database::{both_databases, tamper};
use crate::harness::pdf::plain;
use crate::harness::server::link_key;
use crate::harness::town::{Asked, Town};

/// What somebody writes into the row of the first of two documents.
const CHANGES: [&str; 10] = [
    "digest = (SELECT digest FROM documents AS other WHERE other.position = 1)",
    "sha256 = (SELECT sha256 FROM documents AS other WHERE other.position = 1)",
    "sha256 = (SELECT sha256 FROM documents AS other WHERE other.position = 1), \
     digest = (SELECT digest FROM documents AS other WHERE other.position = 1)",
    "digest_midstate = (SELECT digest_midstate FROM documents AS other WHERE other.position = 1)",
    "size = size + 1",
    "name = 'other.txt'",
    "title = 'Another title'",
    "media_type = 'text/html'",
    "padding = 'ecdsa'",
    "id = '0199c0de-0000-7000-8000-' || substr(request_id, 25)",
];

/// What somebody writes there beside these, when it is to be signed by CAdES or by PAdES.
const OF_CADES: [&str; 2] = [
    "packaging = 'enveloping'",
    "options = '{\"cades\":{\"commitment\":\"approval\"}}'",
];
const OF_PADES: [&str; 1] = ["options = '{\"pades\":{\"reason\":\"Conforme\"}}'"];

fn ask(town: &Town, first: &SignatureOptions) -> Asked {
    let (long, longer) = (plain(), [plain(), plain()].concat());
    town.ask(&[
        ("a.pdf", &long, first.clone()),
        ("b.pdf", &longer, detached()),
    ])
}

both_databases! {
    fn a_row_that_was_changed_before_approval_is_neither_shown_nor_signed(database) {
        let town = Town::new(database);
        for (first, own) in [(detached(), &OF_CADES[..]), (pades(), &OF_PADES[..])] {
            for change in CHANGES.iter().chain(own) {
                let asked = ask(&town, &first);
                let id = asked.id;
                tamper(
                    &town.store,
                    &format!("UPDATE documents SET {change} WHERE position = 0 AND request_id = '{id}'")
                        .replace("WHERE other.position", &format!("WHERE request_id = '{id}' AND other.position")),
                );
                for refused in [
                    town.server.service().approval(&town.link(&asked)).map(drop),
                    town.begin(&asked).map(drop),
                ] {
                    let refused = refused.unwrap_err();
                    let about = format!("{change}: {refused:?}");
                    assert!(matches!(refused, ServiceError::DocumentAltered { position: 0, .. }), "{about}");
                }
            }
        }
    }

    fn a_row_that_was_changed_between_password_and_code_is_not_signed(database) {
        let town = Town::new(database);
        let asked = ask(&town, &detached());
        let sent = town.begin(&asked).unwrap();
        tamper(&town.store, &format!("UPDATE documents SET {} WHERE position = 0", CHANGES[0]));
        let refused = town.confirm(&asked, &sent, &town.code()).unwrap_err();
        assert!(matches!(refused, ServiceError::DocumentAltered { position: 0, .. }), "{refused:?}");
        assert_eq!(town.request(&asked).state, RequestState::Pending);
        assert_eq!(town.spent(), 0);
    }

    fn a_code_signs_nothing_in_another_way_than_it_was_sent_for(database) {
        let town = Town::new(database);
        let changes: [fn(&mut Document); 2] = [
            |document| "text/html".clone_into(&mut document.media_type),
            |document| {
                document.options.signature = SignatureOptions::Cades {
                    packaging: Packaging::Detached,
                    options: CadesOptions {
                        commitment: Some(Commitment::ProofOfApproval),
                        ..CadesOptions::default()
                    },
                };
            },
        ];
        for change in changes {
            let asked = ask(&town, &detached());
            let sent = town.begin(&asked).unwrap();
            let mut row = town.rows(&asked).swap_remove(0);
            change(&mut row);
            // With a good mark, to show that the code alone is bound to it.
            let row = asked::accepted(row);
            tamper(&town.store, &format!("DELETE FROM documents WHERE id = '{}'", row.id));
            town.store.write(|connection| store::documents::insert(connection, &row)).unwrap();
            let refused = town.confirm(&asked, &sent, &town.code()).unwrap_err();
            let other = matches!(refused, ServiceError::Challenge(ChallengeError::SomethingElse));
            assert!(other, "{refused:?}");
            assert_eq!(town.spent(), 0);
        }
    }

    fn a_mark_by_another_key_counts_for_nothing(database) {
        let town = Town::new(database);
        let mut request = asked::request(&town.server, town.app.app.id, town.citizen.id);
        request.title = None;
        let mut row = asked::document(&town.server, request.id, "a.txt", b"yes", detached());
        let other = AcceptanceKey::derive(&LinkKey::new(SecretBytes::new([8; 32])));
        row.acceptance_mac = other.mark(&row);
        town.store
            .write(|connection| {
                store::requests::insert(connection, &request)?;
                store::documents::insert(connection, &row)
            })
            .unwrap();
        let refused = town.begin(&Asked::new(request.id, vec![row])).unwrap_err();
        assert!(matches!(refused, ServiceError::DocumentAltered { .. }), "{refused:?}");
    }

    /// Even a row with a good mark must be signed over the digest that is shown.
    fn by_sha_256_nothing_is_signed_but_the_digest_that_is_shown(database) {
        let key = AcceptanceKey::derive(&link_key());
        let town = Town::new(database);
        let request = asked::request(&town.server, town.app.app.id, town.citizen.id);
        let mut row = asked::document(&town.server, request.id, "a.txt", b"yes", detached());
        assert!(key.check(&asked::accepted(row.clone())).is_ok());
        row.digest = Digest::of(DigestAlgorithm::Sha256, b"no");
        assert!(key.check(&asked::accepted(row.clone())).is_err());
        row.options.digest = DigestAlgorithm::Sha384;
        row.digest = Digest::of(DigestAlgorithm::Sha384, b"yes");
        assert!(key.check(&asked::accepted(row)).is_ok());
    }
}
