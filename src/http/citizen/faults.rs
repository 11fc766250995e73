//! What is wrong with what was typed, as far as it can be seen without asking anybody.

use super::page::Page;
use crate::domain::email::Email;
use crate::domain::identifier::{InvalidNationalId, NationalId};
use crate::domain::secret::SecretText;

/// Of a DNI or NIE.
pub(super) fn national_id(page: &Page, typed: &SecretText) -> Option<String> {
    if typed.is_empty() {
        return Some(page.t("fault-national-id-missing"));
    }
    match typed.expose().parse::<NationalId>() {
        Ok(_) => None,
        Err(InvalidNationalId::Shape) => Some(page.t("fault-national-id-shape")),
        Err(InvalidNationalId::CheckLetter) => Some(page.t("fault-national-id-letter")),
    }
}

/// Of an SMS code. One that cannot be a code costs no try.
pub(super) fn code(page: &Page, typed: &SecretText) -> Option<String> {
    if typed.is_empty() {
        return Some(page.t("fault-code-missing"));
    }
    let digits = typed.expose().bytes().all(|byte| byte.is_ascii_digit());
    (!digits).then(|| page.t("fault-code-shape"))
}

/// Of an e-mail address, which may be missing.
pub(super) fn email(page: &Page, typed: &SecretText) -> Option<String> {
    let wrong = !typed.is_empty() && typed.expose().parse::<Email>().is_err();
    wrong.then(|| page.t("fault-email-shape"))
}

/// Of a value that must be there, with the message for when it is not.
pub(super) fn missing(page: &Page, typed: &SecretText, id: &str) -> Option<String> {
    typed.is_empty().then(|| page.t(id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::language::Language;

    fn typed(text: &str) -> SecretText {
        SecretText::new(text.to_owned())
    }

    #[test]
    fn each_mistake_is_told_by_its_own_words() {
        let page = Page::new(Language::English, "/", String::new());
        let faults = [
            national_id(&page, &typed("")),
            national_id(&page, &typed("1234")),
            national_id(&page, &typed("12345678A")),
            code(&page, &typed("")),
            code(&page, &typed("12a456")),
            email(&page, &typed("ana")),
        ];
        let told: std::collections::BTreeSet<_> = faults.iter().flatten().collect();
        assert_eq!(told.len(), faults.len());
        assert_eq!(national_id(&page, &typed("12.345.678-z")), None);
        assert_eq!(code(&page, &typed("012345")), None);
        assert_eq!(email(&page, &typed("")), None);
        assert_eq!(email(&page, &typed("ana@example.com")), None);
    }
}
