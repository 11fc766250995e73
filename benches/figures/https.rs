//! Over HTTPS, against the server in a process of its own. The load comes from this process, on the same machine.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::anyhow;
use argon2::{Algorithm, Argon2, Params, Version};
use rubrica::domain::algorithm::KeyAlgorithm;

use super::throughput::{Against, Measured};
use super::{CITIZENS, SMALL, Served, Stage, side_by_side};
use crate::bare::Loop;
use crate::report::{Row, Spread, number};
use crate::rig::document::Sample;
use crate::rig::scene::Citizen;
use crate::rig::visit::Times;

/// A second is cut into so many arrivals.
const PER_SECOND: u32 = 50;
/// The server's defaults (`identity.argon2_memory`, in KiB, and `argon2_passes`).
const MEMORY: u32 = 19_456;
const PASSES: u32 = 2;

/// All calls of app and browser, over a bare loop of unwrap, sign, destroy.
pub(super) fn whole(stage: &mut Stage<'_>, row: &mut Row) -> anyhow::Result<()> {
    let algorithm = KeyAlgorithm::Rsa3072;
    let citizens = stage.scene()?.citizens(CITIZENS, algorithm)?;
    let served = stage.serve()?;
    let (rounds, time) = if stage.plan.quick {
        (2, Duration::from_secs(3))
    } else {
        (5, Duration::from_secs(15))
    };
    // Pools are filled and files are made with the first requests.
    closed_loop(&served, &citizens, Duration::from_secs(1))?;
    let mut confirms = Spread::default();
    let against = Against {
        key: algorithm,
        bare: Loop::UnwrapSignDestroy,
        rounds,
    };
    let serve = |()| {
        let begun = Instant::now();
        let times = closed_loop(&served, &citizens, time)?;
        let per_second = number(times.len()) / begun.elapsed().as_secs_f64();
        confirms.extend(times.iter().map(|times| milliseconds(times.confirm)));
        let whole = times.iter().map(|times| milliseconds(times.whole));
        Ok(Measured {
            per_second,
            latencies: whole.collect(),
        })
    };
    let rates = against.measure(stage, row, || Ok(()), serve)?;
    row.note(format!(
        "the times are of whole requests: 8 calls, {CITIZENS} at once; the call that signs takes {:.1} ms at the median; {rates}",
        confirms.at(0.5).unwrap_or_default()
    ));
    row.note(format!(
        "password hashing, which every request needs once and which is set to next to nothing here: {:.1} ms on one core \
         with the server's defaults (Argon2id, {MEMORY} KiB, {PASSES} passes)",
        hashing()?
    ));
    Ok(())
}

/// Whole requests begin at a steady rate, whether or not the earlier ones are done; what counts is the call that signs.
pub(super) fn steady(stage: &mut Stage<'_>, row: &mut Row) -> anyhow::Result<()> {
    let algorithm = KeyAlgorithm::Rsa3072;
    // So many that one is always free: what has to wait, waits at the server.
    let many = if stage.plan.quick {
        CITIZENS
    } else {
        4 * CITIZENS
    };
    let citizens = stage.scene()?.citizens(many, algorithm)?;
    let served = stage.serve()?;
    closed_loop(&served, &citizens, Duration::from_secs(1))?;
    let seconds = if stage.plan.quick { 5 } else { 60 };
    let times = open_loop(&served, &citizens, PER_SECOND * seconds)?;
    let confirms: Spread = times
        .iter()
        .map(|times| milliseconds(times.confirm))
        .collect();
    let whole: Spread = times
        .iter()
        .map(|times| milliseconds(times.whole))
        .collect();
    if let Some(p99) = confirms.at(0.99) {
        row.add(p99);
    }
    row.latencies(confirms);
    row.note(format!(
        "over HTTPS, from the code to the answer that all is signed; whole requests, counted from when they were due: p99 \
         {:.1} ms",
        whole.at(0.99).unwrap_or_default()
    ));
    if seconds < 60 {
        row.scaled_down(format!("{seconds} s and not 60"));
    }
    Ok(())
}

/// Each citizen signs one request after the other.
fn closed_loop(
    served: &Served<'_>,
    citizens: &[Arc<Citizen>],
    time: Duration,
) -> anyhow::Result<Vec<Times>> {
    let sample = Sample::pdf(SMALL);
    let until = Instant::now() + time;
    side_by_side(citizens, |citizen| {
        let mut visitor = served.visitor()?;
        let mut times = Vec::new();
        while Instant::now() < until {
            times.push(visitor.sign(citizen, &sample, 1)?);
        }
        Ok(times)
    })
}

/// The citizens take the arrivals in turn. A request that had to wait for a free citizen counts from when it was due.
fn open_loop(
    served: &Served<'_>,
    citizens: &[Arc<Citizen>],
    arrivals: u32,
) -> anyhow::Result<Vec<Times>> {
    let sample = Sample::pdf(SMALL);
    let next = AtomicUsize::new(0);
    let begun = Instant::now() + Duration::from_millis(200);
    side_by_side(citizens, |citizen| {
        let mut visitor = served.visitor()?;
        let mut times = Vec::new();
        loop {
            let arrival = u32::try_from(next.fetch_add(1, Ordering::Relaxed))?;
            if arrival >= arrivals {
                return Ok(times);
            }
            let due = begun + Duration::from_secs(1) / PER_SECOND * arrival;
            thread::sleep(due.saturating_duration_since(Instant::now()));
            let signed = visitor.sign(citizen, &sample, 1)?;
            times.push(Times {
                whole: due.elapsed(),
                ..signed
            });
        }
    })
}

/// One password with the server's defaults, in milliseconds.
fn hashing() -> anyhow::Result<f64> {
    let broken = |error: argon2::Error| anyhow!("Argon2 refuses its parameters: {error}");
    let params = Params::new(MEMORY, PASSES, 1, Some(32)).map_err(broken)?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut spread = Spread::default();
    for _ in 0..5 {
        let begun = Instant::now();
        let mut key = [0; 32];
        argon2
            .hash_password_into(b"a password", b"sixteen bytes ok", &mut key)
            .map_err(broken)?;
        spread.extend([milliseconds(begun.elapsed())]);
    }
    Ok(spread.at(0.5).unwrap_or_default())
}

pub(super) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
