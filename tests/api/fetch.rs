//! Fetching what was really signed: the files, their headers, and what is said before and after.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rubrica::domain::algorithm::{Digest, DigestAlgorithm};
use rubrica::domain::request::RequestState;
use serde_json::json;
use time::Duration;

use super::create::REQUESTS;
use crate::harness::database::both_databases;
use crate::harness::multipart::Form;
use crate::harness::pdf;
use crate::harness::town::{Asked, Town};

/// One document of each kind of signature.
fn ask(town: &Town) -> Asked {
    let form = Form::of(&json!({
        "signer": town.citizen.national_id.expose(),
        "documents": [
            {"name": "petición.pdf"},
            {"name": "nota.txt"},
            {"name": "datos.xml", "packaging": "detached"},
        ],
    }));
    let form = form
        .document(&pdf::plain())
        .document(b"nota")
        .document(b"<a/>");
    let made = town
        .app
        .client
        .post(REQUESTS, &Form::content_type(), form.finish());
    assert_eq!(made.status, 201, "{}", made.json());
    town.made(made.at("/id").as_str().unwrap())
}

fn path(asked: &Asked, index: usize) -> String {
    format!(
        "{REQUESTS}/{}/documents/{}",
        asked.id, asked.documents[index].id
    )
}

both_databases! {
    fn a_signed_document_comes_with_its_name_type_length_and_digest(database) {
        let town = Town::new(database);
        let asked = ask(&town);
        assert_eq!(town.approve(&asked), RequestState::Completed);
        let request = town.app.client.get(&format!("{REQUESTS}/{}", asked.id));
        let certificate = request.at("/certificate");
        assert!(certificate.as_str().unwrap().starts_with("-----BEGIN CERTIFICATE-----"));
        for (index, kind, name, start) in [
            (
                0,
                "application/pdf",
                "filename=\"petici_n.pdf\"; filename*=UTF-8''petici%C3%B3n.pdf",
                &pdf::plain()[..],
            ),
            (
                1,
                "application/pkcs7-mime",
                "filename=\"nota.txt.p7m\"; filename*=UTF-8''nota.txt.p7m",
                b"\x30",
            ),
            (
                2,
                "application/pkcs7-signature",
                "filename=\"datos.xml.p7s\"; filename*=UTF-8''datos.xml.p7s",
                b"\x30",
            ),
        ] {
            let answer = town.app.client.get(&path(&asked, index));
            assert_eq!(answer.status, 200, "{name}");
            assert!(answer.body.starts_with(start), "{name}");
            let digest = Digest::of(DigestAlgorithm::Sha256, &answer.body);
            let length = answer.body.len();
            let told = request.at(&format!("/documents/{index}/signed"));
            assert_eq!(told["sha256"], digest.to_hex());
            assert_eq!(told["size"], length);
            for (header, value) in [
                ("content-type", kind.to_owned()),
                ("content-disposition", format!("attachment; {name}")),
                ("content-length", length.to_string()),
                ("etag", format!("\"{}\"", digest.to_hex())),
                ("repr-digest", format!("sha-256=:{}:", STANDARD.encode(digest.bytes()))),
                ("cache-control", "no-store".to_owned()),
                ("x-content-type-options", "nosniff".to_owned()),
            ] {
                assert_eq!(answer.header(header), value, "{name}: {header}");
                let head = town.app.client.call("HEAD", &path(&asked, index), ());
                assert_eq!((head.status, head.body.len()), (200, 0), "{name}");
                assert_eq!(head.header(header), value, "HEAD of {name}: {header}");
            }
        }
        let fetched = town.events().iter().filter(|event| *event == "document.fetched").count();
        assert_eq!(fetched, 3, "asking for headers alone is no fetching");
    }

    fn a_document_is_told_as_not_signed_then_given_then_told_as_deleted(database) {
        let town = Town::new(database);
        let asked = ask(&town);
        let fetch = || town.app.client.get(&path(&asked, 0));
        assert_eq!(fetch().problem(), (409, "document_not_signed".to_owned()));
        town.approve(&asked);
        let first = fetch();
        assert_eq!(first.status, 200);
        town.server.clock().advance(Duration::hours(23));
        assert_eq!(fetch().body, first.body, "it can be fetched again");
        town.server.clock().advance(Duration::days(2));
        assert_eq!(town.server.service().upkeep().deleted, 1);
        assert_eq!(fetch().problem(), (410, "document_deleted".to_owned()));
        let head = town.app.client.call("HEAD", &path(&asked, 0), ());
        assert_eq!(head.status, 410);
        // What happened stays known.
        let request = town.app.client.get(&format!("{REQUESTS}/{}", asked.id));
        assert_eq!(request.at("/state"), "completed");
        let digest = Digest::of(DigestAlgorithm::Sha256, &first.body).to_hex();
        assert_eq!(request.at("/documents/0/signed/sha256"), digest);
        assert_eq!(town.server.stored_objects(), 0);
    }
}
