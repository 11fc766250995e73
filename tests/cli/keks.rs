//! `rubrica hsm rotate-kek` and `destroy-kek`, as administrators use them.

use rubrica::domain::credential::Credential;
use rubrica::domain::key::KekVersion;
use rubrica::domain::wrapping::WrappedBy;
use serde_json::Value;

use super::credential::activated;
use crate::harness::project::Project;
use crate::store::credentials::{a_signer, insert, requested};

#[test]
fn a_rotation_tells_its_progress_and_what_stays_behind() {
    let project = Project::in_order();
    let store = project.store();
    let signer = a_signer(&store);
    let direct = Credential {
        wrapped_by: WrappedBy::Kek(KekVersion(1)),
        ..requested(signer)
    };
    insert(&store, &direct);
    let first = project.run(&["hsm", "rotate-kek", "--json"]);
    assert_eq!(first.status, 0, "{}", first.err);
    let answer: Value = serde_json::from_str(&first.out).unwrap();
    assert_eq!(answer["kek_version"], 2);
    assert_eq!(answer["wrapping_keys"], 0);
    assert_eq!(answer["left"][0]["kek_version"], 1);
    assert_eq!(answer["left"][0]["credentials"], 1);
    assert!(
        first.err.contains("1 credentials stay under KEK version 1"),
        "{}",
        first.err
    );
    assert!(
        first.err.contains("rubrica credential issue"),
        "{}",
        first.err
    );

    let newest = project.run(&["hsm", "destroy-kek", "2", "--yes"]);
    assert_eq!(newest.status, 1);
    assert!(newest.err.contains("it is the newest"), "{}", newest.err);
    let needed = project.run(&["hsm", "destroy-kek", "1", "--yes"]);
    assert_eq!(needed.status, 1);
    assert!(
        needed
            .err
            .contains("it wraps the keys of 1 credentials itself"),
        "{}",
        needed.err
    );
    let shown = project.run(&["hsm", "status"]);
    assert!(shown.out.contains("version 1  there"), "{}", shown.out);
    assert!(shown.out.contains("version 2  newest"), "{}", shown.out);
}

#[test]
fn a_rotation_tells_of_each_wrapping_key_and_the_credentials_under_it() {
    let project = Project::in_order();
    activated(&project);
    let issue = ["credential", "issue", "12345678Z", "--key", "ec-p256"];
    let issued = project.run(&issue);
    assert_eq!(issued.status, 0, "{}", issued.err);
    let rotated = project.run(&["hsm", "rotate-kek"]);
    assert_eq!(rotated.status, 0, "{}", rotated.err);
    for line in [
        "KEK version 2: 0 of 1 wrapping keys, 0 of 1 credentials",
        "KEK version 2: 1 of 1 wrapping keys, 1 of 1 credentials",
    ] {
        assert!(rotated.err.contains(line), "{}", rotated.err);
    }
    let destroyed = project.run(&["hsm", "destroy-kek", "1", "--yes"]);
    assert_eq!(destroyed.status, 1);
    let why = "signatures that are under way may need it still; try again after";
    assert!(destroyed.err.contains(why), "{}", destroyed.err);
}

#[test]
fn an_old_kek_is_destroyed_when_that_is_meant() {
    let project = Project::in_order();
    assert_eq!(project.run(&["hsm", "init-kek", "--new-version"]).status, 0);
    let asked = project.run(&["hsm", "destroy-kek", "1"]);
    assert_eq!(asked.status, 1);
    assert!(
        asked.err.contains("say --yes if you mean it"),
        "{}",
        asked.err
    );
    assert!(
        asked.err.contains("A backup of the database"),
        "{}",
        asked.err
    );
    let destroyed = project.run(&["hsm", "destroy-kek", "1", "--yes"]);
    assert_eq!(destroyed.status, 0, "{}", destroyed.err);
    let shown = project.run(&["hsm", "status"]);
    assert!(!shown.out.contains("version 1 "), "{}", shown.out);
    let again = project.run(&["hsm", "destroy-kek", "1", "--yes"]);
    assert_eq!(again.status, 1);
    assert!(
        again.err.contains("KEK version 1 is not on the token"),
        "{}",
        again.err
    );
}
