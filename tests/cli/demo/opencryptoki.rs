//! The demo on a second, independent module: opencryptoki's software token, by its vendor profile.

use std::fs;

use super::{checks_out, documents};
use crate::harness::opencryptoki;
use crate::harness::project::Project;

/// A folder with that profile and the token's PIN, and no token of SoftHSM's.
fn project() -> Project {
    let project = Project::fresh();
    opencryptoki::give(&project, "profile.toml");
    project
}

#[test]
fn the_demo_runs_on_the_token_of_a_vendor_profile() {
    let _turn = opencryptoki::hsm();
    let project = project();
    let mut anchors = Vec::new();
    for key in ["rsa-3072", "rsa-2048"] {
        let demo = ["demo", "--hsm", "profile.toml", "--json", "--key", key];
        let report = project.json(&demo);
        assert_eq!(documents(&report).len(), 2);
        for document in documents(&report) {
            assert_eq!(document["state"], "signed", "{report:#}");
            checks_out(&project, document);
        }
        anchors.push(fs::read(project.path("demo/ca.pem")).unwrap());
    }
    assert_eq!(anchors[0], anchors[1]);
    // Its configuration is good for the other commands.
    let own = ["--config", "demo/server/rubrica.toml", "hsm", "status"];
    let status = project.run(&own);
    assert_eq!(status.status, 0, "{}", status.err);
    assert!(status.out.contains("IBM"), "{}", status.out);

    let refused = project.run(&["demo", "--hsm", "profile.toml", "--key", "ec-p256"]);
    assert_eq!(refused.status, 1, "{}", refused.out);
    assert!(
        refused.err.contains("a credential is issued")
            && refused.err.contains("CKR_MECHANISM_INVALID"),
        "{}",
        refused.err
    );
}

#[test]
fn a_profile_that_is_wrong_is_told_before_anything_is_made() {
    let project = project();
    let profile = opencryptoki::profile();
    let wrong = [
        (profile.replace("wrap =", "warp ="), "profile.toml:"),
        (format!("{profile}[api]\n"), "api: unknown section"),
        (
            profile.replace("opencryptoki-pin", "no-such-pin"),
            "no-such-pin",
        ),
    ];
    for (text, told) in wrong {
        project.write("profile.toml", &text, 0o644);
        let ended = project.run(&["demo", "--hsm", "profile.toml"]);
        assert_ne!(ended.status, 0, "{}", ended.out);
        assert!(ended.err.contains(told), "{told}: {}", ended.err);
        assert!(!project.path("demo").exists());
    }
}
