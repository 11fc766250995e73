//! The interactive form (ISO 32000-1 section 12.7): its signature fields and the names in use.

use std::collections::HashSet;

use super::document::Document;
use super::error::PdfError;
use super::fault::Fault;
use super::limits::{self, Limit, too_complex};
use super::object::{Dictionary, Name, Object, Reference};
use super::reader::inconsistent;
use super::signature::Signature;
use super::text;

/// The document's form, or the empty one of a document without.
pub(crate) struct Form {
    /// Where the form dictionary is.
    pub(crate) place: FormPlace,
    /// The form dictionary.
    pub(crate) dictionary: Dictionary,
    /// All signature fields, signed or not.
    pub(crate) signature_fields: Vec<SignatureField>,
    /// Partial names of the fields at the root.
    pub(crate) root_names: HashSet<String>,
    /// Whether each field that is no signature can be shown without a reader's help.
    pub(crate) appearances: Appearances,
}

/// Where a form dictionary is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FormPlace {
    Absent,
    InCatalog,
    Indirect(Reference),
}

/// Whether widgets have appearance streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Appearances {
    Complete,
    Lacking,
}

/// One signature field.
#[derive(Debug)]
pub(crate) struct SignatureField {
    /// The field's object; `None` for a field that is written inside the form dictionary.
    pub(crate) reference: Option<Reference>,
    /// Fully qualified name: partial names from the root, joined by full stops.
    pub(crate) name: String,
    /// The field dictionary.
    pub(crate) dictionary: Dictionary,
    /// Field flags, inherited ones included (ISO 32000-1 table 221).
    pub(crate) flags: i64,
    /// What it is signed with.
    pub(crate) signature: Option<Signature>,
}

impl Form {
    /// Reads the form and walks its fields.
    pub(crate) fn read(document: &mut Document<'_>) -> Result<Self, PdfError> {
        let catalog = document.catalog().1.clone();
        let place = match catalog.get("AcroForm") {
            None => FormPlace::Absent,
            Some(Object::Reference(reference)) => FormPlace::Indirect(*reference),
            Some(_) => FormPlace::InCatalog,
        };
        let (place, dictionary) = match document.value(&catalog, "AcroForm")? {
            Object::Dictionary(dictionary) => (place, dictionary),
            Object::Null => (FormPlace::Absent, Dictionary::default()),
            _ => return Err(inconsistent(Fault::Form("AcroForm"))),
        };
        let mut walk = Walk {
            visited: HashSet::new(),
            ancestors: Vec::new(),
            left: limits::FIELDS,
            form: Self {
                place,
                dictionary,
                signature_fields: Vec::new(),
                root_names: HashSet::new(),
                appearances: Appearances::Complete,
            },
        };
        let fields = document.value(&walk.form.dictionary, "Fields")?;
        walk.all(document, &fields, "Fields", &Inherited::default())?;
        Ok(walk.form)
    }
}

/// Attributes that kids take over from their parents.
#[derive(Debug, Clone, Default)]
struct Inherited {
    name: Option<String>,
    field_type: Option<Name>,
    flags: i64,
    value: Option<Object>,
}

struct Walk {
    visited: HashSet<Reference>,
    ancestors: Vec<Reference>,
    left: usize,
    form: Form,
}

impl Walk {
    fn all(
        &mut self,
        document: &mut Document<'_>,
        fields: &Object,
        key: &'static str,
        inherited: &Inherited,
    ) -> Result<(), PdfError> {
        let fields = match fields {
            Object::Null => return Ok(()),
            Object::Array(items) => items,
            _ => return Err(inconsistent(Fault::Form(key))),
        };
        if self.ancestors.len() > limits::TREE_DEPTH {
            return Err(too_complex(Limit::TreeDepth));
        }
        for field in fields {
            self.left = self.left.checked_sub(1).ok_or(too_complex(Limit::Fields))?;
            let reference = field.as_reference();
            if let Some(reference) = reference {
                if self.ancestors.contains(&reference) {
                    return Err(inconsistent(Fault::FieldLoop(reference)));
                }
                if !self.visited.insert(reference) {
                    continue;
                }
            }
            match document.resolve(field)? {
                Object::Dictionary(dictionary) => {
                    self.one(document, reference, dictionary, inherited)?;
                }
                // Fields of deleted pages leave such references behind.
                Object::Null => {}
                _ => return Err(inconsistent(Fault::Form(key))),
            }
        }
        Ok(())
    }

    fn one(
        &mut self,
        document: &mut Document<'_>,
        reference: Option<Reference>,
        dictionary: Dictionary,
        inherited: &Inherited,
    ) -> Result<(), PdfError> {
        let partial = match document.value(&dictionary, "T")? {
            Object::String(string) => Some(text::decode(&string.bytes)),
            Object::Null => None,
            _ => return Err(inconsistent(Fault::Form("T"))),
        };
        if let (true, Some(partial)) = (self.ancestors.is_empty(), &partial) {
            self.form.root_names.insert(partial.clone());
        }
        let own = Inherited {
            name: match (&inherited.name, &partial) {
                (Some(parent), Some(own)) => Some(format!("{parent}.{own}")),
                (parent, own) => own.clone().or_else(|| parent.clone()),
            },
            field_type: match document.value(&dictionary, "FT")? {
                Object::Name(name) => Some(name),
                Object::Null => inherited.field_type.clone(),
                _ => return Err(inconsistent(Fault::Form("FT"))),
            },
            flags: document
                .value(&dictionary, "Ff")?
                .as_integer()
                .unwrap_or(inherited.flags),
            value: dictionary
                .get("V")
                .cloned()
                .or_else(|| inherited.value.clone()),
        };
        let is_signature = own.field_type.as_ref().is_some_and(|name| name.is("Sig"));
        let kids = document.value(&dictionary, "Kids")?;
        let is_terminal = !has_field_kids(document, &kids)?;
        if is_signature && is_terminal {
            return self.signature_field(document, reference, dictionary, own);
        }
        let is_widget = document
            .value(&dictionary, "Subtype")?
            .as_name()
            .is_some_and(|name| name.is("Widget"));
        if !is_signature && is_widget && dictionary.get("AP").is_none() {
            self.form.appearances = Appearances::Lacking;
        }
        self.ancestors.extend(reference);
        let result = self.all(document, &kids, "Kids", &own);
        if reference.is_some() {
            self.ancestors.pop();
        }
        result
    }

    fn signature_field(
        &mut self,
        document: &mut Document<'_>,
        reference: Option<Reference>,
        dictionary: Dictionary,
        own: Inherited,
    ) -> Result<(), PdfError> {
        let value = match &own.value {
            Some(value) => document.resolve(value)?,
            None => Object::Null,
        };
        let signature = match value {
            Object::Null => None,
            Object::Dictionary(value) => Some(Signature::read(document, &value)?),
            _ => return Err(inconsistent(Fault::Form("V"))),
        };
        if self.form.signature_fields.len() >= limits::SIGNATURE_FIELDS {
            return Err(too_complex(Limit::SignatureFields));
        }
        self.form.signature_fields.push(SignatureField {
            reference,
            name: own.name.unwrap_or_default(),
            dictionary,
            flags: own.flags,
            signature,
        });
        Ok(())
    }
}

/// Whether a field has fields below it, rather than widgets only. The first kid decides; kids of both sorts are not
/// allowed (ISO 32000-1 section 12.7.3.1).
fn has_field_kids(document: &mut Document<'_>, kids: &Object) -> Result<bool, PdfError> {
    for kid in kids.as_array().unwrap_or_default() {
        if let Object::Dictionary(kid) = document.resolve(kid)? {
            return Ok(kid.get("T").is_some());
        }
    }
    Ok(false)
}
