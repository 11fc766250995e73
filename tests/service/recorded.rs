//! Acts on accounts, credentials and authorities count with their entry in the journal, or not at all.

use rubrica::auth::op;
use rubrica::domain::challenge::Purpose;
use rubrica::domain::credential::CredentialState;
use rubrica::domain::identifier::NationalId;
use rubrica::domain::language::Language;
use rubrica::domain::level::{ProofingMethod, RegistrationLevel};
use rubrica::domain::person::PersonName;
use rubrica::domain::secret::SecretText;
use rubrica::domain::signer::Signer;
use rubrica::service::authorities::Publication;
use rubrica::service::registration::{ClosingReason, LevelEvidence, NewSigner, PhoneClaim};
use rubrica::service::{CodeSent, ServiceError};
use rubrica::store::{AnyConnection, Database, Store, credentials, signers};
use time::macros::date;

use crate::harness::database::{both_databases, tamper};
use crate::harness::server::administrator;
use crate::harness::town::{self, Town};

const NEW_PASSWORD: &str = "N3w!password";

/// Keeps entries of one kind that say it was done out of the journal, as a failure just before the commit would.
pub(super) fn forbid(store: &Store, event: &str) {
    let name = event.replace(['.', '-'], "_");
    let entry =
        format!("NEW.event = '{event}' AND NEW.body LIKE '%\"outcome\":{{\"result\":\"done\"}}%'");
    let sqlite = store.read(|connection| {
        Ok::<_, rubrica::store::StoreError>(matches!(connection, AnyConnection::Sqlite(_)))
    });
    tamper(
        store,
        &if sqlite.unwrap() {
            format!(
                "CREATE TRIGGER no_{name} BEFORE INSERT ON journal WHEN {entry} \
                 BEGIN SELECT RAISE(ABORT, 'forbidden'); END"
            )
        } else {
            format!(
                "CREATE FUNCTION no_{name}() RETURNS trigger LANGUAGE plpgsql \
                 AS $$ BEGIN RAISE EXCEPTION 'forbidden'; END $$; \
                 CREATE TRIGGER no_{name} BEFORE INSERT ON journal FOR EACH ROW \
                 WHEN ({entry}) EXECUTE FUNCTION no_{name}()"
            )
        },
    );
}

/// Takes them again.
pub(super) fn allow(store: &Store, event: &str) {
    let name = event.replace(['.', '-'], "_");
    let sqlite = store.read(|connection| {
        Ok::<_, rubrica::store::StoreError>(matches!(connection, AnyConnection::Sqlite(_)))
    });
    let table = if sqlite.unwrap() { "" } else { " ON journal" };
    tamper(store, &format!("DROP TRIGGER no_{name}{table}"));
}

/// Keeps rows of a table as they are: whoever would change one fails.
pub(super) fn forbid_changes(store: &Store, table: &str) {
    let trigger = format!("CREATE TRIGGER keep_{table} BEFORE UPDATE ON {table} FOR EACH ROW");
    tamper(
        store,
        &match store.database() {
            Database::Sqlite => format!("{trigger} BEGIN SELECT RAISE(ABORT, 'forbidden'); END"),
            Database::Postgres => format!(
                "CREATE OR REPLACE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql \
                 AS $$ BEGIN RAISE EXCEPTION 'forbidden'; END $$; \
                 {trigger} EXECUTE FUNCTION keep()"
            ),
        },
    );
}

/// Lets them change again.
pub(super) fn allow_changes(store: &Store, table: &str) {
    let on = match store.database() {
        Database::Sqlite => String::new(),
        Database::Postgres => format!(" ON {table}"),
    };
    tamper(store, &format!("DROP TRIGGER keep_{table}{on}"));
}

/// The journal did not take the entry.
#[track_caller]
pub(super) fn refused<T>(outcome: Result<T, ServiceError>) {
    match outcome {
        Err(ServiceError::Store(_)) => {}
        Err(error) => panic!("{error:?}"),
        Ok(_) => panic!("it was done"),
    }
}

fn secret(text: &str) -> SecretText {
    SecretText::new(text.to_owned())
}

fn somebody_else() -> NewSigner {
    NewSigner {
        national_id: "X1234567L".parse().unwrap(),
        name: PersonName::new("Berta", "Sol", None).unwrap(),
        phone: "+34611222333".parse().unwrap(),
        email: None,
        language: Language::Spanish,
        method: ProofingMethod::InPerson,
        level: RegistrationLevel::Advanced,
        proofed_at: date!(2026 - 11 - 20),
    }
}

impl Town {
    pub(super) fn who(&self) -> NationalId {
        self.citizen.national_id.expose().parse().unwrap()
    }

    pub(super) fn account(&self) -> Signer {
        let id = self.citizen.id;
        let found = self
            .store
            .read(|connection| signers::find(connection, id))
            .unwrap();
        found.unwrap()
    }

    pub(super) fn begin_change(&self, password: &SecretText) -> Result<CodeSent, ServiceError> {
        self.server
            .service()
            .begin_change(Language::Spanish, &self.citizen.national_id, password)
    }

    pub(super) fn finish_change(&self, sent: &CodeSent, code: &str) -> Result<(), ServiceError> {
        self.server.service().finish_password(
            Purpose::ChangePassword,
            sent.challenge,
            &sent.browser_key,
            &secret(code),
            &secret(NEW_PASSWORD),
        )
    }

    /// The results of the entries of one kind, in order.
    fn results_of(&self, event: &str) -> Vec<String> {
        let entries = town::entries(&self.store, self.server.service().ambient());
        let told = entries.iter().filter(|entry| entry["event"] == event);
        told.map(|entry| {
            entry["body"]["outcome"]["result"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect()
    }

    pub(super) fn events_named(&self, event: &str) -> usize {
        let events = self.events();
        events.iter().filter(|one| *one == event).count()
    }
}

both_databases! {
    fn what_the_office_does_counts_only_with_its_entry(database) {
        let town = Town::new(database);
        let service = town.server.service();
        let register = administrator().authorize(op::RegisterSigner);
        let manage = administrator().authorize(op::ManageAccount);
        let who = town.who();
        for event in [
            "signer.registered",
            "signer.level-raised",
            "signer.phone-changed",
            "signer.deregistered",
            "activation-code.issued",
        ] {
            forbid(&town.store, event);
        }
        let before = town.account();
        refused(service.register_signer(&register, somebody_else(), &PhoneClaim::Free));
        let again = NewSigner { national_id: who.clone(), ..somebody_else() };
        refused(service.renew_registration(&register, again, &PhoneClaim::Free));
        let day = LevelEvidence::InPerson(date!(2026 - 11 - 22));
        refused(service.raise_level(&register, &who, day));
        let phone = somebody_else().phone;
        refused(service.change_phone(&register, &who, &phone, &PhoneClaim::Free));
        refused(service.deregister_signer(&register, &who, ClosingReason::Resignation));
        assert_eq!(town.account(), before);
        assert!(service.signer(&register, &somebody_else().national_id).is_err());
        let credential = town
            .store
            .read(|connection| credentials::find(connection, town.citizen.credential))
            .unwrap()
            .unwrap();
        assert_eq!(credential.state(), CredentialState::Active);

        refused(service.reissue_activation_code(&manage, &who, &town.citizen.password));
        let old = &town.citizen.activation_code;
        service.begin_reset(Language::Spanish, &town.citizen.national_id, old).unwrap();
    }

    fn an_account_is_closed_with_its_credentials_or_stays_open(database) {
        let town = Town::new(database);
        let service = town.server.service();
        let register = administrator().authorize(op::RegisterSigner);
        let before = town.account();
        let messages = town.server.phones().messages().len();
        forbid(&town.store, "credential.revoked");
        let reason = ClosingReason::ExOfficio;
        refused(service.deregister_signer(&register, &town.who(), reason));
        assert_eq!(town.account(), before);
        assert_eq!(town.events_named("signer.deregistered"), 0);
        assert_eq!(town.server.phones().messages().len(), messages);
        assert_eq!(service.upkeep().revoked, 0);
    }

    fn what_citizens_do_counts_only_with_its_entry(database) {
        let town = Town::new(database);
        let service = town.server.service();
        for event in ["password.changed", "password.reset"] {
            forbid(&town.store, event);
        }
        let sent = town.begin_change(&town.citizen.password).unwrap();
        let before = town.account();
        refused(town.finish_change(&sent, &town.code()));
        assert_eq!(town.account(), before);
        let code = &town.citizen.activation_code;
        let sent = service.begin_reset(Language::Spanish, &town.citizen.national_id, code).unwrap();
        refused(service.finish_password(
            Purpose::ResetPassword,
            sent.challenge,
            &sent.browser_key,
            &secret(&town.code()),
            &secret(NEW_PASSWORD),
        ));
        assert!(town.begin_change(&secret(NEW_PASSWORD)).is_err());
        town.begin_change(&town.citizen.password).unwrap();
    }

    fn a_block_by_wrong_passwords_counts_only_with_its_entry(database) {
        let town = Town::new(database);
        let wrong = secret("Wr0ng!pass");
        for _ in 0..4 {
            assert!(matches!(town.begin_change(&wrong), Err(ServiceError::NotRecognised)));
        }
        forbid(&town.store, "signer.blocked");
        refused(town.begin_change(&wrong));
        refused(town.begin_change(&town.citizen.password));
        assert_eq!(town.account().blocked_at, None);
    }

    fn the_last_try_is_on_record_as_a_block_until_it_was_right(database) {
        let town = Town::new(database);
        let wrong = secret("Wr0ng!pass");
        for _ in 0..4 {
            assert!(town.begin_change(&wrong).is_err());
        }
        forbid(&town.store, "signer.unblocked");
        refused(town.begin_change(&town.citizen.password));
        // As a stop in the middle of the look leaves it: blocked, and on record as blocked.
        assert!(town.account().blocked_at.is_some());
        assert_eq!(town.events_named("signer.blocked"), 1);
        let manage = administrator().authorize(op::ManageAccount);
        refused(town.server.service().unblock_signer(&manage, &town.who()));
        assert!(town.account().blocked_at.is_some());
    }

    fn a_last_try_that_was_right_is_told_as_a_block_and_its_end(database) {
        let town = Town::new(database);
        for _ in 0..4 {
            assert!(town.begin_change(&secret("Wr0ng!pass")).is_err());
        }
        town.begin_change(&town.citizen.password).unwrap();
        assert_eq!(town.account().blocked_at, None);
        let told = ["signer.blocked", "signer.unblocked"].map(|event| town.events_named(event));
        assert_eq!(told, [1, 1]);
    }

    fn a_password_that_was_not_looked_at_is_told_from_a_wrong_one(database) {
        let town = Town::new(database);
        for _ in 0..5 {
            assert!(town.begin_change(&secret("Wr0ng!pass")).is_err());
        }
        assert!(town.begin_change(&town.citizen.password).is_err());
        let entries = town::entries(&town.store, town.server.service().ambient());
        let codes: Vec<_> = entries
            .iter()
            .filter(|entry| entry["event"] == "factor.checked")
            .filter_map(|entry| entry["body"]["outcome"]["code"].as_str())
            .collect();
        assert_eq!(codes, ["wrong", "wrong", "wrong", "wrong", "wrong", "blocked"]);
    }

    fn authorities_count_only_with_their_entries(database) {
        let town = Town::new(database);
        let service = town.server.service();
        let authorities = administrator().authorize(op::ManageAuthorities);
        forbid(&town.store, "authority.created");
        refused(service.init_authorities(&authorities));
        assert_eq!(service.authorities(&authorities).unwrap(), []);
    }

    fn a_list_counts_only_with_its_entry(database) {
        let town = Town::new(database);
        let service = town.server.service();
        let authorities = administrator().authorize(op::ManageAuthorities);
        forbid(&town.store, "revocation-list.published");
        refused(service.init_authorities(&authorities));
        let made = service.authorities(&authorities).unwrap();
        assert_eq!(made.len(), 2);
        assert!(made.iter().all(|authority| authority.next_list.is_none()), "{made:?}");
    }

    fn what_the_hsm_does_for_authorities_is_on_record_before_and_after(database) {
        let town = Town::new(database);
        let authorities = administrator().authorize(op::ManageAuthorities);
        town.server.service().init_authorities(&authorities).unwrap();
        let twice = ["intended", "done", "intended", "done"];
        assert_eq!(town.results_of("authority.created"), twice);
        assert_eq!(town.results_of("revocation-list.published"), twice);
    }

    fn a_list_that_was_overtaken_is_not_told_as_published(database) {
        let town = Town::new(database);
        let service = town.server.service();
        let authorities = administrator().authorize(op::ManageAuthorities);
        service.init_authorities(&authorities).unwrap();
        // Another node takes the next number between this one's intent and its list.
        let (head, tail) = match town.store.database() {
            Database::Sqlite => ("CREATE TRIGGER faster AFTER INSERT ON journal BEGIN ", "END"),
            Database::Postgres => (
                "CREATE FUNCTION faster() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ",
                "RETURN NEW; END $$; CREATE TRIGGER faster AFTER INSERT ON journal FOR EACH ROW \
                 EXECUTE FUNCTION faster()",
            ),
        };
        let number = "UPDATE authorities SET crl_number = crl_number + 1;";
        tamper(&town.store, &format!("{head} {number} {tail}"));
        let lists = || [Publication::by_name("root.crl"), Publication::by_name("issuing.crl")]
            .map(|list| service.publication(list.unwrap()).unwrap());
        let before = lists();
        town.server.clock().advance(time::Duration::days(4));
        assert_eq!(service.publish_due_lists().unwrap(), 0);
        assert_eq!(lists(), before);
        let told = town.results_of("revocation-list.published");
        assert_eq!(told[4..], ["intended", "failed", "intended", "failed"]);
    }
}
