//! SMS codes below the last one allowed, while the database takes no count of them.
//!
//! Such a code is looked at in the transaction that counts it. A wrong one changes its step and its signer. A right one
//! changes its step, and its signer only where there are wrong codes to forget. So who keeps steps from being changed
//! learns nothing; nor does who keeps signers from it, once one code was wrong. Before that, whoever keeps signers alone
//! from being changed sees the right code go on and the wrong ones fail uncounted, and may guess. That takes the right to
//! change the schema, and who has that can as well set the counts back after each guess: it is no way that was not
//! there. What apps and citizens call waits for a signer's row before the look at the code, and not after it.

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

    fn after_a_wrong_code_right_and_wrong_get_one_answer_while_signers_cannot_be_changed(database) {
        let town = Town::new(database);
        let (asked, sent) = town.step();
        assert!(town.confirm(&asked, &sent, &town.wrong_code()).is_err());
        forbid_changes(&town.store, "signers");
        town.tells_nothing(&sent, |code| town.confirm(&asked, &sent, code));
        allow_changes(&town.store, "signers");
        assert_eq!(town.traces(sent.challenge).wrong_codes, 1);
        assert_eq!(town.confirm(&asked, &sent, &town.code()).unwrap(), RequestState::Completed);
        assert_eq!(town.traces(sent.challenge).wrong_codes, 0);

        let sent = town.begin_change(&town.citizen.password).unwrap();
        assert!(town.finish_change(&sent, &town.wrong_code()).is_err());
        forbid_changes(&town.store, "signers");
        town.tells_nothing(&sent, |code| town.finish_change(&sent, code));
        allow_changes(&town.store, "signers");
        town.finish_change(&sent, &town.code()).unwrap();
    }

    fn before_a_wrong_code_only_the_right_one_goes_on_while_signers_cannot_be_changed(database) {
        let town = Town::new(database);
        let (asked, sent) = town.step();
        let before = town.traces(sent.challenge);
        forbid_changes(&town.store, "signers");
        refused(town.confirm(&asked, &sent, &town.wrong_code()));
        assert_eq!(town.traces(sent.challenge), before);
        // It counts as what it is: the step is over, and on record as right.
        assert_eq!(town.confirm(&asked, &sent, &town.code()).unwrap(), RequestState::Completed);
        assert!(town.traces(sent.challenge).has_ended);
        assert_eq!(town.spent(), 1);
        assert!(town.confirm(&asked, &sent, &town.code()).is_err());
        assert_eq!(town.spent(), 1);
        allow_changes(&town.store, "signers");
    }

    fn before_a_wrong_code_a_right_one_for_a_password_costs_a_try_while_signers_cannot_be_changed(
        database
    ) {
        let town = Town::new(database);
        let sent = town.begin_change(&town.citizen.password).unwrap();
        let before = town.traces(sent.challenge);
        forbid_changes(&town.store, "signers");
        refused(town.finish_change(&sent, &town.wrong_code()));
        assert_eq!(town.traces(sent.challenge), before);
        // The password is stored in a later transaction, which fails as a whole.
        refused(town.finish_change(&sent, &town.code()));
        let after = town.traces(sent.challenge);
        assert_eq!((after.tries_left, after.has_ended), (before.tries_left - 1, false));
        allow_changes(&town.store, "signers");
        town.finish_change(&sent, &town.code()).unwrap();
    }
}
