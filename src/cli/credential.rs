//! `rubrica credential`: the citizens' signing keys and their certificates.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::office::Office;
use super::output::{self, PublicFile, Style, Table, moment};
use super::terminal::Consent;
use super::{Ending, arguments};
use crate::auth::op::ManageCredentials;
use crate::domain::algorithm::KeyAlgorithm;
use crate::domain::id::CredentialId;
use crate::domain::identifier::NationalId;
use crate::domain::revocation::RevocationReason;
use crate::service::credentials::{CredentialView, Earlier};

mod lines;
mod many;
mod progress;

/// What to do with the credentials.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a key for a citizen and certify it with the built-in authority.
    Issue(Issue),
    /// List a citizen's credentials, the newest first.
    List(List),
    /// Show one credential.
    Show(Show),
    /// End a credential for good: its key is deleted and its certificate goes on the revocation list.
    Revoke(Revoke),
    /// Make a key for a citizen and a request (PKCS#10) for its certificate, for an authority outside.
    Request(Request),
    /// Give a requested credential the certificate that an authority outside issued.
    Import(Import),
}

#[derive(Debug, Args)]
pub(super) struct Issue {
    /// The citizen's DNI or NIE.
    #[arg(value_name = "DNI", required_unless_present = "from")]
    signer: Option<NationalId>,
    /// Kind of key.
    #[arg(long, default_value = "rsa-3072", value_parser = arguments::named(KeyAlgorithm::ALL, KeyAlgorithm::as_str))]
    key: KeyAlgorithm,
    /// Do it for each citizen in this file of comma-separated values; `-` stands for the standard input.
    ///
    /// The first line names the columns: `dni`, and where wished `key` and `keep_earlier` (yes or no), which go before
    /// the options of that name. A citizen with a valid credential is passed over, so after an interruption the same
    /// command goes on where it was. A line that fails is told with its number and keeps no other from its turn; the
    /// exit status is 1 then. As many keys are made at once as `hsm.sessions` allows. Where there is no terminal for a bar, a
    /// line every half minute tells how far it is.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["signer", "output"])]
    from: Option<PathBuf>,
    /// Leave earlier credentials as they are; without it they are revoked as superseded.
    #[arg(long)]
    keep_earlier: bool,
    /// Write the certificate and those above it to this file, in PEM.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Answer in JSON, for programs.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct New {
    /// The citizen's DNI or NIE.
    #[arg(value_name = "DNI")]
    signer: NationalId,
    /// Kind of key.
    #[arg(long, default_value = "rsa-3072", value_parser = arguments::named(KeyAlgorithm::ALL, KeyAlgorithm::as_str))]
    key: KeyAlgorithm,
}

#[derive(Debug, Args)]
pub(super) struct List {
    /// The citizen's DNI or NIE.
    #[arg(value_name = "DNI")]
    signer: NationalId,
    /// Answer in JSON, for programs.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Show {
    /// The credential.
    #[arg(value_name = "ID")]
    id: CredentialId,
    /// Write the certificate and those above it to this file, in PEM; while there is none, the request for it.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Answer in JSON, for programs.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Revoke {
    /// The credential.
    #[arg(value_name = "ID")]
    id: CredentialId,
    /// Why (RFC 5280 section 5.3.1); it stands on the revocation list.
    #[arg(long, value_parser = arguments::named(RevocationReason::ALL, RevocationReason::as_str))]
    reason: RevocationReason,
    /// Do not ask whether it is meant.
    #[arg(long)]
    yes: bool,
}

#[derive(Debug, Args)]
pub(super) struct Request {
    #[command(flatten)]
    new: New,
    /// Write the request to this file, in PEM; without it, to the standard output.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct Import {
    /// The credential that was requested.
    #[arg(value_name = "ID")]
    id: CredentialId,
    /// PEM file with the citizen's certificate, then those above it; `-` stands for the standard input.
    #[arg(value_name = "FILE")]
    chain: PathBuf,
    /// Answer in JSON, for programs.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(command: &Command, file: Option<&Path>) -> anyhow::Result<Ending> {
    match command {
        Command::Issue(arguments) => return issue(arguments, file),
        Command::List(arguments) => list(arguments, file)?,
        Command::Show(arguments) => {
            let office = Office::open(file)?;
            let authorized = office.authorize(ManageCredentials);
            let found = office.service.credential(&authorized, arguments.id)?;
            if let Some(path) = &arguments.output {
                PublicFile::open(path)?.write(in_pem(&found)?.as_bytes())?;
            }
            show(&found, arguments.json)?;
        }
        Command::Revoke(arguments) => {
            Consent::from_flag(arguments.yes)
                .obtain("This deletes the citizen's signing key for good.")?;
            let office = Office::open(file)?;
            let authorized = office.authorize(ManageCredentials);
            office
                .service
                .revoke_credential(&authorized, arguments.id, arguments.reason)?;
            output::remark("the credential is revoked; it can never sign again");
        }
        Command::Request(arguments) => request(arguments, file)?,
        Command::Import(arguments) => {
            let chain = read(&arguments.chain)?;
            let office = Office::open(file)?;
            let authorized = office.authorize(ManageCredentials);
            let imported = office
                .service
                .import_credential(&authorized, arguments.id, &chain)?;
            show(&imported, arguments.json)?;
        }
    }
    Ok(Ending::Well)
}

fn issue(arguments: &Issue, file: Option<&Path>) -> anyhow::Result<Ending> {
    let office = Office::open(file)?;
    let earlier = if arguments.keep_earlier {
        Earlier::Keep
    } else {
        Earlier::Revoke
    };
    if let Some(from) = &arguments.from {
        let otherwise = many::Otherwise {
            key: arguments.key,
            earlier,
        };
        return many::issue(&office, from, otherwise, Style::from_flag(arguments.json));
    }
    let signer = arguments.signer.as_ref().context("nobody is named")?;
    let authorized = office.authorize(ManageCredentials);
    let file = PublicFile::open_named(arguments.output.as_ref())?;
    let made = output::working("making the key", || {
        office
            .service
            .issue_credential(&authorized, signer, arguments.key, earlier)
    })?;
    if let Some(file) = file {
        file.write(in_pem(&made)?.as_bytes())
            .with_context(|| made_all_the_same(made.id))?;
    }
    show(&made, arguments.json)?;
    Ok(Ending::Well)
}

fn list(arguments: &List, file: Option<&Path>) -> anyhow::Result<()> {
    let office = Office::open(file)?;
    let authorized = office.authorize(ManageCredentials);
    let found = office.service.credentials(&authorized, &arguments.signer)?;
    match Style::from_flag(arguments.json) {
        Style::Json => output::json(&found.iter().map(described).collect::<Value>()),
        Style::Table => {
            let mut table = Table::new(["ID", "STATE", "KEY", "ISSUER", "VALID UNTIL"]);
            for credential in &found {
                let until = credential
                    .certificate
                    .as_ref()
                    .map(|certificate| moment(certificate.not_after));
                table.row([
                    credential.id.to_string(),
                    credential.state.to_string(),
                    credential.key.to_string(),
                    credential.issuer.to_string(),
                    until.unwrap_or_default(),
                ]);
            }
            Ok(output::text(&table.render())?)
        }
    }
}

fn request(arguments: &Request, file: Option<&Path>) -> anyhow::Result<()> {
    let office = Office::open(file)?;
    let New { signer, key } = &arguments.new;
    let authorized = office.authorize(ManageCredentials);
    let file = PublicFile::open_named(arguments.output.as_ref())?;
    let made = output::working("making the key", || {
        office.service.request_credential(&authorized, signer, *key)
    })?;
    let request = in_pem(&made)?;
    match file {
        Some(file) => file.write(request.as_bytes()),
        None => Ok(output::text(request)?),
    }
    .with_context(|| made_all_the_same(made.id))?;
    output::remark(&format!(
        "credential {}: import its certificate with: rubrica credential import {} FILE",
        made.id, made.id
    ));
    Ok(())
}

/// The certificate and those above it, or the request for it while there is none.
fn in_pem(credential: &CredentialView) -> anyhow::Result<&str> {
    let certificate = credential.certificate.as_ref();
    certificate
        .map(|certificate| certificate.chain.as_str())
        .or(credential.request.as_deref())
        .context("the credential has neither a certificate nor a request")
}

/// So that nobody makes another one for want of a file.
fn made_all_the_same(id: CredentialId) -> String {
    format!("credential {id} was made; get it with: rubrica credential show {id} --output FILE")
}

fn show(credential: &CredentialView, json: bool) -> anyhow::Result<()> {
    let value = described(credential);
    output::answer(Style::from_flag(json), &value, |value| {
        // In PEM they are for files and programs.
        let mut short = value.clone();
        if let Some(members) = short.as_object_mut() {
            members.remove("chain");
            members.remove("request");
        }
        output::facts(&short)
    })
}

fn described(credential: &CredentialView) -> Value {
    let certificate = credential.certificate.as_ref();
    let revocation = credential.revocation.as_ref();
    json!({
        "id": credential.id,
        "state": credential.state.as_str(),
        "key": credential.key.as_str(),
        "kek_version": credential.kek_version.0,
        "wrapping_key": credential.wrapping_key.map(|key| key.to_string()),
        "issuer": credential.issuer.as_str(),
        "created_at": moment(credential.created_at),
        "serial": certificate.map(|certificate| &certificate.serial),
        "not_before": certificate.map(|certificate| moment(certificate.not_before)),
        "not_after": certificate.map(|certificate| moment(certificate.not_after)),
        "revoked_at": revocation.map(|revocation| moment(revocation.at)),
        "revocation_reason": revocation.map(|revocation| revocation.reason.as_str()),
        "chain": certificate.map(|certificate| &certificate.chain),
        "request": credential.request,
    })
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut content = Vec::new();
    if path == Path::new("-") {
        io::stdin().lock().read_to_end(&mut content)?;
    } else {
        content = fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    }
    Ok(content)
}
