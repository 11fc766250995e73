//! PAdES at baseline level B-B (EN 319 142-1 clause 6): a signature appended to a PDF.
//!
//! The document's bytes are never changed: what is made here is a revision to write behind them. The signature
//! covers the whole file but its own digits. Fixed here is what the standard asks for at that level: a detached CMS
//! without signing time, `/M` in its place, and the whole chain. Start reading at [`prepare`].

use std::io;
use std::ops::Range;

use der::{Reader, SliceReader};
use time::OffsetDateTime;

use super::cms::{self, OptionalAttribute, SignedAttributesSpec};
use super::pdf::{Inspection, Opened, RandomAccess, Reference, Revision};
use super::{AdesError, Assembled, CertificateChain, Original, found};
use crate::domain::algorithm::{Digest, DigestAlgorithm, Hasher, SignatureScheme};
use crate::domain::key::{DtbsR, SignatureValue, VerifiedValue};

mod dictionary;
mod options;
mod placement;
mod seed_value;
mod target;

pub use options::{FieldName, InvalidOption, InvalidText, Meaning, OptionFault, Options, Text};
use target::Target;

/// What a PAdES signature is made of, beside document and signature value.
#[derive(Debug, Clone)]
pub struct Input {
    /// The signer's certificate and those above it.
    pub chain: CertificateChain,
    /// How the key signs; its digest must be that of `original`.
    pub scheme: SignatureScheme,
    /// The digest computation that has taken in the document, all of it or all but a rest that is read here.
    pub original: Hasher,
    /// When the signer claims to sign, to the second.
    pub signing_time: OffsetDateTime,
    /// Everything that can be chosen.
    pub options: Options,
}

/// A PAdES signature that waits for its value.
#[derive(Debug)]
pub struct Prepared {
    cms: cms::Prepared,
    suffix: Vec<u8>,
    contents: Range<usize>,
}

/// Makes every check that [`prepare`] will make of the document, so that it can be refused when it arrives.
pub fn check(
    source: &mut dyn RandomAccess,
    options: &Options,
    scheme: SignatureScheme,
) -> Result<Inspection, AdesError> {
    let mut opened = Opened::read(source)?;
    Target::choose(&mut opened, options, scheme)?;
    Ok(opened.inspection())
}

/// Writes the revision and digests it behind the document.
///
/// Reads a few objects of the document and, at most, the rest that `original` has not seen. Memory stays at a few
/// mebibytes whatever the length of the file.
pub fn prepare(source: &mut dyn RandomAccess, input: Input) -> Result<Prepared, AdesError> {
    let Input {
        chain,
        scheme,
        mut original,
        signing_time,
        options,
    } = input;
    let mut opened = Opened::read(source)?;
    take_in_rest(&mut opened, &mut original)?;
    let target = Target::choose(&mut opened, &options, scheme)?;
    let spec = attributes(&options)?;
    let room = cms::max_len(&chain, scheme, &spec)?;

    let mut revision = Revision::new(&mut opened.document)?;
    let signature = revision.allocate()?;
    let references = match &target {
        Target::Existing { dictionary, .. } => {
            dictionary::references(&mut opened.document, dictionary)?
        }
        Target::New { .. } => Vec::new(),
    };
    let entries = dictionary::entries(&options, signing_time, references)?;
    let places = dictionary::write(&mut revision, signature, &entries, room);
    placement::place(&mut opened, &mut revision, target, signature)?;
    let id = file_id(&original.clone().finish(), signing_time, signature);
    let mut suffix = revision.finish(&mut opened.document, &id)?;

    let len = opened.document.len();
    fill_byte_range(&mut suffix, &places, len).ok_or(AdesError::TooLarge)?;
    let contents = places.contents;
    // The angle brackets belong to /Contents and are not covered either.
    original.update(suffix.get(..contents.start - 1).unwrap_or_default());
    original.update(suffix.get(contents.end + 1..).unwrap_or_default());
    Ok(Prepared {
        cms: cms::prepare(&chain, scheme, &original.finish(), &spec)?,
        suffix,
        contents,
    })
}

impl Prepared {
    /// The digest of the signed attributes, to be signed by the HSM.
    pub fn dtbs_r(&self) -> DtbsR {
        self.cms.dtbs_r()
    }

    /// By which scheme the HSM must sign it.
    pub fn scheme(&self) -> SignatureScheme {
        self.cms.scheme()
    }

    /// Checks a value with the chain's public key.
    pub fn verified(&self, value: SignatureValue) -> Result<VerifiedValue, AdesError> {
        self.cms.verified(value)
    }

    /// The value that was put into a file, if the file was made of this. It verifies; the file may still be another:
    /// only its bytes tell.
    pub fn value_in(&self, file: &mut dyn RandomAccess) -> io::Result<Option<VerifiedValue>> {
        let from_end = self.suffix.len().saturating_sub(self.contents.start);
        let digits = found::before_end(file, from_end, self.contents.len())?;
        let Ok(contents) = hex::decode(digits) else {
            return Ok(None);
        };
        // Zeros fill the rest of the room.
        let cms = SliceReader::new(&contents)
            .and_then(|mut reader| reader.tlv_bytes())
            .ok();
        Ok(cms.and_then(|cms| self.cms.value_at_end(cms)))
    }

    /// Gives what is to be written behind the document. A value that was verified for anything else is refused.
    pub fn assemble(self, value: VerifiedValue) -> Result<Assembled, AdesError> {
        let Self {
            cms,
            mut suffix,
            contents,
        } = self;
        let encoded = cms.assemble(value)?;
        suffix
            .get_mut(contents)
            .and_then(|digits| digits.get_mut(..2 * encoded.len()))
            .and_then(|room| hex::encode_to_slice(encoded, room).ok())
            .ok_or(AdesError::TooLarge)?;
        Ok(Assembled {
            prefix: Vec::new(),
            original: Original::Included,
            suffix,
        })
    }
}

/// Digests what the caller has not: all that follows the last whole block, or any longer rest.
fn take_in_rest(opened: &mut Opened<'_>, original: &mut Hasher) -> Result<(), AdesError> {
    const PIECE: usize = 64 << 10;
    let len = opened.document.len();
    while original.length() < len {
        let piece = opened.document.bytes(original.length(), PIECE)?;
        original.update(&piece);
    }
    if original.length() > len {
        return Err(AdesError::OriginalLength {
            digested: original.length(),
            found: len,
        });
    }
    Ok(())
}

/// No signing time among the attributes: the standard wants `/M` instead (EN 319 142-1 table 1).
fn attributes(options: &Options) -> Result<SignedAttributesSpec, AdesError> {
    let (commitment, policy) = match &options.meaning {
        Meaning::Unstated | Meaning::Reason(_) => (None, None),
        Meaning::Commitment(commitment) => (Some(*commitment), None),
        Meaning::Policy { policy, commitment } => (*commitment, Some(policy)),
    };
    let chosen = [
        commitment.map(OptionalAttribute::commitment),
        policy.map(OptionalAttribute::policy),
    ];
    let optional = chosen.into_iter().flatten().collect::<Result<_, _>>()?;
    Ok(SignedAttributesSpec {
        signing_time: None,
        optional,
    })
}

/// Half of `/ID` that tells this revision from others (ISO 32000-1 section 14.4): a digest of what makes it one.
fn file_id(original: &Digest, signing_time: OffsetDateTime, signature: Reference) -> [u8; 16] {
    let mut hasher = Hasher::new(DigestAlgorithm::Sha256);
    hasher.update(original.bytes());
    hasher.update(&signing_time.unix_timestamp_nanos().to_be_bytes());
    hasher.update(&signature.number.to_be_bytes());
    let digest = hasher.finish();
    digest.bytes().first_chunk().copied().unwrap_or_default()
}

fn fill_byte_range(suffix: &mut [u8], places: &dictionary::Places, len: u64) -> Option<()> {
    let at = |index: usize| len.checked_add(u64::try_from(index).ok()?);
    let before = at(places.contents.start - 1)?;
    let after = at(places.contents.end + 1)?;
    let rest = at(suffix.len())?.checked_sub(after)?;
    let text = dictionary::byte_range([0, before, after, rest]);
    suffix
        .get_mut(places.byte_range.clone())
        .filter(|room| room.len() == text.len())?
        .copy_from_slice(&text);
    Some(())
}
