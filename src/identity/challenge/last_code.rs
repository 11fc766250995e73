//! The last code that the rules allow over all the steps of a signer.
//!
//! As the last password is, it is counted, and the block made, in a transaction of its own, before anybody looks at it;
//! when it was right, the block is taken away again. A look that leaves no count behind is a look for nothing: were the
//! code compared in the transaction that blocks and records the block, whoever makes that transaction fail could look at
//! as many codes as the failures last. A stop in between leaves the factor blocked.

use super::ChallengeError;
use super::confirmation::{GivenCode, Judgement, Verdict, check_standing, fits, right};
use crate::domain::challenge::ChallengeEnd;
use crate::domain::factor::Factor;
use crate::identity::Identity;
use crate::store::challenges::Challenge;
use crate::store::signers::{Block, Release};
use crate::store::{AnyConnection, challenges, signers};

/// A code that was counted and has blocked the factor its step began with, and that nobody has looked at.
pub struct LastCode {
    pub(super) present: Challenge,
    pub(super) factor: Factor,
    pub(super) block: Block,
}

impl LastCode {
    /// Which factor is blocked from now on, unless this code turns out to be right.
    pub fn blocked(&self) -> Factor {
        self.factor
    }
}

/// What a look at the last code has shown; nothing came of it yet.
pub struct LastLook {
    last: LastCode,
    found: Found,
}

impl LastLook {
    /// Which factor stops being blocked when this is settled: the code was right.
    pub fn unblocks(&self) -> Option<Factor> {
        match self.found {
            Found::Right => Some(self.last.factor),
            Found::Wrong => None,
        }
    }
}

#[derive(Clone, Copy)]
enum Found {
    Right,
    Wrong,
}

impl Identity {
    /// Looks at the last code. To be called once its count and its block are committed.
    pub fn compare_last(
        &self,
        given: &GivenCode<'_>,
        last: LastCode,
    ) -> Result<LastLook, ChallengeError> {
        let found = if fits(given, &last.present)? {
            Found::Right
        } else {
            Found::Wrong
        };
        Ok(LastLook { last, found })
    }

    /// Ends the step of a wrong last code, and takes the block of a right one away, if it is still there. Next comes
    /// [`confirm`](Self::confirm).
    pub fn settle(
        &self,
        connection: &mut AnyConnection,
        look: LastLook,
    ) -> Result<(Judgement, Release), ChallengeError> {
        let LastLook { last, found } = look;
        let LastCode {
            present: challenge,
            factor,
            block,
        } = last;
        let tries_left = challenge.tries_left;
        let now = self.ambient.now();
        signers::lock(connection, challenge.signer)?;
        let (verdict, release) = match found {
            Found::Wrong => {
                let how = match tries_left {
                    0 => ChallengeEnd::Exhausted,
                    _ => ChallengeEnd::Cancelled,
                };
                challenges::end(connection, challenge.id, how, now)?;
                (Verdict::Blocked { factor, tries_left }, Release::Missed)
            }
            Found::Right => {
                let release = signers::release(connection, challenge.signer, factor, block)?;
                // What changed meanwhile is no reason to keep the block.
                (admitted(connection, &challenge, now)?, release)
            }
        };
        Ok((Judgement(verdict), release))
    }
}

/// What comes of a right last code, for an account and a step that may have changed since it was counted.
fn admitted(
    connection: &mut AnyConnection,
    challenge: &Challenge,
    now: time::OffsetDateTime,
) -> Result<Verdict, ChallengeError> {
    let Some(signer) = signers::find(connection, challenge.signer)? else {
        return Ok(Verdict::Overtaken);
    };
    if let Err(refused) = check_standing(&signer, challenge, now) {
        return Ok(Verdict::Refused(refused));
    }
    match challenges::find(connection, challenge.id)? {
        Some(open) if open.end.is_none() => right(connection, signer, challenge, now),
        _ => Ok(Verdict::Overtaken),
    }
}
