//! The description of the API as a page: complete, linked, without anything from elsewhere.

use std::collections::BTreeSet;

use rubrica::http::error::Code;
use rubrica::http::router::{self, Access};
use scraper::{Html, Selector};

use crate::harness::client::Client;
use crate::harness::database::both_databases;
use crate::harness::server::TestServer;

fn page(caller: &Client) -> Html {
    let answer = caller.get("/docs");
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    Html::parse_document(&String::from_utf8(answer.body).unwrap())
}

/// The values of one attribute, wherever it is.
fn attributes(page: &Html, name: &str) -> Vec<String> {
    page.select(&Selector::parse(&format!("[{name}]")).unwrap())
        .map(|element| element.attr(name).unwrap().to_owned())
        .collect()
}

/// The words of each element that a selector finds.
fn texts(page: &Html, selector: &str) -> Vec<String> {
    page.select(&Selector::parse(selector).unwrap())
        .map(|element| {
            let words: String = element.text().collect();
            words.split_whitespace().collect::<Vec<_>>().join(" ")
        })
        .collect()
}

both_databases! {
    fn every_call_is_on_the_page_with_its_example(database) {
        let page = page(&TestServer::start(database).stranger());
        let shown = texts(&page, ".operation .address");
        let calls: Vec<_> = router::api()
            .iter()
            .filter(|route| route.access == Access::Apps)
            .map(|route| format!("{} {}", route.method, route.path))
            .collect();
        assert_eq!(BTreeSet::from_iter(&shown), BTreeSet::from_iter(&calls));
        let examples = texts(&page, ".operation pre").join("\n");
        for part in [
            "\"approval_url\"",
            "\"return_urls\"",
            "\"signed_at\"",
            "\"next\"",
            "SGVsbG8=",
        ] {
            assert!(examples.contains(part), "{part}");
        }
    }

    fn every_problem_document_leads_to_its_section(database) {
        let server = TestServer::start(database);
        let page = page(&server.stranger());
        let ids = attributes(&page, "id");
        for code in Code::ALL {
            assert!(ids.iter().any(|id| id == code.as_str()), "{code}");
        }
        let kind = server.stranger().get("/v1/app").at("/type");
        let (path, anchor) = kind.as_str().unwrap().split_once('#').unwrap();
        assert_eq!(path, "/docs");
        assert!(ids.iter().any(|id| id == anchor));
    }

    fn every_anchor_exists_once_and_every_link_leads_somewhere(database) {
        let server = TestServer::start(database);
        let caller = server.stranger();
        let page = page(&caller);
        let ids = attributes(&page, "id");
        let unique: BTreeSet<_> = ids.iter().map(String::as_str).collect();
        assert_eq!(unique.len(), ids.len());
        for link in BTreeSet::from_iter(attributes(&page, "href")) {
            match link.strip_prefix('#') {
                Some(anchor) => assert!(unique.contains(anchor), "{link}"),
                None => assert_eq!(caller.get(&link).status, 200, "{link}"),
            }
        }
    }

    fn the_page_runs_nothing_and_loads_only_its_style(database) {
        let server = TestServer::start(database);
        let caller = server.stranger();
        let policy = caller
            .get("/docs")
            .header("content-security-policy")
            .to_owned();
        assert!(
            policy.starts_with("default-src 'none'; style-src 'self';"),
            "{policy}"
        );
        let page = page(&caller);
        assert!(texts(&page, "script, img, iframe, style, [style]").is_empty());
        assert!(attributes(&page, "src").is_empty());
        let style = caller.get("/docs/style.css");
        assert_eq!(style.header("content-type"), "text/css; charset=utf-8");
        let text = String::from_utf8(style.body).unwrap();
        assert!(!text.contains("url(") && !text.contains("@import"));
    }
}
