//! What the size of a document costs between the approval and the signed file.

use std::time::Instant;

use rubrica::domain::algorithm::KeyAlgorithm;

use super::https::milliseconds;
use super::{SMALL, Stage};
use crate::plot::Plot;
use crate::report::{Row, Spread};
use crate::rig::document::Sample;
use crate::rig::scene::{Citizen, Scene};

/// Sizes between the two, for the plot.
const BETWEEN: [u32; 4] = [100_000, 1_000_000, 10_000_000, 100_000_000];

/// The large over the small one, in turn.
pub(super) fn ratio(stage: &mut Stage<'_>, row: &mut Row) -> anyhow::Result<()> {
    let scene = stage.scene()?;
    let large = if stage.plan.quick {
        row.scaled_down("a PDF of 50 MB and not 500");
        50_000_000
    } else {
        500_000_000
    };
    let rounds = if stage.plan.quick { 2 } else { 5 };
    let mut small_times = Spread::default();
    let mut large_times = Spread::default();
    let citizens = scene.citizens(1, KeyAlgorithm::Rsa3072)?;
    let mut points = Vec::new();
    for citizen in &citizens {
        for round in 0..rounds {
            if stage.is_late(round) {
                break;
            }
            let small = median(scene, citizen, SMALL, 20)?;
            let large = median(scene, citizen, u64::from(large), 1)?;
            row.add(large / small);
            small_times.extend([small]);
            large_times.extend([large]);
        }
        points.push((10_000.0, small_times.at(0.5).unwrap_or_default()));
        for size in BETWEEN.into_iter().filter(|size| *size < large) {
            let time = median(scene, citizen, u64::from(size), 3)?;
            points.push((f64::from(size), time));
        }
        points.push((f64::from(large), large_times.at(0.5).unwrap_or_default()));
    }
    row.note(format!(
        "10 kB: {:.1} ms; the large one: {:.1} ms",
        small_times.at(0.5).unwrap_or_default(),
        large_times.at(0.5).unwrap_or_default()
    ));
    row.latencies(large_times);
    stage.plots.push(Plot {
        file: "size.svg",
        title: "From approval to signed file, RSA-3072",
        across: "size of the PDF in bytes",
        up: "milliseconds",
        lines: vec![("one signature", points)],
    });
    Ok(())
}

/// From the code to the signed file, in milliseconds. The upload is over before.
fn median(scene: &Scene, citizen: &Citizen, size: u64, times: usize) -> anyhow::Result<f64> {
    let sample = Sample::pdf(size);
    let mut spread = Spread::default();
    for _ in 0..times {
        let waiting = scene.ask(citizen, &sample, 1)?;
        let begun = Instant::now();
        scene.confirm(&waiting)?;
        spread.extend([milliseconds(begun.elapsed())]);
    }
    Ok(spread.at(0.5).unwrap_or_default())
}
