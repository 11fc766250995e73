//! Who is let in: tokens, client certificates, rotation, disabling.

use rubrica::auth::op;
use rubrica::clock::Ambient;
use rubrica::service::apps::Credentials;
use time::Duration;

use crate::harness::ambient::BEGINNING;
use crate::harness::client::ClientIdentity;
use crate::harness::database::both_databases;
use crate::harness::dump::dump;
use crate::harness::openssl::openssl;
use crate::harness::server::{TestServer, administrator, client_identity};

const NO_ENTRY: (u16, &str) = (401, "invalid_credentials");

both_databases! {
    fn a_token_lets_its_own_app_in(database) {
        let server = TestServer::start(database);
        let (tax, _health) = (server.app("tax"), server.app("health"));
        let answer = tax.client.get("/v1/app");
        assert_eq!(answer.status, 200);
        assert_eq!(answer.at("/name"), "tax");
        assert_eq!(answer.at("/id"), tax.app.id.to_string());
    }

    fn without_a_valid_token_nobody_gets_in(database) {
        let server = TestServer::start(database);
        let app = server.app("tax");
        let stranger = server.stranger();
        let answer = stranger.get("/v1/app");
        assert_eq!(answer.problem(), (401, "authentication_required".to_owned()));
        assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"rubrica\"");
        let (shorter, _) = app.token.split_at(app.token.len() - 1);
        for token in ["", "rub_", "x", shorter, &format!("{}A", app.token), &app.token.to_uppercase()] {
            let (status, code) = stranger.bearer(token).get("/v1/app").problem();
            assert_eq!((status, code.as_str()), NO_ENTRY, "{token}");
        }
        let basic = stranger.with("Authorization", "Basic dGF4OnRheA==");
        assert_eq!(basic.get("/v1/app").status, 401);
    }

    fn a_rotated_token_stays_good_for_its_grace(database) {
        let server = TestServer::start(database);
        let old = server.app("tax");
        let given = server
            .service()
            .rotate_app(
                &administrator().authorize(op::ManageApps),
                "tax",
                &Credentials::Token,
                Duration::HOUR,
            )
            .unwrap();
        let new = server.stranger().bearer(given.token.unwrap().expose());
        assert_eq!(old.client.get("/v1/app").status, 200);
        assert_eq!(new.get("/v1/app").status, 200);
        server.clock().advance(Duration::minutes(61));
        assert_eq!(old.client.get("/v1/app").status, 401);
        assert_eq!(new.get("/v1/app").status, 200);
    }

    fn a_bound_client_certificate_lets_its_app_in(database) {
        let server = TestServer::start(database);
        server.app("tax");
        let (identity, other) = (client_identity(), client_identity());
        let caller = server.certified(&identity);
        assert_eq!(caller.get("/v1/app").status, 401);
        server
            .service()
            .rotate_app(
                &administrator().authorize(op::ManageApps),
                "tax",
                &Credentials::Certificate { pem: identity.certificate.clone() },
                Duration::HOUR,
            )
            .unwrap();
        assert_eq!(caller.get("/v1/app").at("/name"), "tax");
        assert_eq!(server.certified(&other).get("/v1/app").status, 401);
        // The certificate was made today, whatever the server's clock says.
        let today = Ambient::system().now();
        server.clock().advance(today - BEGINNING + Duration::days(366));
        assert_eq!(caller.get("/v1/app").status, 401);
    }

    fn a_disabled_app_is_shut_out_until_enabled(database) {
        let server = TestServer::start(database);
        let app = server.app("tax");
        let may = administrator().authorize(op::ManageApps);
        server.service().disable_app(&may, "tax").unwrap();
        assert_eq!(
            app.client.get("/v1/app").problem(),
            (403, "app_disabled".to_owned())
        );
        server.service().enable_app(&may, "tax").unwrap();
        assert_eq!(app.client.get("/v1/app").status, 200);
    }

    fn a_certificate_made_by_the_file_for_apps_lets_its_app_in(database) {
        let folder = tempfile::tempdir().unwrap();
        let profile = concat!(env!("CARGO_MANIFEST_DIR"), "/certs/app.cnf");
        let mut arguments = vec!["req", "-x509", "-newkey", "ec", "-config", profile];
        arguments.extend(["-pkeyopt", "ec_paramgen_curve:P-256", "-days", "90"]);
        arguments.extend(["-keyout", "app.key", "-out", "app.pem"]);
        openssl(folder.path(), &arguments).unwrap();
        // It is for this and for nothing else.
        let verify = |purpose| {
            let strict = ["verify", "-x509_strict", "-purpose", purpose, "-CAfile"];
            openssl(
                folder.path(),
                &[&strict[..], &["app.pem", "app.pem"]].concat(),
            )
        };
        verify("sslclient").unwrap();
        assert!(verify("sslserver").is_err());

        let read = |name| std::fs::read_to_string(folder.path().join(name)).unwrap();
        let server = TestServer::start(database);
        server.app("tax");
        let caller = server.certified(&ClientIdentity {
            certificate: read("app.pem"),
            key: read("app.key"),
        });
        assert_eq!(caller.get("/v1/app").status, 401);
        let pem = read("app.pem");
        server
            .service()
            .rotate_app(
                &administrator().authorize(op::ManageApps),
                "tax",
                &Credentials::Certificate { pem },
                Duration::HOUR,
            )
            .unwrap();
        assert_eq!(caller.get("/v1/app").at("/name"), "tax");
    }

    fn the_database_keeps_no_token(database) {
        let server = TestServer::start(database);
        let app = server.app("tax");
        let holds = |words: &str| {
            let words = words.as_bytes();
            let found = |column: Vec<u8>| column.windows(words.len()).any(|window| window == words);
            dump(database).into_iter().any(found)
        };
        assert!(holds("tax"), "the search finds nothing at all");
        assert!(!holds(&app.token));
    }
}
