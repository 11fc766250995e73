//! What the token says of itself, for readiness, `rubrica doctor` and tests.

use cryptoki::mechanism::MechanismType;
use cryptoki::object::Attribute;
use cryptoki::slot::{Limit, TokenInfo};

use super::call::Call;
use super::connection::Connection;
use super::error::{During, HsmError, Operation};
use super::settings::Settings;
use super::wrap;

/// The token as found, logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenStatus {
    /// Who made it.
    pub manufacturer: String,
    /// Which model; empty when the token's information cannot be read.
    pub model: String,
    /// The label it was initialised with; empty when it cannot be read.
    pub label: String,
    /// Its serial number; empty when it cannot be read.
    pub serial: String,
    /// The firmware's version.
    pub firmware: String,
    /// The mechanisms that are used, each with whether the token has it.
    pub mechanisms: Vec<MechanismStatus>,
    /// Sessions open now, as far as the token tells.
    pub sessions_open: Option<u64>,
    /// Most sessions it allows; `None` when there is no limit or it does not tell.
    pub sessions_limit: Option<u64>,
}

/// A mechanism that is used here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MechanismStatus {
    /// Its name in PKCS#11.
    pub name: String,
    /// What it is used for.
    pub purpose: &'static str,
    /// Whether the token has it.
    pub presence: Presence,
}

/// Whether the token has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// It has.
    Present,
    /// It has not.
    Missing,
}

/// How many objects the token shows to this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObjectCount {
    /// Token objects: they stay.
    pub token: usize,
    /// Session objects of this process: they should come and go.
    pub session: usize,
}

impl TokenStatus {
    /// The mechanisms that are needed and not there.
    pub fn missing(&self) -> impl Iterator<Item = &MechanismStatus> {
        self.mechanisms
            .iter()
            .filter(|mechanism| mechanism.presence == Presence::Missing)
    }
}

/// Asks the token.
pub(super) fn status(
    connection: &Connection,
    settings: &Settings,
    call: &Call,
) -> Result<TokenStatus, HsmError> {
    call.step(Operation::Inspect)?;
    let pkcs11 = &connection.lease.pkcs11;
    let slot = pkcs11
        .get_slot_info(connection.slot)
        .during(Operation::Inspect)?;
    let list = pkcs11
        .get_mechanism_list(connection.slot)
        .during(Operation::Inspect)?;
    // What is lost must show here, not only at the next signature.
    call.step(Operation::Find)?;
    connection.check_whole()?;
    let mechanisms = needed(settings)
        .into_iter()
        .map(|(kind, purpose)| MechanismStatus {
            name: kind.to_string(),
            purpose,
            presence: if list.contains(&kind) {
                Presence::Present
            } else {
                Presence::Missing
            },
        })
        .collect();
    // Some tokens have a clock that the library cannot parse; the slot then speaks for them.
    let token = pkcs11.get_token_info(connection.slot).ok();
    let text =
        |read: fn(&TokenInfo) -> &str| token.as_ref().map(read).unwrap_or_default().to_owned();
    Ok(TokenStatus {
        // Padded to 32 bytes; not every module pads with spaces alone.
        manufacturer: slot
            .manufacturer_id()
            .trim_end_matches([' ', '\0'])
            .to_owned(),
        model: text(|token| token.model()),
        label: text(|token| token.label()),
        serial: text(|token| token.serial_number()),
        firmware: token
            .as_ref()
            .map_or_else(|| slot.firmware_version(), TokenInfo::firmware_version)
            .to_string(),
        mechanisms,
        sessions_open: token.as_ref().and_then(TokenInfo::session_count),
        sessions_limit: token
            .as_ref()
            .and_then(|token| match token.max_session_count() {
                Limit::Max(most) => Some(most),
                Limit::Unavailable | Limit::Infinite => None,
            }),
    })
}

/// Counts objects. Slow on a full token; not for every request.
pub(super) fn object_count(connection: &Connection, call: &Call) -> Result<ObjectCount, HsmError> {
    let count = |on_token| -> Result<usize, HsmError> {
        call.step(Operation::Find)?;
        Ok(connection
            .session
            .find_objects(&[Attribute::Token(on_token)])
            .during(Operation::Find)?
            .len())
    };
    Ok(ObjectCount {
        token: count(true)?,
        session: count(false)?,
    })
}

fn needed(settings: &Settings) -> Vec<(MechanismType, &'static str)> {
    let mut needed = vec![
        (MechanismType::AES_KEY_GEN, "making KEKs"),
        (MechanismType::RSA_PKCS_KEY_PAIR_GEN, "making RSA keys"),
        (
            MechanismType::ECC_KEY_PAIR_GEN,
            "making P-256 and P-384 keys",
        ),
        (MechanismType::RSA_PKCS, "PKCS#1 v1.5 signatures"),
        (MechanismType::RSA_PKCS_PSS, "RSA-PSS signatures"),
        (MechanismType::ECDSA, "ECDSA signatures"),
    ];
    needed.extend(wrap::mechanism_type(settings.wrap).map(|kind| (kind, "wrapping signer keys")));
    needed
}
