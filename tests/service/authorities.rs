//! Making the authorities and publishing their certificates and lists.

use std::fs;

use rubrica::auth::op;
use rubrica::domain::authority::AuthorityRole;
use rubrica::service::ServiceError;
use rubrica::service::authorities::{AuthorityView, Publication};
use time::Duration;

use crate::harness::database::both_databases;
use crate::harness::openssl::openssl;
use crate::harness::server::{TestServer, administrator};

fn init(server: &TestServer) -> Vec<AuthorityView> {
    server
        .service()
        .init_authorities(&administrator().authorize(op::ManageAuthorities))
        .unwrap()
}

fn published(server: &TestServer, name: &str) -> Option<Vec<u8>> {
    server
        .service()
        .publication(Publication::by_name(name).unwrap())
        .unwrap()
}

/// The number of a revocation list, as openssl reads it.
fn number(list: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("list"), list).unwrap();
    let arguments = [
        "crl",
        "-inform",
        "DER",
        "-in",
        "list",
        "-noout",
        "-crlnumber",
    ];
    openssl(folder.path(), &arguments)
        .unwrap()
        .trim()
        .to_owned()
}

both_databases! {
    fn the_authorities_are_made_once(database) {
        let server = TestServer::start(database);
        let made = init(&server);
        let roles: Vec<_> = made.iter().map(|authority| authority.role).collect();
        assert_eq!(roles, [AuthorityRole::Root, AuthorityRole::Issuing]);
        assert_eq!(made[0].name, "CN=Rubrica Root CA,O=Rubrica,C=ES");
        assert!(made[0].not_after > made[1].not_after);
        assert_eq!(init(&server), made);
    }

    fn what_is_published_fits_together(database) {
        let server = TestServer::start(database);
        init(&server);
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        for (name, kind) in [
            ("root.cer", "x509"),
            ("issuing.cer", "x509"),
            ("root.crl", "crl"),
        ] {
            fs::write(folder.join(name), published(&server, name).unwrap()).unwrap();
            openssl(
                folder,
                &[
                    kind,
                    "-inform",
                    "DER",
                    "-in",
                    name,
                    "-out",
                    &format!("{name}.pem"),
                ],
            )
            .unwrap();
        }
        let arguments = [
            "verify",
            "-x509_strict",
            "-crl_check",
            "-attime",
            "1795430000",
            "-CAfile",
            "root.cer.pem",
            "-CRLfile",
            "root.crl.pem",
            "issuing.cer.pem",
        ];
        openssl(folder, &arguments).unwrap();
        let list = published(&server, "issuing.crl").unwrap();
        assert_eq!(number(&list), "crlNumber=0x01");
    }

    fn nothing_is_published_before_it_is_made_nor_under_other_names(database) {
        let server = TestServer::start(database);
        for name in ["root.cer", "root.crl", "issuing.cer", "issuing.crl"] {
            assert_eq!(published(&server, name), None);
        }
        assert_eq!(server.service().publish_due_lists().unwrap(), 0);
        for name in [
            "",
            "root",
            "root.",
            ".crl",
            "root.pem",
            "citizen.crl",
            "root.crl.crl",
        ] {
            assert_eq!(Publication::by_name(name), None, "{name}");
        }
    }

    fn lists_are_issued_anew_when_half_their_time_is_over(database) {
        let server = TestServer::start(database);
        init(&server);
        let due = || server.service().publish_due_lists().unwrap();
        server.clock().advance(Duration::days(3));
        assert_eq!(due(), 0);
        server.clock().advance(Duration::hours(12));
        assert_eq!(due(), 2);
        assert_eq!(due(), 0);
        let list = published(&server, "issuing.crl").unwrap();
        assert_eq!(number(&list), "crlNumber=0x02");
    }

    fn anybody_fetches_certificates_and_lists_over_plain_http(database) {
        let server = TestServer::start(database);
        let fetch = |name: &str| server.operator().get(&format!("/pki/{name}"));
        assert_eq!(fetch("root.crl").status, 404);
        init(&server);
        for (name, kind) in [
            ("root.cer", "application/pkix-cert"),
            ("issuing.cer", "application/pkix-cert"),
            ("root.crl", "application/pkix-crl"),
            ("issuing.crl", "application/pkix-crl"),
        ] {
            let answer = fetch(name);
            assert_eq!(answer.status, 200);
            assert_eq!(answer.header("content-type"), kind);
            assert_eq!(answer.body, published(&server, name).unwrap());
        }
        for name in ["root.key", "..", "issuing"] {
            assert_eq!(fetch(name).status, 404, "{name}");
        }
    }

    fn upkeep_issues_what_is_due(database) {
        let server = TestServer::start(database);
        init(&server);
        assert_eq!(server.service().upkeep().published, 0);
        server.clock().advance(Duration::days(4));
        assert_eq!(server.service().upkeep().published, 2);
    }

    fn lists_are_issued_by_hand_at_any_time(database) {
        let server = TestServer::start(database);
        init(&server);
        let authorized = administrator().authorize(op::ManageAuthorities);
        server.service().publish_lists(&authorized).unwrap();
        for name in ["root.crl", "issuing.crl"] {
            let list = published(&server, name).unwrap();
            assert_eq!(number(&list), "crlNumber=0x02");
        }
    }

    fn a_certificate_without_its_key_is_told(database) {
        let server = TestServer::start(database);
        init(&server);
        // The same database with another token: here, with other labels.
        let other = TestServer::start(database);
        let authorized = administrator().authorize(op::ManageAuthorities);
        let error = other.service().publish_lists(&authorized).unwrap_err();
        assert!(
            matches!(error, ServiceError::AuthorityKeyMissing(_)),
            "{error}"
        );
    }
}
