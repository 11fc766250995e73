//! What the number of credentials costs a single signature.

use std::time::{Duration, Instant};

use rubrica::domain::algorithm::KeyAlgorithm;

use super::throughput::timed;
use super::{SMALL, Stage, THREADS};
use crate::plot::Plot;
use crate::report::{Row, Spread};
use crate::rig::document::Sample;
use crate::rig::place::{Database, Place};
use crate::rig::scene::{Citizen, Scene};
use crate::rig::seeding;

/// As where many were seeded: certificates of the same length.
const AUTHORITIES: &str = "ec-p256";
/// What the figure asks for.
const ALL: u32 = 1_000_000;
/// Up to so many are seeded for the points of the plot, where a folder has the million.
const PLOTTED: u32 = 10_000;

/// Signatures in a database with many credentials and in one with a single one, in turn.
pub(super) fn latency(
    stage: &mut Stage<'_>,
    row: &mut Row,
    database: &Database,
) -> anyhow::Result<()> {
    let key = KeyAlgorithm::EcP256;
    stage.check_possible(key)?;
    let (pairs, time) = if stage.plan.quick {
        (60, Duration::from_secs(4))
    } else {
        (2_000, Duration::from_secs(240))
    };
    let signatures = if stage.plan.quick { 10 } else { 40 };
    let lone = stage.fresh(database, AUTHORITIES)?;
    let mut points = Vec::new();
    let seeded = seeded_folder(stage, database)?;
    let (crowd, _token) = match &seeded {
        Some(folder) => {
            let (place, token) = Place::lasting(folder, None, &stage.gateway, THREADS)?;
            (Scene::new(place, &stage.gateway)?, Some(token))
        }
        None => (stage.fresh(database, AUTHORITIES)?, None),
    };
    let alone = lone.citizens(1, key)?;
    let Some(alone) = alone.first() else {
        return Ok(());
    };
    let count = if seeded.is_some() {
        seeding::count(&crowd)?
    } else {
        fill(&crowd, ALL, Instant::now() + time, signatures, &mut points)?
    };
    if count < ALL {
        row.scaled_down(format!(
            "{count} credentials and not {ALL}; fill a folder with `cargo bench --bench seed` and name it with --seeded"
        ));
    }
    let mut one = Spread::default();
    let mut many = Spread::default();
    let chunk = 20;
    for round in 0..pairs / chunk {
        if stage.is_late(usize::try_from(round)?) {
            break;
        }
        let (mut few, mut full) = (Spread::default(), Spread::default());
        // Nobody signs a thousand times an hour, as the single citizen does here.
        lone.forget_codes()?;
        for step in 0..chunk {
            few.extend([once(&lone, alone)?]);
            full.extend([once(&crowd, &somebody(count, round * chunk + step)?)?]);
        }
        if let (Some(few), Some(full)) = (few.at(0.5), full.at(0.5)) {
            row.add(full / few);
        }
        one.append(&few);
        many.append(&full);
    }
    if seeded.is_some() {
        // What is between the two is seen in the other database, once nobody is alone there any more.
        fill(
            &lone,
            PLOTTED,
            Instant::now() + time,
            signatures,
            &mut points,
        )?;
    }
    points.push((1.0, one.at(0.5).unwrap_or_default()));
    points.push((f64::from(count), many.at(0.5).unwrap_or_default()));
    points.sort_by(|(left, _), (right, _)| left.total_cmp(right));
    row.note(format!(
        "P-256; medians {:.2} ms with 1 and {:.2} ms with {count}",
        one.at(0.5).unwrap_or_default(),
        many.at(0.5).unwrap_or_default()
    ));
    row.latencies(many);
    let (file, name) = match database {
        Database::Sqlite => ("credentials-sqlite.svg", "SQLite"),
        Database::Own | Database::Observed | Database::Url(_) => {
            ("credentials-postgres.svg", "PostgreSQL")
        }
    };
    stage.plots.push(Plot {
        file,
        title: "One signature, P-256",
        across: "credentials in the database",
        up: "milliseconds",
        lines: vec![(name, points)],
    });
    Ok(())
}

/// Seeds, and stops at each power of ten to see what a signature costs by then. Gives how many credentials there are.
fn fill(
    scene: &Scene,
    all: u32,
    until: Instant,
    signatures: u32,
    points: &mut Vec<(f64, f64)>,
) -> anyhow::Result<u32> {
    let mut reached = 0;
    let mut goal = 10;
    while reached < all && Instant::now() < until {
        goal = all.min(goal * 10);
        reached = seeding::seed(scene, goal, Some(until), &|_| {})?;
        points.push((f64::from(reached), typical(scene, reached, signatures)?));
    }
    Ok(reached)
}

/// The folder of that kind of database among those that were named.
fn seeded_folder(
    stage: &Stage<'_>,
    database: &Database,
) -> anyhow::Result<Option<std::path::PathBuf>> {
    for folder in &stage.plan.seeded {
        let sqlite = Place::database_of(folder)? == Database::Sqlite;
        if sqlite == (*database == Database::Sqlite) {
            return Ok(Some(folder.clone()));
        }
    }
    Ok(None)
}

/// From the code to the signed file, in milliseconds.
fn once(scene: &Scene, citizen: &Citizen) -> anyhow::Result<f64> {
    let waiting = scene.ask(citizen, &Sample::pdf(SMALL), 1)?;
    timed(|| scene.confirm(&waiting))
}

fn typical(scene: &Scene, count: u32, signatures: u32) -> anyhow::Result<f64> {
    let times: Spread = (0..signatures)
        .map(|step| once(scene, &somebody(count, step)?))
        .collect::<anyhow::Result<_>>()?;
    Ok(times.at(0.5).unwrap_or_default())
}

/// Each time another one, from all over the table.
fn somebody(count: u32, step: u32) -> anyhow::Result<Citizen> {
    // 2^32 divided by the golden ratio: steps of it fall evenly.
    Citizen::numbered(step.wrapping_mul(2_654_435_769) % count.max(1) + 1)
}
