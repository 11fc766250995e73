//! Citizens approve over TLS what an app asks for, while the server's process is killed with SIGKILL at random moments,
//! a hundred times, and started again as in production; and what is there in the end.
//!
//! Whoever calls goes on through the kills, as people and programs do: a call without an answer is made again, and what
//! became of a signature that nobody heard of is read from the API.

mod caller;
mod found;
mod signature;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};
use std::{fmt, fs, panic};

use diesel::prelude::*;
use rubrica::clock::Ambient;
use rubrica::domain::identifier::NationalId;
use rubrica::store::{AnyConnection, Store, StoreError};

use super::credential::activated_as;
use super::serve::Serving;
use crate::harness::client::Client;
use crate::harness::database::TestDatabase;
use crate::harness::process::{self, Watched};
use crate::harness::project::Project;

use caller::Asked;

/// Citizens who sign at the same time, and the kinds of their keys.
const KEYS: [&str; 4] = ["ec-p256", "ec-p256", "ec-p256", "rsa-3072"];
/// How many milliseconds a server lives once it answers, at most; where it takes long to start, twice as long as that.
const LIFE: u64 = 400;
/// One server in eight is killed within so many milliseconds, while it starts and looks at what the last one left.
const START: u64 = 150;
/// A lease lasts 30 s.
const PATIENCE: Duration = Duration::from_secs(90);
/// Kills after which there is something wrong when none of them met a signature.
const MOST_KILLS: usize = 400;

#[test]
fn a_hundred_kills_under_load_lose_no_signature_and_make_none_twice_on_sqlite() {
    survive(&TestDatabase::sqlite(), 100);
}

#[test]
fn kills_under_load_lose_no_signature_and_make_none_twice_on_postgres() {
    survive(&TestDatabase::postgres(), 40);
}

fn survive(database: &TestDatabase, kills: usize) {
    let seed = process::seed();
    println!(
        "{}={seed} repeats the documents and the moments of the kills",
        process::SEED
    );
    let mut dice = Dice(seed);
    let place = Place::new(database);
    let objects = place.token_objects();
    let stop = AtomicBool::new(false);
    let mut landed = Landed::default();
    let mut killed = 0;
    let asked: Vec<Asked> = thread::scope(|scope| {
        let callers: Vec<_> = place
            .citizens
            .iter()
            .map(|citizen| {
                let dice = Dice(dice.number());
                let (place, stop) = (&place, &stop);
                scope.spawn(move || caller::keep_asking(place, citizen, stop, dice))
            })
            .collect();
        let last = panic::catch_unwind(panic::AssertUnwindSafe(|| {
            // A signature is a matter of milliseconds: where no kill met one, there are more, of servers that live longer.
            while killed < kills || (landed.spent == 0 && killed < MOST_KILLS) {
                let times = u64::try_from(killed / kills).unwrap() + 1;
                place.let_die(&mut dice, times);
                landed.look(&place.store);
                killed += 1;
            }
            Serving::start(&place.project)
        }));
        // Otherwise nobody would ever hear of a failure here.
        stop.store(true, Ordering::SeqCst);
        let last = last.unwrap_or_else(|failure| panic::resume_unwind(failure));
        let ended: Vec<_> = callers.into_iter().map(ScopedJoinHandle::join).collect();
        let (status, log) = last.end("-TERM");
        let asked = ended
            .into_iter()
            .flat_map(|asked| asked.unwrap_or_else(|_| panic!("a caller failed: {log}")));
        let asked = asked.collect();
        assert_eq!(status, Some(0), "{log}");
        asked
    });
    println!(
        "{killed} kills, {landed}; what nobody wished for: {:?}",
        place.odd()
    );
    assert!(landed.kills > 0 && landed.spent > 0, "{landed}");
    place.wait_for_leases();
    let serving = Serving::start(&place.project);
    let found = found::judge(&place, &asked);
    println!("{found}");
    assert_eq!(serving.end("-TERM").0, Some(0));
    found::judge_journal(&place, &found);
    assert_eq!(place.token_objects(), objects);
}

/// What the kills met.
#[derive(Default)]
struct Landed {
    /// Kills that came while at least one request was signed: between its claim and its end.
    kills: usize,
    /// Requests that were being signed then.
    requests: usize,
    /// Those of them whose SAD was spent.
    spent: usize,
    claims: BTreeSet<String>,
}

#[derive(QueryableByName)]
struct Text {
    #[diesel(sql_type = diesel::sql_types::Text)]
    text: String,
}

impl Landed {
    /// What the kill before this left behind. What an earlier one left is still there for as long as its lease.
    fn look(&mut self, store: &Store) {
        let query = "SELECT lease_claim AS text FROM requests WHERE state = 'signing'";
        let spent: BTreeSet<_> = texts(store, "SELECT claim_id AS text FROM sads")
            .into_iter()
            .collect();
        let before = self.requests;
        for claim in texts(store, query) {
            if self.claims.insert(claim.clone()) {
                self.requests += 1;
                self.spent += usize::from(spent.contains(&claim));
            }
        }
        self.kills += usize::from(self.requests > before);
    }
}

impl fmt::Display for Landed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            kills,
            requests,
            spent,
            ..
        } = self;
        write!(
            f,
            "{kills} of them while something was signed: {requests} requests, {spent} of them with a spent SAD"
        )
    }
}

/// One column of text.
fn texts(store: &Store, query: &str) -> Vec<String> {
    let rows = store.read(|connection| {
        match connection {
            AnyConnection::Sqlite(inner) => diesel::sql_query(query).load::<Text>(inner),
            AnyConnection::Postgres(inner) => diesel::sql_query(query).load::<Text>(inner),
        }
        .map_err(StoreError::from)
    });
    rows.unwrap().into_iter().map(|row| row.text).collect()
}

/// A server's folder, with an app and citizens who can sign.
struct Place {
    project: Project,
    store: Store,
    trusted: String,
    token: String,
    citizens: Vec<Citizen>,
    /// SoftHSM's file about the token as a whole, and what is in it.
    token_file: (PathBuf, Vec<u8>),
    odd: Mutex<BTreeMap<String, usize>>,
}

struct Citizen {
    dni: String,
    phone: String,
}

impl Place {
    fn new(database: &TestDatabase) -> Self {
        let project = Project::in_order_on(database);
        project.configure(
            "[telemetry]\nlevel = \"warn\"\n\
             [limits]\ncalls_per_minute = 1000000\nburst = 1000000\n\
             address_calls_per_minute = 1000000\naddress_burst = 1000000\n\
             [identity]\nargon2_memory = 64\nargon2_passes = 1\nsms_per_hour = 1000\n\
             [journal]\ncheckpoint_every = \"1 s\"",
        );
        let added = project.run(&["app", "add", "sede", "--token-file", "token"]);
        assert_eq!(added.status, 0, "{}", added.err);
        let citizens = (0..)
            .zip(KEYS)
            .map(|(number, key)| {
                let citizen = Citizen {
                    dni: NationalId::dni(number).unwrap().as_str().to_owned(),
                    phone: format!("+3460000000{number}"),
                };
                activated_as(&project, &citizen.dni, &citizen.phone);
                let mut issue = vec!["credential", "issue", &citizen.dni, "--key", key];
                issue.extend(["--output", "chain.pem"]);
                let issued = project.run(&issue);
                assert_eq!(issued.status, 0, "{}", issued.err);
                citizen
            })
            .collect();
        let read = |file| fs::read_to_string(project.path(file)).unwrap();
        let tokens = fs::read_dir(project.path("tokens")).unwrap();
        let token_file = tokens
            .map(|entry| entry.unwrap().path().join("token.object"))
            .find(|file| file.exists())
            .unwrap();
        Self {
            token_file: (token_file.clone(), fs::read(&token_file).unwrap()),
            trusted: read("certs/server.pem"),
            token: read("token").trim().to_owned(),
            store: project.store(),
            citizens,
            odd: Mutex::default(),
            project,
        }
    }

    /// A server is started and killed, after so many times the usual life.
    fn let_die(&self, dice: &mut Dice, times: u64) {
        let moment = |dice: &mut Dice, below| Duration::from_millis(dice.roll(below));
        if dice.roll(8) == 0 {
            let process = Watched::spawn(&mut self.project.command(&["serve"]));
            thread::sleep(moment(dice, START));
            process.killed();
            self.mend_token();
        } else {
            let begun = Instant::now();
            let serving = Serving::start(&self.project);
            // On a machine with much to do, signing too takes longer.
            let started = u64::try_from(begun.elapsed().as_millis()).unwrap();
            thread::sleep(moment(dice, LIFE.max(2 * started) * times));
            serving.killed();
            self.mend_token();
        }
    }

    /// SoftHSM 2.6.1 empties the token's file and writes it anew at each login. A kill in between takes the whole token
    /// away, whoever's process it was; only a copy of the file helps.
    fn mend_token(&self) {
        let (file, content) = &self.token_file;
        // Its bytes are others each time, and as many.
        if fs::read(file).unwrap().len() != content.len() {
            fs::write(file, content).unwrap();
            self.note("SoftHSM was killed while it wrote its token's file".to_owned());
        }
    }

    /// The app, with no connection yet.
    fn app(&self) -> Client {
        let base = format!("https://localhost:{}", self.project.ports[0]);
        Client::new(&base, &self.trusted, None).bearer(&self.token)
    }

    /// A browser, likewise.
    fn browser(&self) -> Client {
        let base = format!("https://localhost:{}", self.project.ports[1]);
        Client::new(&base, &self.trusted, None)
    }

    /// How many objects the token shows.
    fn token_objects(&self) -> i64 {
        let status = self.project.json(&["hsm", "status", "--json"]);
        status["token_objects"].as_i64().unwrap()
    }

    /// Until no dead process holds a request any more: the next server ends what they left in its first round.
    fn wait_for_leases(&self) {
        let begun = Instant::now();
        loop {
            let now = Ambient::system().now().unix_timestamp_nanos() / 1000;
            let query = format!(
                "SELECT id AS text FROM requests WHERE state = 'signing' AND lease_until >= {now}"
            );
            if texts(&self.store, &query).is_empty() {
                return;
            }
            assert!(begun.elapsed() < PATIENCE);
            thread::sleep(Duration::from_millis(200));
        }
    }

    /// Notes what nobody wished for.
    fn note(&self, what: String) {
        *self.odd.lock().unwrap().entry(what).or_default() += 1;
    }

    fn odd(&self) -> BTreeMap<String, usize> {
        self.odd.lock().unwrap().clone()
    }
}

/// `SplitMix64`: the same seed gives the same numbers (Steele, Lea, Flood: Fast splittable pseudorandom number generators).
#[derive(Clone)]
struct Dice(u64);

impl Dice {
    fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From nought up to that.
    fn roll(&mut self, below: u64) -> u64 {
        self.number() % below
    }
}
