//! Somebody who reads a text and types what stands there, in a folder as it is checked out.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};

use rubrica::domain::secret::SecretText;

use super::serve::Serving;
use crate::harness::browser::Browser;
use crate::harness::client::Client;
use crate::harness::phones::Phones;
use crate::harness::project::{Ended, Project, ended};
use crate::harness::standing::PASSWORD;

/// The phone, as in the texts.
const PHONE: &str = "+34600123456";
const DNI: &str = "12345678Z";
const ACTIVATE: &str = "/account/activate";
const CODE: &str = "/account/activate/code";

/// Builds the program as cargo would, which was done already.
const CARGO: &str = r#"#!/bin/sh
case "$1 $2" in
'run --release') shift 3 && exec 'BINARY' "$@" ;;
'install --locked') exec ln -s 'BINARY' "$HOME/.cargo/bin/rubrica" ;;
*) echo "cargo $*: not known here" >&2 && exit 1 ;;
esac
"#;

/// The person, the folder, and what the shell has in its variables.
pub(super) struct Reader {
    pub(super) project: Project,
    variables: Vec<(&'static str, String)>,
}

impl Reader {
    /// Nothing is installed.
    pub(super) fn new(project: Project) -> Self {
        for folder in ["home/.cargo/bin", "tools"] {
            fs::create_dir_all(project.path(folder)).unwrap();
        }
        let cargo = CARGO.replace("BINARY", env!("CARGO_BIN_EXE_rubrica"));
        project.write("tools/cargo", &cargo, 0o700);
        // Tests run side by side, so the server is not at the ports of the text.
        let [api, ..] = project.ports;
        let curl = format!("silent\nshow-error\nconnect-to = \"localhost:8443:127.0.0.1:{api}\"\n");
        project.write("home/.curlrc", &curl, 0o600);
        let variables = Vec::from(project.addresses());
        Self { project, variables }
    }

    /// From here on, the server's data go where the test wants them.
    pub(super) fn chooses_the_database(&mut self) {
        if let Some(database) = &self.project.postgres {
            let url = database.url().to_owned();
            self.variables.push(("RUBRICA_DATABASE__URL", url));
        }
    }

    /// With the program where `cargo install` puts it.
    pub(super) fn installed(project: Project) -> Self {
        let reader = Self::new(project);
        let program = reader.project.path("home/.cargo/bin/rubrica");
        symlink(env!("CARGO_BIN_EXE_rubrica"), program).unwrap();
        reader
    }

    /// Gives a variable of the shell its value.
    pub(super) fn set(&mut self, name: &'static str, value: &str) {
        self.variables.push((name, value.to_owned()));
    }

    /// Types a block; the standard output. Every command of it has to succeed.
    #[track_caller]
    pub(super) fn types(&self, block: &str) -> String {
        let Ended { status, out, err } = ended(&self.shell(block).output().unwrap());
        assert_eq!(status, 0, "{block}\n{out}{err}");
        out
    }

    /// Types a block in a terminal of its own, where it goes on: the server, once it answers.
    pub(super) fn leaves_running(&self, block: &str) -> Serving {
        Serving::of(&self.project, &mut self.shell(&format!("exec {block}")))
    }

    /// Becomes Ana, who activates her account with the receipt and the phone.
    pub(super) fn activates(&self, receipt: &str) {
        assert_eq!(self.project.mode(receipt), 0o600);
        let code = self.project.activation_code(receipt);
        let browser = self.browser();
        let given = [("national-id", DNI), ("activation-code", code.expose())];
        let page = browser.send(&browser.open(ACTIVATE), ACTIVATE, &given);
        let sms = self.sms();
        let chosen = [
            ("code", sms.expose()),
            ("new-password", PASSWORD),
            ("repeat-password", PASSWORD),
        ];
        let done = browser.send(&page, CODE, &chosen);
        assert_eq!(done.path, "/account/activate/done", "{}", done.heading());
    }

    /// Becomes Ana, who approves what she is asked for at that address; where the page leads back to.
    pub(super) fn approves(&self, address: &str) -> Vec<String> {
        let path = url::Url::parse(address).unwrap().path().to_owned();
        let browser = self.browser();
        let who = [("national-id", DNI), ("password", PASSWORD)];
        let page = browser.send(&browser.open(&path), &path, &who);
        let sms = self.sms();
        let code = format!("{path}/code");
        let done = browser.send(&page, &code, &[("code", sms.expose())]);
        assert_eq!(done.status, 200, "{}", done.heading());
        done.links("")
    }

    fn browser(&self) -> Browser {
        let trusted = fs::read_to_string(self.project.path("certs/ca.pem")).unwrap();
        let base = format!("https://localhost:{}", self.project.ports[1]);
        Browser::new(Client::new(&base, &trusted, None))
    }

    fn sms(&self) -> SecretText {
        Phones::of(&self.project.path("data/outbox")).code(PHONE)
    }

    fn shell(&self, block: &str) -> Command {
        let home = self.project.path("home");
        let tools = self.project.path("tools");
        let path = format!(
            "{}:{}/.cargo/bin:/usr/bin:/bin",
            tools.display(),
            home.display()
        );
        let mut command = Command::new("bash");
        command
            .args(["-e", "-u", "-o", "pipefail", "-c", block])
            .current_dir(self.project.path(""))
            .env_clear()
            .env("PATH", path)
            .env("HOME", home)
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        command
    }
}
