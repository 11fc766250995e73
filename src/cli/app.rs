//! `rubrica app`

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::office::Office;
use super::output::{self, Style, Table, moment};
use super::terminal::Destination;
use super::{Ending, arguments};
use crate::auth::op::ManageApps;
use crate::domain::app::App;
use crate::service::apps::{Access, AccessKind, AppWithAccess, Credentials, GivenAccess, NewApp};

/// What to do with the apps.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Register an app, and give it a bearer token or take its client certificate.
    Add(Add),
    /// List the apps and with what they get in.
    List(List),
    /// Give an app a new token or certificate; the old ones stay good for a while.
    Rotate(Rotate),
    /// Replace the list of addresses that an app may send browsers back to. Requests made before keep theirs.
    ChangeReturnUrls(ChangeReturnUrls),
    /// Shut an app out at once. What it asked for cannot be approved until it is enabled again.
    Disable(Name),
    /// Let a disabled app in again, with what it got in with before.
    Enable(Name),
}

#[derive(Debug, Args)]
pub(super) struct Add {
    /// The name that citizens read on the page and in the SMS.
    name: String,
    /// Where the app may send browsers back to: the beginning of an address; may be given several times.
    #[arg(long, value_name = "URL")]
    return_url: Vec<String>,
    #[command(flatten)]
    way_in: WayIn,
}

#[derive(Debug, Args)]
pub(super) struct Rotate {
    /// The app's name.
    name: String,
    /// How long what it gets in with now stays good.
    #[arg(long, value_name = "TIME", default_value = "24 h", value_parser = arguments::duration)]
    grace: time::Duration,
    #[command(flatten)]
    way_in: WayIn,
}

#[derive(Debug, Args)]
struct WayIn {
    /// Take this client certificate (PEM) in place of making a token.
    #[arg(long, value_name = "FILE")]
    certificate: Option<PathBuf>,
    /// Write the token to a new file that only its owner can read; `-` stands for the standard output. Without it, the
    /// token is shown on the terminal. It is shown once.
    #[arg(long, value_name = "FILE", conflicts_with = "certificate")]
    token_file: Option<PathBuf>,
    /// Answer in JSON, for programs. The token is not part of it.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct List {
    /// Answer in JSON, for programs.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct ChangeReturnUrls {
    /// The app's name.
    name: String,
    /// Where the app may send browsers back to: the beginning of an address; may be given several times.
    #[arg(long, value_name = "URL", required_unless_present = "none")]
    return_url: Vec<String>,
    /// Nowhere: the list is empty from now on.
    #[arg(long, conflicts_with = "return_url")]
    none: bool,
}

#[derive(Debug, Args)]
pub(super) struct Name {
    /// The app's name.
    name: String,
}

pub(super) fn run(command: &Command, file: Option<&Path>) -> anyhow::Result<Ending> {
    match command {
        Command::Add(arguments) => {
            let office = Office::open(file)?;
            let way_in = arguments.way_in.prepare()?;
            let new = NewApp {
                name: arguments.name.clone(),
                return_urls: arguments.return_url.clone(),
            };
            let given =
                office
                    .service
                    .add_app(&office.authorize(ManageApps), &new, &way_in.credentials)?;
            way_in.answer(&given)?;
        }
        Command::Rotate(arguments) => {
            let office = Office::open(file)?;
            let way_in = arguments.way_in.prepare()?;
            let given = office.service.rotate_app(
                &office.authorize(ManageApps),
                &arguments.name,
                &way_in.credentials,
                arguments.grace,
            )?;
            way_in.answer(&given)?;
        }
        Command::List(arguments) => list(arguments, file)?,
        Command::Disable(arguments) => {
            let office = Office::open(file)?;
            let app = office
                .service
                .disable_app(&office.authorize(ManageApps), &arguments.name)?;
            output::remark(&format!(
                "{} is shut out; what it asked for cannot be approved until it is enabled again",
                app.name
            ));
        }
        Command::ChangeReturnUrls(arguments) => {
            let office = Office::open(file)?;
            let app = office.service.change_return_urls(
                &office.authorize(ManageApps),
                &arguments.name,
                &arguments.return_url,
            )?;
            let urls: Vec<_> = app.return_urls.iter().map(ToString::to_string).collect();
            output::remark(&if urls.is_empty() {
                format!("{} may send browsers back nowhere from now on", app.name)
            } else {
                format!(
                    "{} may send browsers back to {} from now on",
                    app.name,
                    urls.join(" ")
                )
            });
        }
        Command::Enable(arguments) => {
            let office = Office::open(file)?;
            let app = office
                .service
                .enable_app(&office.authorize(ManageApps), &arguments.name)?;
            output::remark(&format!("{} is let in again", app.name));
        }
    }
    Ok(Ending::Well)
}

fn list(arguments: &List, file: Option<&Path>) -> anyhow::Result<()> {
    let office = Office::open(file)?;
    let apps = office.service.apps(&office.authorize(ManageApps))?;
    match Style::from_flag(arguments.json) {
        Style::Json => output::json(&apps.iter().map(described).collect::<Value>()),
        Style::Table => {
            let mut table = Table::new(["NAME", "ID", "SINCE", "GETS IN WITH", "RETURNS TO"]);
            for AppWithAccess { app, access } in &apps {
                let ways: Vec<_> = match app.disabled_at {
                    Some(at) => vec![format!("nothing: disabled {}", moment(at))],
                    None => access.iter().map(way).collect(),
                };
                let urls: Vec<_> = app.return_urls.iter().map(ToString::to_string).collect();
                table.row([
                    app.name.to_string(),
                    app.id.to_string(),
                    moment(app.created_at),
                    ways.join(", "),
                    urls.join(" "),
                ]);
            }
            output::text(&table.render())?;
            Ok(())
        }
    }
}

/// With what an app will get in, and where its token goes.
struct PreparedWayIn {
    credentials: Credentials,
    destination: Option<Destination>,
    style: Style,
}

impl WayIn {
    /// Sees to it that a token can be handed over before one is made.
    fn prepare(&self) -> anyhow::Result<PreparedWayIn> {
        let (credentials, destination) = match &self.certificate {
            Some(path) => {
                let pem = fs::read_to_string(path)
                    .with_context(|| format!("{} cannot be read", path.display()))?;
                (Credentials::Certificate { pem }, None)
            }
            None => (
                Credentials::Token,
                Some(Destination::choose(
                    self.token_file.as_deref(),
                    "--token-file",
                )?),
            ),
        };
        Ok(PreparedWayIn {
            credentials,
            destination,
            style: Style::from_flag(self.json),
        })
    }
}

impl PreparedWayIn {
    fn answer(mut self, given: &GivenAccess) -> anyhow::Result<()> {
        if let (Some(token), Some(destination)) = (&given.token, &mut self.destination) {
            destination.give(token)?;
        }
        let file = self.destination.as_ref().and_then(Destination::file);
        match self.style {
            Style::Json => {
                let mut answer = about(&given.app);
                if let (Some(file), Some(fields)) = (file, answer.as_object_mut()) {
                    fields.insert("token_file".to_owned(), json!(file));
                }
                output::json(&answer)?;
            }
            Style::Table => {
                output::remark(&format!("{} is app {}", given.app.name, given.app.id));
                match (&given.token, file) {
                    (Some(_), Some(file)) => {
                        output::remark(&format!("its token is in {}", file.display()));
                    }
                    (Some(_), None) => {
                        output::remark("its token is shown this once: give it to the app alone");
                    }
                    (None, _) => output::remark("it gets in with its certificate"),
                }
            }
        }
        Ok(())
    }
}

fn way(access: &Access) -> String {
    let kind = word(access.kind);
    let digest = access.sha256.get(..12).unwrap_or(&access.sha256);
    match access.expires_at {
        Some(until) => format!("{kind} {digest} until {}", moment(until)),
        None => format!("{kind} {digest}"),
    }
}

fn word(kind: AccessKind) -> &'static str {
    match kind {
        AccessKind::Token => "token",
        AccessKind::Certificate => "certificate",
    }
}

fn about(app: &App) -> Value {
    json!({
        "id": app.id,
        "name": app.name.as_str(),
        "return_urls": app.return_urls.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "created_at": moment(app.created_at),
        "disabled_at": app.disabled_at.map(moment),
    })
}

fn described(app: &AppWithAccess) -> Value {
    let mut answer = about(&app.app);
    let access: Value = app
        .access
        .iter()
        .map(|access| {
            json!({
                "kind": word(access.kind),
                "sha256": access.sha256,
                "created_at": moment(access.created_at),
                "expires_at": access.expires_at.map(moment),
            })
        })
        .collect();
    if let Some(fields) = answer.as_object_mut() {
        fields.insert("access".to_owned(), access);
    }
    answer
}
