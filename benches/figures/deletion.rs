//! Documents whose time is over.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{bail, ensure};
use rubrica::service::upkeep::Left;

use super::{CITIZENS, SMALL, Stage, side_by_side};
use crate::report::{Row, number};
use crate::rig::document::Sample;
use crate::rig::place::Database;
use crate::rig::scene::Scene;

/// How long documents stay after their request's end.
const RETENTION: Duration = Duration::from_secs(1);

/// Requests whose documents one node's upkeep deletes, when it does nothing else and nobody signs.
pub(super) fn rate(stage: &mut Stage<'_>, row: &mut Row) -> anyhow::Result<()> {
    let place = stage.place(&Database::Own, "ec-p256")?;
    let scene = Scene::new(place.with_retention(RETENTION), &stage.gateway)?;
    let citizens = scene.citizens(CITIZENS, stage.quick_key())?;
    let each = if stage.plan.quick { 15 } else { 150 };
    // Lists that were never issued are issued now, and not while it is measured.
    scene.service.upkeep();
    let sample = Sample::pdf(SMALL);
    let signed = side_by_side(&citizens, |citizen| {
        (0..each)
            .map(|_| scene.confirm(&scene.ask(citizen, &sample, 1)?))
            .collect()
    })?;
    thread::sleep(RETENTION);
    let begun = Instant::now();
    let mut deleted = 0;
    loop {
        let round = scene.service.upkeep();
        if let Some(failure) = round.failed.into_iter().next() {
            bail!(failure);
        }
        deleted += round.deleted;
        if round.left == Left::Nothing {
            break;
        }
    }
    let took = begun.elapsed();
    ensure!(
        deleted == signed.len(),
        "the documents of {deleted} requests were deleted, and {} were signed",
        signed.len()
    );
    row.add(number(deleted) / took.as_secs_f64());
    row.note(format!(
        "{deleted} requests of one small PDF, original and signed file, in a folder; PostgreSQL; nobody signs meanwhile"
    ));
    if stage.plan.quick {
        row.scaled_down(format!("{deleted} requests"));
    }
    Ok(())
}
