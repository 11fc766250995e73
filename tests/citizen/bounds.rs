//! What bounds a citizen, or keeps a request from being approved: each with its page, and what the app is told.

use rubrica::domain::level::RegistrationLevel;
use rubrica::domain::request::RequestState;
use serde_json::json;
use time::Duration;

use crate::harness::browser::Seen;
use crate::harness::client::Answer;
use crate::harness::database::{both_databases, tamper};
use crate::harness::standing::PASSWORD;
use crate::harness::town::{Asked, Town};

const REQUESTS: &str = "/v1/signature-requests";
const ACTIVATE: &str = "/account/activate";
const RESET: &str = "/account/reset";
const RESET_CODE: &str = "/account/reset/code";
const WRONG_ACTIVATION_CODE: &str = "0000-0000-0000-0000";

impl Town {
    /// What the app is told that asks somebody to sign.
    fn told_of(&self, national_id: &str) -> Answer {
        let document = json!({"name": "a.txt", "content": "YQ=="});
        let body = json!({"signer": national_id, "documents": [document]});
        self.app.client.post_json(REQUESTS, &body)
    }

    /// What the app reads of its request.
    fn read(&self, asked: &Asked) -> Answer {
        self.app.client.get(&format!("{REQUESTS}/{}", asked.id))
    }

    fn begin_reset(&self, activation_code: &str) -> Seen {
        let values = [
            ("national-id", self.citizen.national_id.expose()),
            ("activation-code", activation_code),
        ];
        self.browser.send(&self.browser.open(RESET), RESET, &values)
    }

    fn messages(&self) -> usize {
        self.server.phones().messages().len()
    }
}

both_databases! {
    fn when_no_resend_is_left_the_page_says_so_and_the_last_code_still_counts(database) {
        let town = Town::new(database);
        let request = town.ask_one();
        let resend = request.at("/resend");
        let first = town.to_code(&request);
        assert!(!first.text("main").contains("Ya no podemos"));
        let mut page = town.browser.send(&first, &resend, &[]);
        for _ in 0..2 {
            assert_eq!(page.path, request.at("/code?resent=1"));
            page = town.browser.send(&page, &resend, &[]);
        }
        assert_eq!(page.path, request.at("/code?resent=1"));
        assert!(
            page.text("main").contains("Ya no podemos enviarle más claves en este intento."),
            "{}",
            page.html
        );
        assert!(!page.html.contains(&resend), "{}", page.html);
        let sent = town.messages();
        // In another tab the button is still there.
        let again = town.browser.send(&first, &resend, &[]);
        assert_eq!((again.status, &again.path), (200, &request.at("/code")));
        assert_eq!(town.messages(), sent);
        assert_eq!(town.give(&request, &again, &town.code()).path, request.at("/done"));
        assert_eq!(town.read(&request).at("/state"), "completed");
    }

    fn after_the_last_code_of_an_hour_the_page_says_when_there_will_be_another(database) {
        let town = Town::new(database);
        // The first of twelve activated the account at ten o'clock.
        town.server.clock().advance(Duration::minutes(10));
        let mut request = town.ask_one();
        let mut page = town.to_code(&request);
        while town.messages() < 12 {
            request = town.ask_one();
            page = town.to_code(&request);
        }
        let other = town.ask_one();
        for over in [
            town.identify(&other, town.citizen.password.expose()),
            town.browser.send(&page, &request.at("/resend"), &[]),
        ] {
            assert_eq!((over.status, over.heading().as_str()), (429, "Ha pedido muchas claves seguidas"));
            let told = over.text("main");
            assert!(told.contains("Espere antes de pedir otra clave"), "{told}");
            assert!(told.contains("12:00"), "the time in Spain is missing: {told}");
            assert_eq!(over.answer.header("retry-after"), "Mon, 23 Nov 2026 11:00:00 GMT");
        }
        assert_eq!(town.messages(), 12);
        assert_eq!(town.read(&other).at("/state"), "pending");
        // The codes that were sent count as ever.
        assert_eq!(town.give(&request, &page, &town.code()).path, request.at("/done"));
        town.server.clock().advance(Duration::minutes(51));
        let page = town.to_code(&other);
        assert_eq!(town.give(&other, &page, &town.code()).path, other.at("/done"));
    }

    fn a_blocked_activation_code_leads_to_its_page_and_keeps_nobody_from_signing(database) {
        let town = Town::new(database);
        for code in [WRONG_ACTIVATION_CODE; 6].into_iter().chain([town.citizen.activation_code.expose()]) {
            let page = town.begin_reset(code);
            // Anybody may stand here, so the page does not say whether it is blocked.
            assert_eq!(page.path, "/account/reset?fault=credentials");
            assert!(page.leads_to("/help/activation-blocked"), "{}", page.html);
        }
        let help = town.browser.open("/help/activation-blocked");
        assert_eq!((help.status, help.heading().as_str()), (200, "Su código de activación está bloqueado"));
        assert!(help.text("main").contains("Pida un código nuevo en una oficina de registro"));
        assert_eq!(town.told_of(town.citizen.national_id.expose()).status, 201);
        let request = town.ask_one();
        let page = town.to_code(&request);
        assert_eq!(town.give(&request, &page, &town.code()).path, request.at("/done"));

        // Who has no password yet cannot go on, and the app is told the state.
        let newcomer = town.server.citizen("00000002W", RegistrationLevel::Advanced);
        for code in [WRONG_ACTIVATION_CODE; 6].into_iter().chain([newcomer.activation_code.expose()]) {
            let values = [
                ("national-id", "00000002W"),
                ("email", "ana@example.com"),
                ("activation-code", code),
            ];
            let page = town.browser.send(&town.browser.open(ACTIVATE), ACTIVATE, &values);
            assert_eq!(page.path, "/account/activate?fault=credentials");
            assert!(page.leads_to("/help/activation-blocked"), "{}", page.html);
        }
        assert_eq!(town.told_of("00000002W").problem(), (409, "signer_not_activated".to_owned()));
    }

    fn the_tenth_wrong_code_of_resets_blocks_the_activation_code(database) {
        let town = Town::new(database);
        let begin = || town.begin_reset(town.citizen.activation_code.expose());
        let mut page = begin();
        for guess in 1..10 {
            page = guess_in_reset(&town, &page);
            if guess % 3 == 0 {
                assert_eq!(page.heading(), "Demasiadas claves incorrectas");
                page = begin();
            } else {
                assert_eq!(page.path, "/account/reset/code?fault=code");
            }
        }
        let blocked = guess_in_reset(&town, &page);
        assert_eq!(blocked.path, "/help/activation-blocked");
        assert_eq!(blocked.heading(), "Su código de activación está bloqueado");
        assert_eq!(begin().path, "/account/reset?fault=credentials");
        assert_eq!(town.told_of(town.citizen.national_id.expose()).status, 201);
        assert_eq!(town.identify(&town.ask_one(), PASSWORD).status, 200, "the password still counts");
    }

    fn the_tenth_wrong_code_over_all_requests_blocks_the_account(database) {
        let town = Town::new(database);
        let requests: Vec<_> = (0..5).map(|_| town.ask_one()).collect();
        let mut last = None;
        for (number, request) in requests.iter().enumerate() {
            let page = town.to_code(request);
            let again = town.give(request, &page, &town.wrong_code());
            assert_eq!(again.path, request.at("/code?fault=code"));
            let second = town.give(request, &again, &town.wrong_code());
            if number < 4 {
                assert_eq!(second.path, request.at("/code?fault=code"));
            } else {
                last = Some((request, again, second));
            }
        }
        let (request, page, blocked) = last.unwrap();
        assert_eq!(blocked.path, request.at("/help/blocked"));
        assert_eq!(blocked.heading(), "Su cuenta está bloqueada");
        // By way of the request, so that the citizen can come back to it.
        assert!(blocked.leads_to(&request.at(RESET)));
        let told = town.told_of(town.citizen.national_id.expose());
        assert_eq!(told.problem(), (409, "signer_blocked".to_owned()));
        // The right code comes too late, also in the steps that had tries left.
        let late = town.give(request, &page, &town.code());
        assert_ne!(late.path, request.at("/done"));
        let page = town.identify(request, PASSWORD);
        assert_eq!(page.path, request.at("/help/blocked"));
        for request in &requests {
            assert_eq!(town.read(request).at("/state"), "pending");
        }
        assert_eq!(town.spent(), 0);
    }

    fn a_document_that_was_altered_is_neither_shown_nor_signed(database) {
        let town = Town::new(database);
        let request = town.ask_one();
        let first = town.browser.open(&request.link);
        let second = town.to_code(&request);
        let (code, sent) = (town.code(), town.messages());
        let who = [
            ("national-id", town.citizen.national_id.expose()),
            ("password", PASSWORD),
        ];
        tamper(&town.store, "UPDATE documents SET name = 'contract.txt'");
        let document = request.at(&format!("/documents/{}", request.documents[0].id));
        for page in [
            town.browser.open(&request.link),
            town.browser.open(&document),
            town.browser.open(&request.at("/code")),
            town.browser.send(&first, &request.link, &who),
            town.give(&request, &second, &code),
        ] {
            assert_eq!((page.status, page.heading().as_str()), (500, "Un documento ha cambiado"));
            assert!(page.text("main").contains("No se ha firmado nada."), "{}", page.html);
        }
        assert_eq!((town.spent(), town.messages()), (0, sent));
        assert_eq!(town.read(&request).at("/state"), "pending");
        // Set right again, it is signed with the very code.
        tamper(&town.store, "UPDATE documents SET name = 'a.txt'");
        assert_eq!(town.give(&request, &second, &code).path, request.at("/done"));
        assert_eq!(town.state(&request), RequestState::Completed);
    }
}

/// A wrong SMS code with a good new password.
fn guess_in_reset(town: &Town, page: &Seen) -> Seen {
    let wrong = town.wrong_code();
    let values = [
        ("code", wrong.as_str()),
        ("new-password", "An0ther!pass"),
        ("repeat-password", "An0ther!pass"),
    ];
    town.browser.send(page, RESET_CODE, &values)
}
