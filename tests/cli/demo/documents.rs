//! Documents of every kind: one that cannot be signed is reported with its reason and does not stop the others.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::{checks_out, documents};
use crate::harness::project::Project;

#[test]
fn a_document_that_cannot_be_signed_does_not_stop_the_others() {
    let project = Project::new();
    fs::create_dir(project.path("a")).unwrap();
    fs::create_dir(project.path("b")).unwrap();
    project.write("a/it's one.txt", "first", 0o644);
    project.write("b/it's one.txt", "second", 0o644);
    project.write("broken.pdf", "%PDF-1.7\nnothing more", 0o644);
    let ended = project.run(&[
        "demo",
        "--json",
        "--out",
        "out",
        "--document",
        "a/it's one.txt",
        "--document",
        "broken.pdf",
        "--document",
        "missing.txt",
        "--document",
        "b/it's one.txt",
        "--packaging",
        "detached",
        "--padding",
        "rsa-pss",
    ]);
    assert_eq!(ended.status, 1, "{}{}", ended.out, ended.err);
    let report: Value = serde_json::from_str(&ended.out).unwrap();
    let told: Vec<_> = documents(&report)
        .iter()
        .map(|document| {
            let name = |key: &str| {
                let path = document[key].as_str()?;
                Some(Path::new(path).file_name()?.to_str()?.to_owned())
            };
            (
                name("document").unwrap(),
                name("file"),
                document["reason"].as_str().map(str::to_owned),
            )
        })
        .collect();
    let one = "it's one.txt".to_owned();
    assert_eq!(
        told,
        [
            (one.clone(), Some("it's one.txt.p7s".to_owned()), None),
            (
                "broken.pdf".to_owned(),
                None,
                Some("pdf_damaged".to_owned())
            ),
            (
                "missing.txt".to_owned(),
                None,
                Some("unreadable".to_owned())
            ),
            (one, Some("it's one-2.txt.p7s".to_owned()), None),
        ]
    );
    for document in documents(&report)
        .iter()
        .filter(|document| document["state"] == "signed")
    {
        checks_out(&project, document);
    }
    let keys: Vec<_> = report.as_object().unwrap().keys().cloned().collect();
    assert_eq!(
        keys,
        ["chain", "documents", "folder", "steps", "trust_anchor"]
    );
}

#[test]
fn a_document_whose_signed_file_has_no_place_does_not_stop_the_others() {
    let project = Project::new();
    // With `.p7m` at its end, the name is longer than file systems take.
    let long = "a".repeat(252);
    project.write(&long, "long", 0o644);
    project.write("one.txt", "one", 0o644);
    let ended = project.run(&[
        "demo",
        "--json",
        "--key",
        "ec-p256",
        "--document",
        &long,
        "--document",
        "one.txt",
    ]);
    assert_eq!(ended.status, 1, "{}{}", ended.out, ended.err);
    let report: Value = serde_json::from_str(&ended.out).unwrap();
    let documents = documents(&report);
    assert_eq!(documents[0]["reason"], "not_writable", "{report:#}");
    assert_eq!(documents[1]["state"], "signed", "{report:#}");
    checks_out(&project, &documents[1]);
}

#[test]
fn what_cannot_be_read_or_is_too_large_does_not_stop_the_others() {
    let project = Project::new();
    project.write("one.txt", "one", 0o644);
    let large = fs::File::create(project.path("large")).unwrap();
    large.set_len(5 << 30).unwrap();
    let pipe = Command::new("mkfifo").arg(project.path("pipe")).status();
    assert!(pipe.unwrap().success());
    // The first fails while it is read; the second has more bytes than it says.
    let named = [
        "/proc/self/mem",
        "/proc/cpuinfo",
        "large",
        "pipe",
        "one.txt",
    ];
    let mut arguments = vec!["demo", "--json", "--key", "ec-p256"];
    arguments.extend(named.iter().flat_map(|name| ["--document", name]));
    let ended = project.run(&arguments);
    assert_eq!(ended.status, 1, "{}{}", ended.out, ended.err);
    let report: Value = serde_json::from_str(&ended.out).unwrap();
    let reasons: Vec<_> = documents(&report)
        .iter()
        .map(|document| document["reason"].as_str().unwrap_or("signed"))
        .collect();
    assert_eq!(
        reasons,
        [
            "unreadable",
            "unreadable",
            "document_too_large",
            "unreadable",
            "signed"
        ],
        "{report:#}"
    );
}

#[test]
fn a_name_that_is_no_text_is_signed_reported_and_checked() {
    let project = Project::new();
    let name = OsStr::from_bytes(b"se\xf1or.txt");
    fs::write(project.path("").join(name), "one").unwrap();
    for packaging in ["enveloping", "detached"] {
        let mut command = project.command(&["demo", "--json", "--key", "ec-p256"]);
        command.args(["--packaging", packaging, "--document"]);
        let ended = crate::harness::project::ended(&command.arg(name).output().unwrap());
        assert_eq!(ended.status, 0, "{}{}", ended.out, ended.err);
        let report: Value = serde_json::from_str(&ended.out).unwrap();
        let document = &documents(&report)[0];
        assert_eq!(document["document"], "se\u{fffd}or.txt");
        checks_out(&project, document);
    }
}

#[test]
fn many_documents_that_cannot_be_signed_do_not_stop_the_others() {
    let project = Project::new();
    let mut arguments = vec!["demo", "--json", "--key", "ec-p256"];
    let names: Vec<_> = (0..230).map(|number| format!("{number}.pdf")).collect();
    for name in &names {
        project.write(name, "no PDF", 0o644);
        arguments.extend(["--document", name]);
    }
    project.write("one.txt", "one", 0o644);
    arguments.extend(["--document", "one.txt"]);
    let ended = project.run(&[&arguments[..], &["--format", "pades"]].concat());
    assert_eq!(ended.status, 1, "{}", ended.err);
    let report: Value = serde_json::from_str(&ended.out).unwrap();
    let reasons = |wanted: &str| {
        let told = documents(&report).iter();
        told.filter(|document| document["reason"] == wanted).count()
    };
    assert_eq!(reasons("not_a_pdf"), 231, "{report:#}");
}

#[test]
fn a_demo_that_signs_nothing_keeps_every_original_and_its_word() {
    let project = Project::new();
    fs::create_dir(project.path("own")).unwrap();
    project.write("own/mine.pdf", "%PDF-1.7\nmine alone", 0o644);
    project.write("own/text.txt", "no PDF", 0o644);
    project.write("broken.pdf", "%PDF-1.7\nnothing more", 0o644);
    let ended = project.run(&[
        "demo",
        "--json",
        "--out",
        "own",
        "--format",
        "pades",
        "--key",
        "rsa-2048",
        "--document",
        "own/mine.pdf",
        "--document",
        "own/../own/text.txt",
        "--document",
        "broken.pdf",
    ]);
    assert_eq!(ended.status, 1, "{}{}", ended.out, ended.err);
    let report: Value = serde_json::from_str(&ended.out).unwrap();
    let reasons: Vec<_> = documents(&report)
        .iter()
        .map(|document| document["reason"].as_str().unwrap())
        .collect();
    assert_eq!(
        reasons,
        ["would_overwrite", "would_overwrite", "pdf_damaged"]
    );
    for file in ["trust_anchor", "chain"] {
        let path = Path::new(report[file].as_str().unwrap());
        let pem = fs::read_to_string(path).unwrap();
        assert!(pem.starts_with("-----BEGIN CERTIFICATE-----"), "{file}");
    }
    let mine = fs::read_to_string(project.path("own/mine.pdf")).unwrap();
    assert_eq!(mine, "%PDF-1.7\nmine alone");
    assert!(
        ended.err.contains("warning") && ended.err.contains("allow_rsa_2048"),
        "{}",
        ended.err
    );

    let text = project.run(&[
        "demo",
        "--out",
        "out",
        "--format",
        "pades",
        "--document",
        "own/text.txt",
    ]);
    assert_eq!(text.status, 1);
    assert!(text.out.contains("(not_a_pdf)"), "{}{}", text.out, text.err);
    assert!(!text.err.contains("allow_rsa_2048"), "{}", text.err);
    let usual = fs::read_to_string(project.path("out/server/rubrica.toml")).unwrap();
    assert!(usual.contains("allow_rsa_2048 = false"));
}

#[test]
fn a_document_where_the_demo_writes_is_refused_before_anything_is_made() {
    let project = Project::new();
    let mine = |name: &str| fs::read_to_string(project.path(name)).unwrap();
    for folder in ["server", "originals", "elsewhere"] {
        fs::create_dir(project.path(folder)).unwrap();
    }
    let own = ["ca.pem", "chain.pem", "server/tls.pem", "originals/a.txt"];
    for file in own {
        project.write(file, file, 0o644);
    }
    project.write("elsewhere/b.txt", "linked", 0o644);
    symlink(project.path("chain.pem"), project.path("elsewhere/c.txt")).unwrap();
    fs::create_dir(project.path("links")).unwrap();
    symlink(
        project.path("elsewhere/b.txt"),
        project.path("links/ca.pem"),
    )
    .unwrap();
    let links = [("links", "elsewhere/b.txt"), (".", "elsewhere/c.txt")];
    for (out, document) in own.map(|file| (".", file)).into_iter().chain(links) {
        let ended = project.run(&["demo", "--out", out, "--document", document]);
        assert_eq!(ended.status, 1, "{document}: {}", ended.out);
        for word in [document, "--out", "its own files"] {
            assert!(ended.err.contains(word), "{document}: {}", ended.err);
        }
    }
    for file in own {
        assert_eq!(mine(file), file);
    }
    assert_eq!(mine("elsewhere/b.txt"), "linked");
    assert!(!project.path("server/rubrica.toml").exists());
    assert!(!project.path("links/server").exists());
}
