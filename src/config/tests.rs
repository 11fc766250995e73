//! Whole configurations, right and wrong.

use super::*;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;

const LINK_KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

fn environment(extra: &[(&str, &str)]) -> BTreeMap<String, String> {
    [
        ("RUBRICA_SERVER__LINK_KEY", LINK_KEY),
        ("RUBRICA_SERVER__NODE", "node-1"),
    ]
    .iter()
    .chain(extra)
    .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
    .collect()
}

#[test]
fn a_key_without_default_is_asked_for_with_an_example() {
    let told = read(None, BTreeMap::new()).err().unwrap().to_string();
    assert!(told.contains("server.node: missing"), "{told}");
    assert!(told.contains("RUBRICA_SERVER__NODE"), "{told}");
}

fn given(text: &str, extra: &[(&str, &str)]) -> Result<Loaded, Problems> {
    let file = File {
        path: PathBuf::from("etc/rubrica.toml"),
        text: text.to_owned(),
    };
    read(Some(&file), environment(extra))
}

fn problems(text: &str, extra: &[(&str, &str)]) -> String {
    given(text, extra).err().unwrap().to_string()
}

#[test]
fn everything_wrong_is_told_at_once() {
    let text = r#"
[server]
nod = "a"
stop_within = 30

[databse]
url = "sqlite:a.db"

[database]
url = "mysql://localhost"
connections = -1

[telemetry]
format = "xml"
level = "info,rubrica=loud"
"#;
    insta::assert_snapshot!(problems(text, &[("RUBRICA_DATABASE__WIAT", "5 s")]));
}

#[test]
fn a_file_that_is_no_toml_is_told_with_its_lines() {
    insta::assert_snapshot!(problems(
        "[server\nnode = 'a'\n[telemetry]\nlevel = \n",
        &[]
    ));
}

#[test]
fn a_secret_in_the_file_itself_is_refused_and_not_repeated() {
    let told = problems("[server]\nlink_key = \"c2VjcmV0\"\n", &[]);
    assert!(told.contains("RUBRICA_SERVER__LINK_KEY"), "{told}");
    assert!(told.contains("link_key_file"), "{told}");
    assert!(!told.contains("c2VjcmV0"), "{told}");
}

#[test]
fn secrets_come_from_files_that_only_their_owner_reads() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("link-key");
    std::fs::write(&key, format!("{LINK_KEY}\n")).unwrap();
    let file = File {
        path: folder.path().join("rubrica.toml"),
        text: "[server]\nnode = \"a\"\nlink_key_file = \"link-key\"\n".to_owned(),
    };
    std::fs::set_permissions(&key, Permissions::from_mode(0o644)).unwrap();
    let told = read(Some(&file), BTreeMap::new())
        .err()
        .unwrap()
        .to_string();
    assert!(told.contains("chmod 600"), "{told}");

    std::fs::set_permissions(&key, Permissions::from_mode(0o640)).unwrap();
    assert_eq!(
        read(Some(&file), BTreeMap::new()).unwrap().warnings.len(),
        1
    );

    std::fs::set_permissions(&key, Permissions::from_mode(0o600)).unwrap();
    let loaded = read(Some(&file), BTreeMap::new()).unwrap();
    assert_eq!(loaded.warnings.len(), 0);
    assert_eq!(loaded.config.server.link_key.expose(), &[0; 32]);
}

#[test]
fn the_environment_goes_before_the_file() {
    let loaded = given(
        "[server]\nnode = \"from-file\"\n[database]\nconnections = 3\n",
        &[("RUBRICA_SERVER__NODE", "from-environment")],
    )
    .unwrap();
    assert_eq!(loaded.config.server.node.as_str(), "from-environment");
    assert_eq!(loaded.config.store.connections, 3);
}

#[test]
fn what_is_in_force_is_shown_without_secrets_and_reads_back() {
    let loaded = given(
        "[database]\nurl = \"postgres://rubrica@db.example/rubrica\"\n",
        &[("RUBRICA_DATABASE__PASSWORD", "hunter2")],
    )
    .unwrap();
    let shown = loaded.effective();
    assert!(
        !shown.contains("hunter2") && !shown.contains(LINK_KEY),
        "{shown}"
    );
    assert!(loaded.config.store.url.contains("hunter2"));
    insta::assert_snapshot!(shown);
}

#[test]
fn the_example_with_its_examples_uncommented_is_a_configuration() {
    let text: String = example()
        .lines()
        .filter(|line| !line.ends_with("# example"))
        .map(|line| {
            let key = line
                .strip_prefix('#')
                .filter(|rest| rest.contains(" = ") && !rest.starts_with(' '));
            key.unwrap_or(line).to_owned()
        })
        .collect::<Vec<_>>()
        .join("\n");
    let from_example = given(&text, &[]).map_err(|problems| problems.to_string());
    assert!(from_example.is_ok(), "{:?}", from_example.err());
}

#[test]
fn every_default_is_of_the_kind_its_key_takes() {
    // A default that cannot be read makes its section disappear.
    assert!(given("", &[]).is_ok());
}
