//! Going from a request to a page of the account, and back.

use crate::harness::asked::link_text;
use crate::harness::browser::{Browser, Seen};
use crate::harness::database::both_databases;
use crate::harness::town::{Asked, Town};

const COOKIE: &str = "__Host-rubrica-request=";
const RESET: &str = "/account/reset";
const RESET_CODE: &str = "/account/reset/code";
const DONE: &str = "/account/reset/done";
const PASSWORD: &str = "An0ther!pass";

/// Leaves a request's page for the one that sets a new password, and goes through it.
fn reset_from(town: &Town, request: &Asked) -> Seen {
    let page = town.browser.open(&request.link);
    let ways = page.links("He olvidado mi contraseña");
    assert_eq!(ways, [request.at(RESET)]);
    let page = town.browser.open(&ways[0]);
    assert_eq!(page.path, RESET);
    let values = [
        ("national-id", town.citizen.national_id.expose()),
        ("activation-code", town.citizen.activation_code.expose()),
    ];
    let page = town.browser.send(&page, RESET, &values);
    assert!(!page.html.contains(&link_text(request.id)));
    let code = town.code();
    let values = [
        ("code", code.as_str()),
        ("new-password", PASSWORD),
        ("repeat-password", PASSWORD),
    ];
    town.browser.send(&page, RESET_CODE, &values)
}

/// The buttons of a page, in their order.
fn buttons(page: &Seen) -> Vec<String> {
    let mut ways = page.links("Volver a la solicitud");
    ways.extend(page.links("Ir a su cuenta de firma"));
    ways
}

both_databases! {
    fn a_new_password_leads_back_to_the_request_it_was_needed_for(database) {
        let town = Town::new(database);
        let request = town.ask_one();
        let done = reset_from(&town, &request);
        assert_eq!(done.path, DONE);
        assert_eq!(buttons(&done), [request.link.as_str(), "/"]);
        assert_eq!(done.text(".actions a"), "Volver a la solicitud");
        assert_eq!(done.text(".actions a.secondary"), "Ir a su cuenta de firma");
        let page = town.identify(&request, PASSWORD);
        assert_eq!(page.path, request.at("/code"));
        // Used once, it is gone.
        assert!(!town.browser.cookies().contains(COOKIE));
        assert_eq!(buttons(&town.browser.open(DONE)), ["/"]);
        let done = town.give(&request, &page, &town.code());
        assert_eq!(done.heading(), "El documento está firmado");
    }

    fn an_obstacle_s_remedy_leads_back_to_the_request_too(database) {
        let town = Town::new(database);
        let request = town.ask_one();
        for _ in 0..5 {
            town.identify(&request, "not the password");
        }
        let page = town.browser.open(&request.at("/help/blocked"));
        assert!(page.leads_to(&request.at(RESET)));
        assert_eq!(buttons(&reset_from(&town, &request))[0], request.link);
    }

    fn no_way_leads_back_to_a_request_that_has_ended(database) {
        let town = Town::new(database);
        let request = town.ask_one();
        let decline = request.at("/decline");
        let question = town.browser.open(&decline);
        reset_from(&town, &request);
        assert!(town.browser.cookies().contains(COOKIE));
        assert_eq!(town.browser.send_only(&question, &decline, &[]).status, 303);
        assert_eq!(buttons(&town.browser.open(DONE)), ["/"]);
        assert!(!town.browser.cookies().contains(COOKIE));
        // Nor is one kept that had ended before.
        assert_eq!(town.browser.open(&request.at(RESET)).path, RESET);
        assert!(!town.browser.cookies().contains(COOKIE));
    }

    fn a_link_that_the_server_did_not_make_is_no_way_back(database) {
        let town = Town::new(database);
        let request = town.ask_one();
        reset_from(&town, &request);
        let cookies = town.browser.cookies();
        let link = link_text(request.id);
        for forged in ["//evil.example", "https://evil.example/", "x", "", &link[..link.len() - 1]] {
            let forged = cookies.replace(&format!("{COOKIE}{link}"), &format!("{COOKIE}{forged}"));
            let browser = Browser::new(town.server.visitor().with("Cookie", &forged));
            let done = browser.open(DONE);
            assert_eq!((done.path.as_str(), buttons(&done)), (DONE, vec!["/".to_owned()]));
            assert!(!done.html.contains("evil"));
            assert!(done.answer.header("set-cookie").contains("Max-Age=0"));
        }
    }

    fn another_site_plants_no_way_back(database) {
        let town = Town::new(database);
        let request = town.ask_one();
        let led = town.browser.with("Sec-Fetch-Site", "cross-site");
        assert_eq!(led.open(&request.at(RESET)).path, RESET);
        assert!(!town.browser.cookies().contains(COOKIE));
        town.browser.open(&request.at(RESET));
        assert!(town.browser.cookies().contains(&format!("{COOKIE}{}", link_text(request.id))));
    }
}
