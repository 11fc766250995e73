//! The SMS gateway fails: the citizen is told, nothing is signed, and trying again works.

use rubrica::domain::language::Language;
use rubrica::messages::moment;
use time::Duration;

use super::{come_back, fetch, post, read, waits};
use crate::harness::browser::Seen;
use crate::harness::database::{TestDatabase, both_databases};
use crate::harness::server::Wishes;
use crate::harness::sms_gateway::SmsGateway;
use crate::harness::town::Town;

fn town(database: &TestDatabase) -> Town {
    let gateway = Some(SmsGateway::start());
    Town::like(
        database,
        Wishes {
            gateway,
            ..Wishes::default()
        },
    )
}

#[track_caller]
fn says_so(page: &Seen, back: &str) {
    come_back(&page.answer);
    assert_eq!(page.heading(), "No hemos podido enviar el SMS");
    assert!(
        page.text("main")
            .contains("No se ha firmado ni cambiado nada.")
    );
    assert!(page.leads_to(back), "{}", page.html);
}

both_databases! {
    fn a_code_that_could_not_be_sent_is_sent_at_the_next_try(database) {
        let town = town(database);
        let asked = post(&town);
        let calls = town.server.gateway().calls();
        for status in [500, 400] {
            town.server.gateway().answers(status);
            says_so(&town.identify(&asked, town.citizen.password.expose()), &asked.link);
            waits(&town, &asked, if status == 500 { "sms_unavailable" } else { "sms_refused" });
        }
        // What may pass was tried twice, what was refused once.
        assert_eq!(town.server.gateway().calls(), calls + 3);
        let step = town.browser.open(&asked.at("/code"));
        assert_eq!(step.heading(), "Tenemos que volver a empezar");

        town.server.gateway().answers(202);
        let page = town.to_code(&asked);
        assert!(read(&town, &asked).at("/reason").is_null(), "nothing keeps the signer any more");
        let done = town.give(&asked, &page, &town.code());
        assert_eq!(done.heading(), "El documento está firmado");
        assert_eq!(fetch(&town, &asked).status, 200);
        let failed = town.events().iter().filter(|event| *event == "code.sent").count();
        assert_eq!(failed, 4, "the journal tells each: activation, two failures, this one");
    }

    fn trying_again_while_the_gateway_is_away_locks_nobody_out(database) {
        let town = town(database);
        let asked = post(&town);
        town.server.gateway().answers(500);
        // More often than codes are sent within an hour.
        for _ in 0..13 {
            says_so(&town.identify(&asked, town.citizen.password.expose()), &asked.link);
        }
        town.server.gateway().answers(202);
        let done = town.give(&asked, &town.to_code(&asked), &town.code());
        assert_eq!(done.heading(), "El documento está firmado");
    }

    fn who_has_had_all_codes_of_the_hour_is_told_until_when_to_wait(database) {
        let town = town(database);
        let asked = post(&town);
        let first = town.server.service().ambient().now();
        let ask = || town.identify(&asked, town.citizen.password.expose());
        town.server.clock().advance(Duration::seconds(90));
        let page = (0..13).map(|_| ask()).find(|page| page.status != 200).unwrap();
        assert_eq!((page.status, page.heading().as_str()), (429, "Ha pedido muchas claves seguidas"));
        // Not too early: the minute is rounded up.
        let time = first + Duration::HOUR + Duration::seconds(59);
        let time = moment::time_of_day(Language::Spanish, time);
        let told = page.text("#next ~ p strong");
        assert_eq!(told, format!("Puede volver a intentarlo a partir de esta hora: {time}."));
        assert!(!page.answer.header("retry-after").is_empty());
        assert!(page.links("Intentarlo de nuevo").is_empty());
        assert_eq!(page.links("Volver a la solicitud"), [asked.link.as_str()]);
        assert_eq!(page.text(".actions a:not(.secondary)"), "");
        let basque = town.browser.open(&format!("{}?lang=eu", asked.link));
        assert_eq!(basque.status, 200);
        assert!(ask().text("#next ~ p strong").starts_with("Ordu honetatik aurrera"));
    }

    fn another_code_that_could_not_be_sent_leads_back_to_the_request(database) {
        let town = town(database);
        let asked = post(&town);
        let page = town.to_code(&asked);
        town.server.gateway().answers(503);
        says_so(&town.browser.send(&page, &asked.at("/resend"), &[]), &asked.link);
        waits(&town, &asked, "sms_unavailable");
        town.server.gateway().answers(200);
        let again = town.browser.send(&page, &asked.at("/resend"), &[]);
        assert!(again.text("[role=status]").starts_with("Le hemos enviado otra clave."));
        assert!(read(&town, &asked).at("/reason").is_null());
        let done = town.give(&asked, &again, &town.code());
        assert_eq!(done.heading(), "El documento está firmado");
    }

    fn a_password_is_changed_once_the_gateway_is_back(database) {
        let town = town(database);
        let change = "/account/password";
        let values = [
            ("national-id", town.citizen.national_id.expose()),
            ("password", town.citizen.password.expose()),
        ];
        town.server.gateway().answers(500);
        let page = town.browser.open(change);
        says_so(&town.browser.send(&page, change, &values), change);
        town.server.gateway().answers(200);
        let page = town.browser.send(&page, change, &values);
        assert_eq!(page.path, "/account/password/code");
    }
}
