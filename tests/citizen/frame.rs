//! What surrounds every page: addresses, methods, languages, forms from elsewhere, failures as pages.

use std::time::Duration;

use rubrica::http::{Limits, Proxies, ProxyHeader, router};

use crate::harness::browser::{Browser, Seen};
use crate::harness::database::{TestDatabase, both_databases};
use crate::harness::server::{TestServer, Wishes};

both_databases! {
    fn an_address_that_is_none_gets_a_page_that_says_so(database) {
        let server = TestServer::start(database);
        let browser = Browser::new(server.visitor());
        let page = browser.open("/nowhere");
        assert_eq!(page.status, 404);
        assert_eq!(page.heading(), "Esta página no existe");
        assert!(
            page.text(".bottom")
                .contains(page.answer.header("x-request-id"))
        );
    }

    fn an_address_with_a_strange_host_in_its_path_makes_no_link_to_it(database) {
        let server = TestServer::start(database);
        for path in ["//evil.example", "///evil.example/a", "/\\evil.example"] {
            let mut line = server.visitor().line();
            let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            line.send(head.as_bytes());
            let answer = line.rest();
            assert!(answer.contains("href=\"/evil.example"), "{answer}");
        }
    }

    fn an_approval_link_that_was_not_made_here_gets_a_page_that_says_so(database) {
        let server = TestServer::start(database);
        let browser = Browser::new(server.visitor());
        for path in [
            "/r/x",
            "/r/0199c0de-0000-7000-8000-000000000001.AAAAAAAAAAAAAAAAAAAAAA",
            "/r/0199c0de-0000-7000-8000-000000000001.AAAAAAAAAAAAAAAAAAAAAA/code",
            "/r/x/done",
            "/r/x/decline",
            "/r/x/documents/0199c0de-0000-7000-8000-000000000001",
            "/r/x/help/blocked",
        ] {
            let page = browser.open(path);
            assert_eq!(page.status, 404, "{path}");
            assert_eq!(page.heading(), "Este enlace no es válido", "{path}");
            // It leads nowhere the second time either.
            assert_eq!(page.links("Intentarlo de nuevo"), Vec::<String>::new(), "{path}");
        }
    }

    fn another_method_gets_a_page_and_is_told_which_are_taken(database) {
        let server = TestServer::start(database);
        let answer = server
            .visitor()
            .call("DELETE", "/help", ureq::SendBody::none());
        assert_eq!(answer.status, 405);
        assert_eq!(answer.header("allow"), "GET, HEAD");
        assert!(answer.header("content-type").starts_with("text/html"));
    }

    fn the_pages_to_read_open_in_every_language(database) {
        let server = TestServer::start(database);
        for (language, tag, heading) in [
            ("es", "es", "Ayuda"),
            ("ca", "ca", "Ajuda"),
            ("gl", "gl", "Axuda"),
            ("eu", "eu", "Laguntza"),
            ("va", "ca-valencia", "Ajuda"),
            ("en", "en", "Help"),
        ] {
            let browser = Browser::new(server.visitor());
            let page = browser.open(&format!("/help?lang={language}"));
            assert_eq!((page.status, page.heading().as_str()), (200, heading));
            assert_eq!(page.answer.header("content-language"), tag);
            let mut topics = page.links("");
            topics.retain(|link| link.starts_with("/help/"));
            assert!(topics.len() > 8, "{language}: {topics:?}");
            for topic in topics {
                // The choice is remembered.
                let page = browser.open(&topic);
                assert_eq!(page.status, 200, "{topic}");
                assert_eq!(page.answer.header("content-language"), tag, "{topic}");
            }
        }
    }

    fn the_browser_s_language_is_taken_until_one_is_chosen(database) {
        let server = TestServer::start(database);
        let browser = Browser::new(server.visitor()).with("Accept-Language", "gl,en;q=0.5");
        assert_eq!(browser.open("/").heading(), "A súa conta de sinatura");
        assert_eq!(browser.open("/?lang=eu").heading(), "Zure sinadura-kontua");
        assert_eq!(browser.open("/").heading(), "Zure sinadura-kontua");
    }

    fn style_and_icon_are_named_by_their_content_and_kept(database) {
        let server = TestServer::start(database);
        let browser = Browser::new(server.visitor());
        let home = browser.open("/");
        for (start, kind) in [
            ("/static/style-", "text/css"),
            ("/static/icon-", "image/svg+xml"),
        ] {
            let (_, rest) = home.html.split_once(start).unwrap();
            let (name, _) = rest.split_once('"').unwrap();
            let file = browser.open(&format!("{start}{name}"));
            assert_eq!(file.status, 200);
            assert!(file.answer.header("content-type").starts_with(kind));
            assert!(
                file.answer
                    .header("cache-control")
                    .contains("max-age=31536000")
            );
        }
        assert_eq!(
            browser.open("/static/style-0000000000000000.css").status,
            404
        );
    }

    fn a_form_that_did_not_come_from_our_page_is_refused(database) {
        let server = TestServer::start(database);
        let browser = Browser::new(server.visitor());
        let action = "/account/password";
        let page = browser.open(action);
        let fields = page.fields(action);
        let without: Vec<_> = fields
            .iter()
            .filter(|(name, _)| name != "token")
            .cloned()
            .collect();
        let foreign = Browser::new(server.visitor()).open(action).fields(action);
        for forged in [&without, &foreign] {
            assert_eq!(browser.post(action, forged).status, 403);
        }
        for (header, value) in [
            ("Sec-Fetch-Site", "cross-site"),
            ("Sec-Fetch-Site", "same-site"),
            ("Origin", "https://evil.example"),
            ("Origin", "http://127.0.0.1"),
        ] {
            assert_eq!(
                browser.with(header, value).post(action, &fields).status,
                403,
                "{value}"
            );
        }
        // What browsers send with a form of a page that shows no referrer.
        let honest = browser
            .with("Origin", "null")
            .with("Sec-Fetch-Site", "same-origin");
        assert_eq!(honest.post(action, &fields).status, 422);
        // Without cookies there is nothing the token could fit.
        assert_eq!(
            Browser::new(server.visitor()).post(action, &fields).status,
            403
        );
    }

    fn every_route_that_takes_a_form_refuses_one_from_elsewhere(database) {
        let server = TestServer::start(database);
        let browser = Browser::new(server.visitor());
        let forms: Vec<_> = router::citizen()
            .iter()
            .filter(|route| route.method == "POST")
            .collect();
        assert!(forms.len() > 8);
        for route in forms {
            let path = route.path.replace("{link}", "x");
            let answer = browser.post(&path, &[]);
            assert_eq!(answer.status, 403, "{path}");
            assert!(answer.header("content-type").starts_with("text/html"));
        }
    }

    fn a_form_that_is_too_long_or_no_form_is_refused(database) {
        let server = TestServer::start(database);
        let browser = Browser::new(server.visitor());
        let long = [("token".to_owned(), "x".repeat(20_000))];
        assert_eq!(browser.post("/account/reset", &long).status, 413);
        let answer = server
            .visitor()
            .post("/account/reset", "application/json", "{}");
        assert_eq!(answer.status, 415);
        assert!(answer.header("content-type").starts_with("text/html"));
    }

    fn what_is_missing_is_told_beside_its_field_and_only_names_are_given_back(database) {
        let server = TestServer::start(database);
        let browser = Browser::new(server.visitor());
        let action = "/account/activate";
        let page = browser.open(action);
        let values = [
            ("national-id", "12345678A"),
            ("email", "ana"),
            ("activation-code", ""),
        ];
        let again = browser.send(&page, action, &values);
        assert_eq!(again.status, 422);
        assert!(again.title().starts_with("Error:"), "{}", again.title());
        for id in ["national-id", "email", "activation-code"] {
            assert!(!again.text(&format!("#{id}-error")).is_empty(), "{id}");
        }
        let given_back = again.fields(action);
        assert!(given_back.contains(&("national-id".to_owned(), "12345678A".to_owned())));
        let change = "/account/password";
        let page = browser.open(change);
        let again = browser.send(&page, change, &[("password", "hunter2")]);
        assert!(!again.html.contains("hunter2"));
    }
}

/// A server whose citizens may call three times a minute from one address, and which believes these proxies.
fn patient(database: &TestDatabase, proxies: &[&str]) -> TestServer {
    TestServer::start_with(
        database,
        Wishes {
            limits: Limits {
                place_per_minute: 3,
                place_burst: 3,
                ..Limits::default()
            },
            citizen_proxies: Proxies {
                networks: proxies.iter().map(|text| text.parse().unwrap()).collect(),
                header: ProxyHeader::XForwardedFor,
            },
            ..Wishes::default()
        },
    )
}

both_databases! {
    fn an_address_that_calls_too_often_gets_a_page_that_says_when_to_come_back(database) {
        let server = patient(database, &[]);
        let app = server.app("sede");
        let browser = Browser::new(server.visitor().with("Accept-Language", "ca"));
        for path in ["/help", "/cookies", "/nowhere"] {
            assert_ne!(browser.open(path).status, 429);
        }
        for path in ["/help", "/account/activate", "/r/x"] {
            let page = browser.open(path);
            assert_eq!(page.status, 429, "{path}");
            assert_eq!(page.heading(), "Massa intents seguits");
            assert_eq!(page.text("html[lang=ca] main h1"), page.heading());
            let wait: u64 = page.answer.header("retry-after").parse().unwrap();
            assert!((1..=20).contains(&wait), "{wait}");
        }
        assert!(browser.open("/r/x/code").leads_to("/r/x"));
        // Forms are counted like everything else, and what a header says is not believed.
        let forged = browser.with("X-Forwarded-For", "203.0.113.9");
        assert_eq!(forged.post("/account/activate", &[]).status, 429);
        // The page still has its style; apps and operators have limits of their own.
        let style = server.visitor().get(&style_of(&browser.open("/help")));
        assert_eq!(style.status, 200);
        assert_eq!(app.client.get("/v1/app").status, 200);
        assert_eq!(server.operator().get("/readyz").status, 200);
    }
}

#[test]
fn behind_a_proxy_each_client_is_counted_by_itself() {
    let server = patient(&TestDatabase::sqlite(), &["127.0.0.0/8"]);
    let from = |address| server.visitor().with("X-Forwarded-For", address);
    let (one, other) = (from("2001:db8:0:1::1"), from("2001:db8:0:2::1"));
    for _ in 0..3 {
        assert_eq!(one.get("/help").status, 200);
    }
    assert_eq!(one.get("/help").status, 429);
    // Another address of the same line, and one that was put before it.
    assert_eq!(from("2001:db8:0:1:ffff::1").get("/help").status, 429);
    assert_eq!(from("192.0.2.1, 2001:db8:0:1::1").get("/help").status, 429);
    assert_eq!(other.get("/help").status, 200);
    // The proxy itself counts where it says nothing.
    assert_eq!(server.visitor().get("/help").status, 200);
}

/// Where a page has its style sheet.
fn style_of(page: &Seen) -> String {
    let (_, rest) = page.html.split_once("rel=\"stylesheet\" href=\"").unwrap();
    rest.split_once('"').unwrap().0.to_owned()
}

both_databases! {
    fn a_form_that_does_not_come_is_not_waited_for(database) {
        let server = TestServer::start_with(database, Wishes {
            limits: Limits {
                pause: Duration::from_millis(300),
                ..Limits::default()
            },
            ..Wishes::default()
        });
        let mut line = server.visitor().line();
        line.send(
            b"POST /account/activate HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\
              Content-Type: application/x-www-form-urlencoded\r\n\r\n",
        );
        for _ in 0..5 {
            line.send(b"a");
            std::thread::sleep(Duration::from_millis(100));
        }
        assert!(line.status_line().contains("408"));
    }
}
