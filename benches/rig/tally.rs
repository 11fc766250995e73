//! What reaches a PostgreSQL: statements, commits, and waits of one client for what another has locked.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Context, bail};

use super::postgres::Postgres;

/// The name of whoever looks.
const OBSERVER: &str = "bench-observer";

/// Statements that ran since the last [`forget`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tally {
    statements: f64,
    commits: f64,
}

/// Waits for rows.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Waits {
    /// Of one node for another.
    pub(crate) between: usize,
    /// Of one connection of a node for another of its own.
    pub(crate) within: usize,
    /// The statements that waited, each with how often.
    pub(crate) statements: BTreeMap<String, usize>,
}

impl Tally {
    /// All of them, also those that begin, save and end transactions and that look whether a connection lives.
    pub(crate) fn statements(self) -> f64 {
        self.statements
    }

    /// Transactions that were begun as such and committed. What only reads begins none here.
    pub(crate) fn commits(self) -> f64 {
        self.commits
    }

    /// What each of so many signatures took.
    pub(crate) fn each(self, signatures: f64) -> Self {
        Self {
            statements: self.statements / signatures,
            commits: self.commits / signatures,
        }
    }
}

/// Begins to count, anew.
pub(crate) fn forget(postgres: &Postgres) -> anyhow::Result<()> {
    let sql = "CREATE EXTENSION IF NOT EXISTS pg_stat_statements";
    postgres.run(OBSERVER, sql)?;
    postgres.run(OBSERVER, "SELECT pg_stat_statements_reset()")?;
    Ok(())
}

/// What was counted since (`calls` of `pg_stat_statements`). A statement that has not ended yet does not count.
pub(crate) fn count(postgres: &Postgres) -> anyhow::Result<Tally> {
    let told = postgres.run(
        OBSERVER,
        "SELECT coalesce(sum(calls), 0), coalesce(sum(calls) FILTER (WHERE query = 'COMMIT'), 0) \
         FROM pg_stat_statements WHERE query NOT LIKE '%pg_stat_statements%'",
    )?;
    let (statements, commits) = told.split_once('|').context("psql prints no columns")?;
    Ok(Tally {
        statements: statements.parse()?,
        commits: commits.parse()?,
    })
}

/// Makes one client wait for another's row, and looks whether that is noticed: what would not be seen is not said to be
/// absent.
pub(crate) fn prove_that_waits_are_seen(postgres: &Postgres) -> anyhow::Result<()> {
    postgres.run(OBSERVER, "CREATE TABLE contended AS SELECT 1 AS number")?;
    let before = postgres.log()?.len();
    let update = "UPDATE contended SET number = number + 1";
    std::thread::scope(|scope| {
        let hold = format!("BEGIN; {update}; SELECT pg_sleep(0.5); COMMIT");
        let holder = scope.spawn(move || postgres.run("one", &hold));
        std::thread::sleep(std::time::Duration::from_millis(250));
        postgres.run("other", update)?;
        match holder.join() {
            Ok(ended) => ended.map(drop),
            Err(_) => bail!("the one who holds the row panicked"),
        }
    })?;
    let seen = waits(&postgres.log()?, before);
    if (seen.between, seen.within) != (1, 0) {
        bail!("a wait that was provoked is not in PostgreSQL's log: {seen:?}");
    }
    Ok(())
}

/// The waits for rows that the log tells from that byte on: for a transaction that has written a row, or for whoever is
/// first in line for it. Who a process is stands where it connected.
pub(crate) fn waits(log: &str, from: usize) -> Waits {
    let mut clients: HashMap<&str, &str> = HashMap::new();
    let mut found = Waits::default();
    let mut at = 0;
    // Of each process, whether it waits for a row at this moment.
    let mut waiting: HashMap<&str, bool> = HashMap::new();
    for line in log.split_inclusive('\n') {
        let late = at >= from;
        at += line.len();
        let Some((process, said)) = line
            .trim_end()
            .strip_prefix('[')
            .and_then(|rest| rest.split_once("] "))
        else {
            continue;
        };
        if let Some((_, name)) = said.split_once("application_name=") {
            clients.insert(process, name.split(' ').next().unwrap_or(name));
        } else if said.contains(" still waiting for ") {
            let for_a_row = said.contains(" on transaction ") || said.contains(" on tuple ");
            waiting.insert(process, late && for_a_row);
        } else if let Some((_, holders)) = said.split_once("holding the lock: ")
            && waiting.get(process) == Some(&true)
        {
            let holders = holders.split('.').next().unwrap_or(holders);
            let mut holders = holders.split(", ");
            if holders.all(|holder| clients.get(holder) == clients.get(process)) {
                found.within += 1;
            } else {
                found.between += 1;
            }
        } else if let Some(statement) = said.strip_prefix("STATEMENT:  ")
            && waiting.remove(process) == Some(true)
        {
            let short: String = statement.chars().take(100).collect();
            *found.statements.entry(short).or_default() += 1;
        }
    }
    found
}
