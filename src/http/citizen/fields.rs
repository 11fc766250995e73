//! The fields that pages ask for, and the forms that hold them.
//!
//! A field knows its own label, hint, keyboard and what a browser may fill in (WCAG 2.1 criterion 1.3.5), so that
//! it is the same on every page.

use super::page::Page;

/// The element that says what is wrong with all of a form.
pub(super) const FORM_ERROR: &str = "form-error";

/// What a field asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    NationalId,
    Password,
    Email,
    ActivationCode,
    Code,
    NewPassword,
    RepeatPassword,
}

/// A field on a page.
pub(super) struct Field {
    kind: Kind,
    pub(super) error: Option<String>,
    doubt: Doubt,
    /// What was typed before. Secrets are never given back.
    pub(super) value: Option<String>,
}

/// Whether a field may be what is wrong with all of its form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doubt {
    Apart,
    Suspect,
}

/// A form on a page.
pub(super) struct FormView {
    pub(super) action: String,
    pub(super) fields: Vec<Field>,
    pub(super) button: String,
    /// What a new password must be like, when one is asked for.
    pub(super) rules: Vec<String>,
    /// What is wrong with all of it rather than with one field: any of them may be the one.
    pub(super) problem: Option<String>,
}

impl FormView {
    /// An empty form.
    pub(super) fn new(action: String, kinds: &[Kind], button: String) -> Self {
        Self {
            action,
            fields: kinds.iter().map(|&kind| Field::new(kind)).collect(),
            button,
            rules: Vec::new(),
            problem: None,
        }
    }

    /// Says what a new password must be like.
    pub(super) fn with_rules(mut self, rules: Vec<String>) -> Self {
        self.rules = rules;
        self
    }

    /// Says what is wrong with all of it.
    pub(super) fn with_problem(mut self, problem: Option<String>) -> Self {
        if problem.is_some() {
            for field in &mut self.fields {
                field.doubt = Doubt::Suspect;
            }
        }
        self.problem = problem;
        self
    }

    /// Says what is wrong with one field.
    pub(super) fn fault(&mut self, kind: Kind, error: String) {
        if let Some(field) = self.fields.iter_mut().find(|field| field.kind == kind) {
            field.error = Some(error);
        }
    }

    /// Keeps what was typed into a field that is no secret.
    pub(super) fn keep(&mut self, kind: Kind, value: &str) {
        if let Some(field) = self.fields.iter_mut().find(|field| field.kind == kind) {
            field.value = (!kind.is_secret()).then(|| value.to_owned());
        }
    }

    /// True when something has to be put right.
    pub(super) fn failed(&self) -> bool {
        self.problem.is_some() || self.fields.iter().any(|field| field.error.is_some())
    }

    pub(super) fn first_id(&self) -> &'static str {
        self.fields.first().map_or("main", Field::id)
    }
}

impl Kind {
    /// The field's name in the form, and its identifier on the page.
    pub(super) fn id(self) -> &'static str {
        match self {
            Self::NationalId => "national-id",
            Self::Password => "password",
            Self::Email => "email",
            Self::ActivationCode => "activation-code",
            Self::Code => "code",
            Self::NewPassword => "new-password",
            Self::RepeatPassword => "repeat-password",
        }
    }

    fn is_secret(self) -> bool {
        match self {
            Self::NationalId | Self::Email => false,
            Self::Password
            | Self::ActivationCode
            | Self::Code
            | Self::NewPassword
            | Self::RepeatPassword => true,
        }
    }
}

impl Field {
    fn new(kind: Kind) -> Self {
        Self {
            kind,
            error: None,
            doubt: Doubt::Apart,
            value: None,
        }
    }

    pub(super) fn id(&self) -> &'static str {
        self.kind.id()
    }

    pub(super) fn label(&self, page: &Page) -> String {
        match self.kind {
            Kind::NationalId => page.t("field-national-id"),
            Kind::Password => page.t("field-password"),
            Kind::Email => page.t("field-email"),
            Kind::ActivationCode => page.t("field-activation-code"),
            Kind::Code => page.t("field-code"),
            Kind::NewPassword => page.t("field-new-password"),
            Kind::RepeatPassword => page.t("field-repeat-password"),
        }
    }

    pub(super) fn hint(&self, page: &Page) -> Option<String> {
        match self.kind {
            Kind::NationalId => Some(page.t("field-national-id-hint")),
            Kind::Email => Some(page.t("field-email-hint")),
            Kind::ActivationCode => Some(page.t("field-activation-code-hint")),
            Kind::Code => Some(page.t("field-code-hint")),
            Kind::Password | Kind::NewPassword | Kind::RepeatPassword => None,
        }
    }

    /// Whether it has to be put right, by itself or perhaps.
    pub(super) fn is_wrong(&self) -> bool {
        self.error.is_some() || self.doubt == Doubt::Suspect
    }

    /// The elements that explain the field: its hint, its error, that of the form, the password rules.
    pub(super) fn described_by(&self, page: &Page) -> Option<String> {
        let mut ids = Vec::new();
        if self.hint(page).is_some() {
            ids.push(format!("{}-hint", self.id()));
        }
        if self.error.is_some() {
            ids.push(format!("{}-error", self.id()));
        }
        if self.doubt == Doubt::Suspect {
            ids.push(FORM_ERROR.to_owned());
        }
        if self.kind == Kind::NewPassword {
            ids.push("rules".to_owned());
        }
        (!ids.is_empty()).then(|| ids.join(" "))
    }

    pub(super) fn input_type(&self) -> &'static str {
        match self.kind {
            Kind::Password | Kind::NewPassword | Kind::RepeatPassword => "password",
            Kind::Email => "email",
            Kind::NationalId | Kind::ActivationCode | Kind::Code => "text",
        }
    }

    /// HTML Living Standard, section 4.10.18.7.
    pub(super) fn autocomplete(&self) -> &'static str {
        match self.kind {
            Kind::NationalId => "username",
            Kind::Password => "current-password",
            Kind::Email => "email",
            Kind::ActivationCode => "off",
            Kind::Code => "one-time-code",
            Kind::NewPassword | Kind::RepeatPassword => "new-password",
        }
    }

    pub(super) fn inputmode(&self) -> Option<&'static str> {
        match self.kind {
            Kind::Code => Some("numeric"),
            Kind::Email => Some("email"),
            Kind::NationalId
            | Kind::Password
            | Kind::ActivationCode
            | Kind::NewPassword
            | Kind::RepeatPassword => None,
        }
    }

    /// Whether it may not be left empty. Who registered without an e-mail address has none to give.
    pub(super) fn is_required(&self) -> bool {
        self.kind != Kind::Email
    }

    /// Whether a keyboard should leave what is typed alone.
    pub(super) fn is_verbatim(&self) -> bool {
        matches!(self.kind, Kind::NationalId | Kind::ActivationCode)
    }

    pub(super) fn is_new_password(&self) -> bool {
        self.kind == Kind::NewPassword
    }

    pub(super) fn width(&self) -> &'static str {
        match self.kind {
            Kind::NationalId => "short",
            Kind::Code => "code",
            Kind::Password
            | Kind::Email
            | Kind::ActivationCode
            | Kind::NewPassword
            | Kind::RepeatPassword => "medium",
        }
    }
}
