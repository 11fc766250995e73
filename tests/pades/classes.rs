//! Every kind of structure is signed as it should be.

use rubrica::ades::pades::{Meaning, Options};
use rubrica::ades::pdf::XrefForm;
use rubrica::domain::algorithm::DigestAlgorithm;
use rubrica::domain::request::{Commitment, PadesOptions, SignaturePolicy};

use super::builder::{Builder, Layout};
use super::judge::{between, judge, run};
use super::signer::sign;

/// Signs and has it judged; gives what was appended.
fn signed(document: &[u8]) -> String {
    signed_with(document, Options::default())
}

fn signed_with(document: &[u8], options: Options) -> String {
    let signed = sign(document, options).unwrap();
    judge(document, &signed);
    String::from_utf8_lossy(&signed[document.len()..]).into_owned()
}

#[test]
fn the_appended_cross_reference_has_the_form_of_the_one_before() {
    for layout in Layout::ALL {
        let document = Builder::new(layout).object(5, "<< >>").bytes();
        let appended = signed(&document);
        let is_table = matches!(layout, Layout::Table | Layout::Hybrid);
        assert_eq!(appended.contains("\nxref\n"), is_table, "{layout:?}");
        assert_eq!(appended.contains("/Type /XRef"), !is_table, "{layout:?}");
        assert!(!appended.contains("XRefStm"), "{layout:?}");
    }
}

#[test]
fn revisions_of_different_forms_are_followed_back() {
    for first in Layout::ALL {
        for second in Layout::ALL {
            let document = Builder::new(first)
                .revision(second)
                .object(
                    3,
                    "<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Marker true /Resources << >> >>",
                )
                .bytes();
            let signed = sign(&document, Options::default()).unwrap();
            let inspection = judge(&document, &signed);
            let is_table = matches!(second, Layout::Table | Layout::Hybrid);
            assert_eq!(
                inspection.xref_form == XrefForm::Table,
                is_table,
                "{first:?} {second:?}"
            );
            let appended = String::from_utf8_lossy(&signed[document.len()..]);
            assert!(appended.contains("/Marker true"), "{first:?} {second:?}");
        }
    }
}

#[test]
fn a_hybrid_stream_named_by_two_revisions_is_no_loop() {
    let base = Builder::new(Layout::Hybrid).object(5, "<< /Hidden true >>");
    let text = String::from_utf8_lossy(&base.bytes()).into_owned();
    let place = between(&text, "/XRefStm ", " ");
    let document = base
        .revision(Layout::Table)
        .trailer(&format!("/XRefStm {place}"))
        .object(6, "<< /Later true >>")
        .bytes();
    signed(&document);
}

#[test]
fn flags_that_say_enough_stay_when_a_signature_covers_them() {
    let document = Builder::new(Layout::Table)
        .header("%PDF-1.7\n")
        .object(1, "<< /Type /Catalog /Pages 2 0 R /AcroForm 5 0 R >>")
        .object(5, "<< /Fields [] >>")
        .bytes();
    let once = sign(&document, Options::default()).unwrap();
    // As other programs write it; the first signature breaks with it, which is not looked at here.
    let once = String::from_utf8_lossy(&once).replace("/SigFlags 3", "/SigFlags 1");
    let once = once.into_bytes();
    let twice = sign(&once, Options::default()).unwrap();
    let appended = String::from_utf8_lossy(&twice[once.len()..]).into_owned();
    assert!(appended.contains("/SigFlags 1"));
}

#[test]
fn a_second_and_a_third_signature_leave_the_earlier_ones_valid() {
    for layout in Layout::ALL {
        let document = Builder::new(layout).bytes();
        let once = sign(&document, Options::default()).unwrap();
        let twice = sign(&once, Options::default()).unwrap();
        judge(&once, &twice);
        let thrice = sign(&twice, Options::default()).unwrap();
        let inspection = judge(&twice, &thrice);
        let names: Vec<_> = inspection
            .signatures
            .iter()
            .map(|one| one.field.as_str())
            .collect();
        assert_eq!(names, ["Signature1", "Signature2", "Signature3"]);
    }
}

#[test]
fn any_end_of_file_that_readers_accept_is_taken() {
    for end in [
        &b"%%EOF"[..],
        b"%%EOF\n",
        b"%%EOF\r",
        b"%%EOF\r\n",
        b"%%EOF  \n \n",
        b"%%EOF\n\0\0\0\0",
        b"%%EOF\n<!-- served in 3 ms -->",
    ] {
        let document = Builder::new(Layout::Table).end(end).bytes();
        let appended = signed(&document);
        assert_eq!(
            appended.starts_with('\n'),
            !document.ends_with(b"\n"),
            "{end:?}"
        );
    }
}

#[test]
fn annotations_are_kept_wherever_they_are() {
    let note = "<< /Type /Annot /Subtype /Text /Rect [0 0 9 9] /Contents (note) >>";
    let page = |annots: &str| {
        format!("<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Resources << >> {annots} >>")
    };
    for layout in Layout::ALL {
        let base = || Builder::new(layout).object(5, note);
        let direct = base().object(3, &page("/Annots [5 0 R]")).bytes();
        assert!(signed(&direct).contains("/Annots [5 0 R "));
        let indirect = base()
            .object(3, &page("/Annots 6 0 R"))
            .object(6, "[5 0 R]")
            .bytes();
        let appended = signed(&indirect);
        assert!(appended.contains("\n6 0 obj\n[5 0 R "));
        assert!(!appended.contains("\n3 0 obj"), "the page need not change");
        for annots in ["/Annots null", "/Annots 99 0 R", "/Annots []"] {
            let document = base().object(3, &page(annots)).bytes();
            assert!(signed(&document).contains("\n3 0 obj"), "{annots}");
        }
    }
}

#[test]
fn a_form_is_kept_wherever_it_is() {
    let text = "<< /FT /Tx /T (Name) /Type /Annot /Subtype /Widget /Rect [0 0 9 9] /P 3 0 R /AP << /N 7 0 R >> >>";
    let appearance = super::builder::stream("/Type /XObject /Subtype /Form /BBox [0 0 9 9]", b"");
    for layout in Layout::ALL {
        let base = |form: &str| {
            Builder::new(layout)
                .object(
                    1,
                    &format!("<< /Type /Catalog /Pages 2 0 R /AcroForm {form} >>"),
                )
                .object(5, text)
                .raw(7, appearance.clone())
        };
        let direct = base("<< /Fields [5 0 R] /DA (x) >>").bytes();
        let appended = signed(&direct);
        assert!(appended.contains("/Fields [5 0 R ") && appended.contains("/DA (x)"));
        assert!(appended.contains("/SigFlags 3"));
        let indirect = base("6 0 R")
            .object(6, "<< /Fields [5 0 R] /DA (x) >>")
            .bytes();
        assert!(signed(&indirect).contains("\n6 0 obj\n<<\n/Fields [5 0 R "));
        let fields_indirect = base("<< /Fields 6 0 R /SigFlags 3 >>")
            .object(6, "[5 0 R]")
            .bytes();
        assert!(signed(&fields_indirect).contains("\n6 0 obj\n[5 0 R "));
        for form in ["null", "99 0 R", "<< >>", "<< /Fields null >>"] {
            assert!(
                signed(&base(form).bytes()).contains("/SigFlags 3"),
                "{form}"
            );
        }
    }
}

#[test]
fn need_appearances_goes_only_where_nothing_vanishes_with_it() {
    let document = |appearance: &str| {
        Builder::new(Layout::Table)
            .object(1, "<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R >>")
            .object(6, "<< /Fields [5 0 R] /NeedAppearances true >>")
            .object(
                5,
                &format!("<< /FT /Tx /T (Name) /Subtype /Widget /Rect [0 0 9 9] {appearance} >>"),
            )
            .bytes()
    };
    assert!(!signed(&document("/AP << >>")).contains("NeedAppearances"));
    assert!(signed(&document("")).contains("/NeedAppearances true"));
}

#[test]
fn what_pdf_1_7_lacks_is_declared_there_and_nowhere_else() {
    let esic = "/ESIC";
    assert!(signed(&Builder::new(Layout::Table).bytes()).contains(esic));
    for header in ["%PDF-1.4\n", "%PDF-2.0\n"] {
        let document = Builder::new(Layout::Table).header(header).bytes();
        assert!(!signed(&document).contains(esic), "{header}");
    }
    let raised = "<< /Type /Catalog /Pages 2 0 R /Version /1.7 >>";
    let document = Builder::new(Layout::Table)
        .header("%PDF-1.4\n")
        .object(1, raised)
        .bytes();
    assert!(signed(&document).contains(esic));
    let adbe = "<< /Type /Catalog /Pages 2 0 R /Extensions << /ADBE << /BaseVersion /1.7 /ExtensionLevel 8 >> >> >>";
    let document = Builder::new(Layout::Table).object(1, adbe).bytes();
    let appended = signed(&document);
    assert!(appended.contains("/ADBE") && appended.contains(esic));
}

#[test]
fn the_trailer_carries_on_what_was_there() {
    let document = Builder::new(Layout::Table)
        .trailer("/ID [<0011> <2233>] /Info 5 0 R /Private (kept)")
        .object(5, "<< /Title (Hello) >>")
        .bytes();
    let appended = signed(&document);
    assert!(appended.contains("/Info 5 0 R") && appended.contains("/Private (kept)"));
    assert!(appended.contains("/ID [<0011> <") && !appended.contains("<2233>"));
    let without = Builder::new(Layout::Stream).trailer("").bytes();
    assert!(signed(&without).contains("/ID [<"));
}

#[test]
fn generations_of_changed_objects_stay() {
    let document = Builder::new(Layout::Table).bytes();
    let text = String::from_utf8_lossy(&document).into_owned();
    // The page gets generation 7 everywhere.
    let text = text
        .replace("3 0 R", "3 7 R")
        .replace("\n3 0 obj", "\n3 7 obj");
    let line = text
        .lines()
        .filter(|line| line.ends_with("00000 n "))
        .nth(2)
        .unwrap();
    let text = text.replace(line, &line.replace("00000 n", "00007 n"));
    let bytes: Vec<u8> = text.bytes().collect();
    // The replacement characters of the header line are three bytes each; take the original header instead.
    let bytes = [
        &document[..15],
        &bytes[bytes.len() - (document.len() - 15)..],
    ]
    .concat();
    assert_eq!(bytes.len(), document.len());
    let appended = signed(&bytes);
    assert!(appended.contains("\n3 7 obj") && appended.contains("00007 n "));
    assert!(appended.contains("/P 3 7 R"));
}

#[test]
fn texts_go_in_as_ascii_or_utf_16() {
    let options = Options {
        meaning: Meaning::Reason("Conforme (sí)".parse().unwrap()),
        location: Some("Madrid \\ (centro)".parse().unwrap()),
        contact: Some("Núria".parse().unwrap()),
        ..Options::default()
    };
    let document = Builder::new(Layout::Table).bytes();
    let appended = signed_with(&document, options);
    assert!(appended.contains("/Location (Madrid \\\\ \\(centro\\))"));
    assert!(appended.contains("/Reason <feff"));
    assert!(appended.contains("/ContactInfo <feff004e00fa007200690061>"));
    assert!(
        !appended.contains("/Name "),
        "the certificate names the signer"
    );
    assert!(appended.contains("/M (D:20261123041000Z)"));
}

#[test]
fn a_commitment_becomes_a_signed_attribute() {
    let options = Options {
        meaning: Meaning::Commitment(Commitment::ProofOfApproval),
        ..Options::default()
    };
    let document = Builder::new(Layout::Table).bytes();
    let appended = signed_with(&document, options);
    // id-aa-ets-commitmentType and id-cti-ets-proofOfApproval.
    assert!(appended.contains("060b2a864886f70d0109100210"));
    assert!(appended.contains("060b2a864886f70d0109100605"));
    assert!(!appended.contains("/Reason"));
}

#[test]
fn a_reason_stands_beside_no_commitment_and_no_policy() {
    let policy = SignaturePolicy {
        id: "2.16.724.1.3.1.1.2.1.9".parse().unwrap(),
        hash_algorithm: DigestAlgorithm::Sha256,
        hash: vec![7; 32],
        uri: None,
    };
    let given = PadesOptions {
        commitment: Some(Commitment::ProofOfOrigin),
        policy: Some(policy.clone()),
        ..PadesOptions::default()
    };
    let appended = signed_with(
        &Builder::new(Layout::Table).bytes(),
        Options::try_from(&given).unwrap(),
    );
    // id-cti-ets-proofOfOrigin, id-aa-ets-sigPolicyId and the policy itself.
    assert!(appended.contains("060b2a864886f70d0109100601"));
    assert!(appended.contains("060b2a864886f70d010910020f"));
    assert!(appended.contains("060a608554010301010201 09".replace(' ', "").as_str()));
    assert!(!appended.contains("/Reason"));
    let reason = Some("Conforme".to_owned());
    for (commitment, policy, option) in [
        (given.commitment, None, "commitment"),
        (None, given.policy.clone(), "policy"),
        (
            None,
            Some(SignaturePolicy {
                hash: vec![7; 31],
                ..policy
            }),
            "policy",
        ),
    ] {
        let error = Options::try_from(&PadesOptions {
            reason: reason.clone(),
            commitment,
            policy,
            ..PadesOptions::default()
        });
        assert_eq!(error.unwrap_err().option, option);
    }
}

#[test]
fn options_of_a_request_are_checked_by_name() {
    let given = PadesOptions {
        field: Some("Sig".to_owned()),
        reason: Some("Conforme".to_owned()),
        location: Some("Madrid\nCentro".to_owned()),
        ..PadesOptions::default()
    };
    let error = Options::try_from(&given).unwrap_err();
    assert_eq!(error.to_string(), "the option location cannot be used");
    assert_eq!(error.option, "location");
    let options = Options::try_from(&PadesOptions {
        location: None,
        ..given
    });
    assert_eq!(
        options.unwrap().meaning,
        Meaning::Reason("Conforme".parse().unwrap())
    );
}

#[test]
fn usage_rights_go_when_no_signature_covers_them() {
    let catalog = "<< /Type /Catalog /Pages 2 0 R /Perms << /UR3 5 0 R >> >>";
    let document = Builder::new(Layout::Table)
        .object(1, catalog)
        .object(5, "<< /Type /Sig >>")
        .bytes();
    assert!(!signed(&document).contains("/Perms"));
}

#[test]
fn a_tagged_page_with_its_first_annotation_gets_a_tab_order() {
    let catalog =
        "<< /Type /Catalog /Pages 2 0 R /MarkInfo << /Marked true >> /StructTreeRoot 5 0 R >>";
    let document = Builder::new(Layout::Flate)
        .object(1, catalog)
        .object(5, "<< /Type /StructTreeRoot >>")
        .bytes();
    assert!(signed(&document).contains("/Tabs /S"));
    assert!(!signed(&Builder::new(Layout::Flate).bytes()).contains("/Tabs"));
}

#[test]
fn the_first_of_many_pages_takes_the_field() {
    let kids: Vec<_> = (10..5010).map(|n| format!("{n} 0 R")).collect();
    let kids = kids.join(" ");
    let mut builder = Builder::new(Layout::ObjectStreams)
        .object(
            2,
            "<< /Type /Pages /Kids [5 0 R 6 0 R] /Count 5001 /MediaBox [0 0 9 9] >>",
        )
        .object(5, "<< /Type /Pages /Parent 2 0 R /Kids [3 0 R] /Count 1 >>")
        .object(
            3,
            "<< /Type /Page /Parent 5 0 R /Resources << >> /Contents 4 0 R >>",
        )
        .object(
            6,
            &format!("<< /Type /Pages /Parent 2 0 R /Kids [{kids}] /Count 5000 >>"),
        );
    for number in 10..5010 {
        builder = builder.object(number, "<< /Type /Page /Parent 6 0 R /Resources << >> >>");
    }
    let document = builder.bytes();
    let signed = sign(&document, Options::default()).unwrap();
    assert!(String::from_utf8_lossy(&signed[document.len()..]).contains("/P 3 0 R"));
    assert_eq!(judge(&document, &signed).pages, Some(5001));
}

#[test]
fn what_qpdf_writes_is_signed() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("a.pdf"), folder.path().join("b.pdf"));
    let (from, to) = (from.to_str().unwrap(), to.to_str().unwrap());
    std::fs::write(from, Builder::new(Layout::Table).bytes()).unwrap();
    for choices in [
        &["--linearize"][..],
        &["--linearize", "--object-streams=generate"],
        &["--object-streams=generate", "--compress-streams=y"],
        &["--qdf"],
        &["--newline-before-endstream", "--min-version=2.0"],
    ] {
        let (written, said) = run("qpdf", &[choices, &[from, to]].concat());
        assert!(written, "{said}");
        signed(&std::fs::read(to).unwrap());
    }
}
