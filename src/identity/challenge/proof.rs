//! What a browser's key proves about a challenge: the code's MAC, and the seal of what waits.

use zeroize::Zeroizing;

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
    let parts = identity_of(challenge);
    let which = sms_count.to_be_bytes();
    let parts: Vec<&[u8]> = parts
        .iter()
        .map(Vec::as_slice)
        .chain([which.as_slice(), code.expose().as_bytes()])
        .collect();
    let context = Zeroizing::new(sealing::context("rubrica challenge code 1", &parts));
    key.mac(&context)
}

pub(super) fn secret_context(challenge: &Challenge) -> Vec<u8> {
    let parts = identity_of(challenge);
    let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    sealing::context("rubrica challenge secret 1", &parts)
}

/// What a code and a waiting secret belong to.
fn identity_of(challenge: &Challenge) -> [Vec<u8>; 5] {
    [
        challenge.id.as_bytes().to_vec(),
        challenge.signer.as_bytes().to_vec(),
        challenge.purpose.name().as_bytes().to_vec(),
        challenge
            .purpose
            .request()
            .map(|request| request.as_bytes().to_vec())
            .unwrap_or_default(),
        challenge.binding.to_vec(),
    ]
}
