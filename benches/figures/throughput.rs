//! What passes in a second, over what the bare token does in a second.

use std::fmt;
use std::time::Instant;

use rubrica::domain::algorithm::KeyAlgorithm;

use super::https::milliseconds;
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

impl Measured {
    /// Has so many documents signed, by work on each item, side by side. Work gives how long each request took.
    pub(super) fn of<T: Sync>(
        items: &[T],
        documents: usize,
        work: impl Fn(&T) -> anyhow::Result<Vec<f64>> + Sync,
    ) -> anyhow::Result<Self> {
        let begun = Instant::now();
        let times = side_by_side(items, work)?;
        Ok(Self {
            per_second: number(documents) / begun.elapsed().as_secs_f64(),
            latencies: times.into_iter().collect(),
        })
    }
}

/// How many a second, for people who reckon with them.
#[derive(Default)]
pub(super) struct Rates {
    server: Spread,
    token: Spread,
}

impl Rates {
    fn add(&mut self, server: f64, token: f64) {
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

/// The bare token's loop that the server is compared with, and how often.
pub(super) struct Against {
    pub(super) key: KeyAlgorithm,
    pub(super) bare: Loop,
    pub(super) rounds: usize,
}

impl Against {
    /// Measures the two in turn. What is prepared for a round is made before either.
    pub(super) fn measure<W>(
        self,
        stage: &Stage<'_>,
        row: &mut Row,
        prepare: impl Fn() -> anyhow::Result<W>,
        mut serve: impl FnMut(W) -> anyhow::Result<Measured>,
    ) -> anyhow::Result<Rates> {
        let mut bare = Bare::new(stage.token(), self.key, self.bare, THREADS)?;
        let mut rates = Rates::default();
        for round in 0..self.rounds {
            if stage.is_late(round) {
                break;
            }
            let prepared = prepare()?;
            let per_second = bare.per_second(stage.plan.bare)?;
            let measured = serve(prepared)?;
            row.add(measured.per_second / per_second);
            row.latencies(measured.latencies);
            rates.add(measured.per_second, per_second);
        }
        Ok(rates)
    }
}

/// One activation with many PDFs on each thread, over a bare loop of `C_Sign` with a key that stays unwrapped.
pub(super) fn batch(stage: &mut Stage<'_>, row: &mut Row) -> anyhow::Result<()> {
    let key = KeyAlgorithm::Rsa3072;
    let (scene, batches_each) = (stage.scene()?, stage.plan.batches);
    let against = Against {
        key,
        bare: Loop::Sign,
        rounds: stage.plan.rounds,
    };
    let rates = against.measure(
        stage,
        row,
        || batches(scene, key, batches_each),
        |waiting| confirm(scene, &waiting),
    )?;
    row.note(format!(
        "the times are those of whole batches of {BATCH}, {batches_each} in a row on each thread; {rates}"
    ));
    Ok(())
}

/// Requests with one PDF each, over a bare loop of unwrap, sign, destroy.
pub(super) fn singles(
    stage: &mut Stage<'_>,
    row: &mut Row,
    key: KeyAlgorithm,
) -> anyhow::Result<()> {
    stage.check_possible(key)?;
    let scene = stage.scene()?;
    let citizens = scene.citizens(CITIZENS, key)?;
    let sample = Sample::pdf(SMALL);
    let against = Against {
        key,
        bare: Loop::UnwrapSignDestroy,
        rounds: stage.plan.rounds,
    };
    let ask = |citizen| {
        (0..stage.plan.singles)
            .map(|_| scene.ask(citizen, &sample, 1))
            .collect()
    };
    let rates = against.measure(
        stage,
        row,
        || {
            let waiting = citizens.iter().map(|citizen| ask(citizen));
            waiting.collect::<anyhow::Result<Vec<Vec<_>>>>()
        },
        |waiting| confirm(scene, &waiting),
    )?;
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
    Measured::of(waiting, documents, |list| {
        list.iter()
            .map(|one| timed(|| scene.confirm(one)))
            .collect()
    })
}

/// How long something took, in milliseconds.
pub(super) fn timed(act: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<f64> {
    let begun = Instant::now();
    act()?;
    Ok(milliseconds(begun.elapsed()))
}
