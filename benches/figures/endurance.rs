//! What is left behind by very many signatures: on the token, and in the server's memory.

use std::fmt::Write as _;
use std::time::Duration;

use rubrica::auth::op;
use rubrica::domain::algorithm::KeyAlgorithm;

use super::{CITIZENS, SMALL, Served, Stage, side_by_side};
use crate::report::{Row, mebibytes};
use crate::rig::document::Sample;
use crate::rig::scene::{Scene, administrator};

/// Documents of each request: every activation unwraps a key and destroys it.
const COPIES: usize = 10;

/// One run, for both rows.
#[derive(Clone)]
pub(crate) struct Endurance {
    early: Left,
    /// Signatures and resident memory in between.
    on_the_way: Vec<(usize, u64)>,
    late: Left,
    /// Signatures by then.
    signatures: (usize, usize),
}

#[derive(Clone, Copy)]
struct Left {
    /// On the token, and those that only the process sees whose sessions made them.
    objects: usize,
    resident: u64,
}

pub(super) fn objects(stage: &mut Stage<'_>, row: &mut Row) -> anyhow::Result<()> {
    let Endurance { early, late, .. } = told(stage, row)?;
    row.add(crate::report::number(late.objects) / crate::report::number(early.objects));
    row.note(format!(
        "{} objects, then {}: those on the token, and the session objects of the harness, which makes a tenth as many \
         signatures as the server in its own process, since session objects are seen there alone",
        early.objects, late.objects
    ));
    Ok(())
}

pub(super) fn memory(stage: &mut Stage<'_>, row: &mut Row) -> anyhow::Result<()> {
    let Endurance {
        early,
        on_the_way,
        late,
        ..
    } = told(stage, row)?;
    let [early, late] = [early, late].map(|left| mebibytes(left.resident));
    row.add(late / early);
    let mut told = format!("{early:.1} MiB, ");
    for (signatures, resident) in on_the_way {
        write!(told, "{:.1} MiB after {signatures}, ", mebibytes(resident))?;
    }
    row.note(format!("{told}then {late:.1} MiB (VmRSS)"));
    Ok(())
}

fn told(stage: &mut Stage<'_>, row: &mut Row) -> anyhow::Result<Endurance> {
    let endured = match stage.endurance.take() {
        Some(endured) => endured,
        None => measure(stage)?,
    };
    stage.endurance = Some(endured.clone());
    let (early, late) = endured.signatures;
    row.note(format!(
        "{COPIES} documents to a request, {CITIZENS} requests at once"
    ));
    if stage.plan.quick {
        row.scaled_down(format!("after {late} ÷ after {early} signatures"));
    }
    Ok(endured)
}

fn measure(stage: &Stage<'_>) -> anyhow::Result<Endurance> {
    let key = stage.quick_key();
    let scene = stage.scene()?;
    scene.citizens(CITIZENS, key)?;
    let served = stage.serve()?;
    let (early, between, late) = if stage.plan.quick {
        (480, &[][..], 1_440)
    } else {
        (1_000, &[10_000, 30_000][..], 100_000)
    };
    let first = sign(&served, key, early)?;
    sign_here(scene, key, early / 10)?;
    let after_first = left(scene, &served)?;
    let mut signed = first;
    let mut on_the_way = Vec::new();
    for wanted in between {
        signed += sign(&served, key, wanted - signed)?;
        on_the_way.push((signed, left(scene, &served)?.resident));
    }
    signed += sign(&served, key, late - signed)?;
    sign_here(scene, key, late / 10)?;
    Ok(Endurance {
        early: after_first,
        on_the_way,
        late: left(scene, &served)?,
        signatures: (first, signed),
    })
}

/// At least so many; gives how many.
fn sign(served: &Served<'_>, key: KeyAlgorithm, wanted: usize) -> anyhow::Result<usize> {
    let sample = Sample::pdf(SMALL);
    let citizens = served.scene.citizens(CITIZENS, key)?;
    let each = wanted.div_ceil(COPIES * CITIZENS);
    let times = side_by_side(&citizens, |citizen| {
        let mut visitor = served.visitor()?;
        (0..each)
            .map(|_| visitor.sign(citizen, &sample, COPIES))
            .collect()
    })?;
    Ok(times.len() * COPIES)
}

/// At least so many, without a server.
fn sign_here(scene: &Scene, key: KeyAlgorithm, wanted: usize) -> anyhow::Result<()> {
    let sample = Sample::pdf(SMALL);
    let citizens = scene.citizens(CITIZENS, key)?;
    let each = wanted.div_ceil(COPIES * CITIZENS);
    side_by_side(&citizens, |citizen| {
        for _ in 0..each {
            scene.confirm(&scene.ask(citizen, &sample, COPIES)?)?;
        }
        Ok(Vec::<()>::new())
    })?;
    Ok(())
}

fn left(scene: &Scene, served: &Served<'_>) -> anyhow::Result<Left> {
    // Calls that were just answered are cleared away.
    std::thread::sleep(Duration::from_secs(1));
    let view = scene
        .service
        .hsm_view(&administrator().authorize(op::ManageHsm))?;
    Ok(Left {
        objects: view.objects.token + view.objects.session,
        resident: served.server.memory()?.resident,
    })
}
