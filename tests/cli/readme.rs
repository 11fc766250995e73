//! What the texts for newcomers say, done as it stands there; a block of commands that nobody runs fails.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::markdown::Blocks;
use super::reader::Reader;
use crate::harness::database::both_databases;
use crate::harness::opencryptoki;
use crate::harness::pdf;
use crate::harness::project::Project;

both_databases! {
    fn the_readme_works_as_written(database) {
        let mut readme = Blocks::of("README.md");
        let mut reader = Reader::new(Project::fresh_on(database));
        readme.picture("app ── POST");

        let shown = reader.types(&readme.commands("./SoftHSM-setup.sh && cargo run --release -- demo"));
        assert!(shown.contains("PAdES-BASELINE-B"), "{shown}");
        {
            let _turn = opencryptoki::hsm();
            opencryptoki::give(&reader.project, "tokens/opencryptoki.toml");
            let other = readme.commands("cargo run --release -- demo --hsm tokens/opencryptoki.toml");
            let shown = reader.types(&other);
            assert!(shown.contains("PAdES-BASELINE-B"), "{shown}");
        }
        // Whoever reads this runs it: it is the command of continuous integration too.
        let tests = readme.commands("./SoftHSM-setup.sh --tests && cargo test");
        let ci = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/run")).unwrap();
        assert!(ci.lines().any(|line| line == tests), "{tests}");

        reader.chooses_the_database();
        reader.types(&readme.commands("cargo install"));
        let examined = reader.types(&readme.commands("rubrica config check"));
        assert!(examined.contains("It works"), "{examined}");
        let server = reader.leaves_running(&readme.commands("rubrica serve"));
        reader.types(&readme.commands("rubrica app add"));
        reader.activates("secrets/ana.txt");
        let issued = reader.types(&readme.commands("rubrica credential issue"));
        assert!(issued.contains("active"), "{issued}");
        let from_file = reader.types(&readme.commands("printf 'dni"));
        assert!(from_file.contains("already valid  1"), "{from_file}");

        fs::write(reader.project.path("contract.pdf"), pdf::plain()).unwrap();
        reader.project.write("data.xml", "<data/>", 0o600);
        let asked = reader.types(&readme.commands("(umask 077 && printf 'Authorization"));
        assert_eq!(reader.project.mode("secrets/sede-header"), 0o600);
        let asked: Value = serde_json::from_str(&asked).unwrap();
        let text = |pointer| asked.pointer(pointer).and_then(Value::as_str);
        let links = reader.approves(text("/approval_url").unwrap());
        assert!(
            links
                .iter()
                .any(|link| link.starts_with("https://app.example/back")),
            "{links:?}"
        );
        reader.set("ID", text("/id").unwrap());
        reader.set("DOCUMENT", text("/documents/0/id").unwrap());
        let fetched = reader.types(&readme.commands("curl"));
        let fetched: Value = serde_json::from_str(&fetched).unwrap();
        assert_eq!(fetched["state"], "completed", "{fetched:#}");
        let judged = reader.types("pdfsig signed.pdf");
        assert!(judged.contains("Signature is Valid"), "{judged}");

        let journal = reader.types(&readme.commands("rubrica audit verify"));
        assert!(journal.contains("intact"), "{journal}");
        assert_eq!(server.end("-TERM").0, Some(0));
        readme.end();
    }
}

#[test]
fn what_is_written_about_certificates_works() {
    let mut readme = Blocks::of("certs/README.md");
    let project = Project::in_order();
    let mut reader = Reader::installed(project);
    reader.types(&readme.commands("openssl req -new"));
    reader.types("openssl req -verify -noout -in certs/server.csr");
    reader.types(&readme.commands("openssl req -x509"));
    reader.types(&readme.commands("openssl req -x509"));
    let server = reader.leaves_running("rubrica serve");
    let app: Value = serde_json::from_str(&reader.types(&readme.commands("curl"))).unwrap();
    assert_eq!(app["name"], "Registro");

    let project = &reader.project;
    let mut register = vec!["signer", "register", "12345678Z", "--given-name", "Ana"];
    register.extend(["--surname", "Gil", "--phone", "600123456", "--method"]);
    register.extend(["in-person", "--level", "advanced", "--receipt", "ana.txt"]);
    let registered = project.run(&register);
    assert_eq!(registered.status, 0, "{}", registered.err);
    reader.activates("ana.txt");
    reader.types(&readme.commands("rubrica credential request"));
    let mut authority = vec!["req", "-x509", "-newkey", "rsa:3072", "-nodes", "-subj"];
    authority.extend(["/CN=Outside CA", "-keyout", "certs/issuing.key"]);
    authority.extend(["-out", "certs/issuing.pem", "-days", "2000"]);
    project.openssl(&authority).unwrap();
    reader.types(&readme.commands("openssl x509 -req"));
    let listed = project.json(&["credential", "list", "12345678Z", "--json"]);
    let id = listed[0]["id"].as_str().unwrap().to_owned();
    reader.set("ID", &id);
    let imported = reader.types(&readme.commands("rubrica credential import"));
    assert!(imported.contains("active"), "{imported}");
    assert_eq!(server.end("-TERM").0, Some(0));
    readme.end();
}
