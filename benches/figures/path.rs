//! The signing path alone: a PDF is prepared, the intent put on record with the spent SAD, the key unwrapped, the value made
//! and verified, what follows the PDF assembled, and the outcome put on record.
//!
//! The steps are functions of the server, in the server's order; that they follow one another is said here. What a use case
//! does besides is left out: the code, the claim, the lease and the rows of the request, reading the PDF from the store
//! and comparing it with what came, and storing the signed file. The PDF is in memory, and its digest was made before, as
//! it is while a document comes.

use std::io::Cursor;

use anyhow::{Context, anyhow, bail};
use rubrica::activation::{ActivationError, Sad, SadLedger, SadLedgerError, Spending};
use rubrica::ades::{CertificateChain, pades};
use rubrica::domain::algorithm::{DigestAlgorithm, Hasher, KeyAlgorithm, SignatureScheme};
use rubrica::domain::document::Format;
use rubrica::domain::id::SadId;
use rubrica::domain::key::{ToSign, VerifiedValue};
use rubrica::journal::{Actor, DocumentEntry, DocumentResult, Entry, Event, FactorUsed, Outcome};
use rubrica::store::{credentials, sads, signers};

use super::throughput::{Against, Measured, Rates, timed};
use super::{BATCH, CITIZENS, SMALL, Stage, THREADS};
use crate::bare::Loop;
use crate::report::Row;
use crate::rig::document::Sample;
use crate::rig::enrolment::{Enrolment, Holder};

/// How long a SAD is good for, as in the server.
const SAD_LIFE: time::Duration = time::Duration::minutes(2);

/// Activations of many documents each on each of two threads, over a bare loop of `C_Sign` with a key that stays unwrapped.
pub(super) fn batch(stage: &mut Stage<'_>, row: &mut Row) -> anyhow::Result<()> {
    let load = Load {
        threads: THREADS,
        each: stage.plan.batches,
        documents: BATCH,
    };
    let rates = load.measure(stage, row, KeyAlgorithm::Rsa3072, Loop::Sign)?;
    row.note(format!(
        "the times are those of whole batches of {BATCH}, {} in a row on each thread; {rates}",
        load.each
    ));
    Ok(())
}

/// Activations of one document each, over a bare loop of unwrap, sign, destroy.
pub(super) fn singles(
    stage: &mut Stage<'_>,
    row: &mut Row,
    key: KeyAlgorithm,
) -> anyhow::Result<()> {
    stage.check_possible(key)?;
    let load = Load {
        threads: CITIZENS,
        each: stage.plan.singles,
        documents: 1,
    };
    let rates = load.measure(stage, row, key, Loop::UnwrapSignDestroy)?;
    row.note(format!(
        "{CITIZENS} at the same time, for {THREADS} citizens; {rates}"
    ));
    Ok(())
}

/// How much is signed in a round.
#[derive(Clone, Copy)]
struct Load {
    threads: usize,
    /// Activations of each thread, one after the other.
    each: usize,
    /// Documents of each activation.
    documents: usize,
}

impl Load {
    fn measure(
        self,
        stage: &Stage<'_>,
        row: &mut Row,
        key: KeyAlgorithm,
        bare: Loop,
    ) -> anyhow::Result<Rates> {
        let scene = stage.scene()?;
        let enrolment = Enrolment::new(&scene.place, key)?;
        let holders = (0..THREADS)
            .map(|_| enrolment.holder(scene.next_number()))
            .collect::<anyhow::Result<Vec<_>>>()?;
        let callers: Vec<_> = holders.iter().cycle().take(self.threads).collect();
        let path = Path::new(&enrolment)?;
        let against = Against {
            key,
            bare,
            rounds: stage.plan.rounds,
        };
        let documents = self.threads * self.each * self.documents;
        let sign = |holder: &&Holder| {
            (0..self.each)
                .map(|_| timed(|| path.sign(holder, self.documents)))
                .collect()
        };
        against.measure(
            stage,
            row,
            || Ok(()),
            |()| Measured::of(&callers, documents, sign),
        )
    }
}

/// What the steps need, and the PDF, which was hashed when it came.
struct Path<'a> {
    parts: &'a Enrolment,
    pdf: Vec<u8>,
    original: Hasher,
}

/// Spends the SAD and puts the intent on record in one transaction, as the server does, after a look at the signer and the
/// credential; there is no request whose claim could be kept.
struct Ledger<'a> {
    parts: &'a Enrolment,
    holder: &'a Holder,
    intent: Entry,
}

impl<'a> Path<'a> {
    fn new(parts: &'a Enrolment) -> anyhow::Result<Self> {
        let pdf = Sample::pdf(SMALL).bytes()?;
        let mut original = Hasher::new(DigestAlgorithm::Sha256);
        original.update(&pdf);
        Ok(Self {
            parts,
            pdf,
            original,
        })
    }

    fn sign(&self, holder: &Holder, copies: usize) -> anyhow::Result<()> {
        let parts = self.parts;
        let now = parts.ambient.now();
        let credential = &holder.credential;
        let certification = credential.certification.as_ref();
        let chain = certification.context("the credential has no certificate")?;
        let chain = CertificateChain::from_der(chain.chain.clone())?;
        let scheme = credential.public_key.algorithm().default_scheme();
        let mut prepared = (0..copies)
            .map(|_| self.prepare(&chain, scheme, now).map(Some))
            .collect::<anyhow::Result<Vec<_>>>()?;
        let to_sign: Vec<ToSign> = prepared
            .iter()
            .flatten()
            .map(|one| ToSign {
                scheme: one.scheme(),
                dtbs_r: one.dtbs_r(),
            })
            .collect();
        let mut documents: Vec<DocumentEntry> =
            to_sign.iter().map(|one| self.entry_of(one)).collect();
        let id: SadId = parts.ambient.id();
        let entry = |event| {
            Entry::new(event)
                .by(Actor::Signer {
                    id: credential.signer,
                })
                .signer(credential.signer)
                .credential(credential.id, credential.public_key.algorithm(), None)
                .factors(&[FactorUsed::Password, FactorUsed::SmsCode])
                .sad(id)
        };
        let ledger = Ledger {
            parts,
            holder,
            intent: entry(Event::SignatureIntent)
                .outcome(Outcome::Intended)
                .documents(documents.clone()),
        };
        let secret = holder.secret.clone();
        let sad = Sad::bind(
            id,
            credential.signer,
            credential,
            &to_sign,
            secret,
            now + SAD_LIFE,
        );
        let mut signed = 0;
        let mut failed = None;
        let mut take = |place: usize, value: Result<VerifiedValue, ActivationError>| {
            let one = prepared.get_mut(place).and_then(Option::take);
            let made = one
                .context("a value came that nobody waited for")
                .and_then(|one| self.assemble(one, value?));
            match (made, documents.get_mut(place)) {
                (Ok(result), Some(document)) => {
                    document.result = Some(result);
                    signed += 1;
                }
                (Ok(_), None) => failed = Some(anyhow!("a value came for no document")),
                (Err(error), _) => failed = Some(error),
            }
        };
        parts
            .activation
            .activate(sad, credential, &to_sign, &ledger, &mut take)?;
        if let Some(error) = failed {
            return Err(error);
        }
        if signed != copies {
            bail!("{signed} documents of {copies} were signed");
        }
        let outcome = entry(Event::SignatureOutcome).documents(documents);
        Ok(parts.journal.append(&[outcome])?)
    }

    fn prepare(
        &self,
        chain: &CertificateChain,
        scheme: SignatureScheme,
        at: time::OffsetDateTime,
    ) -> anyhow::Result<pades::Prepared> {
        let input = pades::Input {
            chain: chain.clone(),
            scheme,
            original: self.original.clone(),
            signing_time: at,
            options: pades::Options::default(),
        };
        Ok(pades::prepare(
            &mut Cursor::new(self.pdf.as_slice()),
            input,
        )?)
    }

    /// What is on record of a document.
    fn entry_of(&self, to_sign: &ToSign) -> DocumentEntry {
        DocumentEntry {
            id: self.parts.ambient.id(),
            sha256: self.original.clone().finish(),
            size: self.original.length(),
            format: Format::Pades,
            packaging: None,
            scheme: Some(to_sign.scheme),
            dtbs_r: Some(to_sign.dtbs_r.0.clone()),
            result: None,
        }
    }

    /// What follows the PDF, and what both are together.
    fn assemble(
        &self,
        prepared: pades::Prepared,
        value: VerifiedValue,
    ) -> anyhow::Result<DocumentResult> {
        let assembled = prepared.assemble(value)?;
        let mut whole = self.original.clone();
        whole.update(&assembled.suffix);
        Ok(DocumentResult::Signed {
            size: whole.length(),
            sha256: whole.finish(),
        })
    }
}

impl SadLedger for Ledger<'_> {
    fn spend(&self, spending: Spending) -> Result<(), SadLedgerError> {
        let (parts, credential) = (self.parts, &self.holder.credential);
        let spent: anyhow::Result<()> = parts.journal.recording(|connection| {
            let locked = signers::find_locked(connection, credential.signer)?;
            let locked = locked.context("the signer is not there")?;
            if locked.signer.standing(spending.at).is_err()
                || credentials::sealed_key(connection, credential.id)? != credential.sealed_key
            {
                bail!("the signer may not sign");
            }
            sads::spend(
                connection,
                spending.sad,
                parts.ambient.id(),
                parts.ambient.id(),
                spending.credential,
                spending.at,
            )?;
            Ok(((), vec![self.intent.clone()]))
        });
        spent.map_err(|error| SadLedgerError::Unavailable(error.into()))
    }
}
