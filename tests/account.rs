//! What citizens do with their accounts, as use cases: messages, answers, journal.

use std::fs;

use diesel::connection::SimpleConnection;
use rubrica::domain::challenge::{Purpose, SmsState};
use rubrica::domain::language::Language;
use rubrica::domain::secret::SecretText;
use rubrica::identity::PhoneClaim;
use rubrica::service::{ChallengeError, CodeSent, PasswordRule, ServiceError};
use rubrica::store::StoreError;
use serde_json::Value;
use time::Duration;

use crate::harness::citizen::ActiveCitizen;
use crate::harness::database::{TestDatabase, both_databases};
use crate::harness::server::TestServer;
use crate::harness::standing::{PASSWORD, ana};
use crate::harness::town;

const DNI: &str = "12345678Z";
const PHONE: &str = "+34600123456";

/// A server, its database, and a citizen who was registered by an office that shares both.
struct Town<'a> {
    server: TestServer,
    database: &'a TestDatabase,
    activation_code: SecretText,
}

impl<'a> Town<'a> {
    fn new(database: &'a TestDatabase) -> Self {
        let server = TestServer::start(database);
        let registered = server.office().register(ana(), &PhoneClaim::Free).unwrap();
        Self {
            server,
            database,
            activation_code: registered.activation_code,
        }
    }

    fn active(database: &'a TestDatabase) -> Self {
        let town = Self::new(database);
        let sent = town.activation().unwrap();
        town.finish(Purpose::Activate, &sent, PASSWORD).unwrap();
        town
    }

    fn activation(&self) -> Result<CodeSent, ServiceError> {
        self.server.service().begin_activation(
            Language::Spanish,
            &secret(" 12.345.678-z "),
            &secret("ana@example.com"),
            &self.activation_code,
        )
    }

    fn reset(&self) -> Result<CodeSent, ServiceError> {
        self.server
            .service()
            .begin_reset(Language::Basque, &secret(DNI), &self.activation_code)
    }

    fn change(&self, who: &str, password: &str) -> Result<CodeSent, ServiceError> {
        self.server
            .service()
            .begin_change(Language::English, &secret(who), &secret(password))
    }

    /// The second step, with the code from the phone.
    fn finish(&self, purpose: Purpose, sent: &CodeSent, new: &str) -> Result<(), ServiceError> {
        let code = self.server.phones().code(PHONE);
        self.server.service().finish_password(
            purpose,
            sent.challenge,
            &sent.browser_key,
            &code,
            &secret(new),
        )
    }

    /// Somebody else, with a password.
    fn neighbour(&self) {
        ActiveCitizen::new(&self.server, 0);
    }

    fn sql(&self, statement: &str) {
        self.database
            .store()
            .write(|connection| {
                connection.batch_execute(statement)?;
                Ok::<_, StoreError>(())
            })
            .unwrap();
    }

    fn journal(&self) -> Vec<Value> {
        town::entries(self.server.store(), self.server.service().ambient())
    }

    fn exported(&self) -> String {
        town::journal(self.server.store(), self.server.service().ambient()).join("\n")
    }

    fn events(&self) -> Vec<String> {
        self.journal()
            .iter()
            .map(|line| {
                let result = line.pointer("/body/outcome/result").unwrap();
                format!("{} {}", line.get("event").unwrap(), result).replace('"', "")
            })
            .collect()
    }
}

fn secret(text: &str) -> SecretText {
    SecretText::new(text.to_owned())
}

both_databases! {
    fn a_citizen_activates_resets_and_changes(database) {
        let town = Town::active(database);
        let sent = town.change(DNI, PASSWORD).unwrap();
        assert_eq!(sent.phone_hint, "456");
        assert!(sent.last_access.is_some());
        assert!(town.server.phones().last(PHONE).text.contains("change your password"));
        town.finish(Purpose::ChangePassword, &sent, "Ch4nged!pass").unwrap();
        let sent = town.reset().unwrap();
        town.finish(Purpose::ResetPassword, &sent, "R3set!password").unwrap();
        assert!(town.change(DNI, "R3set!password").is_ok());
        assert_eq!(town.events(), [
            "factor.checked done",
            "code.sent done",
            "code.checked done",
            "signer.activated done",
            "factor.checked done",
            "code.sent done",
            "code.checked done",
            "password.changed done",
            "factor.checked done",
            "code.sent done",
            "code.checked done",
            "password.reset done",
            "factor.checked done",
            "code.sent done",
        ]);
    }

    fn the_journal_names_no_secret_and_no_identifier(database) {
        let town = Town::active(database);
        let sent = town.change(DNI, PASSWORD).unwrap();
        let code = town.server.phones().code(PHONE);
        assert!(town.change(DNI, "Wr0ng!pass").is_err());
        let exported = town.exported();
        for hidden in [
            DNI,
            PASSWORD,
            "Wr0ng!pass",
            PHONE,
            "600123456",
            code.expose(),
            town.activation_code.expose(),
            sent.browser_key.to_text().expose(),
        ] {
            assert!(!exported.contains(hidden), "{hidden} in {exported}");
        }
    }

    fn pages_do_not_tell_who_is_registered(database) {
        let town = Town::active(database);
        let wrong_code = secret("0000-0000-0000-0000");
        let service = town.server.service();
        let mut answers = vec![
            town.change("99999999R", PASSWORD),
            town.change("not a DNI", PASSWORD),
            service.begin_reset(Language::Spanish, &secret("99999999R"), &wrong_code),
            service.begin_reset(Language::Spanish, &secret(DNI), &wrong_code),
        ];
        answers.extend((0..7).map(|_| town.change(DNI, "Wr0ng!pass")));
        answers.push(town.change(DNI, PASSWORD));
        for answer in answers {
            assert!(matches!(answer, Err(ServiceError::NotRecognised)), "{answer:?}");
        }
        assert_eq!(
            town.events().iter().filter(|event| *event == "signer.blocked done").count(),
            1
        );
        // Nothing went to the phone but the code of the activation.
        assert_eq!(town.server.phones().messages().len(), 1);
    }

    fn a_bad_password_costs_no_code(database) {
        let town = Town::new(database);
        let sent = town.activation().unwrap();
        for (password, rule) in [
            ("short", PasswordRule::TooShort),
            ("Ana12345678", PasswordRule::Name),
        ] {
            let refused = town.finish(Purpose::Activate, &sent, password);
            assert!(
                matches!(&refused, Err(ServiceError::PasswordRejected(rules)) if rules.contains(&rule)),
                "{refused:?}"
            );
        }
        town.finish(Purpose::Activate, &sent, PASSWORD).unwrap();
    }

    fn the_present_password_is_told_only_to_who_has_the_code(database) {
        let town = Town::active(database);
        let sent = town.reset().unwrap();
        let give = |code: &SecretText, password: &str| {
            town.server.service().finish_password(
                Purpose::ResetPassword,
                sent.challenge,
                &sent.browser_key,
                code,
                &secret(password),
            )
        };
        let guessed = give(&secret("nope"), PASSWORD).unwrap_err();
        assert!(
            matches!(guessed, ServiceError::Challenge(ChallengeError::WrongCode { tries_left: 2 })),
            "{guessed:?}"
        );
        let code = town.server.phones().code(PHONE);
        let same = give(&code, PASSWORD).unwrap_err();
        assert!(
            matches!(&same, ServiceError::PasswordRejected(rules) if rules == &[PasswordRule::Same]),
            "{same:?}"
        );
        // The code is still good for another one.
        give(&code, "R3set!password").unwrap();
        assert!(town.change(DNI, "R3set!password").is_ok());
    }

    fn each_comparison_with_the_present_password_costs_a_try(database) {
        let town = Town::active(database);
        let sent = town.reset().unwrap();
        for _ in 0..2 {
            assert!(matches!(
                town.finish(Purpose::ResetPassword, &sent, PASSWORD),
                Err(ServiceError::PasswordRejected(_))
            ));
        }
        for password in [PASSWORD, "R3set!password"] {
            assert!(matches!(
                town.finish(Purpose::ResetPassword, &sent, password),
                Err(ServiceError::Challenge(ChallengeError::Exhausted))
            ));
        }
    }

    fn a_password_that_could_not_be_stored_is_not_told_as_chosen(database) {
        let town = Town::new(database);
        town.neighbour();
        let sent = town.activation().unwrap();
        // The neighbour's password is the only one there may be: storing another fails, and nothing before it.
        town.sql("CREATE UNIQUE INDEX only_one ON keyslots (kind) WHERE kind = 'password'");
        let failed = town.finish(Purpose::Activate, &sent, PASSWORD);
        assert!(matches!(failed, Err(ServiceError::Store(_))), "{failed:?}");
        let again = town.finish(Purpose::Activate, &sent, PASSWORD);
        assert!(again.is_err(), "told as done, and no password is in force");
        town.sql("DROP INDEX only_one");
        town.finish(Purpose::Activate, &sent, PASSWORD).unwrap();
        assert!(town.change(DNI, PASSWORD).is_ok());
        let events = town.events();
        // The neighbour's and this one.
        assert_eq!(events.iter().filter(|event| *event == "signer.activated done").count(), 2);
    }

    fn of_two_clicks_both_are_told_that_it_is_done(database) {
        let town = Town::new(database);
        let sent = town.activation().unwrap();
        std::thread::scope(|scope| {
            let clicks: Vec<_> = (0..2)
                .map(|_| scope.spawn(|| town.finish(Purpose::Activate, &sent, PASSWORD)))
                .collect();
            for click in clicks {
                click.join().unwrap().unwrap();
            }
        });
        town.finish(Purpose::Activate, &sent, PASSWORD).unwrap();
        let events = town.events();
        assert_eq!(events.iter().filter(|event| *event == "signer.activated done").count(), 1);
    }

    fn wrong_codes_end_the_step(database) {
        let town = Town::new(database);
        let sent = town.activation().unwrap();
        let service = town.server.service();
        let give = |code: &str| {
            service.finish_password(
                Purpose::Activate,
                sent.challenge,
                &sent.browser_key,
                &secret(code),
                &secret(PASSWORD),
            )
        };
        for left in [2, 1] {
            assert!(matches!(
                give("nope"),
                Err(ServiceError::Challenge(ChallengeError::WrongCode { tries_left })) if tries_left == left
            ));
            let step = service
                .code_step(Purpose::Activate, sent.challenge, &sent.browser_key)
                .unwrap();
            assert_eq!((step.tries_left, step.phone.as_str()), (left, "456"));
        }
        for _ in 0..2 {
            assert!(matches!(
                give("nope"),
                Err(ServiceError::Challenge(ChallengeError::Exhausted))
            ));
        }
        town.activation().unwrap();
    }

    fn a_new_code_can_be_asked_for_in_any_language(database) {
        let town = Town::new(database);
        let sent = town.activation().unwrap();
        let old = town.server.phones().code(PHONE);
        let again = town
            .server
            .service()
            .resend_account_code(Language::English, sent.challenge, &sent.browser_key)
            .unwrap();
        assert_eq!((again.challenge, again.phone_hint.as_str()), (sent.challenge, "456"));
        assert!(town.server.phones().last(PHONE).text.starts_with("Code to activate"));
        if old.expose() != town.server.phones().code(PHONE).expose() {
            let refused = town.server.service().finish_password(
                Purpose::Activate,
                sent.challenge,
                &sent.browser_key,
                &old,
                &secret(PASSWORD),
            );
            assert!(refused.is_err());
        }
        town.finish(Purpose::Activate, &sent, PASSWORD).unwrap();
    }

    fn a_step_of_one_act_is_none_of_another(database) {
        let town = Town::active(database);
        let sent = town.reset().unwrap();
        let service = town.server.service();
        let request = service.ambient().id();
        for purpose in [Purpose::ChangePassword, Purpose::Activate, Purpose::Sign { request }] {
            assert!(matches!(
                town.finish(purpose, &sent, "N3w!password"),
                Err(ServiceError::Challenge(ChallengeError::SomethingElse))
            ));
            assert!(service.code_step(purpose, sent.challenge, &sent.browser_key).is_err());
        }
    }

    fn an_active_account_is_reset_and_not_activated_again(database) {
        let town = Town::active(database);
        assert!(matches!(town.activation(), Err(ServiceError::AlreadyActive)));
    }

    fn a_reset_unblocks(database) {
        let town = Town::active(database);
        for _ in 0..6 {
            assert!(town.change(DNI, "Wr0ng!pass").is_err());
        }
        let sent = town.reset().unwrap();
        town.finish(Purpose::ResetPassword, &sent, "R3set!password").unwrap();
        assert!(town.change(DNI, "R3set!password").is_ok());
    }

    fn a_message_that_does_not_go_out_is_told_and_kept(database) {
        let town = Town::new(database);
        let sent = town.activation().unwrap();
        let outbox = town.server.outbox();
        fs::rename(&outbox, outbox.with_extension("gone")).unwrap();
        fs::write(&outbox, "in the way").unwrap();
        let service = town.server.service();
        let failed = service.resend_account_code(Language::Spanish, sent.challenge, &sent.browser_key);
        assert!(matches!(failed, Err(ServiceError::SmsNotSent(_))), "{failed:?}");
        let step = service
            .code_step(Purpose::Activate, sent.challenge, &sent.browser_key)
            .unwrap();
        assert_eq!((step.sms_state, step.resends_left), (SmsState::Unreachable, 2));
        assert_eq!(town.events().last().unwrap(), "code.sent failed");
        fs::remove_file(&outbox).unwrap();
        service
            .resend_account_code(Language::Spanish, sent.challenge, &sent.browser_key)
            .unwrap();
        town.finish(Purpose::Activate, &sent, PASSWORD).unwrap();
    }

    fn an_old_code_is_told_as_expired(database) {
        let town = Town::new(database);
        let sent = town.activation().unwrap();
        town.server.clock().advance(Duration::minutes(6));
        assert!(matches!(
            town.finish(Purpose::Activate, &sent, PASSWORD),
            Err(ServiceError::Challenge(ChallengeError::Expired))
        ));
    }
}
