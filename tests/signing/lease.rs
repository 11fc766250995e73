//! One process signs a request: another one, of the same name even, keeps its hands off until the lease has run out,
//! and who lost it writes nothing any more.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

use rubrica::domain::request::{DocumentReason, DocumentState, RequestReason, RequestState};
use rubrica::store::requests::{self, Transition};
use time::Duration;

use crate::harness::database::both_databases;
use crate::harness::server::TestServer;
use crate::harness::steps::at_step;
use crate::harness::town::Town;

/// Longer than the time between two signs of life, which is the machine's and not the test clock's.
const SIGN_OF_LIFE: std::time::Duration = std::time::Duration::from_secs(15);
const BETWEEN_LOOKS: std::time::Duration = std::time::Duration::from_millis(100);

both_databases! {
    fn a_second_process_of_the_same_node_leaves_a_request_that_is_being_signed_alone(database) {
        let town = Town::new(database);
        let link = town.ask_one();
        let sent = town.begin(&link).unwrap();
        let code = town.code();
        let second = TestServer::start_again(database, &town.place());
        let recovered = Arc::new(Mutex::new(None));
        let told = recovered.clone();
        let service = second.service().clone();
        let _at = at_step("spent", move || {
            *told.lock().unwrap() = Some(service.recover().unwrap());
        });
        assert_eq!(town.confirm(&link, &sent, &code).unwrap(), RequestState::Completed);
        assert_eq!(*recovered.lock().unwrap(), Some(0));
        assert_eq!(town.rows(&link)[0].state, DocumentState::Signed);
    }

    fn a_lease_is_renewed_for_as_long_as_its_process_signs(database) {
        let town = Arc::new(Town::new(database));
        let link = Arc::new(town.ask_one());
        let sent = town.begin(&link).unwrap();
        let code = town.code();
        let second = TestServer::start_again(database, &town.place());
        second.clock().advance(Duration::seconds(35));
        let recovered = Arc::new(Mutex::new(None));
        let told = recovered.clone();
        let service = second.service().clone();
        let (here, asked) = (town.clone(), link.clone());
        let _at = at_step("prepared", move || {
            let until = || here.request(&asked).lease.unwrap().until;
            let taken = until();
            here.server.clock().advance(Duration::seconds(25));
            let patience = Instant::now() + SIGN_OF_LIFE;
            while until() == taken && Instant::now() < patience {
                thread::sleep(BETWEEN_LOOKS);
            }
            here.server.clock().advance(Duration::seconds(10));
            *told.lock().unwrap() = Some(service.recover().unwrap());
        });
        assert_eq!(town.confirm(&link, &sent, &code).unwrap(), RequestState::Completed);
        assert_eq!(*recovered.lock().unwrap(), Some(0));
    }

    fn who_lost_its_lease_marks_and_finishes_nothing(database) {
        for step in ["claimed", "prepared", "spent", "signed", "stored"] {
            let database = database.another();
            let town = Town::new(&database);
            let link = town.ask_one();
            let sent = town.begin(&link).unwrap();
            let code = town.code();
            let second = TestServer::start_again(&database, &town.place());
            second.clock().advance(Duration::seconds(31));
            let recovered = Arc::new(Mutex::new(None));
            let told = recovered.clone();
            let service = second.service().clone();
            let outcome = {
                let _at = at_step(step, move || {
                    *told.lock().unwrap() = Some(service.recover().unwrap());
                });
                town.confirm(&link, &sent, &code)
            };
            assert_eq!(*recovered.lock().unwrap(), Some(1), "{step}");
            let row = &town.rows(&link)[0];
            // A signed file that was stored before the other took over is found by it and counts.
            // While no SAD was spent, the citizen may approve again.
            let (state, reason, end) = match step {
                "stored" => (DocumentState::Signed, None, RequestState::Completed),
                "spent" | "signed" => {
                    let reason = Some(DocumentReason::Interrupted);
                    (DocumentState::Failed, reason, RequestState::Failed)
                }
                _ => (DocumentState::Waiting, None, RequestState::Pending),
            };
            assert_eq!((row.state, row.reason), (state, reason), "{step}: {outcome:?}");
            assert_eq!(town.request(&link).state, end, "{step}");
            assert!(outcome.is_err(), "{step}: {outcome:?}");
            let sads = usize::from(["spent", "signed", "stored"].contains(&step));
            assert_eq!(town.spent(), sads, "{step}");
        }
    }

    fn what_keeps_a_signer_is_noted_only_while_the_request_waits(database) {
        let town = Town::new(database);
        let asked = town.ask_one();
        let (store, id) = (town.store.clone(), asked.id);
        let note = move || {
            let busy = Some(RequestReason::Busy);
            store.write(|connection| requests::note_obstacle(connection, id, busy)).unwrap()
        };
        assert_eq!(note(), Transition::Done);
        assert_eq!(town.request(&asked).reason, Some(RequestReason::Busy));
        let sent = town.begin(&asked).unwrap();
        assert_eq!(town.request(&asked).reason, None, "a code was sent");
        assert_eq!(note(), Transition::Done);
        let state = {
            let note = note.clone();
            let _at = at_step("claimed", move || assert_eq!(note(), Transition::Missed));
            town.confirm(&asked, &sent, &town.code()).unwrap()
        };
        assert_eq!(state, RequestState::Completed);
        assert_eq!(note(), Transition::Missed);
        assert_eq!(town.request(&asked).reason, None);
    }
}
