//! `SoftHSM-setup.sh`, as an administrator runs it: again, in a folder that moved, and in one with an odd name.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::harness::project::{Ended, Project, ended};

fn set_up(folder: &Path) -> Ended {
    let output = Command::new(folder.join("SoftHSM-setup.sh"))
        .env_remove("SOFTHSM2_CONF")
        .output()
        .unwrap();
    ended(&output)
}

fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").args([from, to]).status();
    assert!(copied.unwrap().success());
}

/// The token's serial number, which it was given when it was made.
fn serial(folder: &Path) -> String {
    let shown = Command::new("softhsm2-util")
        .arg("--show-slots")
        .env("SOFTHSM2_CONF", folder.join("tokens/softhsm2.conf"))
        .output()
        .unwrap();
    let shown = String::from_utf8(shown.stdout).unwrap();
    let (before, _) = shown.split_once("rubrica").expect(&shown);
    let line = before
        .lines()
        .rfind(|line| line.trim().starts_with("Serial number:"));
    line.unwrap().trim().to_owned()
}

#[test]
fn setting_up_again_keeps_the_token_and_its_pins() {
    let project = Project::fresh();
    let folder = project.path("");
    let first = set_up(&folder);
    assert_eq!(first.status, 0, "{}{}", first.out, first.err);
    let pins = ["secrets/hsm-pin", "secrets/hsm-so-pin"];
    let read = || pins.map(|pin| fs::read_to_string(project.path(pin)).unwrap());
    let (before, token) = (read(), serial(&folder));
    assert_ne!(before[0], before[1]);
    for pin in pins {
        assert_eq!(project.mode(pin), 0o600, "{pin}");
    }
    for private in ["secrets", "tokens"] {
        assert_eq!(project.mode(private), 0o700, "{private}");
    }
    for pin in &before {
        assert!(!first.out.contains(pin.trim()) && !first.err.contains(pin.trim()));
    }

    fs::set_permissions(project.path(pins[0]), fs::Permissions::from_mode(0o644)).unwrap();
    let second = set_up(&folder);
    assert_eq!(second.status, 0, "{}{}", second.out, second.err);
    assert_eq!(read(), before);
    assert_eq!(serial(&folder), token);
    assert_eq!(project.mode(pins[0]), 0o600);

    fs::remove_file(project.path(pins[0])).unwrap();
    let without = set_up(&folder);
    assert_eq!(without.status, 1, "{}", without.out);
    let said = without.out + &without.err;
    assert!(said.contains("secrets/hsm-pin is not"), "{said}");
    assert!(!project.path(pins[0]).exists());
}

#[test]
fn a_folder_of_any_name_is_set_up_and_may_be_moved() {
    let project = Project::fresh();
    let place = tempfile::tempdir().unwrap();
    let first = place.path().join("R&D, it's \\1 \"new\"");
    copy(&project.path("."), &first);
    let made = set_up(&first);
    assert_eq!(made.status, 0, "{}{}", made.out, made.err);
    let token = serial(&first);

    let second = place.path().join("A & B");
    fs::rename(&first, &second).unwrap();
    let conf = second.join("tokens/softhsm2.conf");
    let mut own = fs::read_to_string(&conf).unwrap();
    own.push_str("log.level = DEBUG\n");
    fs::write(&conf, &own).unwrap();
    let moved = set_up(&second);
    assert_eq!(moved.status, 0, "{}{}", moved.out, moved.err);
    assert_eq!(serial(&second), token);
    // What else is in there is its owner's.
    let now = fs::read_to_string(&conf).unwrap();
    assert!(now.contains("log.level = DEBUG"), "{now}");
    assert_eq!(now.lines().count(), own.lines().count());
}
