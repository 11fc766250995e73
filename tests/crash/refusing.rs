//! Killing the process after the last wrong code was counted, before the request was refused.

use std::path::Path;

use rubrica::domain::id::RequestId;
use rubrica::domain::request::{RequestReason, RequestState};
use rubrica::store;

use super::{Fate, Kill, killed};
use crate::harness::database::both_databases;
use crate::harness::server::TestServer;
use crate::harness::town::{self, Town};

/// The last wrong code is counted, and the request still waits.
pub(super) const EXHAUSTED: Kill = ("exhausted", 1);

both_databases! {
    fn a_stop_after_the_last_wrong_code_is_made_good_by_upkeep(database) {
        let child = "crash::refusing::the_child_that_gives_wrong_codes";
        let note = killed(child, database, EXHAUSTED, "");
        let [place, id, token] = note.split('\n').collect::<Vec<_>>().try_into().unwrap();
        let id: RequestId = id.parse().unwrap();
        let server = TestServer::start_again(database, Path::new(place));
        let request = || {
            let found = server.store().read(|connection| store::requests::find(connection, id));
            found.unwrap().unwrap()
        };
        assert_eq!(request().state, RequestState::Pending);
        let round = server.service().upkeep();
        assert_eq!((round.refused, round.failed.len()), (1, 0), "{round:?}");
        let refused = (RequestState::Refused, Some(RequestReason::CodeTriesExhausted));
        assert_eq!((request().state, request().reason), refused);
        let app = server.stranger().bearer(token);
        let told = app.get(&format!("/v1/signature-requests/{id}"));
        assert_eq!(told.at("/state"), "refused");
        assert_eq!(told.at("/reason/code"), "code_tries_exhausted");
        let entries = town::entries(server.store(), server.service().ambient());
        let told: Vec<_> = entries.iter().filter(|one| one["event"] == "request.refused").collect();
        assert_eq!(told.len(), 1, "{entries:?}");
        assert_eq!(told[0]["request"], id.to_string());
        assert_eq!(told[0]["body"]["app_name"], "sede");
        assert_eq!(server.service().upkeep().refused, 0);
    }
}

#[test]
#[ignore = "run by the tests above, in a process of its own"]
fn the_child_that_gives_wrong_codes() {
    let Some(fate) = Fate::told() else {
        return;
    };
    let town = Town::new(&fate.database);
    let asked = town.ask_one();
    // Another request, of which a wrong code was given too, goes on waiting.
    let other = town.ask_one();
    let sent = town.begin(&other).unwrap();
    assert!(town.confirm(&other, &sent, &town.wrong_code()).is_err());
    let sent = town.begin(&asked).unwrap();
    let wrong = town.wrong_code();
    fate.await_it(&format!(
        "{}\n{}\n{}",
        town.place().display(),
        asked.id,
        town.app.token
    ));
    for _ in 0..3 {
        assert!(town.confirm(&asked, &sent, &wrong).is_err());
    }
}
