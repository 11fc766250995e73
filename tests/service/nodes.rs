//! What one node does for all, and how a dead one's place is taken.

use rubrica::service::nodes::{Duty, Holder};
use time::Duration;

use crate::harness::database::{TestDatabase, both_databases};
use crate::harness::server::{TestServer, Wishes};

fn node(database: &TestDatabase, node: &'static str) -> TestServer {
    TestServer::start_with(
        database,
        Wishes {
            node,
            ..Wishes::default()
        },
    )
}

fn take(server: &TestServer, duty: Duty) -> Holder {
    server.service().take_duty(duty).unwrap()
}

both_databases! {
    fn upkeep_has_one_node_until_that_stops_asking(database) {
        let (alpha, beta) = (node(database, "alpha"), node(database, "beta"));
        assert_eq!(take(&alpha, Duty::Upkeep), Holder::Asker);
        assert_eq!(take(&beta, Duty::Upkeep), Holder::Another);
        for server in [&alpha, &beta] {
            server.clock().advance(Duration::seconds(30));
        }
        assert_eq!(take(&alpha, Duty::Upkeep), Holder::Asker, "it goes on");
        for server in [&alpha, &beta] {
            server.clock().advance(Duration::seconds(30));
        }
        assert_eq!(take(&beta, Duty::Upkeep), Holder::Another);
        for server in [&alpha, &beta] {
            server.clock().advance(Duration::seconds(15));
        }
        assert_eq!(take(&beta, Duty::Upkeep), Holder::Asker, "alpha said nothing for too long");
        assert_eq!(take(&alpha, Duty::Upkeep), Holder::Another);
    }

    fn a_node_that_was_killed_goes_on_when_it_is_there_again(database) {
        assert_eq!(take(&node(database, "alpha"), Duty::Upkeep), Holder::Asker);
        let (alpha, beta) = (node(database, "alpha"), node(database, "beta"));
        assert_eq!(take(&beta, Duty::Upkeep), Holder::Another);
        assert_eq!(take(&alpha, Duty::Upkeep), Holder::Asker);
    }

    fn a_node_that_ends_leaves_upkeep_at_once(database) {
        let (alpha, beta) = (node(database, "alpha"), node(database, "beta"));
        assert_eq!(take(&alpha, Duty::Upkeep), Holder::Asker);
        beta.service().leave().unwrap();
        assert_eq!(take(&beta, Duty::Upkeep), Holder::Another, "it was not beta's to give back");
        alpha.service().leave().unwrap();
        assert_eq!(take(&beta, Duty::Upkeep), Holder::Asker);
    }

    fn what_is_done_once_a_day_is_done_by_whoever_comes_first(database) {
        let (alpha, beta) = (node(database, "alpha"), node(database, "beta"));
        assert_eq!(take(&alpha, Duty::Daily), Holder::Asker);
        assert_eq!(take(&alpha, Duty::Daily), Holder::Another);
        assert_eq!(take(&beta, Duty::Daily), Holder::Another);
        beta.clock().advance(Duration::days(1));
        assert_eq!(take(&beta, Duty::Daily), Holder::Asker);
        assert_eq!(take(&alpha, Duty::Daily), Holder::Another);
        alpha.service().give_back_duty(Duty::Daily).unwrap();
        assert_eq!(take(&alpha, Duty::Daily), Holder::Another, "it was not alpha's to give back");
        beta.service().give_back_duty(Duty::Daily).unwrap();
        assert_eq!(take(&alpha, Duty::Daily), Holder::Asker);
    }

    fn of_many_who_ask_for_a_duty_at_once_one_gets_it(database) {
        let servers: Vec<_> = ["a", "b", "c", "d"].map(|name| node(database, name)).into();
        for _ in 0..20 {
            let got = std::thread::scope(|scope| {
                let asked: Vec<_> = servers
                    .iter()
                    .map(|server| scope.spawn(|| take(server, Duty::Daily)))
                    .collect();
                asked.into_iter().map(|one| one.join().unwrap()).filter(|holder| *holder == Holder::Asker).count()
            });
            assert_eq!(got, 1);
            for server in &servers {
                server.clock().advance(Duration::days(1));
            }
        }
    }

    fn running_nodes_share_the_limits_on_calls(database) {
        let (alpha, beta) = (node(database, "alpha"), node(database, "beta"));
        assert_eq!(alpha.service().nodes(), 1, "before anything is known");
        alpha.service().attend().unwrap();
        assert_eq!(alpha.service().nodes(), 1);
        beta.service().attend().unwrap();
        alpha.service().attend().unwrap();
        assert_eq!((alpha.service().nodes(), beta.service().nodes()), (2, 2));
        // Beta is killed.
        alpha.clock().advance(Duration::seconds(41));
        alpha.service().attend().unwrap();
        assert_eq!(alpha.service().nodes(), 1);
        // And there again, and ends.
        beta.clock().advance(Duration::seconds(41));
        beta.service().attend().unwrap();
        alpha.service().attend().unwrap();
        assert_eq!(alpha.service().nodes(), 2);
        beta.service().leave().unwrap();
        alpha.service().attend().unwrap();
        assert_eq!(alpha.service().nodes(), 1);
    }
}
