//! What the journal does not take is not done.

use rubrica::auth::{Presented, op};
use rubrica::domain::request::RequestState;
use rubrica::domain::revocation::RevocationReason;
use rubrica::domain::secret::SecretText;
use rubrica::service::ServiceError;
use rubrica::store;
use time::Duration;

use crate::harness::database::{both_databases, tamper};
use crate::harness::server::administrator;
use crate::harness::town::Town;

/// A refusal of the journal, whose last row is not there any more.
#[track_caller]
fn refused<T>(outcome: Result<T, ServiceError>) {
    match outcome {
        Err(ServiceError::Journal(_)) => {}
        Err(error) => panic!("{error:?}"),
        Ok(_) => panic!("it was done"),
    }
}

both_databases! {
    fn an_act_that_cannot_be_recorded_does_not_count(database) {
        let town = Town::new(database);
        let service = town.server.service();
        let (asked, late) = (town.ask_one(), town.ask_one());
        let token = Presented::BearerToken(SecretText::new(town.app.token.clone()));
        let session = || service.authenticate(&token).unwrap();
        let apps = administrator().authorize(op::ManageApps);
        let credentials = administrator().authorize(op::ManageCredentials);
        service.disable_app(&apps, "sede").unwrap();
        service.enable_app(&apps, "sede").unwrap();
        tamper(&town.store, "DELETE FROM journal");

        refused(service.disable_app(&apps, "sede"));
        refused(service.change_return_urls(&apps, "sede", &[]));
        refused(service.cancel_request(&session().authorize(op::CancelRequest), asked.id));
        refused(service.decline(&town.link(&asked)));
        let reason = RevocationReason::KeyCompromise;
        refused(service.revoke_credential(&credentials, town.citizen.credential, reason));

        let app = &service.apps(&apps).unwrap()[0].app;
        assert!(app.disabled_at.is_none() && !app.return_urls.is_empty(), "{app:?}");
        assert_eq!(town.state(&asked), RequestState::Pending);
        let credential = town
            .store
            .read(|connection| store::credentials::find(connection, town.citizen.credential))
            .unwrap()
            .unwrap();
        assert!(credential.revocation.is_none() && credential.sealed_key.is_some());
        town.server.clock().advance(Duration::hours(2));
        assert_eq!(service.upkeep().expired, 0);
        assert_eq!(town.state(&late), RequestState::Pending);
    }
}
