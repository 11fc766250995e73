//! `[sms]`

use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use super::reader::Reader;
use super::secret;
use super::section::{Section, section};
use super::setting::{HeaderText, Table};
use crate::domain::secret::SecretText;
use crate::notify::{
    BodyTemplate, GatewayHeader, GatewayMethod, GatewayRoots, GatewaySettings, InvalidGateway,
    Outbox, Settings,
};

section! {
    /// How SMS codes reach the citizens' phones.
    RawSms "sms" {
        /// Address of a gateway that takes JSON. Without it, messages go to the folder below. What stands in its query
        /// is never shown.
        url: Url = optional r#""https://sms.example/v1/messages""#,
        /// A folder that messages are written to, one file for each: for trying out, or for another program to send.
        outbox: PathBuf = default r#""data/outbox""#,
        /// "POST" or "PUT".
        method: String = default r#""POST""#,
        /// The call's body. {to} is the phone (+34600123456), {to_digits} the same without the plus sign, {text} the
        /// message; each stands within a JSON string. `config check` shows the rest: a key that the gateway asks for
        /// belongs in secret_headers.
        body: String = default r#"'{"to": "{to}", "text": "{text}"}'"#,
        /// Headers of every call.
        headers: Table<HeaderText> = default "{}",
        /// Headers whose value is a secret, each with the file that holds it, such as
        /// { Authorization = "secrets/sms-authorization" }.
        secret_headers: Table<PathBuf> = default "{}",
        /// PEM file of the authorities of the gateway's certificate; without it, the public ones.
        authorities: PathBuf = optional r#""certs/sms-ca.pem""#,
        /// How often a message is tried. The citizen waits meanwhile.
        attempts: u8 = default "3",
        /// Longest single attempt.
        timeout: Duration = default r#""4 s""#,
        /// Pause before the second attempt; it doubles before each further one.
        pause: Duration = default r#""250 ms""#,
    }
}

/// A header with one of these in its name holds a secret.
const SECRET_HEADERS: [&str; 6] = ["auth", "cookie", "key", "token", "secret", "password"];

pub(super) fn read(reader: &mut Reader<'_>) -> Option<Settings> {
    let raw = RawSms::read(reader)?;
    let keyed = |url: &Url| url.query().is_some() || url.password().is_some();
    if raw.url.as_ref().is_some_and(keyed) {
        let held = "what may be a key of the SMS gateway";
        let instead = "send the key as a header, by secret_headers";
        reader.warn_if_public("sms", "url", held, instead);
    }
    let Some(address) = raw.url.clone() else {
        return Some(Settings::Outbox(Outbox::new(raw.outbox)));
    };
    match gateway(raw, address) {
        Ok(gateway) => Some(Settings::Http(Box::new(gateway))),
        Err((key, detail)) => {
            reader.unworkable("sms", key, detail);
            None
        }
    }
}

/// What is wrong, and with which key.
type Fault = (&'static str, String);

fn gateway(raw: RawSms, address: Url) -> Result<GatewaySettings, Fault> {
    let body = BodyTemplate::new(raw.body).map_err(|error| ("body", error.to_string()))?;
    let mut headers = Vec::new();
    for (name, HeaderText(value)) in raw.headers {
        let lower = name.to_ascii_lowercase();
        if SECRET_HEADERS.iter().any(|word| lower.contains(word)) {
            let detail = format!("{name} holds a secret; name a file with it in secret_headers");
            return Err(("headers", detail));
        }
        headers.push(header("headers", &name, &SecretText::new(value))?);
    }
    for (name, path) in raw.secret_headers {
        let unusable = |error: secret::SecretFileError| {
            ("secret_headers", format!("{}: {error}", path.display()))
        };
        let (value, _) = secret::read(&path).map_err(unusable)?;
        headers.push(header("secret_headers", &name, &value)?);
    }
    let roots = match raw.authorities {
        None => GatewayRoots::Public,
        Some(path) => {
            let pem = std::fs::read(&path)
                .map_err(|error| ("authorities", format!("{}: {error}", path.display())))?;
            GatewayRoots::from_pem(&pem).map_err(|error| fault(&error))?
        }
    };
    let method = match raw.method.as_str() {
        "POST" => GatewayMethod::Post,
        "PUT" => GatewayMethod::Put,
        _ => return Err(("method", "\"POST\" or \"PUT\"".to_owned())),
    };
    GatewaySettings::new(address, body)
        .and_then(|gateway| {
            gateway
                .with_method(method)
                .with_headers(headers)
                .with_roots(roots)
                .with_attempts(raw.attempts)?
                .with_timeout(raw.timeout)?
                .with_pause(raw.pause)
        })
        .map_err(|error| fault(&error))
}

fn header(key: &'static str, name: &str, value: &SecretText) -> Result<GatewayHeader, Fault> {
    GatewayHeader::new(name, value).map_err(|error| (key, error.to_string()))
}

fn fault(error: &InvalidGateway) -> Fault {
    let key = match error {
        InvalidGateway::Address => "url",
        InvalidGateway::Header { .. } => "headers",
        InvalidGateway::Roots(_) => "authorities",
        InvalidGateway::Bounds { name, .. } => name,
    };
    (key, error.to_string())
}
