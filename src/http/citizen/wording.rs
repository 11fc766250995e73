//! Values as a person reads them: sizes, kinds of file, digests.

use crate::domain::language::Language;
use crate::messages::Arg;
use crate::service::PasswordRule;
use crate::service::password::{LEAST_CHARACTERS, LONG, MOST_CHARACTERS, SPECIALS};

use super::page::Page;

/// A length in bytes with three significant figures, in decimal units (ISO 80000-13): `1,25 MB`.
pub(super) fn size(language: Language, bytes: u64) -> String {
    let mut divisor = 1_u64;
    let mut unit = "B";
    for next in ["kB", "MB", "GB", "TB"] {
        if bytes / divisor < 1000 {
            break;
        }
        divisor *= 1000;
        unit = next;
    }
    let whole = bytes / divisor;
    let decimals: usize = match (divisor, whole) {
        (1, _) | (_, 100..) => 0,
        (_, 10..) => 1,
        _ => 2,
    };
    // Cut, not rounded: 999.9 kB must not read as 1000 kB.
    let digits = format!("{:03}", (bytes % divisor) * 1000 / divisor);
    let fraction = digits
        .get(..decimals)
        .unwrap_or_default()
        .trim_end_matches('0');
    let point = match language {
        Language::English => '.',
        Language::Spanish
        | Language::Catalan
        | Language::Galician
        | Language::Basque
        | Language::Valencian => ',',
    };
    if fraction.is_empty() {
        format!("{whole}\u{a0}{unit}")
    } else {
        format!("{whole}{point}{fraction}\u{a0}{unit}")
    }
}

/// A kind of file in words; the media type itself (RFC 6838) when there are none.
pub(super) fn media_type(page: &Page, media_type: &str) -> String {
    let essence = media_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    match essence.as_str() {
        "application/pdf" => "PDF".to_owned(),
        "application/xml" | "text/xml" => "XML".to_owned(),
        "application/json" => "JSON".to_owned(),
        "text/plain" => page.t("media-text"),
        "text/html" => page.t("media-web-page"),
        "" | "application/octet-stream" => page.t("media-file"),
        image if image.starts_with("image/") => page.t("media-image"),
        other => page.tv("media-other", &[("type", Arg::Text(other))]),
    }
}

/// A digest in hexadecimal, in groups of eight digits that an eye can compare.
pub(super) fn digest_groups(bytes: &[u8]) -> Vec<String> {
    bytes.chunks(4).map(hex::encode).collect()
}

/// A rule for a new password, as it is told before one is chosen.
pub(super) fn password_rule(page: &Page, rule: PasswordRule) -> String {
    match rule {
        PasswordRule::TooShort => counted(page, "password-rule-length", LEAST_CHARACTERS),
        PasswordRule::TooLong => counted(page, "password-rule-longest", MOST_CHARACTERS),
        PasswordRule::TooFewKinds => counted(page, "password-rule-classes", LONG),
        PasswordRule::Character => signed(page, "password-rule-characters"),
        PasswordRule::Name | PasswordRule::NationalId => page.t("password-rule-personal"),
        PasswordRule::Same => page.t("password-rule-same"),
    }
}

/// What is wrong with a new password, one sentence for each rule that it breaks, and what to do.
pub(super) fn password_faults(page: &Page, broken: &[PasswordRule]) -> String {
    let mut told = Vec::new();
    for &rule in broken {
        let fault = password_fault(page, rule);
        // Name and national identifier are told by the same words.
        if !told.contains(&fault) {
            told.push(fault);
        }
    }
    told.join(" ")
}

fn password_fault(page: &Page, rule: PasswordRule) -> String {
    match rule {
        PasswordRule::TooShort => counted(page, "fault-password-short", LEAST_CHARACTERS),
        PasswordRule::TooLong => counted(page, "fault-password-long", MOST_CHARACTERS),
        PasswordRule::TooFewKinds => counted(page, "fault-password-classes", LONG),
        PasswordRule::Character => signed(page, "fault-password-characters"),
        PasswordRule::Name | PasswordRule::NationalId => page.t("fault-password-personal"),
        PasswordRule::Same => page.t("fault-password-same"),
    }
}

fn counted(page: &Page, id: &str, characters: usize) -> String {
    let count = u64::try_from(characters).unwrap_or(u64::MAX);
    page.tv(id, &[("count", Arg::Count(count))])
}

fn signed(page: &Page, id: &str) -> String {
    page.tv(id, &[("signs", Arg::Text(SPECIALS))])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_as_people_write_them() {
        for (bytes, spanish, english) in [
            (0, "0 B", "0 B"),
            (999, "999 B", "999 B"),
            (1_000, "1 kB", "1 kB"),
            (1_250, "1,25 kB", "1.25 kB"),
            (34_567, "34,5 kB", "34.5 kB"),
            (999_999, "999 kB", "999 kB"),
            (2_500_000_000, "2,5 GB", "2.5 GB"),
            (u64::MAX, "18446744 TB", "18446744 TB"),
        ] {
            assert_eq!(
                size(Language::Spanish, bytes).replace('\u{a0}', " "),
                spanish
            );
            assert_eq!(
                size(Language::English, bytes).replace('\u{a0}', " "),
                english
            );
        }
    }

    #[test]
    fn a_digest_is_shown_whole_in_groups() {
        let groups = digest_groups(&[0xAB; 32]);
        assert_eq!(groups.len(), 8);
        assert!(groups.iter().all(|group| group == "abababab"));
    }

    #[test]
    fn a_fault_of_a_password_is_told_by_other_words_than_the_rule() {
        for &language in Language::ALL {
            let page = Page::new(language, "/", String::new());
            let told: std::collections::BTreeSet<_> = PasswordRule::ALL
                .iter()
                .flat_map(|&rule| [password_rule(&page, rule), password_fault(&page, rule)])
                .collect();
            // Name and national identifier share theirs.
            assert_eq!(told.len(), 2 * (PasswordRule::ALL.len() - 1), "{language}");
        }
    }

    #[test]
    fn faults_of_a_password_are_told_once_and_in_whole_sentences() {
        let page = Page::new(Language::Spanish, "/", String::new());
        let personal = [PasswordRule::Name, PasswordRule::NationalId];
        assert_eq!(
            password_faults(&page, &personal),
            "Contiene su nombre, sus apellidos o su DNI o NIE: elija otra."
        );
        for &language in Language::ALL {
            let page = Page::new(language, "/", String::new());
            for &rule in PasswordRule::ALL {
                assert!(password_fault(&page, rule).ends_with('.'), "{language}");
            }
        }
    }
}
