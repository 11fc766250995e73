//! One app's single signatures beside another app's batch.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, bail};
use rubrica::domain::algorithm::KeyAlgorithm;

use super::https::milliseconds;
use super::{SMALL, Stage};
use crate::report::{Row, Spread};
use crate::rig::document::Sample;
use crate::rig::scene::Citizen;
use crate::rig::visit::Visitor;

/// Documents of the batch.
const MANY: usize = 10_000;
/// A small file, signed by detached CAdES.
const FILE: u64 = 1_000;
/// Single signatures on the idle server.
const IDLE: usize = 200;
/// Citizens of the other app.
const OTHERS: usize = 8;

/// The call that signs a single document, while the batch's is under way.
pub(super) fn beside_a_batch(stage: &mut Stage<'_>, row: &mut Row) -> anyhow::Result<()> {
    let scene = stage.scene()?;
    let citizens = scene.citizens(1 + OTHERS, KeyAlgorithm::Rsa3072)?;
    let Some((one, others)) = citizens.split_first() else {
        bail!("there are no citizens");
    };
    // In turn: there is a bound to the codes of one citizen within an hour.
    let mut others = others.iter().cycle();
    let mut other = || others.next().context("there is one citizen alone");
    let (many, idle) = if stage.plan.quick {
        (MANY / 20, IDLE / 8)
    } else {
        (MANY, IDLE)
    };
    let served = stage.serve()?;
    let mut batch = served.visitor()?;
    let mut single = served.visitor_of(&scene.another_app()?)?;
    for _ in 0..10 {
        sign(&mut single, other()?)?;
    }
    let alone: Spread = (0..idle)
        .map(|_| sign(&mut single, other()?))
        .collect::<anyhow::Result<_>>()?;
    let at_code = batch.ask(one, &Sample::file(FILE), many)?;
    let ended = AtomicBool::new(false);
    let (took, beside) = thread::scope(|scope| {
        let signing = scope.spawn(|| {
            let took = batch.confirm(one, &at_code);
            ended.store(true, Ordering::SeqCst);
            took
        });
        let mut beside = Spread::default();
        // The batch's call is on its way.
        thread::sleep(Duration::from_millis(5));
        while !ended.load(Ordering::SeqCst) {
            let time = other().and_then(|other| sign(&mut single, other));
            match time {
                // The last one may have had the server to itself.
                Ok(time) if !ended.load(Ordering::SeqCst) => beside.extend([time]),
                Ok(_) => {}
                Err(error) => return Err(error),
            }
        }
        match signing.join() {
            Ok(took) => Ok((took?, beside)),
            Err(_) => bail!("the batch's caller panicked"),
        }
    })?;
    let p99 = beside
        .at(0.99)
        .context("no single signature came through before the batch was signed")?;
    row.add(p99);
    row.note(format!(
        "over HTTPS, from the code to the answer that it is signed, one after the other, {} of them; on the idle server \
         p50 {:.1} ms and p99 {:.1} ms; the batch of {many} files, detached CAdES, took {:.1} s",
        beside.len(),
        alone.at(0.5).unwrap_or_default(),
        alone.at(0.99).unwrap_or_default(),
        took.as_secs_f64()
    ));
    row.latencies(beside);
    if many < MANY {
        row.scaled_down(format!("a batch of {many} and not of {MANY}"));
    }
    Ok(())
}

/// How long the call that signs one document takes, in milliseconds.
fn sign(visitor: &mut Visitor, citizen: &Citizen) -> anyhow::Result<f64> {
    let times = visitor.sign(citizen, &Sample::pdf(SMALL), 1)?;
    Ok(milliseconds(times.confirm))
}
