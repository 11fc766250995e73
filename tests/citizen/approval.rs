//! Approving a request in a browser: the way through, and each way that leads elsewhere.

use std::time::Instant;

use rubrica::auth::op;
use rubrica::domain::document::Packaging;
use rubrica::domain::level::RegistrationLevel;
use rubrica::domain::request::{
    CadesOptions, Commitment, Document, PadesOptions, RequestState, SignatureOptions,
    SignatureRequest, SignerLocation,
};
use rubrica::domain::revocation::RevocationReason;
use rubrica::domain::signer::Signer;
use serde_json::json;
use time::Duration;

use crate::harness::asked::{self, detached, pades};
use crate::harness::browser::Browser;
use crate::harness::database::{both_databases, tamper};
use crate::harness::pdf::plain;
use crate::harness::server::administrator;
use crate::harness::town::{Asked, Town};

/// What becomes of a citizen's row.
type Change = fn(&mut Signer);

/// A request for a text and a page, from an app that wants the browser back, changed as the test likes.
fn ask(town: &Town, change: impl FnOnce(&mut SignatureRequest, &mut Vec<Document>)) -> Asked {
    town.ask_like(|request| {
        request.return_url = Some("https://sede.example/back?step=3".parse().unwrap());
        let text = asked::document(&town.server, request.id, "año.txt", b"yes", detached());
        let page = asked::document(
            &town.server,
            request.id,
            "page.html",
            b"<script>alert(1)</script>",
            detached(),
        );
        let mut documents = vec![
            Document {
                title: Some("Solicitud <de> ayuda".to_owned()),
                ..text
            },
            Document {
                media_type: "text/html".to_owned(),
                ..page
            },
        ];
        change(request, &mut documents);
        documents
    })
}

fn usual(town: &Town) -> Asked {
    ask(town, |_, _| ())
}

both_databases! {
    fn a_request_is_shown_approved_and_signed(database) {
        let town = Town::new(database);
        let request = usual(&town);
        let page = town.browser.open(&request.link);
        assert_eq!(page.heading(), "sede le pide firmar 2 documentos");
        assert_eq!(page.text(".lead"), "Solicitud");
        let fingerprint = page.text(".fingerprint");
        assert_eq!(fingerprint.len(), 9);
        for document in &request.documents {
            assert!(page.leads_to(&request.at(&format!("/documents/{}", document.id))));
            let shown = page.text("main").replace(' ', "");
            assert!(shown.contains(&hex::encode(document.sha256.bytes())), "{shown}");
        }
        assert!(page.html.contains("Solicitud &#60;de&#62; ayuda"), "{}", page.html);

        let page = town.to_code(&request);
        assert_eq!(page.text(".fingerprint"), fingerprint);
        let phone = town.server.phones().last(&town.citizen.phone);
        assert!(phone.text.contains(&fingerprint) && phone.text.contains("sede"));
        assert!(page.text(".access").starts_with("Su último acceso fue el "));
        assert!(page.text("main").contains("Tiene 3 intentos."));

        let done = town.give(&request, &page, &town.code());
        assert_eq!((done.status, &done.path), (200, &request.at("/done")));
        assert_eq!(done.heading(), "Los 2 documentos están firmados");
        assert_eq!(town.state(&request), RequestState::Completed);
        let back = format!(
            "https://sede.example/back?step=3&request={}&state=completed",
            request.id
        );
        assert_eq!(done.links("Volver a sede"), [back]);
    }

    fn what_the_signature_will_state_is_shown_to_the_letter_and_signed_so(database) {
        let town = Town::new(database);
        let said = |text: &str| Some(text.to_owned());
        let request = ask(&town, |request, documents| {
            let pades = SignatureOptions::Pades(PadesOptions {
                reason: said("Acepto  <b>todo</b> & firmo"),
                location: said("Mérida"),
                contact: said("ana@example.com"),
                ..PadesOptions::default()
            });
            let cades = SignatureOptions::Cades {
                packaging: Packaging::Detached,
                options: CadesOptions {
                    commitment: Some(Commitment::ProofOfApproval),
                    location: Some(SignerLocation {
                        locality: said("Toledo"),
                        ..SignerLocation::default()
                    }),
                    policy: None,
                },
            };
            *documents = vec![
                asked::document(&town.server, request.id, "a.pdf", &plain(), pades),
                asked::document(&town.server, request.id, "b.txt", b"yes", cades),
                asked::document(&town.server, request.id, "c.txt", b"no", detached()),
            ];
        });
        let first = town.browser.open(&request.link);
        let second = town.to_code(&request);
        for page in [&first, &second] {
            let shown = page.text("main");
            assert!(page.html.contains("Acepto  &#60;b&#62;todo&#60;/b&#62; &#38; firmo"), "{}", page.html);
            for text in ["Motivo", "Lugar", "Mérida", "Contacto", "ana@example.com", "Usted declara",
                "Que aprueba el contenido de este documento.", "Toledo"] {
                assert!(shown.contains(text), "{text}: {shown}");
            }
            // Nothing is said where nothing was chosen.
            assert_eq!(shown.matches("Su firma dirá también").count(), 2, "{shown}");
        }
        town.give(&request, &second, &town.code());
        let signed = town.signed(&town.rows(&request)[0]);
        let signed = String::from_utf8_lossy(&signed);
        assert!(signed.contains("/Reason (Acepto  <b>todo</b> & firmo)"));
        assert!(signed.contains("/Location <feff004d00e90072006900640061>"));
        assert!(signed.contains("/ContactInfo (ana@example.com)"));
    }

    fn every_document_has_its_own_result(database) {
        let town = Town::new(database);
        let request = ask(&town, |request, documents| {
            let broken = asked::document(&town.server, request.id, "no.pdf", b"no PDF", pades());
            documents.push(broken);
        });
        let done = town.give(&request, &town.to_code(&request), &town.code());
        assert_eq!(done.heading(), "Se han firmado 2 de los 3 documentos");
        assert!(done.text(".results .bad").contains("El archivo no es un PDF."));
    }

    fn the_app_s_language_is_spoken_until_another_is_chosen(database) {
        let town = Town::new(database);
        let request = ask(&town, |request, _| request.language = "eu".parse().unwrap());
        let english = town.browser.with("Accept-Language", "en");
        assert_eq!(english.open(&request.link).answer.header("content-language"), "eu");
        let chosen = english.open(&request.at("?lang=gl"));
        assert_eq!(chosen.answer.header("content-language"), "gl");
        assert_eq!(english.open(&request.link).answer.header("content-language"), "gl");
    }

    fn a_wrong_password_and_an_unknown_citizen_look_the_same(database) {
        let town = Town::new(database);
        let request = usual(&town);
        let wrong = town.identify(&request, "not the password");
        assert_eq!(wrong.path, request.at("?fault=credentials"));
        assert_eq!(wrong.wrong_fields(), ["national-id", "password"]);
        assert!(wrong.title().starts_with("Error:"));
        let page = town.browser.open(&request.link);
        let values = [("national-id", "00000000T"), ("password", "not the password")];
        let unknown = town.browser.send(&page, &request.link, &values);
        assert_eq!(unknown.path, wrong.path);
        assert_eq!(unknown.text("main"), wrong.text("main"));
        assert_eq!(town.state(&request), RequestState::Pending);
    }

    fn a_blocked_citizen_is_told_how_to_go_on(database) {
        let town = Town::new(database);
        let request = usual(&town);
        for _ in 0..4 {
            town.identify(&request, "not the password");
        }
        for password in ["not the password", town.citizen.password.expose()] {
            let page = town.identify(&request, password);
            assert_eq!(page.path, request.at("/help/blocked"), "{password}");
            assert_eq!(page.heading(), "Su cuenta está bloqueada");
            assert!(page.leads_to(&request.at("/account/reset")) && page.leads_to(&request.link));
        }
        let reset = "/account/reset";
        let values = [
            ("national-id", town.citizen.national_id.expose()),
            ("activation-code", town.citizen.activation_code.expose()),
        ];
        let page = town.browser.send(&town.browser.open(reset), reset, &values);
        let code = town.code();
        let values = [
            ("code", code.as_str()),
            ("new-password", "An0ther!pass"),
            ("repeat-password", "An0ther!pass"),
        ];
        town.browser.send(&page, "/account/reset/code", &values);
        let page = town.identify(&request, "An0ther!pass");
        let done = town.give(&request, &page, &town.code());
        assert_eq!(done.heading(), "Los 2 documentos están firmados");
    }

    fn who_cannot_sign_is_told_why_and_what_to_do(database) {
        let town = Town::new(database);
        let request = usual(&town);
        let cases: [(Change, &str, &str); 3] = [
            (|s| s.level = RegistrationLevel::Basic, "basic-level", "Su nivel de registro no permite firmar"),
            (
                |s| {
                    s.level = RegistrationLevel::Advanced;
                    s.password_expires_at = Some(s.registered_at);
                },
                "password-expired",
                "Su contraseña ha caducado",
            ),
            (
                |s| {
                    s.password_expires_at = Some(s.registered_at + Duration::days(365));
                    s.phone = None;
                },
                "no-phone",
                "No tenemos su teléfono",
            ),
        ];
        let told = |slug: &str, heading: &str| {
            let page = town.identify(&request, town.citizen.password.expose());
            assert_eq!(page.path, request.at(&format!("/help/{slug}")));
            assert_eq!(page.heading(), heading);
            assert!(!page.text("#next + p").is_empty());
            page
        };
        for (change, slug, heading) in cases {
            town.change_citizen(change);
            told(slug, heading);
        }
        town.change_citizen(|s| s.phone = Some("+34600000000".parse().unwrap()));
        tamper(&town.store, "UPDATE credentials SET not_before = 0, not_after = 1");
        told("credential-expired", "Su certificado de firma ha caducado");
        let authorized = administrator().authorize(op::ManageCredentials);
        let credential = town.citizen.credential;
        let revoked = town.server.service().revoke_credential(&authorized, credential, RevocationReason::Superseded);
        revoked.unwrap();
        told("no-credential", "No tiene certificado de firma");
        let body = json!({"signer": town.citizen.national_id.expose(), "documents": [{"name": "a", "content": ""}]});
        let app = town.app.client.post_json("/v1/signature-requests", &body);
        assert_eq!(app.problem(), (409, "signer_no_credential".to_owned()));
        town.change_citizen(|s| s.password_expires_at = None);
        let page = told("not-activated", "Su cuenta no está activada");
        assert!(page.leads_to(&request.at("/account/activate")));
        assert_eq!(town.state(&request), RequestState::Pending);
        let messages = town.server.phones().messages();
        assert_eq!(messages.len(), 2, "a code went out in vain: {messages:?}");
        assert!(messages[1].text.contains("revocado"), "{messages:?}");
    }

    fn three_wrong_codes_refuse_the_request(database) {
        let town = Town::new(database);
        let request = usual(&town);
        let mut page = town.to_code(&request);
        let wrong = town.wrong_code();
        for left in ["Le quedan 2 intentos.", "Le queda un intento."] {
            page = town.give(&request, &page, &wrong);
            assert_eq!(page.path, request.at("/code?fault=code"));
            assert!(page.text(".summary-wrong").contains(left), "{}", page.text("main"));
            assert!(page.leads_to("#code") && page.wrong_fields() == ["code"]);
            assert!(page.text("#code-error").contains(left), "{}", page.text("main"));
            // Loading the page again costs nothing.
            page = town.browser.open(&request.at("/code?fault=code"));
        }
        let over = town.give(&request, &page, &wrong);
        assert_eq!((over.status, &over.path), (410, &request.link));
        assert_eq!(over.heading(), "Demasiadas claves incorrectas");
        assert!(over.links("Volver a sede")[0].ends_with("&state=refused"));
        assert_eq!(town.state(&request), RequestState::Refused);
        let refusals = town.events().iter().filter(|event| *event == "request.refused").count();
        assert_eq!(refusals, 1);
        let sent = town.journal().into_iter().find(|line| line.contains("\"code.sent\""));
        let sent: serde_json::Value = serde_json::from_str(&sent.unwrap()).unwrap();
        assert!(sent["body"]["signer"].is_string(), "{sent:#}");
    }

    fn a_code_that_is_no_number_costs_no_try(database) {
        let town = Town::new(database);
        let request = usual(&town);
        let page = town.to_code(&request);
        for typed in ["", "12a456"] {
            let again = town.give(&request, &page, typed);
            assert_eq!(again.status, 422);
            assert!(again.text("main").contains("Tiene 3 intentos."));
        }
    }

    fn a_code_that_is_too_old_leads_back_to_the_request(database) {
        let town = Town::new(database);
        let request = usual(&town);
        let page = town.to_code(&request);
        town.server.clock().advance(Duration::minutes(6));
        let late = town.give(&request, &page, &town.code());
        assert_eq!(late.heading(), "La clave del SMS ha caducado");
        assert!(late.leads_to(&request.link));
        let done = town.give(&request, &town.to_code(&request), &town.code());
        assert_eq!(done.heading(), "Los 2 documentos están firmados");
    }

    fn another_code_takes_the_place_of_the_last_one(database) {
        let town = Town::new(database);
        let request = usual(&town);
        let mut page = town.to_code(&request);
        for _ in 0..2 {
            page = town.browser.send(&page, &request.at("/resend"), &[]);
            assert_eq!(page.path, request.at("/code?resent=1"));
            assert!(page.text("[role=status]").starts_with("Le hemos enviado otra clave."));
        }
        // The new code's life is the step's: 5 minutes, and 10 to be told that they are over.
        town.server.clock().advance(Duration::minutes(4));
        let resent = town.browser.send_only(&page, &request.at("/resend"), &[]);
        assert!(resent.header("set-cookie").contains("Max-Age=900"));
        let done = town.give(&request, &page, &town.code());
        assert_eq!(done.heading(), "Los 2 documentos están firmados");
    }

    fn a_code_belongs_to_the_browser_and_the_request_it_was_asked_in(database) {
        let town = Town::new(database);
        let (request, other) = (usual(&town), usual(&town));
        town.to_code(&request);
        let stranger = Browser::new(town.server.visitor());
        let page = stranger.open(&request.at("/code"));
        assert_eq!(page.heading(), "Tenemos que volver a empezar");
        assert!(page.leads_to(&request.link));
        let page = town.browser.open(&other.at("/code"));
        assert_eq!(page.heading(), "Tenemos que volver a empezar");
    }

    fn two_requests_are_approved_side_by_side_in_one_browser(database) {
        let town = Town::new(database);
        let (one, other) = (usual(&town), usual(&town));
        let first = town.to_code(&one);
        let code = town.code();
        let second = town.to_code(&other);
        assert_eq!(town.give(&other, &second, &town.code()).status, 200);
        assert_eq!(town.state(&other), RequestState::Completed);
        town.give(&one, &first, &code);
        assert_eq!(town.state(&one), RequestState::Completed);
    }

    fn going_back_and_clicking_again_do_no_harm(database) {
        let town = Town::new(database);
        let request = usual(&town);
        let page = town.to_code(&request);
        let code = town.code();
        town.give(&request, &page, &code);
        // The same form once more, and every page of the way.
        let again = town.give(&request, &page, &code);
        assert_eq!((again.status, &again.path), (200, &request.at("/done")));
        assert_eq!(town.browser.open(&request.at("/code")).path, request.at("/done"));
        assert_eq!(town.browser.open(&request.at("/decline")).path, request.at("/done"));
        let used = town.browser.open(&request.link);
        assert_eq!(used.status, 410);
        assert_eq!(used.heading(), "Esta solicitud ya está firmada");
        assert!(used.leads_to(&request.at("/done")));
        let document = request.at(&format!("/documents/{}", request.documents[0].id));
        assert_eq!(town.browser.open(&document).heading(), used.heading());
        assert_eq!(town.spent(), 1);
        assert_eq!(town.state(&request), RequestState::Completed);
    }

    fn of_two_clicks_at_once_both_end_at_the_result(database) {
        let town = Town::new(database);
        let request = usual(&town);
        let page = town.to_code(&request);
        let mut fields = page.fields(&request.at("/code"));
        let code = town.code();
        fields.iter_mut().filter(|(name, _)| name == "code").for_each(|(_, value)| code.clone_into(value));
        let cookies = town.browser.cookies();
        std::thread::scope(|scope| {
            for _ in 0..3 {
                let browser = Browser::new(town.server.visitor().with("Cookie", &cookies));
                let (fields, request) = (&fields, &request);
                scope.spawn(move || {
                    let answer = browser.post(&request.at("/code"), fields);
                    let mut page = browser.open(answer.header("location"));
                    let begun = Instant::now();
                    while page.heading() == "Estamos firmando" {
                        assert!(begun.elapsed() < Duration::MINUTE, "it signs for ever");
                        std::thread::sleep(std::time::Duration::from_millis(20));
                        page = browser.open(&request.at("/done"));
                    }
                    assert_eq!(page.heading(), "Los 2 documentos están firmados");
                });
            }
        });
        let intents = town.events().iter().filter(|event| *event == "signature.intent").count();
        assert_eq!((intents, town.spent()), (1, 1));
    }

    fn the_key_leaves_the_browser_at_the_end(database) {
        let town = Town::new(database);
        let request = usual(&town);
        let page = town.to_code(&request);
        assert!(town.browser.cookies().contains("__Host-rubrica-step-"));
        town.give(&request, &page, &town.code());
        assert!(!town.browser.cookies().contains("__Host-rubrica-step-"));
    }

    fn a_request_is_declined_after_a_question(database) {
        let town = Town::new(database);
        let request = usual(&town);
        let question = town.browser.open(&request.at("/decline"));
        assert_eq!(question.heading(), "¿Seguro que no quiere firmar?");
        assert_eq!(town.state(&request), RequestState::Pending);
        let declined = town.browser.send(&question, &request.at("/decline"), &[]);
        assert_eq!((declined.status, &declined.path), (410, &request.link));
        assert_eq!(declined.heading(), "La solicitud está rechazada");
        assert_eq!(town.state(&request), RequestState::Refused);
        // Twice is once.
        let again = town.browser.send(&question, &request.at("/decline"), &[]);
        assert_eq!(again.heading(), "La solicitud está rechazada");
    }

    fn a_request_that_ended_says_how(database) {
        let town = Town::new(database);
        for (state, heading) in [
            (RequestState::Cancelled, "El servicio ha retirado la solicitud"),
            (RequestState::Expired, "La solicitud ha caducado"),
            (RequestState::Failed, "No se ha podido firmar"),
        ] {
            let request = ask(&town, |request, _| request.state = state);
            let page = town.browser.open(&request.link);
            assert_eq!((page.status, page.heading().as_str()), (410, heading));
            assert!(page.text(".reference").contains(&request.id.to_string()));
        }
        let late = usual(&town);
        let page = town.browser.open(&late.link);
        town.server.clock().advance(Duration::hours(2));
        assert_eq!(town.browser.open(&late.link).heading(), "La solicitud ha caducado");
        let values = [("national-id", "00000000T"), ("password", "x")];
        let too_late = town.browser.send(&page, &late.link, &values);
        assert_eq!(too_late.heading(), "La solicitud ha caducado");
    }

    fn a_disabled_app_s_request_waits_until_the_app_is_enabled_again(database) {
        use rubrica::domain::language::Language;
        use std::collections::BTreeSet;

        let town = Town::new(database);
        let service = town.server.service();
        let authorized = administrator().authorize(op::ManageApps);
        let request = usual(&town);
        let (first, second) = (town.browser.open(&request.link), town.to_code(&request));
        let code = town.code();
        service.disable_app(&authorized, "sede").unwrap();
        let heading = "El servicio que lo pide está desactivado";
        let values = [("national-id", town.citizen.national_id.expose()), ("password", "x")];
        for page in [
            town.browser.open(&request.link),
            town.browser.open(&request.at("/code")),
            town.browser.open(&request.at("/decline")),
            town.browser.send(&first, &request.link, &values),
            town.give(&request, &second, &code),
        ] {
            assert_eq!((page.status, page.heading().as_str()), (403, heading));
            assert!(page.text(".reference").contains(&request.id.to_string()));
            assert!(!page.text("#next + p").is_empty());
        }
        let visitor = Browser::new(town.server.visitor());
        let headings: BTreeSet<_> = Language::ALL
            .iter()
            .map(|language| visitor.open(&request.at(&format!("?lang={language}"))).heading())
            .collect();
        assert!(headings.len() >= 5, "{headings:?}");
        assert_eq!(town.state(&request), RequestState::Pending);

        service.enable_app(&authorized, "sede").unwrap();
        let page = town.browser.open(&request.at("/code"));
        let done = town.give(&request, &page, &code);
        assert_eq!(done.heading(), "Los 2 documentos están firmados");
    }

    fn a_request_that_is_being_signed_is_waited_for(database) {
        let town = Town::new(database);
        let request = ask(&town, |request, _| request.state = RequestState::Signing);
        for rest in ["", "/code", "/decline", "/done"] {
            let page = town.browser.open(&request.at(rest));
            assert_eq!((page.path.as_str(), page.heading().as_str()), (request.at("/done").as_str(), "Estamos firmando"));
            assert!(page.html.contains("<meta http-equiv=\"refresh\" content=\"2\">"));
        }
    }

    fn documents_are_shown_or_saved_by_what_they_can_do(database) {
        let town = Town::new(database);
        let request = usual(&town);
        let open = |index: usize| {
            let id = request.documents[index].id;
            town.browser.open(&request.at(&format!("/documents/{id}")))
        };
        let text = open(0);
        assert_eq!(text.answer.body, b"yes");
        assert_eq!(text.answer.header("content-type"), "text/plain; charset=utf-8");
        assert_eq!(
            text.answer.header("content-disposition"),
            "inline; filename=\"a_o.txt\"; filename*=UTF-8''a%C3%B1o.txt"
        );
        assert!(text.answer.header("content-security-policy").starts_with("sandbox;"));
        let page = open(1);
        assert_eq!(page.answer.header("content-type"), "application/octet-stream");
        assert!(page.answer.header("content-disposition").starts_with("attachment;"));
        assert!(page.answer.header("content-security-policy").starts_with("sandbox;"));
        let none = town.browser.open(&request.at("/documents/0199c0de-0000-7000-8000-000000000001"));
        assert_eq!(none.status, 404);
    }
}
