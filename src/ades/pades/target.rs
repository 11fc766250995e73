//! Which field takes the signature, and whether it may.

use super::options::{Meaning, Options};
use super::seed_value;
use crate::ades::pdf::{self, FieldFault, Object, Opened, PdfError, Reference};
use crate::domain::algorithm::SignatureScheme;

/// `ReadOnly` of the field flags (ISO 32000-1 table 221, bit 1).
const READ_ONLY: i64 = 1;

/// The field that will be signed.
#[derive(Debug)]
pub(super) enum Target {
    /// A field that is there.
    Existing {
        reference: Reference,
        dictionary: pdf::Dictionary,
    },
    /// A new one with a name that no field has.
    New { name: String },
}

impl Target {
    /// Finds the named field, or a name for a new one, and makes all checks that depend on it.
    pub(super) fn choose(
        opened: &mut Opened<'_>,
        options: &Options,
        scheme: SignatureScheme,
    ) -> Result<Self, PdfError> {
        match &options.field {
            None => {
                let name = free_name(opened);
                pdf::check_field(&mut opened.document, &opened.form, &name)?;
                Ok(Self::New { name })
            }
            Some(name) => existing(opened, name.as_str(), options, scheme),
        }
    }
}

fn existing(
    opened: &mut Opened<'_>,
    name: &str,
    options: &Options,
    scheme: SignatureScheme,
) -> Result<Target, PdfError> {
    let refuse = |reason| PdfError::Field {
        name: name.to_owned(),
        reason,
    };
    let fields = &opened.form.signature_fields;
    let mut found = fields.iter().filter(|field| field.name == name);
    let Some(field) = found.next() else {
        let empty = fields.iter().filter(|field| field.signature.is_none());
        return Err(refuse(FieldFault::Missing {
            empty: empty.map(|field| field.name.clone()).collect(),
        }));
    };
    if found.next().is_some() {
        return Err(refuse(FieldFault::Ambiguous));
    }
    if field.signature.is_some() {
        return Err(refuse(FieldFault::Signed));
    }
    if field.flags & READ_ONLY != 0 {
        return Err(refuse(FieldFault::ReadOnly));
    }
    let reference = field.reference.ok_or_else(|| refuse(FieldFault::Direct))?;
    let dictionary = field.dictionary.clone();
    pdf::check_field(&mut opened.document, &opened.form, name)?;
    if let Object::Dictionary(seed) = opened.document.value(&dictionary, "SV")? {
        let reason = match &options.meaning {
            Meaning::Reason(reason) => Some(reason.as_str()),
            Meaning::Unstated | Meaning::Commitment(_) | Meaning::Policy { .. } => None,
        };
        let unmet = seed_value::unmet(&mut opened.document, &seed, scheme.digest, reason)?;
        if let Some(unmet) = unmet {
            return Err(refuse(FieldFault::SeedValue(unmet)));
        }
    }
    Ok(Target::Existing {
        reference,
        dictionary,
    })
}

/// `Signature1` or the first after it that no field at the root has.
fn free_name(opened: &Opened<'_>) -> String {
    let taken = &opened.form.root_names;
    let mut number = 1_u32;
    loop {
        let name = format!("Signature{number}");
        if !taken.contains(&name) {
            return name;
        }
        number += 1;
    }
}
