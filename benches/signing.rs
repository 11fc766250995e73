//! The signing path, measured against the bare token in the same run.
//!
//! ```text
//! cargo bench --bench signing [-- [--quick] [--only NAME] [--json FILE]]
//! ```
//!
//! Each row is a ratio: the server's throughput over that of a bare loop of PKCS#11 calls on the same token, with as
//! many threads. Both are measured in turn, several times, and the row is the median of the ratios, so that a machine
//! that becomes slower in between slows both. Nothing here is a test: figures are printed, not judged by an exit code.

mod bare;
#[path = "../tests/harness/new_token.rs"]
mod new_token;
mod report;
mod scene;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use rubrica::domain::algorithm::KeyAlgorithm;

use bare::{Bare, Loop};
use report::{Row, Spread};
use scene::{Scene, Waiting};

/// As many as the machine that the targets were set on has cores. The server has as many sessions, and so the bare loop
/// and the server use the token alike.
const THREADS: usize = 2;
/// Documents of one batch.
const BATCH: usize = 100;
/// Citizens who give their codes at the same time. They wait for the disk together, and keep the token at work.
const CITIZENS: usize = 16;

/// Measures one row.
type Figure = fn(&Scene, &Plan) -> anyhow::Result<Row>;

/// How much is measured.
struct Plan {
    /// Pairs of measurements of each row.
    rounds: usize,
    /// Requests with one document in one measurement, for each citizen.
    singles: usize,
    /// How long a bare loop runs.
    bare: Duration,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::read()?;
    let plan = if arguments.quick {
        Plan {
            rounds: 3,
            singles: 10,
            bare: Duration::from_millis(700),
        }
    } else {
        Plan {
            rounds: 9,
            singles: 60,
            bare: Duration::from_secs(2),
        }
    };
    let scene = Scene::new(THREADS)?;
    let figures: [(&str, Figure); 3] = [
        ("batch", batch),
        ("single-rsa", |scene, plan| {
            singles(scene, plan, KeyAlgorithm::Rsa3072, 0.90)
        }),
        ("single-p256", |scene, plan| {
            singles(scene, plan, KeyAlgorithm::EcP256, 0.85)
        }),
    ];
    let rows = figures
        .iter()
        .filter(|(name, _)| arguments.only.as_deref().is_none_or(|only| only == *name))
        .map(|(_, figure)| figure(&scene, &plan))
        .collect::<anyhow::Result<Vec<_>>>()?;
    print!("{}", report::table(&rows));
    if let Some(file) = arguments.json {
        std::fs::write(&file, report::json(&rows)?)
            .with_context(|| format!("{} cannot be written", file.display()))?;
    }
    Ok(())
}

/// One activation with many PDFs on each thread, over a bare loop of `C_Sign` with a key that stays unwrapped.
fn batch(scene: &Scene, plan: &Plan) -> anyhow::Result<Row> {
    let algorithm = KeyAlgorithm::Rsa3072;
    let citizens = scene.citizens(THREADS, algorithm)?;
    let mut bare = Bare::new(scene.token(), algorithm, Loop::Sign, THREADS)?;
    let mut row = Row::new(
        &format!("batch of {BATCH} PDFs, {algorithm} ÷ C_Sign"),
        0.95,
    );
    for _ in 0..plan.rounds {
        let waiting = citizens
            .iter()
            .map(|citizen| Ok(vec![scene.ask(citizen, BATCH)?]))
            .collect::<anyhow::Result<Vec<_>>>()?;
        let per_second = bare.per_second(plan.bare)?;
        let measured = confirm(scene, waiting)?;
        row.add(measured.per_second / per_second);
    }
    Ok(row)
}

/// Requests with one PDF each, over a bare loop of unwrap, sign, destroy.
fn singles(
    scene: &Scene,
    plan: &Plan,
    algorithm: KeyAlgorithm,
    target: f64,
) -> anyhow::Result<Row> {
    let citizens = scene.citizens(CITIZENS, algorithm)?;
    let mut bare = Bare::new(scene.token(), algorithm, Loop::UnwrapSignDestroy, THREADS)?;
    let name = format!("single PDFs, {algorithm} ÷ unwrap + sign + destroy");
    let mut row = Row::new(&name, target);
    for _ in 0..plan.rounds {
        let waiting = citizens
            .iter()
            .map(|citizen| (0..plan.singles).map(|_| scene.ask(citizen, 1)).collect())
            .collect::<anyhow::Result<Vec<_>>>()?;
        let per_second = bare.per_second(plan.bare)?;
        let measured = confirm(scene, waiting)?;
        row.add(measured.per_second / per_second);
        row.latencies(measured.latencies);
    }
    Ok(row)
}

struct Measured {
    /// Documents signed in a second.
    per_second: f64,
    /// How long each request took, in milliseconds.
    latencies: Spread,
}

/// Gives the codes of all requests, those of one list one after the other and the lists side by side.
fn confirm(scene: &Scene, waiting: Vec<Vec<Waiting>>) -> anyhow::Result<Measured> {
    let documents: usize = waiting.iter().flatten().map(|one| one.documents).sum();
    let begun = Instant::now();
    let results: Vec<anyhow::Result<Vec<f64>>> = std::thread::scope(|threads| {
        let running: Vec<_> = waiting
            .into_iter()
            .map(|list| {
                threads.spawn(move || {
                    list.into_iter()
                        .map(|one| {
                            let begun = Instant::now();
                            scene.confirm(&one)?;
                            Ok(begun.elapsed().as_secs_f64() * 1000.0)
                        })
                        .collect()
                })
            })
            .collect();
        running
            .into_iter()
            .map(|thread| match thread.join() {
                Ok(result) => result,
                Err(_) => bail!("a thread of the benchmark panicked"),
            })
            .collect()
    });
    let took = begun.elapsed().as_secs_f64();
    let mut latencies = Spread::default();
    for result in results {
        latencies.extend(result?);
    }
    Ok(Measured {
        per_second: report::number(documents) / took,
        latencies,
    })
}

/// What stands on the command line.
struct Arguments {
    quick: bool,
    /// The one row to measure.
    only: Option<String>,
    json: Option<PathBuf>,
}

impl Arguments {
    fn read() -> anyhow::Result<Self> {
        let mut read = Self {
            quick: false,
            only: None,
            json: None,
        };
        let mut given = std::env::args_os().skip(1);
        while let Some(argument) = given.next() {
            match argument.to_str() {
                Some("--quick") => read.quick = true,
                Some("--only") => {
                    let name = given.next().context("--only needs a row's short name")?;
                    read.only = Some(name.to_string_lossy().into_owned());
                }
                Some("--json") => {
                    let file = given.next().context("--json needs a file")?;
                    read.json = Some(PathBuf::from(file));
                }
                // cargo says this to every benchmark.
                Some("--bench") => {}
                _ => bail!(
                    "unknown argument {}; known are --quick, --only NAME and --json FILE",
                    argument.display()
                ),
            }
        }
        Ok(read)
    }
}
