//! The listeners' certificates and keys.

use time::{Duration, OffsetDateTime};

use super::{Finding, told};
use crate::config::secret::too_open;
use crate::http::TlsListener;
use crate::http::tls::{self, TlsError};
use crate::pki::Validity;

/// From when on a certificate should be renewed.
const SOON: Duration = Duration::days(21);

/// One listener's; `host` is what browsers call it, where that is known.
pub(super) fn examine(
    section: &str,
    files: &TlsListener,
    host: Option<&str>,
    now: OffsetDateTime,
) -> Vec<Finding> {
    let certificate_key = format!("{section}.certificate");
    let mut findings = Vec::new();
    match tls::check(files) {
        Err(error) => findings.push(unusable(section, &error)),
        Ok(checked) => {
            findings.push(match Validity::of(checked.der()) {
                Ok(validity) => lasting(&certificate_key, validity, now),
                Err(error) => Finding::wrong(
                    &certificate_key,
                    told(&error),
                    "take a certificate that other programs can read",
                ),
            });
            if let Some(host) = host
                && !checked.is_for(host)
            {
                findings.push(Finding::wrong(
                    &certificate_key,
                    format!("the certificate is not for {host}, so browsers refuse it"),
                    format!("get a certificate with {host} among its names (subjectAltName), or correct citizen.url"),
                ));
            }
        }
    }
    if let Ok(Some(mode)) = too_open(&files.key) {
        let key = files.key.display();
        findings.push(Finding::wrong(
            format!("{section}.key"),
            format!("others on this machine can read {key} (mode {mode:04o})"),
            format!("chmod 600 {key}, and get a new key if others use this machine"),
        ));
    }
    findings
}

fn lasting(about: &str, validity: Validity, now: OffsetDateTime) -> Finding {
    let (from, until) = (validity.not_before.date(), validity.not_after.date());
    if now < validity.not_before {
        Finding::wrong(
            about,
            format!("the certificate is not valid before {from}"),
            "see whether this machine's clock is right; otherwise wait or get another",
        )
    } else if now > validity.not_after {
        Finding::wrong(
            about,
            format!("the certificate expired on {until}"),
            "renew it, and send SIGHUP to the server",
        )
    } else if now + SOON > validity.not_after {
        Finding::warning(
            about,
            format!("the certificate expires on {until}"),
            "renew it, and send SIGHUP to the server",
        )
    } else {
        Finding::fine(
            about,
            format!("certificate and key fit; valid until {until}"),
        )
    }
}

fn unusable(section: &str, error: &TlsError) -> Finding {
    let (key, advice) = match error {
        TlsError::Certificate { .. } => (
            "certificate",
            "put the certificate, then its chain, there in PEM, readable by the account that runs the server",
        ),
        TlsError::NoCertificate { .. } => (
            "certificate",
            "the file must begin with -----BEGIN CERTIFICATE-----; convert DER with: openssl x509 -inform DER",
        ),
        TlsError::Key { .. } => (
            "key",
            "put the private key there in PEM, without a password, readable by the account that runs the server",
        ),
        TlsError::Unusable(_) => (
            "key",
            "certificate and key must belong together: openssl x509 -noout -pubkey and openssl pkey -pubout show the same for a pair",
        ),
        TlsError::SelfSigned(_) => ("certificate", "report this"),
    };
    Finding::wrong(format!("{section}.{key}"), told(error), advice)
}
