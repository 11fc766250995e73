//! Existing signature fields: which take the signature, and what their owners demand.

use rubrica::ades::AdesError;
use rubrica::ades::pades::{Meaning, Options};
use rubrica::ades::pdf::{FieldFault, Forbidden, PdfError};

use super::builder::{Builder, Layout};
use super::judge::judge;
use super::signer::{into_field, sign};

/// A form whose field objects are 6 and up.
fn form(layout: Layout, fields: &[&str]) -> Builder {
    let listed: Vec<_> = (6..).zip(fields).map(|(n, _)| format!("{n} 0 R")).collect();
    let listed = listed.join(" ");
    let mut builder = Builder::new(layout)
        .object(1, "<< /Type /Catalog /Pages 2 0 R /AcroForm 5 0 R >>")
        .object(5, &format!("<< /Fields [{listed}] /SigFlags 1 >>"));
    for (number, field) in (6..).zip(fields) {
        builder = builder.object(number, field);
    }
    builder
}

/// A signature field merged with its widget, with further entries.
fn field(name: &str, more: &str) -> String {
    format!(
        "<< /FT /Sig /T ({name}) /Type /Annot /Subtype /Widget /F 4 /P 3 0 R /Rect [0 0 9 9] {more} >>"
    )
}

fn refusal(document: &[u8], options: Options) -> PdfError {
    match sign(document, options) {
        Err(AdesError::Pdf(error)) => error,
        Ok(_) => panic!("signed"),
        Err(other) => panic!("{other}"),
    }
}

fn fault(document: &[u8], name: &str) -> FieldFault {
    match refusal(document, into_field(name)) {
        PdfError::Field { reason, .. } => reason,
        other => panic!("{other}"),
    }
}

#[test]
fn a_named_empty_field_takes_the_signature() {
    for layout in Layout::ALL {
        let document = form(layout, &[&field("Left", ""), &field("Right", "")]).bytes();
        let signed = sign(&document, into_field("Right")).unwrap();
        let inspection = judge(&document, &signed);
        assert_eq!(inspection.empty_fields, ["Left"], "{layout:?}");
        assert_eq!(
            inspection.signatures.last().unwrap().field,
            "Right",
            "{layout:?}"
        );
        let appended = String::from_utf8_lossy(&signed[document.len()..]).into_owned();
        assert!(appended.contains("\n7 0 obj") && !appended.contains("\n3 0 obj"));
        assert!(appended.contains("/SigFlags 3"));
    }
}

#[test]
fn a_field_apart_from_its_widget_takes_the_signature() {
    let document = form(Layout::Table, &["<< /FT /Sig /T (Split) /Kids [7 0 R] >>"])
        .object(
            7,
            "<< /Type /Annot /Subtype /Widget /Parent 6 0 R /F 4 /P 3 0 R /Rect [0 0 9 9] >>",
        )
        .bytes();
    let signed = sign(&document, into_field("Split")).unwrap();
    judge(&document, &signed);
    let appended = String::from_utf8_lossy(&signed[document.len()..]).into_owned();
    assert!(appended.contains("\n6 0 obj"));
}

#[test]
fn a_field_below_others_is_found_by_its_full_name() {
    let document = form(
        Layout::ObjectStreams,
        &["<< /T (seat) /FT /Sig /Kids [7 0 R 8 0 R] >>"],
    )
    .object(
        7,
        "<< /T (1) /Parent 6 0 R /Type /Annot /Subtype /Widget /P 3 0 R /Rect [0 0 9 9] >>",
    )
    .object(
        8,
        "<< /T <feff00f1> /Parent 6 0 R /Type /Annot /Subtype /Widget /P 3 0 R /Rect [0 0 9 9] >>",
    )
    .bytes();
    let signed = sign(&document, into_field("seat.ñ")).unwrap();
    assert_eq!(judge(&document, &signed).empty_fields, ["seat.1"]);
    assert_eq!(
        fault(&document, "seat"),
        FieldFault::Missing {
            empty: vec!["seat.1".to_owned(), "seat.ñ".to_owned()]
        }
    );
}

#[test]
fn a_new_field_gets_a_name_that_is_free() {
    let document = form(
        Layout::Table,
        &[&field("Signature1", ""), &field("Signature3", "")],
    )
    .bytes();
    let once = sign(&document, Options::default()).unwrap();
    let inspection = judge(&document, &once);
    assert_eq!(inspection.signatures.last().unwrap().field, "Signature2");
}

#[test]
fn fields_that_cannot_be_signed_are_refused_with_the_reason() {
    let document = form(
        Layout::Table,
        &[
            &field("Free", ""),
            &field("Closed", "/Ff 1"),
            &field("Twice", ""),
            &field("Twice", ""),
            "<< /FT /Tx /T (Text) >>",
        ],
    )
    .bytes();
    assert_eq!(fault(&document, "Closed"), FieldFault::ReadOnly);
    assert_eq!(fault(&document, "Twice"), FieldFault::Ambiguous);
    assert!(matches!(
        fault(&document, "Text"),
        FieldFault::Missing { .. }
    ));
    assert!(matches!(
        fault(&document, "Absent"),
        FieldFault::Missing { .. }
    ));
    let signed = sign(&document, into_field("Free")).unwrap();
    assert_eq!(fault(&signed, "Free"), FieldFault::Signed);
    let text = refusal(&document, into_field("Absent")).to_string();
    assert_eq!(
        text,
        "the signature field \"Absent\" cannot be used: there is no such field; empty signature fields: \
         \"Free\", \"Closed\", \"Twice\", \"Twice\""
    );
}

#[test]
fn a_lock_is_written_into_the_signature_and_obeyed_by_the_next() {
    let fields = |lock: &str| {
        let lock = format!("/Lock << /Type /SigFieldLock {lock} >>");
        form(
            Layout::Table,
            &[
                &field("First", &lock),
                &field("Second", ""),
                &field("Third", ""),
            ],
        )
        .bytes()
    };
    let locked = |error: PdfError| matches!(error, PdfError::SigningForbidden(Forbidden::Locked { by }) if by == "First");

    let all = sign(&fields("/Action /All"), into_field("First")).unwrap();
    judge(&fields("/Action /All"), &all);
    let appended = String::from_utf8_lossy(&all).into_owned();
    assert!(appended.contains("/TransformMethod /FieldMDP") && appended.contains("/Action /All"));
    assert!(locked(refusal(&all, into_field("Second"))));
    assert!(locked(refusal(&all, Options::default())));

    let some = sign(
        &fields("/Action /Include /Fields [(Second)]"),
        into_field("First"),
    )
    .unwrap();
    assert!(locked(refusal(&some, into_field("Second"))));
    judge(&some, &sign(&some, into_field("Third")).unwrap());
    judge(&some, &sign(&some, Options::default()).unwrap());

    let others = sign(
        &fields("/Action /Exclude /Fields [(Second)]"),
        into_field("First"),
    )
    .unwrap();
    judge(&others, &sign(&others, into_field("Second")).unwrap());
    assert!(locked(refusal(&others, into_field("Third"))));

    let closed = sign(
        &fields("/Action /Include /Fields [] /P 1"),
        into_field("First"),
    )
    .unwrap();
    assert!(String::from_utf8_lossy(&closed).contains("/TransformMethod /DocMDP"));
    assert!(matches!(
        refusal(&closed, into_field("Third")),
        PdfError::SigningForbidden(Forbidden::NoChanges)
    ));
}

#[test]
fn certification_decides_whether_a_signature_may_follow() {
    let certified = |catalog: &str, level: &str| {
        Builder::new(Layout::Flate)
            .object(1, &format!("<< /Type /Catalog /Pages 2 0 R {catalog} >>"))
            .object(5, "<< /Fields [6 0 R] /SigFlags 3 >>")
            .object(6, &field("Author", "/V 7 0 R"))
            .object(
                7,
                &format!(
                    "<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /adbe.pkcs7.detached /Reference [<< \
                     /Type /SigRef /TransformMethod /DocMDP /TransformParams << /Type /TransformParams /V \
                     /1.2 {level} >> >>] >>"
                ),
            )
            .bytes()
    };
    let through_catalog = "/Perms << /DocMDP 7 0 R >>";
    let through_field = "/AcroForm 5 0 R";
    for way in [through_catalog, through_field] {
        assert!(matches!(
            refusal(&certified(way, "/P 1"), Options::default()),
            PdfError::SigningForbidden(Forbidden::NoChanges)
        ));
        for level in ["", "/P 2", "/P 3"] {
            assert!(
                sign(&certified(way, level), Options::default()).is_ok(),
                "{way} {level}"
            );
        }
        assert!(matches!(
            refusal(&certified(way, "/P 7"), Options::default()),
            PdfError::Damaged { .. }
        ));
    }
}

#[test]
fn seed_values_that_are_not_met_refuse_the_signature() {
    let seeded = |seed: &str| {
        let field = field("Seeded", &format!("/SV << /Type /SV {seed} >>"));
        form(Layout::Table, &[&field]).bytes()
    };
    let with_reason = |reason: &str| Options {
        meaning: Meaning::Reason(reason.parse().unwrap()),
        ..into_field("Seeded")
    };
    for met in [
        "/Ff 0 /SubFilter [/adbe.pkcs7.detached]",
        "/Ff 2 /SubFilter [/adbe.pkcs7.detached /ETSI.CAdES.detached]",
        "/Ff 1 /Filter /Adobe.PPKLite",
        "/Ff 64 /DigestMethod [/SHA256]",
        "/Ff 8 /Reasons [(.)]",
        "/Ff 4 /V 3",
        "/MDP << /P 0 >>",
        "/TimeStamp << /URL (http://example.org) /Ff 0 >>",
    ] {
        let document = seeded(met);
        judge(&document, &sign(&document, into_field("Seeded")).unwrap());
    }
    for unmet in [
        "/Ff 2 /SubFilter [/adbe.pkcs7.detached]",
        "/Ff 1 /Filter /Other",
        "/Ff 64 /DigestMethod [/SHA512]",
        "/Ff 8 /Reasons [(I agree)]",
        "/Ff 4 /V 4",
        "/Ff 32 /AddRevInfo true",
        "/Ff 128 /LockDocument /true",
        "/Ff 256 /AppearanceFilter (x)",
        "/MDP << /P 2 >>",
        "/TimeStamp << /URL (http://example.org) /Ff 1 >>",
        "/Cert << /Ff 1 /Subject [(x)] >>",
    ] {
        assert!(
            matches!(fault(&seeded(unmet), "Seeded"), FieldFault::SeedValue(_)),
            "{unmet}"
        );
    }
    let reasons = seeded("/Ff 8 /Reasons [(I agree) (I saw it)]");
    judge(&reasons, &sign(&reasons, with_reason("I saw it")).unwrap());
    let forbidden = refusal(&seeded("/Ff 8 /Reasons [(.)]"), with_reason("I saw it"));
    assert!(matches!(forbidden, PdfError::Field { .. }));
}
