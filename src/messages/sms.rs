//! The texts that go to a phone.
//!
//! Each is written with the letters of the GSM 7-bit alphabet (3GPP TS 23.038 clause 6.2.1), of which 160 fit into
//! one short message; a single other letter would leave room for 70. So the catalogues avoid words with á, í, ó, ú
//! or ç here, and names from outside are put into that alphabet and cut until the whole fits.

use time::OffsetDateTime;

use super::{Arg, moment, text};
use crate::domain::language::Language;
use crate::domain::secret::SecretText;

/// Characters that one short message takes in the 7-bit alphabet.
pub const SEPTETS: usize = 160;

/// A short message, with all that it says.
#[derive(Debug, Clone, Copy)]
pub enum Sms<'a> {
    /// The code that approves a signature request.
    SignCode {
        /// The app that asks, by its name.
        app: &'a str,
        /// How many documents will be signed.
        documents: u32,
        /// The fingerprint that the page shows too.
        fingerprint: &'a str,
        /// The code.
        code: &'a SecretText,
    },
    /// The code that activates an account.
    ActivationCode {
        /// The code.
        code: &'a SecretText,
    },
    /// The code that sets a new password for a forgotten one.
    ResetCode {
        /// The code.
        code: &'a SecretText,
    },
    /// The code that changes a known password.
    ChangeCode {
        /// The code.
        code: &'a SecretText,
    },
    /// The code that gives this phone to another citizen.
    PhoneCode {
        /// The code.
        code: &'a SecretText,
    },
    /// The citizen is registered.
    Welcome,
    /// A credential is revoked (Ley 6/2020 article 5.3: the holder is told, with date and time).
    Revoked {
        /// When.
        at: OffsetDateTime,
    },
}

impl Sms<'_> {
    /// What to send. It carries a code, so it is as secret as one.
    pub fn text(self, language: Language) -> SecretText {
        SecretText::new(match self {
            Self::SignCode {
                app,
                documents,
                fingerprint,
                code,
            } => fitted(app, |app| {
                let args = [
                    ("app", Arg::Text(app)),
                    ("count", Arg::from(documents)),
                    ("fingerprint", Arg::Text(fingerprint)),
                    ("code", Arg::Text(code.expose())),
                ];
                text(language, "sms-sign-code", &args)
            }),
            Self::ActivationCode { code } => {
                let args = [("code", Arg::Text(code.expose()))];
                text(language, "sms-activation-code", &args)
            }
            Self::ResetCode { code } => {
                let args = [("code", Arg::Text(code.expose()))];
                text(language, "sms-reset-code", &args)
            }
            Self::ChangeCode { code } => {
                let args = [("code", Arg::Text(code.expose()))];
                text(language, "sms-change-code", &args)
            }
            Self::PhoneCode { code } => {
                let args = [("code", Arg::Text(code.expose()))];
                text(language, "sms-phone-code", &args)
            }
            Self::Welcome => text(language, "sms-welcome", &[]),
            Self::Revoked { at } => {
                let time = moment::digits(at);
                text(language, "sms-revoked", &[("time", Arg::from(&time))])
            }
        })
    }
}

/// How much room a text takes in the 7-bit alphabet; `None` when a letter is not in it.
pub fn septets(text: &str) -> Option<usize> {
    text.chars().try_fold(0, |sum, c| {
        if BASIC.contains(c) {
            Some(sum + 1)
        } else if EXTENSION.contains(c) {
            Some(sum + 2)
        } else {
            None
        }
    })
}

/// The basic table, without carriage return, line feed and the escape itself.
const BASIC: &str = "@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
                     ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";

/// The extension table: two places each.
const EXTENSION: &str = "^{}\\[~]|€";

/// The text with the whole name, or with as much of it as one short message takes.
fn fitted(name: &str, with: impl Fn(&str) -> String) -> String {
    let mut name = plain(name);
    loop {
        let whole = with(&name);
        let room = septets(&whole).unwrap_or(SEPTETS);
        if room <= SEPTETS || name.chars().count() <= MARK.len() {
            return whole;
        }
        let surplus = room - SEPTETS;
        let keep = name.chars().count().saturating_sub(surplus + MARK.len());
        let kept: String = name.chars().take(keep).collect();
        name = format!("{}{MARK}", kept.trim_end());
    }
}

/// Stands where a name was cut.
const MARK: &str = "...";

/// A name in the 7-bit alphabet: letters without their accents, and anything else as a full stop.
fn plain(name: &str) -> String {
    name.chars()
        .map(|c| match c {
            c if BASIC.contains(c) => c,
            'á' | 'â' | 'ã' | 'ª' => 'a',
            'Á' | 'À' | 'Â' | 'Ã' => 'A',
            'ê' | 'ë' => 'e',
            'È' | 'Ê' | 'Ë' => 'E',
            'í' | 'î' | 'ï' => 'i',
            'Í' | 'Ì' | 'Î' | 'Ï' => 'I',
            'ó' | 'ô' | 'õ' | 'º' => 'o',
            'Ó' | 'Ò' | 'Ô' | 'Õ' => 'O',
            'ú' | 'û' => 'u',
            'Ú' | 'Ù' | 'Û' => 'U',
            'ç' => 'c',
            '·' | '•' => '.',
            '’' | '‘' => '\'',
            '“' | '”' | '«' | '»' => '"',
            '–' | '—' => '-',
            c if c.is_whitespace() => ' ',
            _ => '.',
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::datetime;

    use super::*;

    fn code() -> SecretText {
        SecretText::new("123456".to_owned())
    }

    fn every(code: &SecretText, documents: u32) -> [Sms<'_>; 7] {
        [
            Sms::SignCode {
                app: "Sede electrónica de la Junta",
                documents,
                fingerprint: "4F2A-91C0",
                code,
            },
            Sms::ActivationCode { code },
            Sms::ResetCode { code },
            Sms::ChangeCode { code },
            Sms::PhoneCode { code },
            Sms::Welcome,
            Sms::Revoked {
                at: datetime!(2026-11-23 14:05 UTC),
            },
        ]
    }

    #[test]
    fn every_text_fits_one_short_message_in_every_language() {
        let code = code();
        for &language in Language::ALL {
            for documents in [1, 2, 100] {
                for sms in every(&code, documents) {
                    let text = sms.text(language);
                    let room = septets(text.expose());
                    assert!(
                        room.is_some_and(|room| room <= SEPTETS),
                        "{language}: {room:?} {}",
                        text.expose()
                    );
                }
            }
        }
    }

    #[test]
    fn the_approval_text_names_app_count_fingerprint_and_code() {
        let code = code();
        for &language in Language::ALL {
            let text = every(&code, 3)[0].text(language);
            for part in ["Sede electronica de la Junta", "3", "4F2A-91C0", "123456"] {
                assert!(
                    text.expose().contains(part),
                    "{language}: {}",
                    text.expose()
                );
            }
        }
    }

    #[test]
    fn whoever_did_not_ask_for_a_code_after_the_receipt_is_sent_to_the_office() {
        // Both are sent only after the right activation code: somebody holds the citizen's receipt.
        let code = code();
        let advice = |sms: Sms<'_>, language| {
            let text = sms.text(language);
            let (_, advice) = text.expose().rsplit_once(". ").unwrap();
            advice.to_owned()
        };
        for &language in Language::ALL {
            let activation = advice(Sms::ActivationCode { code: &code }, language);
            let reset = advice(Sms::ResetCode { code: &code }, language);
            assert_eq!(reset, activation, "{language}");
        }
    }

    #[test]
    fn one_document_is_not_spoken_of_as_many() {
        let code = code();
        assert!(
            every(&code, 1)[0]
                .text(Language::Spanish)
                .expose()
                .contains("1 documento ")
        );
        assert!(
            every(&code, 2)[0]
                .text(Language::Spanish)
                .expose()
                .contains("2 documentos ")
        );
    }

    #[test]
    fn a_long_name_is_cut_and_the_code_is_not() {
        let code = code();
        let sms = Sms::SignCode {
            app: &"Consejería de Innovación ".repeat(9),
            documents: 12,
            fingerprint: "4F2A-91C0",
            code: &code,
        };
        for &language in Language::ALL {
            let text = sms.text(language);
            assert!(text.expose().contains("...") && text.expose().contains("123456"));
            assert!(septets(text.expose()).is_some_and(|room| room <= SEPTETS));
        }
    }

    proptest! {
        #[test]
        fn whatever_the_name_the_text_fits_and_carries_the_code(app in ".{0,300}") {
            let code = code();
            let sms = Sms::SignCode { app: &app, documents: 7, fingerprint: "4F2A-91C0", code: &code };
            for &language in Language::ALL {
                let text = sms.text(language);
                prop_assert!(septets(text.expose()).is_some_and(|room| room <= SEPTETS));
                prop_assert!(text.expose().contains("123456"));
            }
        }
    }
}
