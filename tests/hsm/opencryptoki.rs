//! The contract on a second, independent module: opencryptoki's software token, under its vendor profile.

super::contract::on!(crate::harness::opencryptoki::hsm);

use std::num::NonZeroUsize;
use std::sync::Barrier;
use std::thread;

use rubrica::hsm::{Hsm, KekVersion, WrapMechanism};

use crate::harness::opencryptoki::{hsm, settings, settings_with};
use crate::harness::process::{alone, argument};

/// Its profile says how it differs, and it does differ so.
#[test]
fn the_profile_fits_the_token() {
    assert_eq!(settings().wrap, WrapMechanism::AesCbcPad);
    let status = hsm().status().unwrap();
    assert_eq!(status.manufacturer, "IBM");
    let missing: Vec<_> = status.missing().map(|one| one.name.as_str()).collect();
    assert_eq!(missing, ["CKM_EC_KEY_PAIR_GEN", "CKM_ECDSA"]);
}

/// Whoever closes its last sessions at the same time has it free the token's objects twice.
#[test]
fn sessions_that_close_at_the_same_time_do_not_break_it() {
    // Nobody else may use the token meanwhile. In a process of its own, which has no other session.
    let _turn = hsm();
    let output = alone(
        "hsm::opencryptoki::sessions_close_at_the_same_time",
        settings().pin.expose(),
        "",
    )
    .output()
    .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{}: {said}{complained}",
        output.status
    );
}

#[test]
#[ignore = "sessions_that_close_at_the_same_time_do_not_break_it runs this in a process of its own"]
fn sessions_close_at_the_same_time() {
    let Some(pin) = argument() else { return };
    let mut settings = settings_with(&pin);
    settings.sessions = NonZeroUsize::new(8).unwrap();
    let sessions = settings.sessions.get();
    let many = || (50..90).map(KekVersion);
    {
        let hsm = Hsm::new(settings.clone());
        many().for_each(|version| hsm.generate_kek(version).unwrap());
    }
    for _ in 0..100 {
        let hsm = Hsm::new(settings.clone());
        let together = Barrier::new(sessions);
        thread::scope(|scope| {
            for _ in 0..sessions {
                scope.spawn(|| {
                    together.wait();
                    assert!(!hsm.keks().unwrap().is_empty());
                });
            }
        });
    }
    let hsm = Hsm::new(settings);
    many().for_each(|version| hsm.destroy_kek(version).unwrap());
}
