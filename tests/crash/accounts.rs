//! Killing the process at each step of an act on an account, and of its end.

use rubrica::auth::op;
use rubrica::domain::challenge::Purpose;
use rubrica::domain::identifier::NationalId;
use rubrica::domain::language::Language;
use rubrica::domain::level::{ProofingMethod, RegistrationLevel};
use rubrica::domain::person::PersonName;
use rubrica::domain::secret::SecretText;
use rubrica::journal::{AuditKey, Journal};
use rubrica::service::registration::{ClosingReason, NewSigner, PhoneClaim};
use rubrica::service::{CodeSent, Service, ServiceError};

use super::{Fate, Kill, killed};
use crate::harness::database::{TestDatabase, both_databases};
use crate::harness::server::{TestServer, administrator};
use crate::harness::town;

/// Every step of choosing the first password.
pub(super) const KILLS: [Kill; 6] = [
    ("counted", 1),
    ("recognised", 1),
    ("sending", 1),
    ("sent", 1),
    ("code taken", 1),
    PASSWORD_SET,
];
const PASSWORD_SET: Kill = ("password set", 1);
/// The account is closed; its citizen was not told yet.
pub(super) const CLOSED: Kill = ("closed", 1);

const DNI: &str = "12345678Z";
const PHONE: &str = "+34600123456";
const PASSWORD: &str = "Str0ng!pass";

both_databases! {
    fn a_stop_while_a_password_is_chosen_leaves_it_chosen_or_to_be_chosen(database) {
        for kill in KILLS {
            let database = database.another();
            let code = killed("crash::accounts::the_child_that_activates", &database, kill, "");
            let server = TestServer::start(&database);
            let service = server.service();
            let begun = begin(service, &SecretText::new(code));
            if kill == PASSWORD_SET {
                assert!(matches!(begun, Err(ServiceError::AlreadyActive)), "{kill:?}: {begun:?}");
            } else {
                let sent = begun.unwrap_or_else(|error| panic!("{kill:?}: {error:?}"));
                finish(&server, &sent).unwrap();
            }
            let changed = service.begin_change(Language::Spanish, &text(DNI), &text(PASSWORD));
            assert!(changed.is_ok(), "{kill:?}: {changed:?}");
            let events = town::events(server.store(), service.ambient());
            let activated = events.iter().filter(|event| *event == "signer.activated").count();
            assert_eq!(activated, 1, "{kill:?}: {events:?}");
            assert_intact(&server, &database);
        }
    }

    fn a_stop_when_an_account_was_just_closed_leaves_nothing_to_sign_with(database) {
        killed("crash::accounts::the_child_that_closes", database, CLOSED, "");
        let server = TestServer::start(database);
        let events = town::events(server.store(), server.service().ambient());
        for event in ["signer.deregistered", "credential.revoked"] {
            assert_eq!(events.iter().filter(|told| *told == event).count(), 1, "{events:?}");
        }
        let again = close(server.service());
        assert!(again.is_err(), "{again:?}");
        let round = server.service().upkeep();
        assert!(round.failed.is_empty(), "{round:?}");
        assert_intact(&server, database);
    }
}

fn assert_intact(server: &TestServer, database: &TestDatabase) {
    let ambient = server.service().ambient().clone();
    let journal = Journal::new(database.store(), ambient, "reader".parse().unwrap());
    let report = journal.verify(&[], &AuditKey::NotAtHand, &mut |_| ());
    assert!(report.unwrap().is_intact());
}

fn register(server: &TestServer) -> SecretText {
    let registered = server.service().register_signer(
        &administrator().authorize(op::RegisterSigner),
        NewSigner {
            national_id: DNI.parse().unwrap(),
            name: PersonName::new("Ana", "Gil", None).unwrap(),
            phone: PHONE.parse().unwrap(),
            email: None,
            language: Language::Spanish,
            method: ProofingMethod::InPerson,
            level: RegistrationLevel::Advanced,
            proofed_at: server.service().ambient().now().date(),
        },
        &PhoneClaim::Free,
    );
    registered.unwrap().activation_code
}

fn begin(service: &Service, code: &SecretText) -> Result<CodeSent, ServiceError> {
    service.begin_activation(Language::Spanish, &text(DNI), &text(""), code)
}

fn finish(server: &TestServer, sent: &CodeSent) -> Result<(), ServiceError> {
    server.service().finish_password(
        Purpose::Activate,
        sent.challenge,
        &sent.browser_key,
        &server.phones().code(PHONE),
        &text(PASSWORD),
    )
}

fn close(service: &Service) -> Result<usize, ServiceError> {
    let national_id: NationalId = DNI.parse().unwrap();
    let by = administrator().authorize(op::RegisterSigner);
    let closed = service.deregister_signer(&by, &national_id, ClosingReason::Resignation);
    closed.map(|(_, revoked)| revoked)
}

fn text(text: &str) -> SecretText {
    SecretText::new(text.to_owned())
}

#[test]
#[ignore = "run by the tests above, in a process of its own"]
fn the_child_that_activates() {
    let Some(fate) = Fate::told() else {
        return;
    };
    let server = TestServer::start(&fate.database);
    let code = register(&server);
    fate.await_it(code.expose());
    let sent = begin(server.service(), &code).unwrap();
    finish(&server, &sent).unwrap();
}

#[test]
#[ignore = "run by the tests above, in a process of its own"]
fn the_child_that_closes() {
    let Some(fate) = Fate::told() else {
        return;
    };
    let server = TestServer::start(&fate.database);
    server.eligible(DNI);
    fate.await_it("");
    close(server.service()).unwrap();
}
