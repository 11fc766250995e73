//! Properties of the reader over arbitrary bytes and of the writer over arbitrary documents.

use std::io::Cursor;

use proptest::prelude::*;
use rubrica::ades::pades::Options;
use rubrica::ades::pdf::inspect;

use super::builder::{Builder, Layout};
use super::signer::sign;

fn layout() -> impl Strategy<Value = Layout> {
    proptest::sample::select(Layout::ALL.to_vec())
}

/// Some object that a page may carry under a private key.
fn object() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        any::<i32>().prop_map(|n| n.to_string()),
        "[+-]?[0-9]{1,3}\\.[0-9]{0,3}",
        "/[A-Za-z#()]{0,1}[A-Za-z0-9]{0,8}".prop_map(|name| name.replace(['#', '(', ')'], "")),
        "\\([ -'+-\\[\\]-~]{0,12}\\)",
        "<([0-9a-fA-F]{2}){0,8}>",
        "<[0-9a-f]{1,3}>",
        Just("true".to_owned()),
        Just("null".to_owned()),
        Just("4 0 R".to_owned()),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6)
                .prop_map(|items| format!("[{}]", items.join(" "))),
            proptest::collection::vec(inner, 0..4).prop_map(|values| {
                let pairs: Vec<_> = values
                    .iter()
                    .enumerate()
                    .map(|(index, value)| format!("/K{index} {value}"))
                    .collect();
                format!("<< {} >>", pairs.join(" "))
            }),
        ]
    })
}

fn document() -> impl Strategy<Value = Vec<u8>> {
    (layout(), layout(), object(), object(), any::<bool>()).prop_map(
        |(first, second, page, catalog, again)| {
            let mut builder = Builder::new(first).object(
                3,
                &format!("<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Private {page} /Resources << >> >>"),
            );
            if again {
                builder = builder.revision(second);
            }
            let catalog = format!("<< /Type /Catalog /Pages 2 0 R /Private {catalog} >>");
            builder.object(1, &catalog).bytes()
        },
    )
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_refused_and_nothing_more(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let bytes = [b"%PDF-1.7\n".as_slice(), &bytes].concat();
        prop_assert!(inspect(&mut Cursor::new(&bytes)).is_err());
    }

    #[test]
    fn a_signed_document_begins_with_the_original_and_can_be_signed_again(document in document()) {
        let once = sign(&document, Options::default()).unwrap();
        prop_assert!(once.starts_with(&document));
        let twice = sign(&once, Options::default()).unwrap();
        prop_assert!(twice.starts_with(&once));
        let found = inspect(&mut Cursor::new(&twice)).unwrap();
        prop_assert_eq!(found.signatures.len(), 2);
    }

    #[test]
    fn a_damaged_document_is_signed_or_refused_but_never_crashes(
        document in document(),
        damage in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6),
        cut in proptest::option::of(any::<proptest::sample::Index>()),
    ) {
        let mut damaged = document;
        for (place, byte) in damage {
            let place = place.index(damaged.len());
            damaged[place] = byte;
        }
        if let Some(cut) = cut {
            let from = cut.index(damaged.len());
            let to = damaged.len().min(from + 20);
            damaged.drain(from..to);
        }
        if let Ok(signed) = sign(&damaged, Options::default()) {
            prop_assert!(signed.starts_with(&damaged));
            let before = inspect(&mut Cursor::new(&damaged)).unwrap();
            let after = inspect(&mut Cursor::new(&signed)).unwrap();
            prop_assert_eq!(after.signatures.len(), before.signatures.len() + 1);
            prop_assert_eq!(after.xref_form, before.xref_form);
        }
    }
}
