//! How the pool of sessions hides the distance to the HSM.
//!
//! ```text
//! cargo bench --bench pool [-- [--delay MILLISECONDS] [--plots FOLDER]]
//! ```
//!
//! A network HSM answers in milliseconds and takes many calls at once. Here each call to the token waits so long before it
//! is made, in this benchmark only (`hsm::Settings::call_delay`), and the same requests are signed with more and more
//! sessions: throughput grows with them until the delay is hidden and the token's own work is the limit.

mod plot;
#[expect(dead_code, reason = "only a few of its functions are used here")]
mod report;
#[expect(dead_code, reason = "some of it is for the other benchmarks")]
mod rig;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::bail;
use rubrica::domain::algorithm::KeyAlgorithm;

use plot::Plot;
use report::number;
use rig::arguments::Arguments;
use rig::document::Sample;
use rig::gateway::Gateway;
use rig::place::{Database, Place, Wishes};
use rig::scene::{Scene, Waiting};
use rig::token::{Token, Vendor};

/// Pools that are tried. Network HSMs like 30 to 60 calls in flight.
const SESSIONS: [u32; 7] = [1, 2, 4, 8, 16, 32, 64];
/// Requests for each session of a pool, and at least so many.
const EACH: u32 = 12;
const LEAST: u32 = 60;
const CITIZENS: usize = 8;

fn main() -> anyhow::Result<()> {
    let mut delay = 5;
    let mut plots: Option<PathBuf> = None;
    let mut arguments = Arguments::read();
    if !arguments.benchmark {
        // For `cargo test`: to see that it runs.
        return if arguments.wants("pool") {
            grow(Duration::from_millis(1), &[1, 2], None)
        } else {
            Ok(())
        };
    }
    while let Some(option) = arguments.option()? {
        match option.as_str() {
            "--delay" => delay = arguments.value(&option)?.parse()?,
            "--plots" => plots = Some(arguments.value(&option)?.into()),
            other => {
                bail!("unknown argument {other}; known are --delay MILLISECONDS and --plots FOLDER")
            }
        }
    }
    grow(Duration::from_millis(delay), &SESSIONS, plots.as_deref())
}

/// Throughput with each of these pools.
fn grow(delay: Duration, pools: &[u32], plots: Option<&Path>) -> anyhow::Result<()> {
    let token = Token::for_this_run(Vendor::SoftHsm)?;
    let gateway = Gateway::start()?;
    let rate = |sessions: u32, delay| {
        let wishes = Wishes {
            token: &token,
            gateway: &gateway,
            sessions: usize::try_from(sessions)?,
            authorities: "ec-p256",
        };
        let place = Place::temporary(&Database::Sqlite, &wishes)?.with_call_delay(delay);
        measure(&Scene::new(place, &gateway)?, sessions)
    };
    let cores = u32::try_from(thread::available_parallelism()?.get())?;
    let near = rate(cores, Duration::ZERO)?;
    let mut points = Vec::new();
    println!("{delay:?} before each call to the token, single PDFs, P-256");
    println!("without it, and a session for each core: {near:.0} signatures in a second");
    println!("| sessions | signatures in a second | ÷ 1 session |\n|---|---|---|");
    let mut first = None;
    for &sessions in pools {
        let per_second = rate(sessions, delay)?;
        let first = *first.get_or_insert(per_second);
        println!(
            "| {sessions} | {per_second:.0} | {:.1} |",
            per_second / first
        );
        points.push((f64::from(sessions), per_second));
    }
    if let Some(folder) = plots {
        let ends = [pools.first(), pools.last()].into_iter().flatten();
        let without = ends.map(|&sessions| (f64::from(sessions), near));
        std::fs::create_dir_all(folder)?;
        let plot = Plot {
            file: "pool.svg",
            title: "The pool hides the distance to the HSM",
            across: "sessions",
            up: "signatures in a second",
            lines: vec![
                ("single PDFs, P-256", points),
                (
                    "a session for each core, without the delay",
                    without.collect(),
                ),
            ],
        };
        std::fs::write(folder.join(plot.file), plot.svg())?;
    }
    Ok(())
}

/// Twice as many callers as sessions: no session waits for a caller.
fn measure(scene: &Scene, sessions: u32) -> anyhow::Result<f64> {
    let citizens = scene.citizens(CITIZENS, KeyAlgorithm::EcP256)?;
    let sample = Sample::pdf(10_000);
    let requests = LEAST.max(sessions * EACH);
    let waiting: Vec<Waiting> = citizens
        .iter()
        .cycle()
        .take(usize::try_from(requests)?)
        .map(|citizen| scene.ask(citizen, &sample, 1))
        .collect::<anyhow::Result<_>>()?;
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some(one) = waiting.get(next.fetch_add(1, Ordering::Relaxed)) {
            scene.confirm(one)?;
        }
        anyhow::Ok(())
    };
    let begun = Instant::now();
    let ends: Vec<anyhow::Result<()>> = thread::scope(|scope| {
        let threads: Vec<_> = (0..sessions * 2).map(|_| scope.spawn(work)).collect();
        threads
            .into_iter()
            .map(|thread| match thread.join() {
                Ok(end) => end,
                Err(_) => bail!("a caller panicked"),
            })
            .collect()
    });
    let took = begun.elapsed().as_secs_f64();
    for end in ends {
        end?;
    }
    Ok(number(waiting.len()) / took)
}
