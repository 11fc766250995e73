//! A phone that another citizen has: whoever holds it must agree, by giving the code that is sent to it.

use crate::auth::op::RegisterSigner;
use crate::cli::office::Office;
use crate::cli::output;
use crate::cli::terminal::ask_secret;
use crate::domain::identifier::NationalId;
use crate::domain::phone::Phone;
use crate::service::registration::PhoneClaim;

/// The right to register a phone for a citizen.
pub(super) fn claim(office: &Office, id: &NationalId, phone: &Phone) -> anyhow::Result<PhoneClaim> {
    let authorized = office.authorize(RegisterSigner);
    let takeover = office
        .service
        .begin_phone_takeover(&authorized, id, phone)?;
    let Some(takeover) = takeover else {
        return Ok(PhoneClaim::Free);
    };
    output::remark(
        "another citizen has this phone; a code was sent to it. With the code, that citizen's account is left \
         without a phone until a new one is registered.",
    );
    let code = ask_secret(
        "the code sent to the phone",
        "take another phone, or run this at a terminal",
    )?;
    Ok(office
        .service
        .confirm_phone_takeover(&authorized, &takeover, &code)?)
}
