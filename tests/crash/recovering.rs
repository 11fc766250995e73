//! Killing the process that recovers what another one left.

use std::path::Path;

use time::Duration;

use super::Left::{self, Ended, Waiting};
use super::{Fate, Kill, Stopped, killed};
use crate::harness::database::both_databases;
use crate::harness::server::TestServer;

/// Where the first process stopped, where the one that recovered, and what is left in the end.
pub(super) const KILLS: [(Kill, Kill, Left); 8] = [
    (("prepared", 1), ("taken over", 1), Waiting),
    (("prepared", 1), ("told", 1), Waiting),
    (("prepared", 1), ("given back", 1), Waiting),
    (("signed", 1), ("taken over", 1), Ended { signed: 0 }),
    (("stored", 1), ("taken over", 1), Ended { signed: 1 }),
    (("stored", 1), ("found", 1), Ended { signed: 1 }),
    (("stored", 1), ("recovered", 1), Ended { signed: 1 }),
    (("stored", 2), ("recovered", 1), Ended { signed: 2 }),
];

both_databases! {
    fn a_stop_during_recovery_is_recovered_by_the_next_process(database) {
        for (first, second, left) in KILLS {
            let database = database.another();
            let about = format!("killed at {first:?}, then at {second:?}");
            let stopped = Stopped::approving(&database, first, 2);
            let place = stopped.place.to_str().unwrap();
            killed("crash::recovering::the_child_that_recovers", &database, second, place);

            let server = TestServer::start_again(&database, &stopped.place);
            let service = server.service();
            // The second lease was taken when the first one had run out.
            server.clock().advance(Duration::seconds(31));
            assert_eq!(service.recover().unwrap(), 0, "{about}");
            server.clock().advance(Duration::seconds(31));
            let open = !["given back", "recovered"].contains(&second.0);
            assert_eq!(service.recover().unwrap(), usize::from(open), "{about}");
            assert_eq!(service.recover().unwrap(), 0, "{about}");
            stopped.check(&server, left, &about);
        }
    }
}

#[test]
#[ignore = "run by the tests above, in a process of its own"]
fn the_child_that_recovers() {
    let Some(fate) = Fate::told() else {
        return;
    };
    let server = TestServer::start_again(&fate.database, Path::new(&fate.given));
    server.clock().advance(Duration::seconds(31));
    fate.await_it("");
    server.service().recover().unwrap();
}
