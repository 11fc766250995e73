//! The receipt of a registration act, in the citizen's language: the one place where an activation code is written.

use crate::cli::office::Office;
use crate::cli::output;
use crate::cli::terminal::Destination;
use crate::domain::challenge::SmsState;
use crate::domain::secret::SecretText;
use crate::messages::{self, moment};
use crate::service::registration::Receipt;

/// Hands the receipt over, and tells what else came of the act.
pub(super) fn give(
    office: &Office,
    receipt: &Receipt,
    mut destination: Destination,
) -> anyhow::Result<()> {
    destination.give(&text(office, receipt))?;
    match destination.file() {
        Some(file) => output::remark(&format!(
            "the receipt is in {}: print it for the citizen and delete it",
            file.display()
        )),
        None => output::remark(
            "the activation code is shown this once: give the receipt to the citizen",
        ),
    }
    if receipt.revoked > 0 {
        output::remark(&format!(
            "{} credentials from before were revoked: their secret is gone",
            receipt.revoked
        ));
    }
    match receipt.welcome {
        SmsState::Refused | SmsState::Unreachable => {
            output::remark(
                "the message that welcomes the citizen could not be sent; check the phone number",
            );
        }
        SmsState::Pending | SmsState::Sent => {}
    }
    Ok(())
}

fn text(office: &Office, receipt: &Receipt) -> SecretText {
    let signer = &receipt.signer;
    let language = signer.language;
    let word = |id| messages::text(language, id, &[]);
    let address = office.page("account/activate");
    let rows = [
        (word("receipt-name"), signer.name.full()),
        (
            word("receipt-national-id"),
            signer.national_id.as_str().to_owned(),
        ),
        (
            word("receipt-date"),
            moment::date(language, signer.registered_at),
        ),
        (
            word("receipt-code"),
            receipt.activation_code.expose().to_owned(),
        ),
    ];
    let width = rows
        .iter()
        .map(|(name, _)| name.chars().count())
        .max()
        .unwrap_or(0);
    let rows: Vec<_> = rows
        .iter()
        .map(|(name, value)| format!("{name:<width$}  {value}"))
        .collect();
    let next = messages::text(language, "receipt-next", &[("address", (&address).into())]);
    let (title, keep) = (word("receipt-title"), word("receipt-keep"));
    SecretText::new(format!("{title}\n\n{}\n\n{next}\n{keep}", rows.join("\n")))
}
