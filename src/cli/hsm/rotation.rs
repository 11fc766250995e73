//! `rubrica hsm rotate-kek`: tells how far it is, and in the end what is left to do.

use std::path::Path;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use crate::auth::op::ManageHsm;
use crate::cli::Ending;
use crate::cli::office::Office;
use crate::cli::output::{self, Style};
use crate::service::keks::Rotation;

#[derive(Debug, Args)]
pub(in crate::cli) struct RotateKek {
    /// Answer in JSON, for programs.
    #[arg(long)]
    json: bool,
}

pub(super) fn rotate(arguments: &RotateKek, file: Option<&Path>) -> anyhow::Result<Ending> {
    let office = Office::open(file)?;
    let authorized = office.authorize(ManageHsm);
    let bar = bar();
    let rotated = office
        .service
        .rotate_kek(&authorized, &mut |rotation| show(&bar, rotation));
    bar.finish_and_clear();
    let rotation = rotated.map_err(|error| {
        anyhow::Error::from(error).context(
            "the rotation stopped; what was re-wrapped stays so, and the same command goes on from there",
        )
    })?;
    for failed in &rotation.failed {
        output::remark(&format!(
            "wrapping key {} of {} credentials stays under KEK version {}: {}",
            failed.id, failed.credentials, failed.kek, failed.reason
        ));
    }
    for (kek, credentials) in &rotation.left {
        output::remark(&format!(
            "{credentials} credentials stay under KEK version {kek}, which wraps their keys itself (hsm.session_keys = \
             \"wrap-with-trusted\") and must stay on the token for them. They sign as before; `rubrica credential issue` \
             for their citizens puts new ones under the newest KEK, once the security officer trusts it"
        ));
    }
    let style = Style::from_flag(arguments.json);
    output::answer(style, &described(&rotation), |facts| {
        let mut short = facts.clone();
        if let Some(members) = short.as_object_mut() {
            // They stand on the standard error output already.
            members.remove("failed");
            members.remove("left");
        }
        output::facts(&short)
    })?;
    Ok(if rotation.failed.is_empty() {
        Ending::Well
    } else {
        Ending::Badly
    })
}

/// On a terminal the bar; elsewhere a line for each wrapping key, of which there are few.
fn show(bar: &ProgressBar, rotation: &Rotation) {
    let words = format!(
        "KEK version {}: {} of {} wrapping keys, {} of {} credentials",
        rotation.to,
        rotation.wrapping_keys_done,
        rotation.wrapping_keys,
        rotation.credentials_done,
        rotation.credentials
    );
    if bar.is_hidden() {
        output::remark(&words);
        return;
    }
    bar.set_length(rotation.wrapping_keys);
    bar.set_position(rotation.wrapping_keys_done);
    bar.set_message(words);
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    // A template that could not be read would leave the usual look.
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {percent:>3} %  {msg}") {
        bar.set_style(style);
    }
    bar
}

fn described(rotation: &Rotation) -> Value {
    let failed: Value = rotation
        .failed
        .iter()
        .map(|failed| {
            json!({
                "wrapping_key": failed.id,
                "kek_version": failed.kek.0,
                "credentials": failed.credentials,
                "reason": failed.reason,
            })
        })
        .collect();
    let left: Value = rotation
        .left
        .iter()
        .map(|(kek, credentials)| json!({"kek_version": kek.0, "credentials": credentials}))
        .collect();
    json!({
        "kek_version": rotation.to.0,
        "wrapping_keys": rotation.wrapping_keys_done,
        "credentials": rotation.credentials_done,
        "failed": failed,
        "left": left,
    })
}
