//! Fills a folder with a database of very many citizens who can sign, for `cargo bench --bench signing -- --seeded FOLDER`.
//!
//! ```text
//! cargo bench --bench seed -- --folder FOLDER [--credentials 1000000] [--database sqlite|postgres|URL] [--sessions 2]
//! ```
//!
//! Everything in it is made by the functions that the use cases call: a key that the HSM made, wrapped and sealed; a
//! certificate; an account with a password; the journal's entries. It is written many citizens to a transaction, and nobody
//! is sent a code. What is cheaper than in production: Argon2id's settings, and authorities with P-256 keys.
//!
//! `postgres` is a server of the folder's own, `URL` is anybody's. A run that was stopped goes on when the command is given
//! again. Sessions at the token are as many as there are cores. Of two seedings side by side each takes one: sessions of one
//! process wait for each other in OpenSSL. The token stays in `tokens/`; its label and PIN stand in FOLDER/seeded.json.

#[expect(dead_code, reason = "some of it is for the other benchmarks")]
mod rig;

use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use indicatif::{ProgressBar, ProgressStyle};

use rig::arguments::Arguments;
use rig::document::Sample;
use rig::gateway::Gateway;
use rig::place::{Database, Place, Wishes};
use rig::scene::{Citizen, Scene};
use rig::seeding;
use rig::token::{Token, Vendor};

/// Where nobody looks at a bar, it is told how far it is this often.
const TOLD: Duration = Duration::from_secs(30);

/// For `cargo test`: a few citizens, and a few more later, of whom one signs.
fn try_out() -> anyhow::Result<()> {
    let (token, gateway) = (Token::for_this_run(Vendor::SoftHsm)?, Gateway::start()?);
    let wishes = Wishes {
        token: &token,
        gateway: &gateway,
        sessions: 2,
        authorities: "ec-p256",
    };
    let scene = Scene::new(Place::temporary(&Database::Sqlite, &wishes)?, &gateway)?;
    for goal in [5, 12] {
        let there = seeding::seed(&scene, goal, None, &|_| {})?;
        if there != goal || seeding::count(&scene)? != goal {
            bail!("{there} citizens were seeded, and {goal} wanted");
        }
    }
    let waiting = scene.ask(&Citizen::numbered(12)?, &Sample::pdf(10_000), 1)?;
    scene.confirm(&waiting)
}

fn main() -> anyhow::Result<()> {
    let mut folder: Option<PathBuf> = None;
    let mut credentials: u32 = 1_000_000;
    let mut database: Option<Database> = None;
    let mut sessions = thread::available_parallelism()?.get();
    let mut arguments = Arguments::read();
    if !arguments.benchmark {
        return if arguments.wants("seed") {
            try_out()
        } else {
            Ok(())
        };
    }
    while let Some(option) = arguments.option()? {
        match option.as_str() {
            "--folder" => folder = Some(arguments.value(&option)?.into()),
            "--credentials" => credentials = arguments.value(&option)?.parse()?,
            "--sessions" => sessions = arguments.value(&option)?.parse()?,
            "--database" => database = Some(arguments.value(&option)?.as_str().into()),
            other => bail!(
                "unknown argument {other}; known are --folder FOLDER, --credentials NUMBER, --database URL and --sessions NUMBER"
            ),
        }
    }
    let folder =
        folder.context("--folder FOLDER is needed: where the database and its secrets go")?;
    let gateway = Gateway::start()?;
    let (place, token) = Place::lasting(&folder, database.as_ref(), &gateway, sessions)?;
    let scene = Scene::new(place, &gateway)?;
    let there = seeding::count(&scene)?;
    let bar = ProgressBar::new(credentials.into());
    bar.set_style(ProgressStyle::with_template(
        "{bar:30} {percent:>3} %  {human_pos} of {human_len}  {per_sec}  {eta} left",
    )?);
    bar.set_position(there.into());
    bar.reset_eta();
    bar.enable_steady_tick(Duration::from_millis(200));
    let begun = Instant::now();
    let told = std::sync::Mutex::new(begun);
    let reached = seeding::seed(&scene, credentials, None, &|number| {
        bar.set_position(number.into());
        if let Ok(mut told) = told.try_lock()
            && bar.is_hidden()
            && told.elapsed() >= TOLD
        {
            *told = Instant::now();
            eprintln!("{number} of {credentials}");
        }
    })?;
    bar.finish_and_clear();
    if let Ok(postgres) = scene.place.postgres() {
        // Else it does so by itself some time later, while signatures are measured.
        eprintln!("PostgreSQL tidies its tables");
        postgres.run("seed", "VACUUM (ANALYZE)")?;
        postgres.run("seed", "CHECKPOINT")?;
    }
    let made = reached.saturating_sub(there);
    println!(
        "{reached} citizens can sign; {made} were made in {:.0} s ({:.0} in a second)",
        begun.elapsed().as_secs_f64(),
        f64::from(made) / begun.elapsed().as_secs_f64()
    );
    drop(scene);
    drop(token);
    Ok(())
}
