//! `rubrica ca`: the built-in authorities.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::office::Office;
use super::output::{self, PublicFile, Style, moment};
use super::{Ending, arguments};
use crate::auth::op::ManageAuthorities;
use crate::domain::authority::AuthorityRole;
use crate::service::authorities::{AuthorityView, Publication};

/// What to do with the authorities.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make the root and the issuing authority with keys in the HSM; what is there already stays.
    Init(Show),
    /// Show the authorities.
    Show(Show),
    /// Issue the revocation lists anew, or write one to a file.
    Crl(Crl),
}

#[derive(Debug, Args)]
pub(super) struct Show {
    /// Write the certificates to this file in PEM, the issuing authority's first.
    #[arg(long, value_name = "FILE")]
    certificates: Option<PathBuf>,
    /// Answer in JSON, for programs.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Crl {
    /// Write the present list of this authority to `--output`, without issuing a new one.
    #[arg(long, value_name = "AUTHORITY", requires = "output", value_parser = arguments::named(AuthorityRole::ALL, AuthorityRole::as_str))]
    of: Option<AuthorityRole>,
    /// Where to write it, in DER.
    #[arg(long, short, value_name = "FILE", requires = "of")]
    output: Option<PathBuf>,
}

pub(super) fn run(command: &Command, file: Option<&Path>) -> anyhow::Result<Ending> {
    let office = Office::open(file)?;
    let authorized = office.authorize(ManageAuthorities);
    match command {
        Command::Init(arguments) => {
            let file = PublicFile::open_named(arguments.certificates.as_ref())?;
            let views = output::working("making the authorities", || {
                office.service.init_authorities(&authorized)
            })?;
            show(arguments, &views, file)?;
        }
        Command::Show(arguments) => {
            let views = office.service.authorities(&authorized)?;
            if views.is_empty() {
                bail!(
                    "there is no authority; make root and issuing authority with: rubrica ca init"
                );
            }
            let file = PublicFile::open_named(arguments.certificates.as_ref())?;
            show(arguments, &views, file)?;
        }
        Command::Crl(arguments) => lists(arguments, &office)?,
    }
    Ok(Ending::Well)
}

fn lists(arguments: &Crl, office: &Office) -> anyhow::Result<()> {
    if let (Some(role), Some(path)) = (arguments.of, &arguments.output) {
        let list = office
            .service
            .publication(Publication::RevocationList(role))?
            .context(
                "there is no revocation list yet; make the authorities with: rubrica ca init",
            )?;
        return PublicFile::open(path)?.write(&list);
    }
    let authorized = office.authorize(ManageAuthorities);
    let views = output::working("signing the lists", || {
        office.service.publish_lists(&authorized)
    })?;
    if views.is_empty() {
        bail!("there is no authority; make root and issuing authority with: rubrica ca init");
    }
    for view in views {
        let next = view.next_list.map_or_else(|| "unknown".to_owned(), moment);
        output::remark(&format!("{}: a new list, good until {next}", view.role));
    }
    Ok(())
}

fn show(
    arguments: &Show,
    views: &[AuthorityView],
    certificates: Option<PublicFile>,
) -> anyhow::Result<()> {
    if let Some(file) = certificates {
        let chain: String = views
            .iter()
            .rev()
            .map(|view| view.certificate.as_str())
            .collect();
        file.write(chain.as_bytes())?;
    }
    match Style::from_flag(arguments.json) {
        Style::Json => output::json(&views.iter().map(described).collect::<Value>()),
        Style::Table => {
            let sheets: Vec<_> = views
                .iter()
                .map(|view| {
                    let next = view.next_list.map_or_else(|| "none yet".to_owned(), moment);
                    format!(
                        "{}\n  name              {}\n  valid until       {}\n  next list before  {next}\n",
                        view.role,
                        view.name,
                        moment(view.not_after)
                    )
                })
                .collect();
            Ok(output::text(&sheets.concat())?)
        }
    }
}

fn described(view: &AuthorityView) -> Value {
    json!({
        "role": view.role.as_str(),
        "name": view.name,
        "certificate": view.certificate,
        "not_after": moment(view.not_after),
        "next_list": view.next_list.map(moment),
    })
}
