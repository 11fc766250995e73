//! Who may no longer sign does not, even when that comes about in the middle of signing.

use rubrica::auth::op;
use rubrica::domain::identifier::NationalId;
use rubrica::domain::request::{DocumentReason, DocumentState, RequestReason, RequestState};
use rubrica::domain::revocation::RevocationReason;
use rubrica::domain::secret::SecretText;
use rubrica::service::Service;
use rubrica::service::registration::ClosingReason;

use crate::harness::database::both_databases;
use crate::harness::server::administrator;
use crate::harness::steps::at_step;
use crate::harness::town::Town;

type End = Box<dyn FnOnce(&Service) + Send>;

/// What happens to the citizen while the server signs.
fn ends(town: &Town) -> [(&'static str, End); 3] {
    let credential = town.citizen.credential;
    let closed: NationalId = town.citizen.national_id.expose().parse().unwrap();
    let blocked = closed.clone();
    [
        (
            "revoked",
            Box::new(move |service: &Service| {
                let reason = RevocationReason::KeyCompromise;
                let leave = administrator().authorize(op::ManageCredentials);
                service
                    .revoke_credential(&leave, credential, reason)
                    .unwrap();
            }),
        ),
        (
            "closed",
            Box::new(move |service: &Service| {
                let leave = administrator().authorize(op::RegisterSigner);
                service
                    .deregister_signer(&leave, &closed, ClosingReason::Resignation)
                    .unwrap();
            }),
        ),
        (
            "blocked",
            Box::new(move |service: &Service| {
                let wrong = SecretText::new("Wr0ng!password".to_owned());
                for _ in 0..5 {
                    let leave = administrator().authorize(op::ManageAccount);
                    service
                        .reissue_activation_code(&leave, &blocked, &wrong)
                        .unwrap_err();
                }
            }),
        ),
    ]
}

both_databases! {
    fn who_is_stopped_just_before_the_activation_signs_nothing(database) {
        for number in 0..3 {
            let database = database.another();
            let town = Town::new(&database);
            let (name, end) = ends(&town).into_iter().nth(number).unwrap();
            let link = town.ask_one();
            let sent = town.begin(&link).unwrap();
            let code = town.code();
            let service = town.server.service().clone();
            let outcome = {
                let _at = at_step("prepared", move || end(&service));
                town.confirm(&link, &sent, &code)
            };
            let row = &town.rows(&link)[0];
            assert_eq!(row.state, DocumentState::Failed, "{name}: {outcome:?}");
            assert_eq!(row.reason, Some(DocumentReason::SignerCannotSign), "{name}");
            let request = town.request(&link);
            assert_eq!(request.state, RequestState::Failed, "{name}");
            assert_eq!(request.reason, Some(RequestReason::SignerCannotSign), "{name}");
            assert_eq!(outcome.unwrap(), RequestState::Failed, "{name}");
            assert_eq!(town.spent(), 0, "{name}");
        }
    }
}
