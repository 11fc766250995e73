//! The structure of the house: who may call whom, where outside crates live, how long a file may be.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Which modules a module may name. Every module is in the first column; an edge that is not in its row fails.
const MAY_USE: &[(&str, &[&str])] = &[
    ("activation", &["clock", "domain", "hsm"]),
    ("ades", &["domain"]),
    (
        "app",
        &[
            "activation",
            "auth",
            "clock",
            "config",
            "documents",
            "domain",
            "hsm",
            "http",
            "identity",
            "journal",
            "messages",
            "notify",
            "pki",
            "service",
            "store",
            "telemetry",
        ],
    ),
    ("auth", &["clock", "domain", "store"]),
    (
        "cli",
        &[
            "app",
            "auth",
            "clock",
            "config",
            "domain",
            "http",
            "messages",
            "service",
            "telemetry",
        ],
    ),
    ("clock", &["domain"]),
    (
        "config",
        &[
            "activation",
            "documents",
            "domain",
            "hsm",
            "http",
            "identity",
            "journal",
            "notify",
            "pki",
            "service",
            "store",
            "telemetry",
        ],
    ),
    ("documents", &["clock", "domain"]),
    ("domain", &[]),
    ("hsm", &["domain"]),
    (
        "http",
        &[
            "auth",
            "clock",
            "domain",
            "messages",
            "service",
            "telemetry",
        ],
    ),
    ("identity", &["clock", "domain", "store"]),
    ("journal", &["clock", "domain", "store"]),
    ("manual", &[]),
    ("messages", &["domain"]),
    ("notify", &["clock", "domain"]),
    ("pki", &["clock", "domain", "hsm"]),
    (
        "service",
        &[
            "activation",
            "ades",
            "auth",
            "clock",
            "documents",
            "domain",
            "hsm",
            "identity",
            "journal",
            "messages",
            "notify",
            "pki",
            "store",
        ],
    ),
    ("store", &["domain"]),
    ("telemetry", &["domain"]),
];

/// Outside crates that may be named only in these modules.
const HOMES: &[(&str, &[&str])] = &[
    ("actix_multipart", &["http"]),
    ("actix_tls", &["http"]),
    ("actix_web", &["http"]),
    ("aes_gcm", &["identity"]),
    ("anyhow", &["cli"]),
    ("argon2", &["identity"]),
    ("askama", &["http"]),
    ("aws_lc_rs", &["ades", "auth", "domain", "http", "service"]),
    ("base64", &["auth", "cli", "config", "http", "identity"]),
    ("bytes", &["documents", "http"]),
    ("clap", &["cli"]),
    ("cms", &["ades"]),
    ("const_oid", &["ades", "domain", "hsm", "http", "pki"]),
    ("cryptoki", &["hsm"]),
    ("csv", &["cli"]),
    ("curve25519_dalek", &["domain"]),
    ("der", &["ades", "domain", "hsm", "http", "pki"]),
    ("diesel", &["store"]),
    ("diesel_migrations", &["store"]),
    ("ecdsa", &["domain"]),
    ("flate2", &["ades"]),
    ("fluent_bundle", &["messages"]),
    ("futures_util", &["documents", "http"]),
    ("getrandom", &["clock"]),
    ("hkdf", &["auth", "identity"]),
    ("hmac", &["auth", "http", "identity", "service"]),
    ("hpke", &["activation", "domain"]),
    ("icu_normalizer", &["domain", "identity"]),
    ("indicatif", &["cli"]),
    ("libsqlite3_sys", &["store"]),
    ("md5", &["ades"]),
    ("metrics_exporter_prometheus", &["telemetry"]),
    ("object_store", &["documents"]),
    ("p256", &["activation", "ades", "domain"]),
    ("p384", &["domain"]),
    ("percent_encoding", &["cli", "http"]),
    ("pkcs1", &["domain"]),
    ("r2d2", &["store"]),
    ("rcgen", &["http"]),
    ("rpassword", &["cli"]),
    ("rsa", &["domain"]),
    ("rustix", &["documents"]),
    ("rustls", &["cli", "http", "notify"]),
    ("serde_path_to_error", &["http"]),
    ("sha2", &["auth", "domain", "identity", "journal"]),
    ("spki", &["ades", "domain", "hsm", "pki"]),
    ("strsim", &["config"]),
    (
        "subtle",
        &["activation", "auth", "domain", "http", "identity"],
    ),
    ("tokio", &["documents", "http"]),
    ("toml", &["config"]),
    ("tracing_subscriber", &["telemetry"]),
    ("unic_langid", &["messages"]),
    ("ureq", &["cli", "notify"]),
    ("utoipa", &["http"]),
    ("uuid", &["domain"]),
    ("x509_cert", &["ades", "pki"]),
];

/// Outside crates that any module may name.
const ANYWHERE: &[&str] = &[
    "hex",
    "metrics",
    "serde",
    "serde_json",
    "thiserror",
    "time",
    "tracing",
    "url",
    "zeroize",
];

const MOST_LINES: usize = 600;

#[test]
fn calls_go_one_way() {
    let mut faults = BTreeSet::new();
    for (module, file, text) in sources() {
        let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == module) else {
            faults.insert(format!(
                "{}: module `{module}` has no row in MAY_USE",
                file.display()
            ));
            continue;
        };
        for used in crate_modules(&text) {
            if used != module && !allowed.contains(&used.as_str()) {
                faults.insert(format!(
                    "{}: `{module}` must not use `{used}`",
                    file.display()
                ));
            }
        }
    }
    assert!(faults.is_empty(), "{}", Vec::from_iter(faults).join("\n"));
}

#[test]
fn outside_crates_stay_at_home() {
    let mut faults = BTreeSet::new();
    for (module, file, text) in sources() {
        let product = before_tests(&text);
        for (name, homes) in HOMES {
            if !homes.contains(&module.as_str()) && names_crate(product, name) {
                faults.insert(format!("{}: `{name}` belongs in {homes:?}", file.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", Vec::from_iter(faults).join("\n"));
}

#[test]
fn every_outside_crate_has_a_home() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let named: BTreeSet<String> = manifest
        .lines()
        .skip_while(|line| *line != "[dependencies]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| Some(line.split_once(" = ")?.0))
        // The one whose library is called otherwise.
        .map(|name| if name == "md-5" { "md5" } else { name })
        .map(|name| name.replace('-', "_"))
        .collect();
    let housed: BTreeSet<String> = HOMES
        .iter()
        .map(|(name, _)| name)
        .chain(ANYWHERE)
        .map(ToString::to_string)
        .collect();
    assert_eq!(named, housed);
}

#[test]
fn no_file_is_too_long() {
    let long: Vec<_> = files(&root().join("src"))
        .into_iter()
        .chain(files(&root().join("tests")))
        .map(|file| (fs::read_to_string(&file).unwrap().lines().count(), file))
        .filter(|(lines, _)| *lines > MOST_LINES)
        .map(|(lines, file)| format!("{} has {lines} lines, at most {MOST_LINES}", file.display()))
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}

/// Module name, path and text of each source file below a module of `src`.
fn sources() -> Vec<(String, PathBuf, String)> {
    let src = root().join("src");
    files(&src)
        .into_iter()
        .filter_map(|file| {
            let relative = file.strip_prefix(&src).unwrap().to_path_buf();
            let first = relative
                .components()
                .next()
                .unwrap()
                .as_os_str()
                .to_str()
                .unwrap();
            let module = first.strip_suffix(".rs").unwrap_or(first).to_owned();
            let text = fs::read_to_string(&file).unwrap();
            (module != "lib" && module != "main").then_some((module, relative, text))
        })
        .collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The modules of this crate that a file names, comments and its unit tests left out.
fn crate_modules(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let code: String = code_lines(before_tests(text))
        .collect::<Vec<_>>()
        .join("\n");
    for (at, _) in code.match_indices("crate::") {
        if code[..at].ends_with(|c: char| c == '$' || c == '_' || c.is_alphanumeric())
            && !code[..at].ends_with('$')
        {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        if let Some(list) = rest.strip_prefix('{') {
            let mut depth = 0_usize;
            let mut name = String::new();
            let mut at_start = true;
            for c in list.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => at_start = true,
                    c if depth == 0 && at_start && (c.is_alphanumeric() || c == '_') => {
                        name.push(c);
                    }
                    _ if depth == 0 && at_start && !name.is_empty() => {
                        found.insert(std::mem::take(&mut name));
                        at_start = false;
                    }
                    _ => {}
                }
            }
            if !name.is_empty() {
                found.insert(name);
            }
        } else {
            found.insert(
                rest.chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect(),
            );
        }
    }
    found.retain(|name| MAY_USE.iter().any(|(module, _)| module == name));
    found
}

fn names_crate(text: &str, name: &str) -> bool {
    code_lines(text).any(|line| {
        line.match_indices(name).any(|(at, _)| {
            let before = line[..at].chars().next_back();
            let after = &line[at + name.len()..];
            let starts =
                before.is_none_or(|c| !(c.is_alphanumeric() || c == '_' || c == ':' || c == '.'));
            starts && after.starts_with("::")
        })
    })
}

fn code_lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
}

fn before_tests(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests {")
        .next()
        .unwrap_or(text)
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
