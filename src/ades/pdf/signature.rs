//! Signature dictionaries that are already in a document (ISO 32000-1 section 12.8): what they forbid.
//!
//! Nothing is verified here.

use super::document::Document;
use super::error::PdfError;
use super::fault::Fault;
use super::object::{Dictionary, Object};
use super::reader::inconsistent;
use super::text;

/// What a signature dictionary says about changes after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Signature {
    /// `/SubFilter`, such as `ETSI.CAdES.detached`.
    pub(crate) sub_filter: Option<String>,
    /// Which later changes it lets pass, when it says so (`DocMDP`).
    pub(crate) changes: Option<Changes>,
    /// Which fields it locks (`FieldMDP`).
    pub(crate) locks: Vec<Lock>,
}

/// `/P` of a `DocMDP` transform (ISO 32000-1 table 254).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Changes {
    /// 1: none at all.
    Nothing,
    /// 2: filling in and signing.
    Forms,
    /// 3: annotating, too.
    Annotations,
}

/// Which fields are locked (ISO 32000-1 table 233 and 256).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Lock {
    All,
    Include(Vec<String>),
    Exclude(Vec<String>),
}

impl Signature {
    /// Reads `/SubFilter` and `/Reference` of a signature dictionary.
    pub(crate) fn read(
        document: &mut Document<'_>,
        signature: &Dictionary,
    ) -> Result<Self, PdfError> {
        let sub_filter = document.value(signature, "SubFilter")?;
        let mut read = Self {
            sub_filter: sub_filter.as_name().map(super::object::Name::to_text),
            changes: None,
            locks: Vec::new(),
        };
        let references = document.value(signature, "Reference")?;
        for reference in references.as_array().unwrap_or_default() {
            let Object::Dictionary(reference) = document.resolve(reference)? else {
                return Err(inconsistent(Fault::Form("Reference")));
            };
            let method = document.value(&reference, "TransformMethod")?;
            let parameters = document
                .value(&reference, "TransformParams")?
                .into_dictionary()
                .unwrap_or_default();
            match method.as_name() {
                Some(name) if name.is("DocMDP") => {
                    // 2 is the default.
                    let found = changes(document, &parameters)?.unwrap_or(Changes::Forms);
                    read.changes = Some(found);
                }
                Some(name) if name.is("FieldMDP") => {
                    read.locks.extend(lock(document, &parameters)?);
                }
                _ => {}
            }
        }
        Ok(read)
    }
}

impl Lock {
    /// Whether a field with this fully qualified name is locked. A name stands for all below it.
    pub(crate) fn locks(&self, name: &str) -> bool {
        let covers = |listed: &String| {
            name.strip_prefix(listed.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        match self {
            Self::All => true,
            Self::Include(names) => names.iter().any(covers),
            Self::Exclude(names) => !names.iter().any(covers),
        }
    }
}

/// `/P`, when it is there.
pub(crate) fn changes(
    document: &mut Document<'_>,
    parameters: &Dictionary,
) -> Result<Option<Changes>, PdfError> {
    Ok(match document.value(parameters, "P")? {
        Object::Null => None,
        Object::Integer(1) => Some(Changes::Nothing),
        Object::Integer(2) => Some(Changes::Forms),
        Object::Integer(3) => Some(Changes::Annotations),
        _ => return Err(inconsistent(Fault::Form("P"))),
    })
}

/// `/Action` and `/Fields`, of a `FieldMDP` transform or a signature field's `/Lock`.
pub(crate) fn lock(
    document: &mut Document<'_>,
    parameters: &Dictionary,
) -> Result<Option<Lock>, PdfError> {
    let action = document.value(parameters, "Action")?;
    let fields = document.value(parameters, "Fields")?;
    let mut names = Vec::new();
    for field in fields.as_array().unwrap_or_default() {
        match document.resolve(field)? {
            Object::String(string) => names.push(text::decode(&string.bytes)),
            _ => return Err(inconsistent(Fault::Form("Fields"))),
        }
    }
    Ok(match action {
        Object::Name(name) if name.is("All") => Some(Lock::All),
        Object::Name(name) if name.is("Include") => Some(Lock::Include(names)),
        Object::Name(name) if name.is("Exclude") => Some(Lock::Exclude(names)),
        Object::Null => None,
        _ => return Err(inconsistent(Fault::Form("Action"))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locked_name_stands_for_all_below_it() {
        let lock = Lock::Include(vec!["a".to_owned(), "b.c".to_owned()]);
        for (name, locked) in [
            ("a", true),
            ("a.x", true),
            ("ab", false),
            ("b", false),
            ("b.c", true),
        ] {
            assert_eq!(lock.locks(name), locked, "{name}");
        }
        assert!(Lock::Exclude(vec!["a".to_owned()]).locks("b"));
    }
}
