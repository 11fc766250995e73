//! The HSM is away, or has too much to do, when the citizen gives the code.

use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rubrica::domain::language::Language;
use rubrica::domain::request::RequestState;
use rubrica::hsm::{Hsm, KekVersion};
use rubrica::service::ServiceError;

use super::{away, come_back, count, fetch, logged, post, read, waits};
use crate::harness::alone;
use crate::harness::asked::{self, detached};
use crate::harness::browser::Seen;
use crate::harness::database::{TestDatabase, tamper};
use crate::harness::log;
use crate::harness::server::Wishes;
use crate::harness::slow_job::{Crowd, wait_until};
use crate::harness::softhsm::PrivateToken;
use crate::harness::steps;
use crate::harness::town::{self, Asked, Town};

/// Longer than calls are answered with the last failure to connect.
const NOTICE: Duration = Duration::from_millis(700);

fn on(database: &TestDatabase, hsm: Hsm) -> Town {
    let hsm = Some(hsm);
    Town::like(
        database,
        Wishes {
            hsm,
            ..Wishes::default()
        },
    )
}

#[track_caller]
fn says_so(page: &Seen, asked: &Asked) {
    come_back(&page.answer);
    assert_eq!(page.heading(), "Ahora mismo no se puede firmar");
    assert!(
        page.text("main")
            .contains("No se ha firmado nada y la solicitud sigue abierta.")
    );
    assert!(page.leads_to(&asked.link), "{}", page.html);
}

#[test]
fn a_request_stays_approvable_while_the_token_is_away() {
    alone!(
        a_request_stays_approvable_while_the_token_is_away,
        |token| {
            for database in [TestDatabase::sqlite(), TestDatabase::postgres()] {
                token_goes_and_comes(token, &database);
            }
        }
    );
}

fn token_goes_and_comes(token: &PrivateToken, database: &TestDatabase) {
    let hsm = Hsm::new(token.settings());
    if hsm.keks().unwrap().is_empty() {
        hsm.generate_kek(KekVersion(1)).unwrap();
    }
    let town = on(database, hsm);
    let asked = post(&town);
    let page = town.to_code(&asked);
    let code = town.code();
    let messages = town.server.phones().messages().len();

    token.pull_out();
    says_so(&town.give(&asked, &page, &code), &asked);
    // Not even a wrong code costs a try while nothing can be signed.
    says_so(&town.give(&asked, &page, &town.wrong_code()), &asked);
    assert!(
        town.browser
            .open(&asked.at("/code"))
            .text("main")
            .contains("Tiene 3 intentos.")
    );
    // It is told in the request's language, whatever the browser's is.
    let basque = town.ask_like(|request| {
        request.language = Language::Basque;
        vec![asked::document(
            &town.server,
            request.id,
            "a.txt",
            b"yes",
            asked::detached(),
        )]
    });
    let spanish = town.browser.with("Accept-Language", "es");
    let told = town.identify_in(&spanish, &basque, town.citizen.password.expose());
    come_back(&told.answer);
    assert_eq!(told.answer.header("content-language"), "eu");
    // Nobody is sent a code for what cannot be signed.
    says_so(
        &town.identify(&asked, town.citizen.password.expose()),
        &asked,
    );
    assert_eq!(town.server.phones().messages().len(), messages);
    waits(&town, &asked, "hsm_unavailable");
    assert_eq!(town.browser.open(&asked.link).status, 200);
    let ready = town.server.operator().get("/readyz");
    away(&ready, "not_ready");
    let detail = ready.at("/detail").as_str().unwrap().to_owned();
    assert!(
        detail.starts_with("database: up; HSM: the HSM cannot be reached"),
        "{detail}"
    );
    let other = post(&town);

    token.put_back();
    thread::sleep(NOTICE);
    let done = town.give(&asked, &page, &code);
    assert_eq!(done.heading(), "El documento está firmado");
    assert_eq!(fetch(&town, &asked).status, 200);
    assert_eq!(town.server.operator().get("/readyz").status, 200);
    assert_eq!(town.approve(&other), RequestState::Completed);
    assert_eq!(count(&town, "signature.intent"), 2);
}

#[test]
fn a_token_lost_in_the_middle_of_signing_leaves_the_request_approvable() {
    alone!(
        a_token_lost_in_the_middle_of_signing_leaves_the_request_approvable,
        |token| {
            let hsm = token.hsm();
            let town = on(&TestDatabase::sqlite(), hsm.clone());
            let asked = post(&town);
            let page = town.to_code(&asked);
            let code = town.code();
            lose_at_spent(token, &hsm);
            log::begin();
            says_so(&town.give(&asked, &page, &code), &asked);
            let line = logged(&town, &asked, "WARN", "nothing was signed");
            assert!(line["error"].as_str().unwrap().contains("HSM"), "{line:#}");
            waits(&town, &asked, "hsm_unavailable");
            assert_eq!(town.state(&asked), RequestState::Pending);
            let over = [
                count(&town, "signature.intent"),
                count(&town, "signature.outcome"),
            ];
            assert_eq!(over, [1, 1], "the journal tells how it ended");

            token.put_back();
            thread::sleep(NOTICE);
            // The code was used; both factors are asked for again.
            let again = town.give(&asked, &page, &code);
            assert_eq!(again.heading(), "Tenemos que volver a empezar");
            let done = town.give(&asked, &town.to_code(&asked), &town.code());
            assert_eq!(done.heading(), "El documento está firmado");
            let ended = read(&town, &asked);
            assert_eq!(ended.at("/state"), "completed");
            assert!(ended.at("/reason").is_null(), "what kept it is over");
            assert_eq!(count(&town, "signature.intent"), 2);
        }
    );
}

/// Where the second attempt stops, and how the request ends.
const SECOND: [(&str, RequestState); 4] = [
    ("claimed", RequestState::Pending),
    ("prepared", RequestState::Pending),
    ("spent", RequestState::Failed),
    ("stored", RequestState::Completed),
];

#[test]
fn a_sad_of_an_attempt_that_was_given_back_says_nothing_of_the_next_one() {
    alone!(
        a_sad_of_an_attempt_that_was_given_back_says_nothing_of_the_next_one,
        |token| {
            let hsm = token.hsm();
            for (step, state) in SECOND {
                for database in [TestDatabase::sqlite(), TestDatabase::postgres()] {
                    let town = on(&database, hsm.clone());
                    stop_the_second((token, &hsm), &town, step, state);
                }
            }
        }
    );
}

/// Takes the token away when a SAD is spent. The sessions of a real one end with it, and their objects with them; SoftHSM
/// keeps the objects in memory until a call meets the loss.
fn lose_at_spent(token: &PrivateToken, hsm: &Hsm) {
    let (pulled, hsm) = (PrivateToken::beside(token), hsm.clone());
    steps::at("spent", 1, move || {
        pulled.pull_out();
        assert!(hsm.keks().is_err());
    });
}

fn stop_the_second(
    (token, hsm): (&PrivateToken, &Hsm),
    town: &Town,
    step: &'static str,
    state: RequestState,
) {
    let asked = town.ask_one();
    let sent = town.begin(&asked).unwrap();
    lose_at_spent(token, hsm);
    assert!(town.confirm(&asked, &sent, &town.code()).is_err());
    assert_eq!(
        (town.state(&asked), town.spent()),
        (RequestState::Pending, 1)
    );
    token.put_back();
    thread::sleep(NOTICE);

    let sent = town.begin(&asked).unwrap();
    let code = town.code();
    {
        let _at = steps::at_step(step, || panic!("as if the process ended here"));
        let stopped = catch_unwind(AssertUnwindSafe(|| town.confirm(&asked, &sent, &code)));
        assert!(stopped.is_err(), "{step}");
    }
    town.server.clock().advance(time::Duration::seconds(31));
    assert_eq!(town.server.service().recover().unwrap(), 1, "{step}");
    assert_eq!(town.state(&asked), state, "{step}");
    if state == RequestState::Pending {
        assert_eq!(town.approve(&asked), RequestState::Completed, "{step}");
    }
}

#[test]
fn a_kek_that_the_token_lacks_is_told_and_the_request_stays_approvable() {
    alone!(
        a_kek_that_the_token_lacks_is_told_and_the_request_stays_approvable,
        |token| {
            let hsm = token.hsm();
            for database in [TestDatabase::sqlite(), TestDatabase::postgres()] {
                let town = on(&database, hsm.clone());
                let asked = post(&town);
                lack(token, &hsm, &town);
                let messages = town.server.phones().messages().len();
                log::begin();
                let page = town.identify(&asked, town.citizen.password.expose());
                let line = logged(&town, &asked, "ERROR", "a call failed");
                assert_eq!(line["code"], "kek_missing", "{line:#}");
                let causes = line["causes"].as_str().unwrap();
                assert!(causes.contains("KEK version 4096"), "{line:#}");
                come_back(&page.answer);
                assert_eq!(
                    page.heading(),
                    "Ahora mismo no se puede usar su clave de firma"
                );
                let words = page.text("main");
                assert!(words.contains("No se ha firmado nada y la solicitud sigue abierta."));
                assert!(words.contains("Inténtelo de nuevo más tarde con el mismo enlace"));
                assert!(!words.contains("4096"), "{words}");
                assert!(page.leads_to(&asked.link), "{}", page.html);
                assert_eq!(town.server.phones().messages().len(), messages);
                waits(&town, &asked, "kek_missing");
                match town.begin(&asked) {
                    Err(ServiceError::KekMissing(why)) => {
                        let why = std::error::Error::source(&why).unwrap().to_string();
                        assert!(why.contains("KEK version 4096"), "{why}");
                    }
                    other => panic!("{other:?}"),
                }

                tamper(&town.store, "UPDATE wrapping_keys SET kek_version = 1");
                assert_eq!(town.approve(&asked), RequestState::Completed);
            }
        }
    );
}

#[test]
fn a_kek_that_goes_after_the_code_ends_the_request_with_its_reason() {
    alone!(
        a_kek_that_goes_after_the_code_ends_the_request_with_its_reason,
        |token| {
            let hsm = token.hsm();
            for database in [TestDatabase::sqlite(), TestDatabase::postgres()] {
                let town = on(&database, hsm.clone());
                let names = ["one.txt", "two.txt", "three.txt"];
                let asked = town.ask(&names.map(|name| (name, name.as_bytes(), detached())));
                let page = town.to_code(&asked);
                let code = town.code();
                lack(token, &hsm, &town);
                log::begin();
                let ended = town.give(&asked, &page, &code);
                assert_eq!(ended.status, 200, "{}", ended.html);
                let message = "a request cannot be signed; `rubrica doctor` and `rubrica hsm status` show what is missing";
                let line = logged(&town, &asked, "ERROR", message);
                let error = line["error"].as_str().unwrap();
                assert!(error.contains("KEK version 4096"), "{line:#}");
                let words = ended.text("main");
                assert!(
                    words.contains("le falta una parte que protege la suya"),
                    "{words}"
                );
                let told = read(&town, &asked);
                assert_eq!(told.at("/state"), "failed");
                for place in 0..names.len() {
                    let reason = told.at(&format!("/documents/{place}/reason/code"));
                    assert_eq!(reason, "kek_missing", "document {place}");
                }
                let outcome = town::entries(&town.store, town.server.service().ambient());
                let outcome = format!("{:?}", outcome.last());
                assert!(
                    outcome.contains("4096"),
                    "the journal names the version: {outcome}"
                );

                tamper(&town.store, "UPDATE wrapping_keys SET kek_version = 1");
                assert_eq!(town.approve(&post(&town)), RequestState::Completed);
            }
        }
    );
}

/// The wrapping keys are said to be under a KEK that the token has not, and no session has them at hand any more.
fn lack(token: &PrivateToken, hsm: &Hsm, town: &Town) {
    token.pull_out();
    assert!(hsm.keks().is_err());
    token.put_back();
    thread::sleep(NOTICE);
    tamper(&town.store, "UPDATE wrapping_keys SET kek_version = 4096");
}

#[test]
fn a_full_queue_is_told_as_busy_and_the_request_stays_approvable() {
    alone!(
        a_full_queue_is_told_as_busy_and_the_request_stays_approvable,
        |token| {
            let hsm = with_one_place(token);
            for database in [TestDatabase::sqlite(), TestDatabase::postgres()] {
                let town = on(&database, hsm.clone());
                let asked = post(&town);
                let page = town.to_code(&asked);
                let code = town.code();
                let crowd = full(&hsm);
                log::begin();
                says_busy(&town, &town.give(&asked, &page, &code), &asked);
                let line = logged(&town, &asked, "ERROR", "a call failed");
                assert_eq!(line["code"], "busy", "{line:#}");
                assert!(
                    line["causes"]
                        .as_str()
                        .unwrap()
                        .contains("all sessions are at work"),
                    "{line:#}"
                );
                away(&town.server.operator().get("/readyz"), "not_ready");
                drop(crowd);
                let done = town.give(&asked, &page, &code);
                assert_eq!(done.heading(), "El documento está firmado");
                assert_eq!(count(&town, "signature.intent"), 1);
            }
        }
    );
}

#[test]
fn a_queue_that_fills_up_after_the_code_leaves_the_request_approvable() {
    alone!(
        a_queue_that_fills_up_after_the_code_leaves_the_request_approvable,
        |token| {
            let hsm = with_one_place(token);
            for database in [TestDatabase::sqlite(), TestDatabase::postgres()] {
                let town = on(&database, hsm.clone());
                let asked = post(&town);
                let page = town.to_code(&asked);
                let crowd = Arc::new(Mutex::new(None));
                let (came, crowded) = (Arc::clone(&crowd), hsm.clone());
                steps::at("spent", 1, move || {
                    *came.lock().unwrap() = Some(full(&crowded));
                });
                log::begin();
                says_busy(&town, &town.give(&asked, &page, &town.code()), &asked);
                let line = logged(&town, &asked, "WARN", "nothing was signed");
                assert!(line["error"].as_str().unwrap().contains("HSM"), "{line:#}");
                crowd.lock().unwrap().take();
                let over = ["signature.intent", "signature.outcome"];
                assert_eq!(over.map(|event| count(&town, event)), [1, 1]);
                let done = town.give(&asked, &town.to_code(&asked), &town.code());
                assert_eq!(done.heading(), "El documento está firmado");
                assert_eq!(read(&town, &asked).at("/state"), "completed");
                assert_eq!(fetch(&town, &asked).status, 200);
            }
        }
    );
}

/// One session and one place to wait.
fn with_one_place(token: &PrivateToken) -> Hsm {
    token.hsm();
    let mut settings = token.settings();
    settings.sessions = NonZeroUsize::MIN;
    settings.queue = 1;
    settings.call_timeout = Duration::from_secs(120);
    Hsm::new(settings)
}

/// Takes the session and the place.
fn full(hsm: &Hsm) -> Crowd {
    let crowd = Crowd::at(hsm, 3);
    wait_until(hsm, |load| load.idle == 0 && load.queued == 1);
    crowd
}

/// The page, and the app, know that the citizen can approve in a moment.
#[track_caller]
fn says_busy(town: &Town, page: &Seen, asked: &Asked) {
    come_back(&page.answer);
    assert_eq!(page.heading(), "Hay mucha gente a la vez");
    assert!(page.leads_to(&asked.link));
    waits(town, asked, "busy");
}
