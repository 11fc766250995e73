//! Puts the signature field into form, page and catalog (ISO 32000-1 sections 12.7 and 12.8).
//!
//! Nothing but what the new signature needs is changed, and no key is dropped that a reader or an earlier signature
//! relies on: validators compare every changed object with its older version.

use crate::ades::pdf::{
    Appearances, Dictionary, FormPlace, Object, Opened, PdfError, Reference, Revision, Version,
    text_string,
};

use super::target::Target;

/// `Print` and `Locked` (ISO 32000-1 table 165). PDF/A demands the first, and the second keeps the field in place.
const FLAGS: i64 = 4 | 128;
/// `SignaturesExist` and `AppendOnly` (ISO 32000-1 table 219).
const SIGNATURES_EXIST: i64 = 1;
const SIGNATURE_FLAGS: i64 = 3;
/// The ESIC extension of EN 319 142-1 that introduces `ETSI.CAdES.detached` to PDF 1.7.
const ESIC_LEVEL: i64 = 2;

/// Writes every object that the field changes, but not the signature dictionary itself.
pub(super) fn place(
    opened: &mut Opened<'_>,
    revision: &mut Revision,
    target: Target,
    signature: Reference,
) -> Result<(), PdfError> {
    let new_field = match target {
        Target::Existing {
            reference,
            mut dictionary,
        } => {
            dictionary.set("V", Object::Reference(signature));
            sign_lone_widget(opened, revision, &dictionary, signature)?;
            revision.put(reference, &Object::Dictionary(dictionary));
            None
        }
        Target::New { name } => {
            let field = new_field(opened, revision, &name, signature)?;
            annotate(opened, revision, field)?;
            Some(field)
        }
    };
    let (reference, catalog) = opened.document.catalog();
    let old = catalog.clone();
    let mut catalog = old.clone();
    update_form(opened, revision, &mut catalog, new_field)?;
    declare_extension(opened, &mut catalog)?;
    drop_usage_rights(opened, &mut catalog)?;
    if catalog != old {
        revision.put(reference, &Object::Dictionary(catalog));
    }
    Ok(())
}

/// Repeats `/V` in the widget of a field that has one apart from itself. Two common readers look there when the
/// widget names its field by `/Parent`; to validators of earlier signatures it would be a strange change.
fn sign_lone_widget(
    opened: &mut Opened<'_>,
    revision: &mut Revision,
    field: &Dictionary,
    signature: Reference,
) -> Result<(), PdfError> {
    let kids = opened.document.value(field, "Kids")?;
    let Some([Object::Reference(place)]) = kids.as_array() else {
        return Ok(());
    };
    if has_signatures(opened) {
        return Ok(());
    }
    if let Object::Dictionary(mut widget) = opened.document.object(*place)?
        && widget.get("Parent").is_some()
    {
        widget.set("V", Object::Reference(signature));
        revision.put(*place, &Object::Dictionary(widget));
    }
    Ok(())
}

/// An invisible field merged with its widget. Its appearance is empty but there: PDF/A-1 wants one for each field
/// (ISO 19005-1 section 6.9).
fn new_field(
    opened: &Opened<'_>,
    revision: &mut Revision,
    name: &str,
    signature: Reference,
) -> Result<Reference, PdfError> {
    let nowhere = || Object::Array(vec![Object::Integer(0); 4]);
    let appearance = revision.allocate()?;
    let form = Dictionary::from([
        ("Type", Object::name("XObject")),
        ("Subtype", Object::name("Form")),
        ("BBox", nowhere()),
        ("Resources", Object::Dictionary(Dictionary::default())),
        ("Length", Object::Integer(0)),
    ]);
    revision.put_with(appearance, |out| {
        form.write(out);
        out.extend_from_slice(b"\nstream\n\nendstream");
    });
    let appearances = Dictionary::from([("N", Object::Reference(appearance))]);
    let field = revision.allocate()?;
    let dictionary = Dictionary::from([
        ("Type", Object::name("Annot")),
        ("Subtype", Object::name("Widget")),
        ("FT", Object::name("Sig")),
        ("T", Object::String(text_string(name))),
        ("V", Object::Reference(signature)),
        ("F", Object::Integer(FLAGS)),
        ("Rect", nowhere()),
        ("P", Object::Reference(opened.pages.first)),
        ("AP", Object::Dictionary(appearances)),
    ]);
    revision.put(field, &Object::Dictionary(dictionary));
    Ok(field)
}

/// Adds the widget to the first page's annotations.
fn annotate(
    opened: &mut Opened<'_>,
    revision: &mut Revision,
    field: Reference,
) -> Result<(), PdfError> {
    let document = &mut opened.document;
    let old = opened.pages.page.get("Annots").cloned();
    let (place, mut annotations) = match &old {
        None => (None, Vec::new()),
        Some(old) => match document.resolve(old)? {
            Object::Array(items) => (old.as_reference(), items),
            Object::Null => (None, Vec::new()),
            _ => return Err(PdfError::broken_form("Annots")),
        },
    };
    let first = annotations.is_empty();
    annotations.push(Object::Reference(field));
    if let Some(reference) = place {
        revision.put(reference, &Object::Array(annotations));
        return Ok(());
    }
    let mut page = opened.pages.page.clone();
    page.set("Annots", Object::Array(annotations));
    // PDF/UA wants the tab order on each page with annotations (ISO 14289-1 section 7.18.3). To validators of
    // earlier signatures it would be a change of the page.
    let tagged = document.catalog().1.get("StructTreeRoot").is_some();
    if tagged && first && page.get("Tabs").is_none() && !has_signatures(opened) {
        page.set("Tabs", Object::name("S"));
    }
    revision.put(opened.pages.first, &Object::Dictionary(page));
    Ok(())
}

/// Lists a new field in the form and sets the form's flags.
fn update_form(
    opened: &mut Opened<'_>,
    revision: &mut Revision,
    catalog: &mut Dictionary,
    new_field: Option<Reference>,
) -> Result<(), PdfError> {
    let old = &opened.form.dictionary;
    let mut form = old.clone();
    if let Some(field) = new_field {
        let listed = old.get("Fields").cloned().unwrap_or(Object::Null);
        match (opened.document.resolve(&listed)?, listed.as_reference()) {
            (Object::Array(mut fields), Some(place)) => {
                fields.push(Object::Reference(field));
                revision.put(place, &Object::Array(fields));
            }
            (Object::Array(mut fields), None) => {
                fields.push(Object::Reference(field));
                form.set("Fields", Object::Array(fields));
            }
            _ => form.set("Fields", Object::Array(vec![Object::Reference(field)])),
        }
    }
    let flags = opened.document.value(old, "SigFlags")?.as_integer();
    let flags = flags.unwrap_or(0);
    // With earlier signatures a change of the flags would look like tampering.
    if !(has_signatures(opened) && flags & SIGNATURES_EXIST != 0)
        && flags & SIGNATURE_FLAGS != SIGNATURE_FLAGS
    {
        form.set("SigFlags", Object::Integer(flags | SIGNATURE_FLAGS));
    }
    // Readers that draw fields anew change a signed document. Where they need not, they are told so; where fields
    // would vanish without it, the key stays.
    if opened.document.value(old, "NeedAppearances")? == Object::Boolean(true)
        && opened.form.appearances == Appearances::Complete
    {
        form.remove("NeedAppearances");
    }
    if form == *old {
        return Ok(());
    }
    match opened.form.place {
        FormPlace::Indirect(reference) => revision.put(reference, &Object::Dictionary(form)),
        FormPlace::InCatalog => catalog.set("AcroForm", Object::Dictionary(form)),
        FormPlace::Absent => {
            let reference = revision.allocate()?;
            revision.put(reference, &Object::Dictionary(form));
            catalog.set("AcroForm", Object::Reference(reference));
        }
    }
    Ok(())
}

/// Declares the extension that PDF 1.7 needs for this kind of signature; PDF 2.0 has it, and files before 1.7 have
/// no way to say it.
fn declare_extension(opened: &mut Opened<'_>, catalog: &mut Dictionary) -> Result<(), PdfError> {
    if opened.document.version() != Version::V1_7 {
        return Ok(());
    }
    let mut extensions = match opened.document.value(catalog, "Extensions")? {
        Object::Dictionary(extensions) => extensions,
        _ => Dictionary::default(),
    };
    let level = match opened.document.value(&extensions, "ESIC")? {
        Object::Dictionary(esic) => opened.document.value(&esic, "ExtensionLevel")?.as_integer(),
        Object::Null => None,
        // PDF 2.0's array of several; whoever wrote it knows what it declares.
        _ => return Ok(()),
    };
    if level.is_none_or(|level| level < ESIC_LEVEL) {
        let esic = Dictionary::from([
            ("BaseVersion", Object::name("1.7")),
            ("ExtensionLevel", Object::Integer(ESIC_LEVEL)),
        ]);
        extensions.set("ESIC", Object::Dictionary(esic));
        catalog.set("Extensions", Object::Dictionary(extensions));
    }
    Ok(())
}

/// Removes usage rights (ISO 32000-1 section 12.8.2.3): they are signatures of the reader's maker that end with any
/// change, and readers warn about ended ones. With earlier signatures they stay, as those cover the catalog.
fn drop_usage_rights(opened: &mut Opened<'_>, catalog: &mut Dictionary) -> Result<(), PdfError> {
    if has_signatures(opened) {
        return Ok(());
    }
    if let Object::Dictionary(mut permissions) = opened.document.value(catalog, "Perms")? {
        let before = permissions.clone();
        permissions.remove("UR");
        permissions.remove("UR3");
        if permissions.is_empty() {
            catalog.remove("Perms");
        } else if permissions != before {
            catalog.set("Perms", Object::Dictionary(permissions));
        }
    }
    Ok(())
}

fn has_signatures(opened: &Opened<'_>) -> bool {
    opened
        .form
        .signature_fields
        .iter()
        .any(|field| field.signature.is_some())
}
