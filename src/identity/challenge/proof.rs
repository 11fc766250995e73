//! What a browser's key proves about a challenge: the code's MAC, and the seal of what waits.

use zeroize::Zeroizing;

use crate::domain::canonical::Canonical;
use crate::domain::secret::SecretText;
use crate::identity::BrowserKey;
use crate::identity::sealing::{self, CipherRefused, Sealed};
use crate::store::challenges::Challenge;

/// What waits under the browser's key; `None` for a key of another browser.
pub(super) fn opened(
    key: &BrowserKey,
    challenge: &Challenge,
) -> Result<Option<Sealed>, CipherRefused> {
    let Some(sealed) = &challenge.sealed_secret else {
        return Ok(None);
    };
    Ok(sealing::open(
        &key.sealing_key()?,
        &secret_context(challenge),
        sealed,
    ))
}

pub(super) fn code_mac(
    key: &BrowserKey,
    challenge: &Challenge,
    sms_count: u32,
    code: &SecretText,
) -> Result<[u8; 32], CipherRefused> {
    let context = belonging("rubrica challenge code 1", challenge)
        .part(&sms_count.to_be_bytes())
        .part(code.expose().as_bytes())
        .finish();
    key.mac(&Zeroizing::new(context))
}

pub(super) fn secret_context(challenge: &Challenge) -> Vec<u8> {
    belonging("rubrica challenge secret 1", challenge).finish()
}

/// What a code and a waiting secret belong to.
fn belonging(purpose: &str, challenge: &Challenge) -> Canonical {
    let request = challenge.purpose.request();
    Canonical::new(purpose)
        .part(challenge.id.as_bytes())
        .part(challenge.signer.as_bytes())
        .part(challenge.purpose.name().as_bytes())
        .optional(
            request
                .as_ref()
                .map(|request| request.as_bytes().as_slice()),
        )
        .part(&challenge.binding)
}
