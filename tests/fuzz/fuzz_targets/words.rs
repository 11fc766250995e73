//! Short texts that people, apps and files bring: any of them is taken or refused, and what is taken reads back.
//!
//! `cargo +nightly fuzz run --fuzz-dir tests/fuzz words`

#![no_main]

use std::fmt::Debug;
use std::str::FromStr;

use libfuzzer_sys::fuzz_target;
use rubrica::ades::pades::{FieldName, Text};
use rubrica::auth::{LinkKey, TokenHash};
use rubrica::domain::app::{AppName, ReturnPrefix};
use rubrica::domain::email::Email;
use rubrica::domain::id::RequestId;
use rubrica::domain::identifier::NationalId;
use rubrica::domain::node::NodeName;
use rubrica::domain::object_key::ObjectKey;
use rubrica::domain::person::PersonName;
use rubrica::domain::phone::Phone;
use rubrica::domain::request::IdempotencyKey;
use rubrica::domain::secret::{SecretBytes, SecretText};
use rubrica::http::Network;
use rubrica::identity::Derivation;
use rubrica::journal::Anchor;
use rubrica::pki::Serial;

fuzz_target!(|text: &str| {
    same(text, |id: &NationalId| id.as_str().to_owned());
    same(text, |phone: &Phone| phone.as_str().to_owned());
    same(text, |email: &Email| email.as_str().to_owned());
    same(text, |key: &IdempotencyKey| key.as_str().to_owned());
    same(text, |name: &NodeName| name.as_str().to_owned());
    same(text, ObjectKey::to_string);
    same(text, RequestId::to_string);
    same(text, Anchor::to_string);
    let _ = text.parse::<AppName>();
    let _ = text.parse::<ReturnPrefix>();
    let _ = text.parse::<Network>();
    let _ = text.parse::<Derivation>();
    let _ = text.parse::<Serial>();
    let _ = text.parse::<FieldName>();
    let _ = text.parse::<Text>();
    let mut parts = text.splitn(3, '\n');
    let mut part = || parts.next();
    let _ = PersonName::new(
        part().unwrap_or_default(),
        part().unwrap_or_default(),
        part(),
    );

    let _ = TokenHash::of(&SecretText::new(text.to_owned()));
    let links = LinkKey::new(SecretBytes::new([7; 32]));
    if let Some(link) = links.open(text) {
        assert_eq!(links.text_for(link.request()), text);
    }
});

/// What was understood is understood the same again.
fn same<T: FromStr + PartialEq + Debug>(text: &str, written: impl Fn(&T) -> String) {
    if let Ok(value) = text.parse::<T>() {
        let again = written(&value).parse::<T>();
        assert_eq!(again.ok().as_ref(), Some(&value));
    }
}
