//! EU DSS, the one that names the baseline level.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::OnceLock;

use serde::Deserialize;

use super::worker::Worker;
use super::{Exhibit, Kind};
use crate::harness::foreign::installed;

/// What DSS says when the chain is good and there is no revocation data, which level B-B has no place for.
const WITHOUT_REVOCATION: [&str; 2] = [
    "The certificate validation is not conclusive!",
    "No revocation data found for the certificate!",
];

#[derive(Debug, Deserialize)]
struct Answer {
    failure: Option<String>,
    #[serde(default)]
    signatures: Vec<Signature>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Signature {
    format: String,
    indication: String,
    sub_indication: String,
    intact: bool,
    valid: bool,
    errors: Vec<String>,
    says: BTreeMap<String, String>,
}

/// What the signer chose to say beside the document, as DSS reads it in the last signature: what DSS calls it, and
/// the value.
pub(crate) fn said(exhibit: &Exhibit) -> BTreeMap<String, String> {
    let mut signatures = signatures(exhibit).unwrap();
    signatures.pop().unwrap().says
}

pub(super) fn judge(exhibit: &Exhibit) -> Result<(), String> {
    let found = signatures(exhibit)?;
    let (earlier, signatures): (Vec<_>, Vec<_>) =
        found.iter().partition(|signature| is_strangers(signature));
    if (signatures.len(), earlier.len()) != (exhibit.signatures, exhibit.earlier) {
        let (number, earlier) = (exhibit.signatures, exhibit.earlier);
        return Err(format!(
            "{number} signatures expected, and {earlier} of others: {found:?}"
        ));
    }
    let level = match exhibit.kind {
        Kind::Pades => "PAdES-BASELINE-B",
        Kind::Enveloping(_) | Kind::Detached(_) => "CAdES-BASELINE-B",
    };
    for signature in signatures {
        let verdict = (
            signature.indication.as_str(),
            signature.sub_indication.as_str(),
            signature.errors.as_slice(),
        );
        let conclusive = match verdict {
            ("TOTAL_PASSED", "null", []) => !exhibit.lists.is_empty(),
            ("INDETERMINATE", "CERTIFICATE_CHAIN_GENERAL_FAILURE", errors) => {
                exhibit.lists.is_empty() && errors == WITHOUT_REVOCATION
            }
            _ => false,
        };
        let good = signature.format == level && signature.intact && signature.valid && conclusive;
        if !good {
            return Err(format!("{signature:?}"));
        }
    }
    Ok(())
}

/// Whether it is good as far as can be told of somebody who is not trusted.
fn is_strangers(signature: &Signature) -> bool {
    signature.intact && signature.valid && signature.sub_indication == "NO_CERTIFICATE_CHAIN_FOUND"
}

fn signatures(exhibit: &Exhibit) -> Result<Vec<Signature>, String> {
    static WORKER: OnceLock<Worker> = OnceLock::new();
    let worker = WORKER.get_or_init(|| {
        let home = installed("dss");
        let mut java = Command::new("java");
        // Without the second compiler it is done in half the time.
        java.args(["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp"])
            .arg(format!("{0}/judge.jar:{0}/lib/*", home.display()))
            .arg("Judge");
        Worker::start(java)
    });
    let original = match &exhibit.kind {
        Kind::Detached(original) => original.display().to_string(),
        Kind::Enveloping(_) | Kind::Pades => String::new(),
    };
    let policy = exhibit
        .policy
        .as_ref()
        .map(|(id, text)| format!("{id}={}", text.display()));
    let mut fields = vec![
        exhibit.anchor.display().to_string(),
        exhibit.moment(),
        exhibit.file.display().to_string(),
        original,
        policy.unwrap_or_default(),
    ];
    fields.extend(exhibit.lists.iter().map(|list| list.display().to_string()));
    let question = fields.join("\t");
    let answer: Answer =
        serde_json::from_value(worker.ask(&question)?).map_err(|error| error.to_string())?;
    match answer.failure {
        Some(failure) => Err(failure),
        None => Ok(answer.signatures),
    }
}
