//! Short messages to phones: into a folder, or to a gateway over HTTP.
//!
//! A message may carry a code, so its text is a secret: it goes to the phone, or into a file only the owner can
//! read, and nowhere else. Nothing is queued here: the caller waits, within bounded time, and learns what became of
//! the message. Keeping messages for later would keep codes in clear.

use time::OffsetDateTime;

use crate::clock::Ambient;
use crate::domain::phone::Phone;
use crate::domain::secret::SecretText;

mod gateway;
mod outbox;
mod template;

pub use gateway::{
    Gateway, GatewayHeader, GatewayMethod, GatewayRoots, GatewaySettings, InvalidGateway,
};
pub use outbox::{Outbox, OutboxError};
pub use template::{BodyTemplate, InvalidTemplate};

/// A message for one phone.
#[derive(Debug, Clone)]
pub struct Sms {
    /// Where it goes.
    pub to: Phone,
    /// What it says.
    pub text: SecretText,
}

/// How messages leave. Holds what is checked: building one from a configuration is where mistakes are found.
#[derive(Debug, Clone)]
pub enum Settings {
    /// Into a folder, one file for each message: for demonstrations, tests, and programs that fetch them there.
    Outbox(Outbox),
    /// To a gateway.
    Http(Box<GatewaySettings>),
}

/// Why a message did not go out. Says nothing of its text.
#[derive(Debug, thiserror::Error)]
pub enum SmsError {
    /// The gateway answered that it will not send it; the same message again would be refused again.
    #[error("the SMS gateway refused the message with status {status}")]
    Refused {
        /// Its HTTP status.
        status: u16,
    },
    /// The gateway gave no usable answer, at any attempt. Trying again later may succeed.
    #[error("the SMS gateway was not reached in {attempts} attempts")]
    Unreachable {
        /// How many attempts were made.
        attempts: u32,
        /// What went wrong at the last one.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The file could not be written.
    #[error(transparent)]
    Outbox(#[from] OutboxError),
}

/// Sends messages. Clones share connections.
#[derive(Clone)]
pub struct Notify {
    ambient: Ambient,
    way: Way,
}

#[derive(Clone)]
enum Way {
    Outbox(Outbox),
    Http(Gateway),
}

impl Notify {
    /// Ready to send; connects when first used.
    pub fn new(settings: Settings, ambient: Ambient) -> Self {
        let way = match settings {
            Settings::Outbox(outbox) => Way::Outbox(outbox),
            Settings::Http(settings) => Way::Http(Gateway::new(*settings)),
        };
        Self { ambient, way }
    }

    /// Sends a message. It is on its way when this returns without an error; that it arrives nobody can promise.
    /// After a time-out it may go out twice, with the same text.
    pub fn send(&self, sms: &Sms) -> Result<(), SmsError> {
        let outcome = match &self.way {
            Way::Outbox(outbox) => {
                let at: OffsetDateTime = self.ambient.now();
                outbox
                    .put(sms, at, self.ambient.random())
                    .map_err(SmsError::from)
            }
            Way::Http(gateway) => gateway.send(sms),
        };
        let word = match &outcome {
            Ok(()) => "sent",
            Err(SmsError::Refused { .. }) => "refused",
            Err(SmsError::Unreachable { .. } | SmsError::Outbox(_)) => "failed",
        };
        metrics::counter!("rubrica_sms_total", "outcome" => word).increment(1);
        match &outcome {
            Ok(()) => tracing::info!(to = %sms.to, "a message was handed over"),
            Err(error) => {
                let source = std::error::Error::source(error).map(ToString::to_string);
                tracing::warn!(to = %sms.to, %error, source, "a message could not be sent");
            }
        }
        outcome
    }
}
