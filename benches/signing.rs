//! The signing path, measured against the bare token in the same run.
//!
//! ```text
//! cargo bench --bench signing [-- [--quick] [--only NAME]… [--json FILE] [--plots FOLDER]
//!     [--module softhsm|opencryptoki] [--seeded FOLDER]…]
//! ```
//!
//! Most rows are ratios: two things are measured in turn, several times, and the row is the median of the ratios, so that
//! a machine that becomes slower in between slows both. Nothing here is a test: figures are printed, not judged by an
//! exit code. A row that cannot be measured is there too, and says why.
//!
//! `cargo test` runs it as well: see [`check`].

#[expect(dead_code, reason = "some of it is for the other benchmarks")]
mod bare;
mod check;
mod figures;
mod peers;
mod plot;
mod report;
#[expect(dead_code, reason = "some of it is for the other benchmarks")]
mod rig;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use figures::{Figure, Stage};
use report::Row;
use rig::arguments::Arguments;
use rig::token::Vendor;

/// What is wanted of a run.
struct Plan {
    quick: bool,
    /// The rows to measure, by the beginnings of their names; all when empty.
    only: Vec<String>,
    json: Option<PathBuf>,
    plots: Option<PathBuf>,
    vendor: Vendor,
    /// Folders that `cargo bench --bench seed` filled.
    seeded: Vec<PathBuf>,
    /// Pairs of measurements of each row.
    rounds: usize,
    /// Requests with one document in one measurement, for each citizen.
    singles: usize,
    /// Batches that each thread signs one after the other.
    batches: usize,
    /// How long a bare loop runs.
    bare: Duration,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::read();
    if !arguments.benchmark {
        return check::run(arguments);
    }
    let plan = Plan::read(arguments)?;
    let wanted: Vec<&Figure> = figures::ALL
        .iter()
        .filter(|figure| plan.wants(figure.name))
        .collect();
    if wanted.is_empty() {
        let names: Vec<_> = figures::ALL.iter().map(|figure| figure.name).collect();
        bail!("no such row; there are {}", names.join(", "));
    }
    let mut stage = Stage::new(&plan)?;
    let mut rows = Vec::new();
    for figure in wanted {
        let begun = Instant::now();
        eprint!("{} … ", figure.name);
        let mut row = Row::new(figure.name, figure.text, figure.unit, figure.target);
        if let Err(error) = stage.measure(figure, &mut row) {
            // The others are worth having all the same.
            row.missing(format!("not measured: {error:#}"));
        }
        eprintln!("{:.1} s", begun.elapsed().as_secs_f64());
        rows.push(row);
    }
    print!("{}", report::table(&rows));
    if let Some(file) = &plan.json {
        std::fs::write(file, report::json(&rows)?)
            .with_context(|| format!("{} cannot be written", file.display()))?;
    }
    if let Some(folder) = &plan.plots {
        std::fs::create_dir_all(folder)?;
        for (name, svg) in stage.plots() {
            std::fs::write(folder.join(name), svg)?;
        }
    }
    Ok(())
}

impl Plan {
    fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| name.starts_with(only.as_str()))
    }

    fn read(mut arguments: Arguments) -> anyhow::Result<Self> {
        let mut plan = Self {
            quick: false,
            only: Vec::new(),
            json: None,
            plots: None,
            vendor: Vendor::SoftHsm,
            seeded: Vec::new(),
            rounds: 9,
            singles: 60,
            batches: 5,
            bare: Duration::from_secs(2),
        };
        while let Some(option) = arguments.option()? {
            match option.as_str() {
                "--quick" => plan.quick = true,
                "--only" => plan.only.push(arguments.value(&option)?),
                "--json" => plan.json = Some(arguments.value(&option)?.into()),
                "--plots" => plan.plots = Some(arguments.value(&option)?.into()),
                "--seeded" => plan.seeded.push(arguments.value(&option)?.into()),
                "--module" => {
                    plan.vendor = match arguments.value(&option)?.as_str() {
                        "softhsm" => Vendor::SoftHsm,
                        "opencryptoki" => Vendor::Opencryptoki,
                        other => bail!("--module is softhsm or opencryptoki, not {other}"),
                    }
                }
                other => bail!(
                    "unknown argument {other}; known are --quick, --only NAME, --json FILE, --plots FOLDER, \
                     --module NAME and --seeded FOLDER"
                ),
            }
        }
        if plan.quick {
            plan.rounds = 3;
            plan.singles = 10;
            plan.batches = 2;
            plan.bare = Duration::from_millis(600);
        }
        Ok(plan)
    }
}
