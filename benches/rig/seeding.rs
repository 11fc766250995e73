//! Many citizens with credentials: made by several threads, stored by one, many in a transaction and in the order of their
//! numbers. So whenever a run ends, and however, the citizens from 1 to some number are there with all that is theirs, and
//! no others.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Instant;

use anyhow::bail;
use rubrica::auth::op;
use rubrica::domain::algorithm::KeyAlgorithm;
use rubrica::identity::IdentityError;
use rubrica::service::ServiceError;

use super::enrolment::{Enrolled, Enrolment};
use super::scene::{Citizen, Scene, administrator};

/// Citizens in one transaction.
const TOGETHER: usize = 500;
/// Threads that make citizens, for each core: while some wait for the token, the others derive and seal.
const THREADS_PER_CORE: usize = 2;

/// How far a seeding came, while it runs.
pub(crate) type Progress<'a> = &'a (dyn Fn(u32) + Sync);

/// Sees to it that the citizens 1 to `goal` have a credential with a P-256 key, or as many as can be made until then. Goes
/// on where an earlier run stopped. Gives how many there are.
pub(crate) fn seed(
    scene: &Scene,
    goal: u32,
    until: Option<Instant>,
    progress: Progress<'_>,
) -> anyhow::Result<u32> {
    let there = count(scene)?;
    if there >= goal {
        return Ok(there);
    }
    let enrolment = Enrolment::new(&scene.place, KeyAlgorithm::EcP256)?;
    let next = AtomicU32::new(there + 1);
    let take = || {
        let late = until.is_some_and(|until| Instant::now() >= until);
        let number = (!late).then(|| next.fetch_add(1, Ordering::Relaxed))?;
        (number <= goal).then_some(number)
    };
    let threads = thread::available_parallelism()?.get() * THREADS_PER_CORE;
    thread::scope(|scope| {
        let (sender, made) = mpsc::sync_channel(TOGETHER);
        for _ in 0..threads {
            let (sender, enrolment) = (sender.clone(), &enrolment);
            scope.spawn(move || {
                while let Some(number) = take() {
                    let one = enrolment.make(number);
                    let failed = one.is_err();
                    // Nobody listens any more when something failed elsewhere.
                    if sender.send(one).is_err() || failed {
                        break;
                    }
                }
            });
        }
        drop(sender);
        keep(&enrolment, there, made, progress)
    })
}

/// How many there are.
pub(crate) fn count(scene: &Scene) -> anyhow::Result<u32> {
    let mut above = 1;
    while is_there(scene, above)? {
        above *= 2;
    }
    let mut below = above / 2;
    while above - below > 1 {
        let middle = below.midpoint(above);
        if is_there(scene, middle)? {
            below = middle;
        } else {
            above = middle;
        }
    }
    Ok(below)
}

/// Stores what comes, in the order of the numbers after `there`, until all threads ended; gives the last number.
fn keep(
    enrolment: &Enrolment,
    there: u32,
    made: Receiver<anyhow::Result<Enrolled>>,
    progress: Progress<'_>,
) -> anyhow::Result<u32> {
    let mut early = BTreeMap::new();
    let mut last = there;
    let mut ready = Vec::with_capacity(TOGETHER);
    for one in made {
        let one = one?;
        early.insert(one.number, one);
        while let Some(one) = early.remove(&(last + 1)) {
            last = one.number;
            ready.push(one);
        }
        if ready.len() >= TOGETHER {
            enrolment.keep(&ready)?;
            ready.clear();
            progress(last);
        }
    }
    if !early.is_empty() {
        bail!("a thread of the seeding panicked");
    }
    enrolment.keep(&ready)?;
    progress(last);
    Ok(last)
}

/// A citizen is there with all that is theirs, or not at all.
fn is_there(scene: &Scene, number: u32) -> anyhow::Result<bool> {
    let authorized = administrator().authorize(op::RegisterSigner);
    let national_id = Citizen::numbered(number)?.national_id;
    match scene.service.signer(&authorized, &national_id) {
        Ok(_) => Ok(true),
        Err(ServiceError::Registration(IdentityError::NotRegistered)) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
