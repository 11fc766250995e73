//! What one signature asks of PostgreSQL.

use std::sync::Arc;

use super::throughput::confirm;
use super::{BATCH, CITIZENS, SMALL, Stage};
use crate::report::{Row, number};
use crate::rig::document::Sample;
use crate::rig::place::Database;
use crate::rig::scene::{Citizen, Scene, Waiting};
use crate::rig::tally::{self, Tally};

/// One run, for all four rows; each for one signature.
#[derive(Clone, Copy)]
pub(crate) struct Statements {
    /// Before the code is given: the request is made and the code sent.
    before: Tally,
    /// From the code to the stored file, while others sign too.
    together: Tally,
    /// The same while nobody else does.
    alone: Tally,
    /// From the code to the stored files of a batch, for each of them.
    batch: Tally,
}

/// One document to a request.
pub(super) fn of_singles(
    stage: &mut Stage<'_>,
    row: &mut Row,
    of: fn(Tally) -> f64,
) -> anyhow::Result<()> {
    let told = told(stage)?;
    row.add(of(told.together));
    row.note(format!(
        "{CITIZENS} citizens sign at the same time; {:.1} when one signs alone, and {:.1} more to make the request and \
         to send the code",
        of(told.alone),
        of(told.before)
    ));
    Ok(())
}

/// A hundred documents to a request.
pub(super) fn of_batches(
    stage: &mut Stage<'_>,
    row: &mut Row,
    of: fn(Tally) -> f64,
) -> anyhow::Result<()> {
    let told = told(stage)?;
    row.add(of(told.batch));
    row.note(format!(
        "{:.0} for the whole batch of {BATCH}, which is signed alone",
        of(told.batch) * number(BATCH)
    ));
    Ok(())
}

fn told(stage: &mut Stage<'_>) -> anyhow::Result<Statements> {
    let told = match stage.statements {
        Some(told) => told,
        None => measure(stage)?,
    };
    stage.statements = Some(told);
    Ok(told)
}

fn measure(stage: &Stage<'_>) -> anyhow::Result<Statements> {
    let scene = stage.fresh(&Database::Observed, "ec-p256")?;
    let postgres = scene.place.postgres()?;
    let citizens = scene.citizens(CITIZENS, stage.quick_key())?;
    let singles = stage.plan.singles;
    let one = citizens.get(..1).unwrap_or_default();
    // Connections are made with the first ones.
    confirm(&scene, &ask(&scene, &citizens, 1, 1)?)?;

    tally::forget(postgres)?;
    let waiting = ask(&scene, &citizens, singles, 1)?;
    let before = tally::count(postgres)?.each(number(singles * CITIZENS));
    tally::forget(postgres)?;
    confirm(&scene, &waiting)?;
    let together = tally::count(postgres)?.each(number(singles * CITIZENS));

    let waiting = ask(&scene, one, singles, 1)?;
    tally::forget(postgres)?;
    confirm(&scene, &waiting)?;
    let alone = tally::count(postgres)?.each(number(singles));

    let waiting = ask(&scene, one, 1, BATCH)?;
    tally::forget(postgres)?;
    confirm(&scene, &waiting)?;
    let batch = tally::count(postgres)?.each(number(BATCH));
    Ok(Statements {
        before,
        together,
        alone,
        batch,
    })
}

/// So many requests of each citizen, up to the code.
fn ask(
    scene: &Scene,
    citizens: &[Arc<Citizen>],
    requests: usize,
    copies: usize,
) -> anyhow::Result<Vec<Vec<Waiting>>> {
    let sample = Sample::pdf(SMALL);
    citizens
        .iter()
        .map(|citizen| {
            (0..requests)
                .map(|_| scene.ask(citizen, &sample, copies))
                .collect()
        })
        .collect()
}
