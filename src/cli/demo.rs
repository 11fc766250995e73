//! `rubrica demo`: everything set up and the main job done once, for real, on this machine.
//!
//! A server of its own answers over HTTPS on loopback. What an administrator does, the demo does with the same use
//! cases as the other commands; what an app does, it does over the REST API; what a citizen does, it does with a
//! browser on the citizen's pages, reading SMS codes from the outbox. Nothing is skipped or pretended. Start reading at
//! [`run`].

use std::path::{Path, PathBuf};

use clap::Args;

use super::Ending;
use super::arguments::named;
use super::output::{self, Style};
use crate::domain::algorithm::{DigestAlgorithm, KeyAlgorithm, Padding};
use crate::domain::document::{Format, Packaging};

mod app;
mod browser;
mod citizen;
mod database;
mod documents;
mod form;
mod made;
mod names;
mod outbox;
mod place;
mod report;
mod sample;
mod scene;
mod steps;
mod target;
mod wire;

use app::Asked;
use browser::Browser;
use database::Database;
use documents::Document;
use outbox::Outbox;
use place::{Place, Ports, Project};
use report::Report;
use scene::Scene;
use steps::Steps;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A file to sign; may be given several times, all are signed as one request. Without it, a PDF and an XML file
    /// made for the purpose.
    #[arg(long, value_name = "FILE")]
    document: Vec<PathBuf>,
    /// Signature format. Without it, PAdES for PDFs and CAdES for everything else.
    #[arg(long, value_parser = named(Format::ALL, Format::as_str))]
    format: Option<Format>,
    /// Whether a CAdES signature holds the document or stands beside it.
    #[arg(long, default_value = "enveloping", value_parser = named(Packaging::ALL, Packaging::as_str))]
    packaging: Packaging,
    /// Kind of the citizen's key.
    #[arg(long, default_value = "rsa-3072", value_parser = named(KeyAlgorithm::ALL, KeyAlgorithm::as_str))]
    key: KeyAlgorithm,
    /// Padding of the signature. Without it, the usual one for the key.
    #[arg(long, value_parser = named(Padding::ALL, Padding::as_str))]
    padding: Option<Padding>,
    /// Digest that is signed. Without it, the usual one for the key.
    #[arg(long, value_parser = named(DigestAlgorithm::ALL, DigestAlgorithm::as_str))]
    digest: Option<DigestAlgorithm>,
    /// Where the signed files go, with ca.pem (the trust anchor), chain.pem, and the server's data in server/. Only what
    /// an earlier demo wrote there is written over.
    #[arg(long, value_name = "DIR", default_value = "demo")]
    out: PathBuf,
    /// Vendor profile of the HSM, one of hsm-config/: the tables [hsm] and [journal] of a configuration,
    /// with paths as from the present folder. Without it, the token that ./SoftHSM-setup.sh makes there.
    #[arg(long, value_name = "FILE")]
    hsm: Option<PathBuf>,
    /// Answer in JSON, for programs.
    #[arg(long, conflicts_with = "serve")]
    json: bool,
    /// Set everything up, leave the server running, and print what a person needs to approve a request in a browser.
    #[arg(long, conflicts_with = "document")]
    serve: bool,
}

pub(super) fn run(arguments: &Arguments, file: Option<&Path>) -> anyhow::Result<Ending> {
    // The process may start anew here, so nothing is done before.
    let project = Project::find(arguments.hsm.as_deref())?;
    let database = Database::named(file)?;
    if let Database::Postgres { url, .. } = &database {
        output::remark(&format!("the demo's data go to {url}"));
    }
    let mut steps = Steps::new();
    let ports = if arguments.serve {
        Ports::Usual
    } else {
        Ports::Free
    };
    documents::refuse_own(&arguments.document, &arguments.out)?;
    let place = project.place(&arguments.out, ports, &database, arguments.key)?;
    let documents = documents::gather(&arguments.document, &place)?;
    let scene = Scene::set(&place, arguments.key, &mut steps)?;
    let asked = Asked {
        format: arguments.format,
        packaging: arguments.packaging,
        padding: arguments.padding,
        digest: arguments.digest,
    };
    if arguments.serve {
        steps.finish();
        return scene.serve(&place, documents, asked);
    }

    let report = sign(&scene, &place, documents, asked, steps);
    let report = scene.end(report)?;
    match Style::from_flag(arguments.json) {
        Style::Json => output::json(&report.described())?,
        Style::Table => output::text(&report.told())?,
    }
    Ok(if report.all_signed() {
        Ending::Well
    } else {
        Ending::Badly
    })
}

/// The main job: an app asks, the citizen approves, the app fetches.
fn sign<'a>(
    scene: &Scene,
    place: &'a Place,
    documents: Vec<Document>,
    asked: Asked,
    mut steps: Steps,
) -> anyhow::Result<Report<'a>> {
    let client = app::Client::new(scene, place)?;
    let originals = app::originals(&documents);
    let posted = steps.time("the app posts the documents as one request", || {
        client.post(&scene.citizen, documents, asked, place)
    })?;
    let mut outcomes = posted.refused;
    if let Some(request) = posted.request {
        let browser = Browser::new(&place.certificate())?;
        let mut outbox = Outbox::new(&place.outbox(), scene.code_digits)?;
        let page = steps.time("the citizen opens the page and gives the password", || {
            scene.citizen.identify(&browser, &request.approval_url)
        })?;
        let code = steps.time("the SMS code arrives", || outbox.next_code())?;
        steps.time("the citizen gives the code, and the server signs", || {
            citizen::confirm(&browser, &page, &code)
        })?;
        outcomes.extend(steps.time("the app fetches the signed documents", || {
            client.fetch(request, place, &originals)
        })?);
    }
    outcomes.sort_by_key(|outcome| outcome.position);
    Ok(Report::new(place, outcomes, steps.finish()))
}
