//! The figures, one for each row, and what they share.

mod credentials;
mod deletion;
mod endurance;
mod fairness;
mod https;
mod memory;
mod nodes;
mod path;
mod size;
mod statements;
mod throughput;

use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use rubrica::domain::algorithm::KeyAlgorithm;
use rubrica::domain::secret::SecretText;
use rustls::ClientConfig;

use super::Plan;
use super::peers::Peers;
use super::plot::Plot;
use super::report::{Row, Target};
use super::rig::client;
use super::rig::gateway::Gateway;
use super::rig::place::{Database, Place, Wishes};
use super::rig::scene::Scene;
use super::rig::server::Server;
use super::rig::tally::Tally;
use super::rig::token::{Token, Vendor};
use super::rig::visit::Visitor;
use endurance::Endurance;
use statements::Statements;

pub(crate) use throughput::{batches, confirm};

/// As many as the machine that the targets were set on has cores. The server has as many sessions, and so the bare loop
/// and the server use the token alike.
pub(crate) const THREADS: usize = 2;
/// Citizens who sign at the same time. They wait for the disk together, and keep the token at work.
const CITIZENS: usize = 16;
/// Documents of one batch.
const BATCH: usize = 100;
/// A small document, in bytes.
const SMALL: u64 = 10_000;

/// What each figure may take in a quick run: all of them together end within two minutes.
const QUICK: Duration = Duration::from_secs(5);

/// One row of the table, and how it is measured.
pub(crate) struct Figure {
    pub(crate) name: &'static str,
    pub(crate) text: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) target: Target,
    pub(crate) measure: fn(&mut Stage<'_>, &mut Row) -> anyhow::Result<()>,
}

/// All of them, in the order of the table.
pub(crate) const ALL: &[Figure] = &[
    Figure {
        name: "batch-rsa",
        text: "one activation, 100 PDFs, RSA-3072, two threads: throughput ÷ bare C_Sign",
        unit: "ratio",
        target: Target::AtLeast(0.95),
        measure: throughput::batch,
    },
    Figure {
        name: "single-rsa",
        text: "single PDFs, RSA-3072: throughput ÷ bare unwrap + sign + destroy",
        unit: "ratio",
        target: Target::AtLeast(0.90),
        measure: |stage, row| throughput::singles(stage, row, KeyAlgorithm::Rsa3072),
    },
    Figure {
        name: "single-p256",
        text: "single PDFs, P-256, two threads: throughput ÷ bare unwrap + sign + destroy",
        unit: "ratio",
        target: Target::AtLeast(0.85),
        measure: |stage, row| throughput::singles(stage, row, KeyAlgorithm::EcP256),
    },
    Figure {
        name: "path-batch-rsa",
        text: "the signing path alone: one activation, 100 PDFs, RSA-3072, two threads: throughput ÷ bare C_Sign",
        unit: "ratio",
        target: Target::AtLeast(0.95),
        measure: path::batch,
    },
    Figure {
        name: "path-single-rsa",
        text: "the signing path alone: single PDFs, RSA-3072: throughput ÷ bare unwrap + sign + destroy",
        unit: "ratio",
        target: Target::AtLeast(0.90),
        measure: |stage, row| path::singles(stage, row, KeyAlgorithm::Rsa3072),
    },
    Figure {
        name: "path-single-p256",
        text: "the signing path alone: single PDFs, P-256, two threads: throughput ÷ bare unwrap + sign + destroy",
        unit: "ratio",
        target: Target::AtLeast(0.85),
        measure: |stage, row| path::singles(stage, row, KeyAlgorithm::EcP256),
    },
    Figure {
        name: "https-rsa",
        text: "whole requests over HTTPS, password hashing left out, RSA-3072: throughput ÷ bare unwrap + sign + destroy",
        unit: "ratio",
        target: Target::AtLeast(0.75),
        measure: https::whole,
    },
    Figure {
        name: "peer-dss-rsa",
        text: "small PDFs in one batch, B-B, RSA-3072, two threads: throughput ÷ EU DSS",
        unit: "ratio",
        target: Target::AtLeast(3.5),
        measure: |stage, row| Peers::compare(stage, row, "dss", KeyAlgorithm::Rsa3072),
    },
    Figure {
        name: "peer-pyhanko-rsa",
        text: "small PDFs in one batch, B-B, RSA-3072, two threads: throughput ÷ pyHanko",
        unit: "ratio",
        target: Target::AtLeast(20.0),
        measure: |stage, row| Peers::compare(stage, row, "pyhanko", KeyAlgorithm::Rsa3072),
    },
    Figure {
        name: "peer-dss-p256",
        text: "small PDFs in one batch, B-B, P-256, two threads: throughput ÷ EU DSS",
        unit: "ratio",
        target: Target::AtLeast(10.0),
        measure: |stage, row| Peers::compare(stage, row, "dss", KeyAlgorithm::EcP256),
    },
    Figure {
        name: "credentials-sqlite",
        text: "latency of a single signature with 1,000,000 credentials ÷ with 1, SQLite",
        unit: "ratio",
        target: Target::AtMost(1.10),
        measure: |stage, row| credentials::latency(stage, row, &Database::Sqlite),
    },
    Figure {
        name: "credentials-postgres",
        text: "latency of a single signature with 1,000,000 credentials ÷ with 1, PostgreSQL",
        unit: "ratio",
        target: Target::AtMost(1.10),
        measure: |stage, row| credentials::latency(stage, row, &Database::Own),
    },
    Figure {
        name: "size",
        text: "from approval to signed file, 500 MB PDF ÷ 10 kB PDF, upload left out",
        unit: "ratio",
        target: Target::AtMost(1.5),
        measure: size::ratio,
    },
    Figure {
        name: "memory-pdf",
        text: "memory above idle while one 500 MB PDF is signed",
        unit: "MiB",
        target: Target::AtMost(32.0),
        measure: memory::pdf,
    },
    Figure {
        name: "memory-cades",
        text: "memory above idle while a 1 GB file is signed as detached CAdES",
        unit: "MiB",
        target: Target::AtMost(32.0),
        measure: memory::cades,
    },
    Figure {
        name: "steady-p99",
        text: "p99 of a single signature at a steady 50/s for 60 s",
        unit: "ms",
        target: Target::AtMost(20.0),
        measure: https::steady,
    },
    Figure {
        name: "endurance-objects",
        text: "objects on the token after 100,000 signatures ÷ after 1,000",
        unit: "ratio",
        target: Target::AtMost(1.05),
        measure: endurance::objects,
    },
    Figure {
        name: "endurance-memory",
        text: "process memory after 100,000 signatures ÷ after 1,000",
        unit: "ratio",
        target: Target::AtMost(1.05),
        measure: endurance::memory,
    },
    Figure {
        name: "fairness",
        text: "p99 of another app's single signature while one app's batch of 10,000 is signed, RSA-3072",
        unit: "ms",
        target: Target::None,
        measure: fairness::beside_a_batch,
    },
    Figure {
        name: "statements-single",
        text: "statements per signature on PostgreSQL, single documents, from the code to the stored file",
        unit: "statements",
        target: Target::None,
        measure: |stage, row| statements::of_singles(stage, row, Tally::statements),
    },
    Figure {
        name: "commits-single",
        text: "commits per signature on PostgreSQL, single documents, from the code to the stored file",
        unit: "commits",
        target: Target::None,
        measure: |stage, row| statements::of_singles(stage, row, Tally::commits),
    },
    Figure {
        name: "statements-batch",
        text: "statements per signature on PostgreSQL, a batch of 100",
        unit: "statements",
        target: Target::None,
        measure: |stage, row| statements::of_batches(stage, row, Tally::statements),
    },
    Figure {
        name: "commits-batch",
        text: "commits per signature on PostgreSQL, a batch of 100",
        unit: "commits",
        target: Target::None,
        measure: |stage, row| statements::of_batches(stage, row, Tally::commits),
    },
    Figure {
        name: "deletion",
        text: "requests whose documents one node deletes in a second, once their time is over, PostgreSQL",
        unit: "requests/s",
        target: Target::None,
        measure: deletion::rate,
    },
    Figure {
        name: "nodes-waits",
        text: "two nodes on one PostgreSQL: waits of one for a row that the other has locked",
        unit: "waits",
        target: Target::AtMost(0.0),
        measure: nodes::waits,
    },
];

/// What the figures share; each part is made when it is first needed.
pub(crate) struct Stage<'a> {
    pub(crate) plan: &'a Plan,
    scene: OnceLock<Scene>,
    endurance: Option<Endurance>,
    statements: Option<Statements>,
    peers: Option<Peers>,
    /// When the figure under way was begun.
    begun: Instant,
    plots: Vec<Plot>,
    pub(crate) gateway: Gateway,
    // The last to go: the others use it.
    token: Token,
}

/// A server in a process of its own, on the stage's database.
struct Served<'a> {
    server: Server,
    trust: Arc<ClientConfig>,
    scene: &'a Scene,
}

impl<'a> Stage<'a> {
    pub(crate) fn new(plan: &'a Plan) -> anyhow::Result<Self> {
        Ok(Self {
            plan,
            scene: OnceLock::new(),
            endurance: None,
            statements: None,
            peers: None,
            begun: Instant::now(),
            plots: Vec::new(),
            gateway: Gateway::start()?,
            token: Token::for_this_run(plan.vendor)?,
        })
    }

    /// Measures one figure.
    pub(crate) fn measure(&mut self, figure: &Figure, row: &mut Row) -> anyhow::Result<()> {
        if let Some(scene) = self.scene.get() {
            // Its citizens sign more often in a full run than anybody may within an hour.
            scene.forget_codes()?;
        }
        self.begun = Instant::now();
        (figure.measure)(self, row)
    }

    /// Whether a quick run has no time for one more round. The first one is always made.
    pub(crate) fn is_late(&self, round: usize) -> bool {
        self.plan.quick && round > 0 && self.begun.elapsed() > QUICK
    }

    /// The plots that the figures made, with their files' names.
    pub(crate) fn plots(&self) -> impl Iterator<Item = (&'static str, String)> {
        self.plots.iter().map(|plot| (plot.file, plot.svg()))
    }

    /// The token, to be used only once there is a scene: that is what initialises the module.
    pub(crate) fn token(&self) -> &Token {
        &self.token
    }

    /// The server of most figures, in this process, with SQLite.
    pub(crate) fn scene(&self) -> anyhow::Result<&Scene> {
        if self.scene.get().is_none() {
            let made = self.fresh(&Database::Sqlite, "rsa-3072")?;
            // Nobody else sets it: the stage belongs to one thread.
            let _ = self.scene.set(made);
        }
        self.scene.get().context("there is no scene")
    }

    /// The peers, once they were asked for.
    pub(crate) fn peers(&mut self) -> &mut Option<Peers> {
        &mut self.peers
    }

    /// A server with a database of its own and nobody in it.
    fn fresh(&self, database: &Database, authorities: &'static str) -> anyhow::Result<Scene> {
        Scene::new(self.place(database, authorities)?, &self.gateway)
    }

    fn place(&self, database: &Database, authorities: &'static str) -> anyhow::Result<Place> {
        let wishes = Wishes {
            token: &self.token,
            gateway: &self.gateway,
            sessions: THREADS,
            authorities,
        };
        Place::temporary(database, &wishes)
    }

    /// Starts the server in a process of its own.
    fn serve(&self) -> anyhow::Result<Served<'_>> {
        let scene = self.scene()?;
        Ok(Served {
            server: Server::start(&scene.place)?,
            trust: client::trust(&scene.place.certificate())?,
            scene,
        })
    }

    /// A kind of key that the token can make, P-256 if possible: for figures that are not about the token.
    fn quick_key(&self) -> KeyAlgorithm {
        match self.token.vendor {
            Vendor::SoftHsm => KeyAlgorithm::EcP256,
            Vendor::Opencryptoki => KeyAlgorithm::Rsa3072,
        }
    }

    /// Kinds of keys that the token cannot make are no reason to leave a row out.
    pub(crate) fn check_possible(&self, key: KeyAlgorithm) -> anyhow::Result<()> {
        if self.token.vendor == Vendor::Opencryptoki && key == KeyAlgorithm::EcP256 {
            bail!("opencryptoki's software token refuses elliptic curves");
        }
        Ok(())
    }
}

impl Served<'_> {
    fn visitor(&self) -> anyhow::Result<Visitor> {
        self.visitor_of(self.scene.app_token())
    }

    /// A browser, and an app with that token.
    fn visitor_of(&self, app_token: &SecretText) -> anyhow::Result<Visitor> {
        let Self {
            server,
            trust,
            scene,
        } = self;
        Visitor::new(server, trust, &scene.gateway, app_token)
    }
}

/// A thread for each item; what all of them gave, in the items' order.
pub(crate) fn side_by_side<T: Sync, R: Send>(
    items: &[T],
    work: impl Fn(&T) -> anyhow::Result<Vec<R>> + Sync,
) -> anyhow::Result<Vec<R>> {
    let work = &work;
    let results: Vec<anyhow::Result<Vec<R>>> = thread::scope(|scope| {
        let threads: Vec<_> = items
            .iter()
            .map(|item| scope.spawn(move || work(item)))
            .collect();
        threads
            .into_iter()
            .map(|thread| match thread.join() {
                Ok(result) => result,
                Err(_) => bail!("a thread of the benchmark panicked"),
            })
            .collect()
    });
    let mut all = Vec::new();
    for result in results {
        all.extend(result?);
    }
    Ok(all)
}
