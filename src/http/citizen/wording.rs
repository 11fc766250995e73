//! Values as a person reads them: sizes, kinds of file, digests.

use crate::domain::language::Language;
use crate::messages::Arg;
use crate::service::{PasswordRule, password};

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

/// What a new password must be like.
pub(super) fn password_rules(page: &Page) -> Vec<String> {
    [
        PasswordRule::TooShort,
        PasswordRule::TooFewKinds,
        PasswordRule::Character,
        PasswordRule::Name,
        PasswordRule::Same,
    ]
    .iter()
    .map(|&rule| password_rule(page, rule))
    .collect()
}

/// One rule of it.
pub(super) fn password_rule(page: &Page, rule: PasswordRule) -> String {
    let counted = |id, characters| {
        let count = u64::try_from(characters).unwrap_or(u64::MAX);
        page.tv(id, &[("count", Arg::Count(count))])
    };
    match rule {
        PasswordRule::TooShort => counted("password-rule-length", password::LEAST_CHARACTERS),
        PasswordRule::TooLong => counted("password-rule-longest", password::MOST_CHARACTERS),
        PasswordRule::TooFewKinds => counted("password-rule-classes", password::LONG),
        PasswordRule::Character => {
            let args = [("signs", Arg::Text(password::SPECIALS))];
            page.tv("password-rule-characters", &args)
        }
        PasswordRule::Name | PasswordRule::NationalId => page.t("password-rule-personal"),
        PasswordRule::Same => page.t("password-rule-same"),
    }
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
}
