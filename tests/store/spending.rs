//! A SAD is spent once, whoever tries at the same time: threads, pools, processes.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use rubrica::clock::Ambient;
use rubrica::domain::id::SadId;
use rubrica::store::{Store, StoreError};

use super::spend;
use crate::harness::database::{TestDatabase, both_databases};
use crate::harness::process;

const SADS: usize = 60;
const THREADS: usize = 4;
const PROCESSES: usize = 3;

both_databases! {
    fn threads_and_processes_together_spend_each_sad_once(database) {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let sads: Vec<SadId> = (0..SADS).map(|_| Ambient::system().id()).collect();
        let list: Vec<String> = sads.iter().map(ToString::to_string).collect();
        fs::write(folder.join("sads"), list.join("\n")).unwrap();
        let children: Vec<_> = (0..PROCESSES)
            .map(|number| {
                let argument = format!("{}\n{}\n{number}", database.url(), folder.display());
                process::alone("store::spending::the_process_that_spends", &argument, "")
                    .stdout(Stdio::null())
                    .spawn()
                    .unwrap()
            })
            .collect();
        for number in 0..PROCESSES {
            await_file(&folder.join(format!("ready-{number}")));
        }
        fs::write(folder.join("go"), "").unwrap();
        let own = [database.store(), database.store()];
        let mut spent: Vec<SadId> = own.iter().flat_map(|pool| spend_all(pool, &sads)).collect();
        for (number, mut child) in children.into_iter().enumerate() {
            assert!(child.wait().unwrap().success());
            let won = fs::read_to_string(folder.join(format!("won-{number}"))).unwrap();
            spent.extend(won.lines().map(|line| line.parse::<SadId>().unwrap()));
        }
        spent.sort();
        let mut sads = sads;
        sads.sort();
        assert_eq!(spent, sads);
    }
}

#[test]
#[ignore = "run by the test above, in processes of its own"]
fn the_process_that_spends() {
    let Some(argument) = process::argument() else {
        return;
    };
    let [url, folder, number] = argument.split('\n').collect::<Vec<_>>().try_into().unwrap();
    let folder = Path::new(folder);
    let database = TestDatabase::existing(url);
    let sads: Vec<SadId> = fs::read_to_string(folder.join("sads"))
        .unwrap()
        .lines()
        .map(|line| line.parse().unwrap())
        .collect();
    let store = database.store();
    fs::write(folder.join(format!("ready-{number}")), "").unwrap();
    await_file(&folder.join("go"));
    let won: Vec<String> = spend_all(&store, &sads)
        .iter()
        .map(ToString::to_string)
        .collect();
    fs::write(folder.join(format!("won-{number}")), won.join("\n")).unwrap();
}

/// Several threads that try all of them, and those they spent.
fn spend_all(store: &Store, sads: &[SadId]) -> Vec<SadId> {
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|_| {
                scope.spawn(|| {
                    let won = |sad: &&SadId| match spend(store, **sad) {
                        Ok(()) => true,
                        Err(StoreError::Conflict { .. }) => false,
                        Err(error) => panic!("{error:?}"),
                    };
                    sads.iter().filter(won).copied().collect::<Vec<_>>()
                })
            })
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    })
}

fn await_file(path: &Path) {
    for _ in 0..6000 {
        if path.exists() {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("{} never came", path.display());
}
