//! Two nodes on one database.

use std::time::{Duration, Instant};

use super::{CITIZENS, SMALL, Served, Stage, side_by_side};
use crate::report::{Row, number};
use crate::rig::client;
use crate::rig::document::Sample;
use crate::rig::place::Database;
use crate::rig::server::Server;
use crate::rig::tally;

/// Of so many requests one has several documents.
const EVERY: usize = 4;
const SEVERAL: usize = 10;

/// Waits of one node for a row that the other has locked, by PostgreSQL's own account.
pub(super) fn waits(stage: &mut Stage<'_>, row: &mut Row) -> anyhow::Result<()> {
    let key = stage.quick_key();
    let scene = stage.fresh(&Database::Observed, "ec-p256")?;
    let postgres = scene.place.postgres()?;
    tally::prove_that_waits_are_seen(postgres)?;
    let citizens = scene.citizens(CITIZENS, key)?;
    let trust = client::trust(&scene.place.certificate())?;
    let [one, other] = ["node-1", "node-2"].map(|node| {
        Ok::<_, anyhow::Error>(Served {
            server: Server::node(&scene.place, node)?,
            trust: trust.clone(),
            scene: &scene,
        })
    });
    let (one, other) = (one?, other?);
    let from = postgres.log()?.len();
    let time = if stage.plan.quick {
        Duration::from_secs(3)
    } else {
        Duration::from_secs(30)
    };
    let until = Instant::now() + time;
    let sample = Sample::pdf(SMALL);
    let times = side_by_side(&citizens, |citizen| {
        // Each citizen is now at the one node, now at the other.
        let mut visitors = [one.visitor()?, other.visitor()?];
        let mut times = Vec::new();
        for round in 0.. {
            let copies = if round % EVERY == 0 { SEVERAL } else { 1 };
            for visitor in &mut visitors {
                times.push(visitor.sign(citizen, &sample, copies)?);
            }
            if Instant::now() >= until {
                break;
            }
        }
        Ok(times)
    })?;
    let waits = tally::waits(&postgres.log()?, from);
    row.add(number(waits.between));
    row.note(format!(
        "{} requests of {CITIZENS} citizens within {} s, each citizen's in turn at the one and the other node; waits of more \
         than 1 ms count (log_lock_waits), and one that was provoked beforehand was seen; {} waits within one node",
        times.len(),
        time.as_secs(),
        waits.within
    ));
    for (statement, count) in &waits.statements {
        row.note(format!("waited {count} times: {statement}"));
    }
    if stage.plan.quick {
        row.scaled_down(format!("{} s and not 30", time.as_secs()));
    }
    Ok(())
}
