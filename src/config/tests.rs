//! Whole configurations, right and wrong.

use super::*;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;

const LINK_KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

fn environment(extra: &[(&str, &str)]) -> BTreeMap<String, String> {
    [
        ("RUBRICA_SERVER__LINK_KEY", LINK_KEY),
        ("RUBRICA_SERVER__NODE", "node-1"),
        ("RUBRICA_HSM__MODULE", "/usr/lib/softhsm/libsofthsm2.so"),
        ("RUBRICA_HSM__TOKEN", "rubrica"),
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
    // Also what is missing beside what else is missing.
    for key in ["server.link_key_file", "hsm.module", "hsm.token"] {
        assert!(told.contains(&format!("{key}: ")), "{key}: {told}");
    }
}

#[test]
fn a_variable_that_looks_like_ours_and_is_not_is_refused() {
    for (name, meant) in [
        ("RUBRICA_DATABASE_URL", Some("RUBRICA_DATABASE__URL")),
        ("RUBRICA_HSM_PIN", Some("RUBRICA_HSM__PIN")),
        ("RUBRICA_HSM_PIN_FILE", Some("RUBRICA_HSM__PIN_FILE")),
        ("RUBRICA_COLOUR", None),
    ] {
        let told = problems("", &[(name, "hunter2")]);
        let expected = match meant {
            Some(meant) => format!("{name}: unknown variable; did you mean `{meant}`?"),
            None => format!("{name}: unknown variable"),
        };
        assert!(told.contains(&expected), "{told}");
        assert!(!told.contains("hunter2"), "{told}");
    }
    // The command line's own, and what Kubernetes tells of a service called rubrica.
    for name in [
        "RUBRICA_CONFIG",
        "RUBRICA_PORT",
        "RUBRICA_PORT_8443_TCP",
        "RUBRICA_SERVICE_HOST",
        "RUBRICA_SERVICE_PORT_API",
    ] {
        assert!(given("", &[(name, "x")]).is_ok(), "{name}");
    }
}

fn given(text: &str, extra: &[(&str, &str)]) -> Result<Loaded, Problems> {
    let file = File::new(PathBuf::from("etc/rubrica.toml"), text.to_owned());
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
    let file = File::new(folder.path().join("rubrica.toml"), "[server]\nnode = \"a\"\nlink_key_file = \"link-key\"\n[hsm]\nmodule = \"m\"\ntoken = \"t\"\n".to_owned());
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
fn a_secret_within_an_address_is_warned_of_in_a_file_that_others_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rubrica.toml");
    let warnings = |text: &str, mode: u32| -> Vec<String> {
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let file = open(&path).unwrap();
        let loaded = read(Some(&file), environment(&[])).unwrap();
        loaded.warnings.iter().map(ToString::to_string).collect()
    };
    for (text, told) in [
        (
            "[database]\nurl = \"postgres://rubrica:hunter2@db.example/rubrica\"\n",
            "it holds a password; run chmod 600 on it, or name a file with the password in password_file",
        ),
        (
            "[sms]\nurl = \"https://sms.example/v1?key=hunter2\"\n",
            "it holds what may be a key of the SMS gateway; run chmod 600 on it, or send the key as a header, by \
             secret_headers",
        ),
    ] {
        let warned = warnings(text, 0o640).join("\n");
        assert!(
            warned.contains(told) && !warned.contains("hunter2"),
            "{warned}"
        );
        assert_eq!(warnings(text, 0o600), [""; 0]);
    }
}

#[test]
fn short_rsa_keys_are_warned_of_where_they_were_allowed() {
    let warnings = |text: &str| -> Vec<String> {
        let loaded = given(text, &[]).unwrap();
        loaded.warnings.iter().map(ToString::to_string).collect()
    };
    assert_eq!(warnings("[hsm]\nallow_rsa_2048 = false\n"), [""; 0]);
    let told = warnings("[hsm]\nallow_rsa_2048 = true\n");
    let [told] = told.as_slice() else {
        panic!("{told:?}")
    };
    assert!(
        told.contains("hsm.allow_rsa_2048") && told.contains("TS 119 312"),
        "{told}"
    );
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
    assert!(loaded.config.store.url.expose().contains("hunter2"));
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

#[test]
fn every_hsm_profile_is_a_configuration() {
    let profiles = Path::new(env!("CARGO_MANIFEST_DIR")).join("hsm-config");
    let mut seen = 0;
    for entry in std::fs::read_dir(profiles).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "toml") {
            continue;
        }
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("secrets")).unwrap();
        for name in ["hsm-pin", "opencryptoki-pin"] {
            let pin = folder.path().join("secrets").join(name);
            std::fs::write(&pin, "1234").unwrap();
            std::fs::set_permissions(&pin, Permissions::from_mode(0o600)).unwrap();
        }
        let file = File::new(
            folder.path().join("rubrica.toml"),
            std::fs::read_to_string(&path).unwrap(),
        );
        let given = [
            ("RUBRICA_SERVER__LINK_KEY", LINK_KEY),
            ("RUBRICA_SERVER__NODE", "node-1"),
        ];
        let given = given.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let loaded = read(Some(&file), given.into());
        assert!(
            loaded.is_ok(),
            "{}: {}",
            path.display(),
            loaded.err().unwrap()
        );
        seen += 1;
    }
    assert!(seen >= 2, "only {seen} profiles");
}

#[test]
fn values_that_cannot_work_are_told_by_their_key() {
    let cases = [
        ("[hsm]\nslot = 1", "hsm.token: give either"),
        ("[hsm]\nsessions = 0", "hsm.sessions: between 1 and 1024"),
        (
            "[identity]\ncode_digits = 4",
            "identity.code_digits: must be between 6 and 9",
        ),
        (
            "[identity]\nargon2_memory = 1",
            "identity.argon2_memory: Argon2id needs",
        ),
        (
            "[sms]\nurl = \"http://sms.example/\"",
            "sms.url: the gateway's address must begin with https",
        ),
        (
            "[sms]\nurl = \"https://sms.example/\"\nbody = \"{}\"",
            "sms.body: the body needs",
        ),
        (
            "[sms]\nurl = \"https://sms.example/\"\nmethod = \"GET\"",
            "sms.method: \"POST\" or",
        ),
        (
            "[sms]\nurl = \"https://sms.example/\"\nattempts = 0",
            "sms.attempts: `attempts` must",
        ),
        (
            "[citizen]\nurl = \"http://firma.example/\"",
            "citizen.url: must begin with https://",
        ),
        (
            "[citizen]\nurl = \"https://firma.example/a/\"",
            "citizen.url: must be a host of its own",
        ),
        (
            "[ops]\nlisten = \"127.0.0.1:8443\"",
            "ops.listen: 127.0.0.1:8443 is api.listen already",
        ),
        (
            "[limits]\nconnections = 0",
            "limits.connections: at least 1",
        ),
        (
            "[limits]\naddress_burst = 0",
            "limits.address_burst: at least 1",
        ),
        (
            "[citizen]\nproxies = [\"10.0.0.1\", \"10.0.0.0/99\"]",
            "citizen.proxies",
        ),
        (
            "[limits]\ndocument = \"1 GiB\"",
            "limits.document: larger than limits.body",
        ),
        (
            "[signing]\nlifetime = \"31 d\"",
            "signing.lifetime: longer than",
        ),
        (
            "[pki]\ncountry = \"Spain\"",
            "pki.country: \"Spain\" is no two-letter",
        ),
        (
            "[pki]\nroot_label = \"a\"\nissuing_label = \"a\"",
            "pki: root_label and issuing_label are the same",
        ),
        ("[server]\nnode = \"a b\"", "server.node: not a node name"),
        (
            "[database]\nconnections = 0",
            "database.connections: at least 1",
        ),
        (
            "[documents]\nurl = \"ftp://x\"",
            "documents.url: expected a folder",
        ),
    ];
    for (text, expected) in cases {
        let extra: &[_] = if text.contains("node") {
            &[("RUBRICA_SERVER__NODE", "a b")]
        } else {
            &[]
        };
        let told = problems(text, extra);
        assert!(told.contains(expected), "{text:?} was told as: {told}");
    }
}

#[test]
fn tables_take_entries_from_the_environment_too() {
    let loaded = given(
        "[hsm.environment]\nA = \"1\"\nB = \"2\"\n",
        &[
            (
                "RUBRICA_HSM__ENVIRONMENT__SOFTHSM2_CONF",
                "/x/softhsm2.conf",
            ),
            ("RUBRICA_HSM__ENVIRONMENT__B", "3"),
        ],
    )
    .unwrap();
    let environment = loaded.config.hsm.environment;
    let entries: Vec<_> = environment
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    assert_eq!(entries, ["A=1", "B=3", "SOFTHSM2_CONF=/x/softhsm2.conf"]);
}

#[test]
fn a_header_with_a_secret_must_be_in_a_file() {
    let text =
        "[sms]\nurl = \"https://sms.example/\"\nheaders = { Authorization = \"Bearer hunter2\" }";
    let told = problems(text, &[]);
    assert!(
        told.contains("secret_headers") && !told.contains("hunter2"),
        "{told}"
    );
}
