//! What passes in a second, over what the bare token does in a second.

use std::fmt;
use std::time::Instant;

use rubrica::domain::algorithm::KeyAlgorithm;

use super::{BATCH, CITIZENS, SMALL, Stage, THREADS, side_by_side};
use crate::bare::{Bare, Loop};
use crate::report::{Row, Spread, number};
use crate::rig::document::Sample;
use crate::rig::scene::{Scene, Waiting};

/// How quick it was.
pub(crate) struct Measured {
    /// Documents signed in a second.
    pub(crate) per_second: f64,
    /// How long each request took, in milliseconds.
    pub(crate) latencies: Spread,
}

/// How many a second, for people who reckon with them.
#[derive(Default)]
pub(super) struct Rates {
    server: Spread,
    token: Spread,
}

impl Rates {
    pub(super) fn add(&mut self, server: f64, token: f64) {
        self.server.extend([server]);
        self.token.extend([token]);
    }
}

impl fmt::Display for Rates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [server, token] = [&self.server, &self.token].map(|rates| rates.at(0.5).unwrap_or(0.0));
        write!(f, "{server:.0} in a second, the bare token {token:.0}")
    }
}

/// One activation with many PDFs on each thread, over a bare loop of `C_Sign` with a key that stays unwrapped.
pub(super) fn batch(stage: &mut Stage<'_>, row: &mut Row) -> anyhow::Result<()> {
    let algorithm = KeyAlgorithm::Rsa3072;
    let scene = stage.scene()?;
    let mut bare = Bare::new(stage.token(), algorithm, Loop::Sign, THREADS)?;
    let mut rates = Rates::default();
    for round in 0..stage.plan.rounds {
        if stage.is_late(round) {
            break;
        }
        let waiting = batches(scene, algorithm, stage.plan.batches)?;
        let per_second = bare.per_second(stage.plan.bare)?;
        let measured = confirm(scene, &waiting)?;
        row.add(measured.per_second / per_second);
        row.latencies(measured.latencies);
        rates.add(measured.per_second, per_second);
    }
    row.note(format!(
        "the times are those of whole batches of {BATCH}, {} in a row on each thread; {rates}",
        stage.plan.batches
    ));
    Ok(())
}

/// Requests with one PDF each, over a bare loop of unwrap, sign, destroy.
pub(super) fn singles(
    stage: &mut Stage<'_>,
    row: &mut Row,
    algorithm: KeyAlgorithm,
) -> anyhow::Result<()> {
    stage.check_possible(algorithm)?;
    let scene = stage.scene()?;
    let citizens = scene.citizens(CITIZENS, algorithm)?;
    let sample = Sample::pdf(SMALL);
    let mut bare = Bare::new(stage.token(), algorithm, Loop::UnwrapSignDestroy, THREADS)?;
    let mut rates = Rates::default();
    for round in 0..stage.plan.rounds {
        if stage.is_late(round) {
            break;
        }
        let waiting = citizens
            .iter()
            .map(|citizen| {
                (0..stage.plan.singles)
                    .map(|_| scene.ask(citizen, &sample, 1))
                    .collect()
            })
            .collect::<anyhow::Result<Vec<_>>>()?;
        let per_second = bare.per_second(stage.plan.bare)?;
        let measured = confirm(scene, &waiting)?;
        row.add(measured.per_second / per_second);
        row.latencies(measured.latencies);
        rates.add(measured.per_second, per_second);
    }
    row.note(format!(
        "{CITIZENS} citizens sign at the same time; {rates}"
    ));
    Ok(())
}

/// So many batches for each thread, up to the code.
pub(crate) fn batches(
    scene: &Scene,
    algorithm: KeyAlgorithm,
    each: usize,
) -> anyhow::Result<Vec<Vec<Waiting>>> {
    let sample = Sample::pdf(SMALL);
    scene
        .citizens(THREADS, algorithm)?
        .iter()
        .map(|citizen| {
            (0..each)
                .map(|_| scene.ask(citizen, &sample, BATCH))
                .collect()
        })
        .collect()
}

/// Gives the codes of all requests, those of one list one after the other and the lists side by side.
pub(crate) fn confirm(scene: &Scene, waiting: &[Vec<Waiting>]) -> anyhow::Result<Measured> {
    let documents: usize = waiting.iter().flatten().map(|one| one.documents).sum();
    let begun = Instant::now();
    let times = side_by_side(waiting, |list| {
        list.iter()
            .map(|one| {
                let begun = Instant::now();
                scene.confirm(one)?;
                Ok(begun.elapsed().as_secs_f64() * 1000.0)
            })
            .collect()
    })?;
    let took = begun.elapsed().as_secs_f64();
    let mut latencies = Spread::default();
    latencies.extend(times);
    Ok(Measured {
        per_second: number(documents) / took,
        latencies,
    })
}
