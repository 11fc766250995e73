//! Which language a page speaks while a request is approved, and on the pages that the request leads to.

use rubrica::domain::language::Language;

use crate::harness::asked::{self, detached};
use crate::harness::browser::{Browser, Seen};
use crate::harness::database::{TestDatabase, both_databases};
use crate::harness::server::Wishes;
use crate::harness::sms_gateway::SmsGateway;
use crate::harness::town::{Asked, Town};

/// A town whose messages go to a gateway, and a browser that prefers Spanish.
fn town(database: &TestDatabase) -> (Town, Browser) {
    let gateway = Some(SmsGateway::start());
    let town = Town::like(
        database,
        Wishes {
            gateway,
            ..Wishes::default()
        },
    );
    let browser = town.browser.with("Accept-Language", "es");
    (town, browser)
}

/// A request that was made in a language.
fn asked_in(town: &Town, language: Language) -> Asked {
    town.ask_like(|request| {
        request.language = language;
        vec![asked::document(
            &town.server,
            request.id,
            "a.txt",
            b"yes",
            detached(),
        )]
    })
}

#[track_caller]
fn speaks(page: &Seen, tag: &str) {
    let told = (page.answer.header("content-language"), page.html.as_str());
    assert_eq!(told.0, tag, "{}", page.path);
    assert!(told.1.contains(&format!("<html lang=\"{tag}\">")));
}

/// Every page that tells of something in the way, under one link.
fn obstacles(town: &Town, browser: &Browser, request: &Asked) -> Vec<Seen> {
    town.server.gateway().answers(500);
    let password = town.citizen.password.expose();
    let mut pages = vec![town.identify_in(browser, request, password)];
    town.server.gateway().answers(202);
    assert_eq!(pages[0].status, 503);
    for (rest, status) in [
        ("/nothing", 404),
        ("/help/nothing", 404),
        ("/help/blocked", 409),
        ("/account/nothing", 404),
        ("/documents/0199c0de-0000-7000-8000-000000000001", 404),
        ("/code", 409),
    ] {
        let page = browser.open(&request.at(rest));
        assert_eq!(page.status, status, "{rest}");
        pages.push(page);
    }
    pages
}

both_databases! {
    fn every_page_under_a_link_speaks_the_request_s_language(database) {
        let (town, browser) = town(database);
        let request = asked_in(&town, Language::Basque);
        speaks(&browser.open(&request.link), "eu");
        for page in obstacles(&town, &browser, &request) {
            speaks(&page, "eu");
        }
        let forged = browser.post(&request.link, &[]);
        assert_eq!((forged.status, forged.header("content-language")), (403, "eu"));
        // Another request is told in its own, also when this one was shown last.
        let other = asked_in(&town, Language::Galician);
        speaks(&browser.open(&other.at("/help/blocked")), "gl");
        speaks(&browser.open(&request.at("/help/nothing")), "eu");
    }

    fn what_the_citizen_chose_goes_before_the_request_s_language(database) {
        let (town, browser) = town(database);
        let request = asked_in(&town, Language::Basque);
        speaks(&browser.open(&request.link), "eu");
        // Chosen on the page of an obstacle, it counts from then on too.
        speaks(&browser.open(&request.at("/nothing?lang=gl")), "gl");
        for page in obstacles(&town, &browser, &request) {
            speaks(&page, "gl");
        }
        speaks(&browser.open("/help"), "gl");
        speaks(&browser.open("/account/reset"), "gl");
    }

    fn the_pages_that_a_request_leads_to_speak_its_language(database) {
        let (town, browser) = town(database);
        let request = asked_in(&town, Language::Basque);
        let page = browser.open(&request.link);
        let mut ways = page.links("");
        ways.retain(|way| way.contains("/account/") || way.contains("/help") || way == "/cookies");
        assert!(ways.len() >= 5, "{ways:?}");
        for way in ways {
            speaks(&browser.open(&way), "eu");
        }
        let reset = "/account/reset";
        let values = [
            ("national-id", town.citizen.national_id.expose()),
            ("activation-code", town.citizen.activation_code.expose()),
        ];
        let page = browser.send(&browser.open(reset), reset, &values);
        speaks(&page, "eu");
        let phone = town.server.phones().last(&town.citizen.phone);
        assert!(phone.text.starts_with("Pasahitz berria"), "{}", phone.text);
        // Nobody chose it: another request is in its own language.
        let other = asked_in(&town, Language::Galician);
        speaks(&browser.open(&other.link), "gl");
        speaks(&browser.open("/"), "gl");
        let stranger = Browser::new(town.server.visitor()).with("Accept-Language", "es");
        speaks(&stranger.open(reset), "es");
    }
}
