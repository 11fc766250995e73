//! The contract on a second, independent module: opencryptoki's software token, under its vendor profile.

super::contract::on!(crate::harness::opencryptoki::hsm);

use rubrica::hsm::WrapMechanism;

use crate::harness::opencryptoki::{hsm, settings};

/// Its profile says how it differs, and it does differ so.
#[test]
fn the_profile_fits_the_token() {
    assert_eq!(settings().wrap, WrapMechanism::AesCbcPad);
    let status = hsm().status().unwrap();
    assert_eq!(status.manufacturer, "IBM");
    let missing: Vec<_> = status.missing().map(|one| one.name.as_str()).collect();
    assert_eq!(missing, ["CKM_EC_KEY_PAIR_GEN", "CKM_ECDSA"]);
}
