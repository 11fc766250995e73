//! Activating an account, and new passwords, from the first page to the last.

use rubrica::domain::secret::SecretText;
use rubrica::identity::PhoneClaim;
use time::Duration;

use crate::harness::browser::{Browser, Seen};
use crate::harness::database::{TestDatabase, both_databases};
use crate::harness::server::TestServer;
use crate::harness::standing::{PASSWORD, ana};

const DNI: &str = "12345678Z";
const EMAIL: &str = "ana@example.com";
const PHONE: &str = "+34600123456";
const ACTIVATE: &str = "/account/activate";
const ACTIVATE_CODE: &str = "/account/activate/code";
const CHANGE: &str = "/account/password";
const CHANGE_CODE: &str = "/account/password/code";
const RESET: &str = "/account/reset";
const RESET_CODE: &str = "/account/reset/code";

/// A server, a citizen who was registered by an office, and the citizen's browser.
struct Ana {
    server: TestServer,
    browser: Browser,
    activation_code: SecretText,
}

impl Ana {
    fn registered(database: &TestDatabase) -> Self {
        let server = TestServer::start(database);
        let registered = server.office().register(ana(), &PhoneClaim::Free).unwrap();
        Self {
            browser: Browser::new(server.visitor()),
            server,
            activation_code: registered.activation_code,
        }
    }

    fn active(database: &TestDatabase) -> Self {
        let ana = Self::registered(database);
        let page = ana.choose(&ana.begin_activation(), ACTIVATE_CODE, PASSWORD);
        assert_eq!(page.heading(), "Su cuenta está activada");
        ana
    }

    fn begin_activation(&self) -> Seen {
        self.browser.send(
            &self.browser.open(ACTIVATE),
            ACTIVATE,
            &[
                ("national-id", " 12.345.678-z "),
                ("email", EMAIL),
                ("activation-code", self.activation_code.expose()),
            ],
        )
    }

    fn begin_change(&self, password: &str) -> Seen {
        let values = [("national-id", DNI), ("password", password)];
        self.browser
            .send(&self.browser.open(CHANGE), CHANGE, &values)
    }

    fn begin_reset(&self) -> Seen {
        let values = [
            ("national-id", DNI),
            ("activation-code", self.activation_code.expose()),
        ];
        self.browser.send(&self.browser.open(RESET), RESET, &values)
    }

    /// The second step, with the code from the phone.
    fn choose(&self, page: &Seen, action: &str, password: &str) -> Seen {
        let code = self.server.phones().code(PHONE);
        let values = [
            ("code", code.expose()),
            ("new-password", password),
            ("repeat-password", password),
        ];
        self.browser.send(page, action, &values)
    }
}

both_databases! {
    fn an_account_is_activated_with_receipt_and_phone(database) {
        let ana = Ana::registered(database);
        let page = ana.begin_activation();
        assert_eq!((page.status, page.path.as_str()), (200, ACTIVATE_CODE));
        assert!(page.text(".lead").ends_with("456."), "{}", page.text(".lead"));
        assert!(!page.html.contains("600123456") && !page.html.contains(DNI));
        let done = ana.choose(&page, ACTIVATE_CODE, PASSWORD);
        assert_eq!((done.status, done.path.as_str()), (200, "/account/activate/done"));
        assert_eq!(ana.begin_change(PASSWORD).path, CHANGE_CODE);
    }

    fn an_active_account_is_not_activated_again(database) {
        let ana = Ana::active(database);
        let page = ana.begin_activation();
        assert_eq!(page.status, 409);
        assert_eq!(page.heading(), "Su cuenta ya está activada");
        assert!(page.leads_to(RESET));
    }

    fn a_changed_password_is_the_one_that_counts(database) {
        let ana = Ana::active(database);
        let page = ana.begin_change(PASSWORD);
        assert!(page.text(".access").starts_with("Su último acceso fue el "));
        let done = ana.choose(&page, CHANGE_CODE, "An0ther!pass");
        assert_eq!(done.heading(), "Su contraseña está cambiada");
        let old = ana.begin_change(PASSWORD);
        assert_eq!(old.path, "/account/password?fault=credentials");
        assert_eq!(ana.begin_change("An0ther!pass").path, CHANGE_CODE);
    }

    fn a_blocked_account_is_free_again_after_a_reset(database) {
        let ana = Ana::active(database);
        for _ in 0..5 {
            assert_eq!(ana.begin_change("wrong").path, "/account/password?fault=credentials");
        }
        let blocked = ana.begin_change(PASSWORD);
        assert_eq!(blocked.path, "/account/password?fault=credentials");
        // Which of them is wrong is not told, so both are marked.
        assert_eq!(blocked.wrong_fields(), ["national-id", "password"]);
        assert!(blocked.text("#form-error").contains("Los datos no son correctos."));
        // Anybody may stand here, so the page does not say that it is blocked; it says what to do if it is.
        assert!(blocked.leads_to("/help/blocked") && blocked.leads_to(RESET));
        let done = ana.choose(&ana.begin_reset(), RESET_CODE, "An0ther!pass");
        assert_eq!(done.heading(), "Su contraseña nueva está guardada");
        assert_eq!(ana.begin_change("An0ther!pass").path, CHANGE_CODE);
    }

    fn every_broken_rule_is_told_and_no_code_is_spent(database) {
        let ana = Ana::registered(database);
        let page = ana.begin_activation();
        let again = ana.choose(&page, ACTIVATE_CODE, "ana");
        assert_eq!(again.status, 422);
        assert!(again.title().starts_with("Error:"));
        let told = again.text("#new-password-error");
        for part in [
            "demasiado corta: use al menos 8 caracteres.",
            "demasiado sencilla: mezcle tres",
            "o use al menos 16 caracteres.",
            "Contiene su nombre, sus apellidos o su DNI o NIE: elija otra.",
        ] {
            assert!(told.contains(part), "{told}");
        }
        let rules = again.text("#rules");
        assert!(rules.contains("Tiene al menos 8 caracteres.") && !told.contains("Tiene al menos"));
        // There is no present password yet.
        assert!(!rules.contains("que tiene ahora"), "{rules}");
        let different = ana.browser.send(&again, ACTIVATE_CODE, &[
            ("code", "000000"),
            ("new-password", PASSWORD),
            ("repeat-password", "Str0ng!pasS"),
        ]);
        assert!(different.text("#repeat-password-error").contains("no son iguales"));
        assert!(different.text("main").contains("Tiene 3 intentos."));
        let done = ana.choose(&different, ACTIVATE_CODE, PASSWORD);
        assert_eq!(done.heading(), "Su cuenta está activada");
    }

    fn the_present_password_is_told_to_be_the_present_one(database) {
        let ana = Ana::active(database);
        let page = ana.begin_change(PASSWORD);
        assert!(page.text("#rules").contains("No es la contraseña que tiene ahora."));
        let again = ana.choose(&page, CHANGE_CODE, PASSWORD);
        assert_eq!(again.status, 422);
        assert_eq!(
            again.text("#new-password-error"),
            "Error: Es la que tiene ahora: elija otra."
        );
    }

    fn the_third_wrong_code_ends_the_act(database) {
        let ana = Ana::registered(database);
        let mut page = ana.begin_activation();
        let values = [
            ("code", "000000"),
            ("new-password", PASSWORD),
            ("repeat-password", PASSWORD),
        ];
        for left in ["Le quedan 2 intentos.", "Le queda un intento."] {
            page = ana.browser.send(&page, ACTIVATE_CODE, &values);
            assert!(page.text(".summary-wrong").contains(left), "{}", page.html);
            assert!(page.text("#code-error").contains(left), "{}", page.html);
            assert_eq!(page.wrong_fields(), ["code"]);
        }
        let over = ana.browser.send(&page, ACTIVATE_CODE, &values);
        assert_eq!(over.heading(), "Demasiadas claves incorrectas");
        let gone = ana.browser.open(ACTIVATE_CODE);
        assert_eq!(gone.heading(), "Tenemos que volver a empezar");
    }

    fn a_code_that_is_too_old_says_so(database) {
        let ana = Ana::registered(database);
        let page = ana.begin_activation();
        ana.server.clock().advance(Duration::minutes(6));
        let late = ana.choose(&page, ACTIVATE_CODE, PASSWORD);
        assert_eq!(late.heading(), "La clave del SMS ha caducado");
    }

    fn another_code_takes_the_place_of_the_last_one(database) {
        let ana = Ana::registered(database);
        let page = ana.begin_activation();
        let first = ana.server.phones().code(PHONE);
        let resent = ana.browser.send(&page, "/account/activate/resend", &[]);
        assert!(resent.text("[role=status]").starts_with("Le hemos enviado otra clave."));
        let stale = [
            ("code", first.expose()),
            ("new-password", PASSWORD),
            ("repeat-password", PASSWORD),
        ];
        let wrong = ana.browser.send(&resent, ACTIVATE_CODE, &stale);
        assert!(wrong.text(".summary-wrong").starts_with("Revise lo siguiente La clave no es"));
        let done = ana.choose(&wrong, ACTIVATE_CODE, PASSWORD);
        assert_eq!(done.heading(), "Su cuenta está activada");
    }

    fn the_second_of_two_clicks_finds_the_step_over_and_does_no_harm(database) {
        let ana = Ana::registered(database);
        let page = ana.begin_activation();
        let code = ana.server.phones().code(PHONE);
        let values = [
            ("code", code.expose()),
            ("new-password", PASSWORD),
            ("repeat-password", PASSWORD),
        ];
        let first = ana.browser.send_only(&page, ACTIVATE_CODE, &values);
        assert_eq!(first.header("location"), "/account/activate/done");
        // The first answer has taken the step's key away.
        let second = ana.browser.send(&page, ACTIVATE_CODE, &values);
        assert_eq!(second.path, "/account/activate/done");
        let stranger = Browser::new(ana.server.visitor());
        assert_eq!(stranger.open("/account/activate/done").path, ACTIVATE);
        assert_eq!(ana.begin_change(PASSWORD).path, CHANGE_CODE);
    }

    fn of_two_clicks_at_once_both_are_told_that_it_is_done(database) {
        let ana = Ana::registered(database);
        let page = ana.begin_activation();
        let code = ana.server.phones().code(PHONE);
        let mut fields = page.fields(ACTIVATE_CODE);
        for (name, value) in &mut fields {
            match name.as_str() {
                "code" => code.expose().clone_into(value),
                "new-password" | "repeat-password" => PASSWORD.clone_into(value),
                _ => {}
            }
        }
        let cookies = ana.browser.cookies();
        // Both go out before either answer is there, with the same cookies.
        let places: Vec<_> = std::thread::scope(|scope| {
            let clicks: Vec<_> = (0..2)
                .map(|_| {
                    let visitor = ana.server.visitor().with("Cookie", &cookies);
                    let fields = &fields;
                    scope.spawn(move || {
                        let answer = Browser::new(visitor).post(ACTIVATE_CODE, fields);
                        answer.header("location").to_owned()
                    })
                })
                .collect();
            clicks.into_iter().map(|click| click.join().unwrap()).collect()
        });
        assert_eq!(places, ["/account/activate/done"; 2]);
    }

    fn a_step_belongs_to_the_browser_that_began_it(database) {
        let ana = Ana::registered(database);
        ana.begin_activation();
        let other = Browser::new(ana.server.visitor());
        let page = other.open(ACTIVATE_CODE);
        assert_eq!(page.heading(), "Tenemos que volver a empezar");
    }
}
