//! SMS codes below the last one allowed, while the database takes no count of them.
//!
//! Such a code is counted in the transaction that looks at it, before the look: where the count fails, nothing is told.

use rubrica::domain::id::ChallengeId;
use rubrica::domain::request::RequestState;
use rubrica::service::{CodeSent, ServiceError};
use rubrica::store::{StoreError, challenges, signers};

use super::recorded::{allow_changes, forbid_changes, refused};
use crate::harness::database::both_databases;
use crate::harness::town::{Asked, Town};

/// Whatever may tell how a code was.
#[derive(Debug, PartialEq)]
struct Traces {
    tries_left: u32,
    has_ended: bool,
    wrong_codes: u32,
    journal: Vec<String>,
    messages: usize,
}

impl Town {
    fn traces(&self, step: ChallengeId) -> Traces {
        let (step, signer) = self
            .store
            .write(|connection| {
                let step = challenges::find(connection, step)?.unwrap();
                let signer = signers::find_locked(connection, self.citizen.id)?.unwrap();
                Ok::<_, StoreError>((step, signer))
            })
            .unwrap();
        Traces {
            tries_left: step.tries_left,
            has_ended: step.end.is_some(),
            wrong_codes: signer.wrong_codes,
            journal: self.journal(),
            messages: self.server.phones().messages().len(),
        }
    }

    /// A step of signing.
    fn step(&self) -> (Asked, CodeSent) {
        let asked = self.ask_one();
        let sent = self.begin(&asked).unwrap();
        (asked, sent)
    }

    /// Gives a wrong code and the right one, which get one answer and leave no trace.
    #[track_caller]
    fn tells_nothing<T>(&self, sent: &CodeSent, give: impl Fn(&str) -> Result<T, ServiceError>) {
        let before = self.traces(sent.challenge);
        let [wrong, right] = [self.wrong_code(), self.code()].map(|code| {
            let error = give(&code).err().expect("it was done");
            let words = told(&error);
            refused::<T>(Err(error));
            assert_eq!(self.traces(sent.challenge), before);
            words
        });
        assert_eq!(wrong, right);
    }
}

/// What an error says, with the causes behind it.
fn told(error: &ServiceError) -> Vec<String> {
    let mut words = vec![error.to_string()];
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        words.push(cause.to_string());
        next = cause.source();
    }
    words
}

both_databases! {
    fn while_steps_cannot_be_changed_right_and_wrong_get_one_answer(database) {
        let town = Town::new(database);
        let (asked, sent) = town.step();
        forbid_changes(&town.store, "challenges");
        town.tells_nothing(&sent, |code| town.confirm(&asked, &sent, code));
        assert_eq!(town.state(&asked), RequestState::Pending);
        allow_changes(&town.store, "challenges");
        assert_eq!(town.confirm(&asked, &sent, &town.code()).unwrap(), RequestState::Completed);

        let sent = town.begin_change(&town.citizen.password).unwrap();
        forbid_changes(&town.store, "challenges");
        town.tells_nothing(&sent, |code| town.finish_change(&sent, code));
        allow_changes(&town.store, "challenges");
        town.finish_change(&sent, &town.code()).unwrap();
    }

    fn while_signers_cannot_be_changed_right_and_wrong_get_one_answer(database) {
        for earlier in 0..2 {
            let database = database.another();
            let town = Town::new(&database);
            let (asked, sent) = town.step();
            for _ in 0..earlier {
                assert!(town.confirm(&asked, &sent, &town.wrong_code()).is_err());
            }
            forbid_changes(&town.store, "signers");
            town.tells_nothing(&sent, |code| town.confirm(&asked, &sent, code));
            allow_changes(&town.store, "signers");
            assert_eq!(town.traces(sent.challenge).wrong_codes, earlier);
            assert_eq!(town.confirm(&asked, &sent, &town.code()).unwrap(), RequestState::Completed);
            assert_eq!(town.traces(sent.challenge).wrong_codes, 0);

            let sent = town.begin_change(&town.citizen.password).unwrap();
            for _ in 0..earlier {
                assert!(town.finish_change(&sent, &town.wrong_code()).is_err());
            }
            forbid_changes(&town.store, "signers");
            town.tells_nothing(&sent, |code| town.finish_change(&sent, code));
            allow_changes(&town.store, "signers");
            town.finish_change(&sent, &town.code()).unwrap();
        }
    }
}
