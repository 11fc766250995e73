//! Many citizens with credentials, as the use cases make them: each is registered, activates the account with a code and
//! a password, and gets a key that the HSM made, wrapped and sealed, and a certificate. Nothing is written past them.
//! Threads that commit at the same time share a transaction (`store::group`), which is what makes it quick.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::Instant;

use anyhow::bail;
use rubrica::auth::op;
use rubrica::domain::algorithm::KeyAlgorithm;
use rubrica::identity::IdentityError;
use rubrica::service::ServiceError;

use super::scene::{Citizen, Scene, administrator};

/// Callers at once. More than cores: they wait for the disk together.
const THREADS: u32 = 48;
/// Before a stop so many at most were begun and not finished.
const UNSURE: u32 = THREADS * 2;

/// How a citizen stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Absent,
    Registered,
    Activated,
}

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
    let there = highest(scene)?;
    let unsure_from = there.saturating_sub(UNSURE) + 1;
    let next = AtomicU32::new(unsure_from);
    let failed = AtomicBool::new(false);
    let work = || {
        let mut last = 0;
        loop {
            let late = until.is_some_and(|until| Instant::now() >= until);
            if late || failed.load(Ordering::Relaxed) {
                return Ok(last);
            }
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number > goal {
                return Ok(last);
            }
            let made = one(scene, number, number <= there);
            if made.is_err() {
                failed.store(true, Ordering::Relaxed);
            }
            made?;
            last = number;
            progress(number);
        }
    };
    let ends: Vec<anyhow::Result<u32>> = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
        threads
            .into_iter()
            .map(|thread| match thread.join() {
                Ok(end) => end,
                Err(_) => bail!("a thread of the seeding panicked"),
            })
            .collect()
    });
    // Every number that was taken was also finished, when none failed.
    for end in ends {
        end?;
    }
    Ok((next.load(Ordering::Relaxed) - 1).min(goal).max(there))
}

/// How many there are.
pub(crate) fn count(scene: &Scene) -> anyhow::Result<u32> {
    highest(scene)
}

fn one(scene: &Scene, number: u32, unsure: bool) -> anyhow::Result<()> {
    let citizen = Citizen::numbered(number)?;
    let standing = if unsure {
        standing(scene, &citizen)?
    } else {
        Standing::Absent
    };
    match standing {
        Standing::Absent => scene.admit(&citizen)?,
        // The code was lost with the run that got it.
        Standing::Registered => scene.admit_again(&citizen)?,
        Standing::Activated => {}
    }
    scene.certify(&citizen, KeyAlgorithm::EcP256)
}

fn standing(scene: &Scene, citizen: &Citizen) -> anyhow::Result<Standing> {
    let authorized = administrator().authorize(op::RegisterSigner);
    match scene.service.signer(&authorized, &citizen.national_id) {
        Ok(view) if view.signer.activated_at.is_some() => Ok(Standing::Activated),
        Ok(_) => Ok(Standing::Registered),
        Err(ServiceError::Registration(IdentityError::NotRegistered)) => Ok(Standing::Absent),
        Err(error) => Err(error.into()),
    }
}

/// The highest number that is registered, give or take those of an interrupted run: numbers are taken in order.
fn highest(scene: &Scene) -> anyhow::Result<u32> {
    let registered = |number| {
        let standing = standing(scene, &Citizen::numbered(number)?)?;
        anyhow::Ok(standing != Standing::Absent)
    };
    let mut above = 1;
    while registered(above)? {
        above *= 2;
    }
    let mut below = above / 2;
    while above - below > 1 {
        let middle = below.midpoint(above);
        if registered(middle)? {
            below = middle;
        } else {
            above = middle;
        }
    }
    Ok(below)
}
