//! Seed values: what a field demands of its signature (ISO 32000-1 section 12.7.4.5, table 234).

use crate::ades::pdf::{Dictionary, Document, Object, PdfError};
use crate::domain::algorithm::DigestAlgorithm;

/// The bits of `/Ff` that make an entry a demand rather than a wish.
mod required {
    pub(super) const FILTER: i64 = 1;
    pub(super) const SUB_FILTER: i64 = 1 << 1;
    pub(super) const VERSION: i64 = 1 << 2;
    pub(super) const REASONS: i64 = 1 << 3;
    pub(super) const ADD_REV_INFO: i64 = 1 << 5;
    pub(super) const DIGEST_METHOD: i64 = 1 << 6;
    pub(super) const LOCK_DOCUMENT: i64 = 1 << 7;
    pub(super) const APPEARANCE_FILTER: i64 = 1 << 8;
}

/// The newest seed value dictionary that is understood: that of ISO 32000-2.
const VERSION: i64 = 3;

/// The first demand that a PAdES B-B approval signature does not meet, in words.
pub(super) fn unmet(
    document: &mut Document<'_>,
    seed: &Dictionary,
    digest: DigestAlgorithm,
    reason: Option<&str>,
) -> Result<Option<&'static str>, PdfError> {
    let flags = document.value(seed, "Ff")?.as_integer().unwrap_or(0);
    let demands = |bit: i64| flags & bit != 0;
    if demands(required::VERSION) && document.value(seed, "V")?.as_integer().unwrap_or(1) > VERSION
    {
        return Ok(Some("a newer kind of seed values"));
    }
    if demands(required::FILTER) && !lists(document, seed, "Filter", "Adobe.PPKLite")? {
        return Ok(Some("another signature handler"));
    }
    if demands(required::SUB_FILTER) && !lists(document, seed, "SubFilter", "ETSI.CAdES.detached")?
    {
        return Ok(Some("another signature format"));
    }
    let digest = match digest {
        DigestAlgorithm::Sha256 => "SHA256",
        DigestAlgorithm::Sha384 => "SHA384",
        DigestAlgorithm::Sha512 => "SHA512",
    };
    if demands(required::DIGEST_METHOD) && !lists(document, seed, "DigestMethod", digest)? {
        return Ok(Some("another digest algorithm"));
    }
    if demands(required::REASONS) && !reason_fits(document, seed, reason)? {
        return Ok(Some("one of its own reasons"));
    }
    if demands(required::ADD_REV_INFO)
        && document.value(seed, "AddRevInfo")? == Object::Boolean(true)
    {
        return Ok(Some("revocation data inside the signature"));
    }
    let locks = document.value(seed, "LockDocument")?;
    if demands(required::LOCK_DOCUMENT) && locks.as_name().is_some_and(|name| name.is("true")) {
        return Ok(Some("locking the document"));
    }
    if demands(required::APPEARANCE_FILTER) {
        return Ok(Some("a certain appearance"));
    }
    if let Object::Dictionary(mdp) = document.value(seed, "MDP")?
        && document.value(&mdp, "P")?.as_integer().unwrap_or(0) > 0
    {
        return Ok(Some("a certifying signature"));
    }
    for (key, demand) in [
        ("TimeStamp", "a time-stamp"),
        ("Cert", "certain signing certificates"),
    ] {
        if let Object::Dictionary(inner) = document.value(seed, key)?
            && document.value(&inner, "Ff")?.as_integer().unwrap_or(0) != 0
        {
            return Ok(Some(demand));
        }
    }
    Ok(None)
}

/// Whether a name, or one of an array of names or strings, is this one. Nothing listed means nothing demanded.
fn lists(
    document: &mut Document<'_>,
    seed: &Dictionary,
    key: &str,
    wanted: &str,
) -> Result<bool, PdfError> {
    Ok(match document.value(seed, key)? {
        Object::Null => true,
        Object::Array(items) => {
            let mut found = items.is_empty();
            for item in &items {
                found |= is(&document.resolve(item)?, wanted);
            }
            found
        }
        single => is(&single, wanted),
    })
}

fn is(object: &Object, wanted: &str) -> bool {
    match object {
        Object::Name(name) => name.is(wanted),
        Object::String(string) => *string.bytes == *wanted.as_bytes(),
        _ => false,
    }
}

/// An empty list, or one with a full stop alone, demands that no reason be given (table 234, `Reasons`).
fn reason_fits(
    document: &mut Document<'_>,
    seed: &Dictionary,
    reason: Option<&str>,
) -> Result<bool, PdfError> {
    let listed = document.value(seed, "Reasons")?;
    let mut texts = Vec::new();
    for item in listed.as_array().unwrap_or_default() {
        if let Object::String(string) = document.resolve(item)? {
            texts.push(crate::ades::pdf::text(&string.bytes));
        }
    }
    let forbids = texts.is_empty() || matches!(texts.as_slice(), [only] if only == ".");
    Ok(match reason {
        None => forbids,
        Some(reason) => !forbids && texts.iter().any(|text| text == reason),
    })
}
