//! Takes values out of the file and the environment, key by key, and keeps count of everything that is wrong.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::{Nameable, Origin, Problem, nearest};
use super::secret;
use super::section::{Description, Key, Presence};
use super::setting::{Given, Setting, Table};
use crate::domain::secret::SecretText;

/// What every environment variable of the overlay begins with.
const PREFIX: &str = "RUBRICA_";

/// The configuration file, as text.
pub(super) struct File {
    pub(super) path: PathBuf,
    /// Where its relative paths begin.
    pub(super) folder: PathBuf,
    pub(super) text: String,
}

impl File {
    /// With paths that begin beside it.
    pub(super) fn new(path: PathBuf, text: String) -> Self {
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        Self { path, folder, text }
    }
}

/// A variable of the overlay, `RUBRICA_<SECTION>__<KEY>[__<NAME>]`.
struct Variable {
    name: String,
    section: String,
    key: String,
    /// The entry of a table; case is kept.
    entry: Option<String>,
    value: String,
}

/// One line of what is in force.
pub(super) struct Shown {
    pub(super) section: &'static str,
    pub(super) key: String,
    /// As TOML; `None` when nothing is set.
    pub(super) value: Option<String>,
    pub(super) origin: Origin,
}

/// What was given, and what came of reading it.
pub(super) struct Reader<'a> {
    file: Option<(&'a File, DeTable<'a>)>,
    variables: Vec<Variable>,
    /// Names in the environment that begin as the overlay's do and are none of its.
    strangers: Vec<String>,
    pub(super) problems: Vec<Problem>,
    pub(super) warnings: Vec<Problem>,
    pub(super) shown: Vec<Shown>,
}

impl<'a> Reader<'a> {
    /// Parses the file; every syntax error is noted.
    pub(super) fn new(
        file: Option<&'a File>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        let mut problems = Vec::new();
        let file = file.map(|file| {
            let (table, errors) = DeTable::parse_recoverable(&file.text);
            for error in errors {
                problems.push(Problem::Syntax {
                    at: line_of(file, error.span().map_or(0, |span| span.start)),
                    message: error.message().to_owned(),
                });
            }
            (file, table.into_inner())
        });
        let (mut variables, mut strangers) = (Vec::new(), Vec::new());
        for (name, value) in environment {
            match variable(&name, value) {
                Some(variable) => variables.push(variable),
                None if is_unrelated(&name) => {}
                None => strangers.push(name),
            }
        }
        Self {
            file,
            variables,
            strangers,
            problems,
            warnings: Vec::new(),
            shown: Vec::new(),
        }
    }

    /// A key with a default or without which nothing works. `None` when it is wrong, which is noted.
    pub(super) fn value<T: Setting>(
        &mut self,
        section: &'static str,
        key: &'static Key,
    ) -> Option<T> {
        match self.given::<T>(section, key)? {
            Some((value, origin)) => {
                self.show(section, key.name, Some(value.to_toml()), origin);
                Some(value)
            }
            None => match key.presence {
                Presence::Default(text) => {
                    let value = built_in::<T>(text, &self.base());
                    let shown = value.as_ref().map(Setting::to_toml);
                    self.show(section, key.name, shown, Origin::Default);
                    value
                }
                Presence::Required(example)
                | Presence::Optional(example)
                | Presence::Secret(example) => {
                    self.problems.push(Problem::Missing {
                        key: path(section, key.name),
                        section,
                        example: format!("{} = {example}", key.name),
                        variable: variable_name(section, key.name),
                    });
                    None
                }
            },
        }
    }

    /// A key that may be left out. The outer `None` says that it is wrong, which is noted.
    #[expect(
        clippy::option_option,
        reason = "wrong, absent and present are three things; wrong is noted here"
    )]
    pub(super) fn optional<T: Setting>(
        &mut self,
        section: &'static str,
        key: &'static Key,
    ) -> Option<Option<T>> {
        let given = self.given::<T>(section, key)?;
        let (value, origin) = given.map_or((None, Origin::Default), |(value, origin)| {
            (Some(value), origin)
        });
        self.show(
            section,
            key.name,
            value.as_ref().map(Setting::to_toml),
            origin,
        );
        Some(value)
    }

    /// A secret: in the environment itself, in the file only the name of a file that holds it.
    #[expect(
        clippy::option_option,
        reason = "wrong, absent and present are three things; wrong is noted here"
    )]
    pub(super) fn secret(
        &mut self,
        section: &'static str,
        key: &'static Key,
    ) -> Option<Option<SecretText>> {
        if let Some(span) = self.entry(section, key.name).map(Spanned::span) {
            self.problems.push(Problem::Unsuitable {
                at: self.line(span.start),
                key: path(section, key.name),
                expected: format!("no secret in this file: write it to a file of its own and name that with {}_file, or set {}", key.name, variable_name(section, key.name)),
                found: "found one".to_owned(),
            });
            return None;
        }
        if let Some(found) = self.variable(section, key.name) {
            let (name, value) = (found.name.clone(), found.value.clone());
            self.show(
                section,
                key.name,
                Some("\"***\"".to_owned()),
                Origin::Environment(name),
            );
            return Some(Some(SecretText::new(value)));
        }
        let file_key = secret_file_key(key.name);
        let base = self.base();
        let (file, origin) = match self.raw(section, &file_key) {
            None => {
                self.show(section, &file_key, None, Origin::Default);
                return Some(None);
            }
            Some((given, origin)) => match PathBuf::parse(given, &origin.base(&base)) {
                Ok(file) => (file, origin),
                Err(unsuitable) => {
                    self.unsuitable::<PathBuf>(section, &file_key, origin, unsuitable.0);
                    return None;
                }
            },
        };
        self.show(section, &file_key, Some(file.to_toml()), origin.clone());
        let noted = |detail| Problem::SecretFile {
            at: origin.clone(),
            key: path(section, &file_key),
            path: file.clone(),
            detail,
        };
        match secret::read(&file) {
            Ok((text, None)) => Some(Some(text)),
            Ok((text, Some(warning))) => {
                self.warnings.push(noted(warning));
                Some(Some(text))
            }
            Err(error) => {
                self.problems.push(noted(error.to_string()));
                None
            }
        }
    }

    /// Whether anything was given for a key.
    pub(super) fn is_given(&self, section: &str, key: &str) -> bool {
        self.raw(section, key).is_some()
    }

    /// Notes something that is wrong with a value that could be read, or with two together.
    pub(super) fn unworkable(&mut self, section: &str, key: &str, detail: impl Into<String>) {
        self.problems.push(Problem::Unworkable {
            key: path(section, key),
            detail: detail.into(),
        });
    }

    /// Warns of a value that works and should not be.
    pub(super) fn unwise(&mut self, section: &str, key: &str, detail: impl Into<String>) {
        let at = self
            .raw(section, key)
            .map_or(Origin::Default, |(_, origin)| origin);
        self.warnings.push(Problem::Unwise {
            at,
            key: path(section, key),
            detail: detail.into(),
        });
    }

    /// Warns when a value that holds a secret, which `held` names, stands in a file that others can read. `instead` is
    /// what else to do.
    pub(super) fn warn_if_public(&mut self, section: &str, key: &str, held: &str, instead: &str) {
        let Some((_, origin)) = self.raw(section, key) else {
            return;
        };
        let Origin::File { path: file, .. } = &origin else {
            return;
        };
        if let Ok(Some(mode)) = secret::too_open(file) {
            let warning = Problem::SecretFile {
                at: origin.clone(),
                key: path(section, key),
                path: file.clone(),
                detail: format!(
                    "others can read it (mode {mode:04o}), and it holds {held}; run chmod 600 on it, or {instead}"
                ),
            };
            self.warnings.push(warning);
        }
    }

    /// Notes sections and keys that nobody reads.
    pub(super) fn note_unknown(&mut self, known: &[&'static Description]) {
        let mut problems = Vec::new();
        if let Some((file, table)) = &self.file {
            for (name, value) in table {
                let at = line_of(file, name.span().start);
                let name = name.get_ref().as_ref();
                let Some(section) = known.iter().find(|section| section.name == name) else {
                    problems.push(unknown(at, name, Nameable::Section, name, &sections(known)));
                    continue;
                };
                let DeValue::Table(entries) = value.get_ref() else {
                    problems.push(Problem::Unsuitable {
                        at,
                        key: name.to_owned(),
                        expected: format!("a section: [{name}]"),
                        found: "found a value".to_owned(),
                    });
                    continue;
                };
                for key in entries.keys() {
                    let at = line_of(file, key.span().start);
                    let key = key.get_ref().as_ref();
                    if !section.takes(key) {
                        let path = path(name, key);
                        problems.push(unknown(at, &path, Nameable::Key, key, &section.names()));
                    }
                }
            }
        }
        for variable in &self.variables {
            let at = Origin::Environment(variable.name.clone());
            match known
                .iter()
                .find(|section| section.name == variable.section)
            {
                None => problems.push(unknown(
                    at,
                    &variable.section,
                    Nameable::Section,
                    &variable.section,
                    &sections(known),
                )),
                Some(section) if !section.takes(&variable.key) => {
                    let path = path(section.name, &variable.key);
                    problems.push(unknown(
                        at,
                        &path,
                        Nameable::Key,
                        &variable.key,
                        &section.names(),
                    ));
                }
                Some(_) => {}
            }
        }
        for name in &self.strangers {
            let known: Vec<_> = known
                .iter()
                .flat_map(|section| {
                    let keys = section.names_in_environment();
                    keys.into_iter()
                        .map(|key| variable_name(section.name, &key))
                })
                .collect();
            let at = Origin::Environment(name.clone());
            problems.push(unknown(at, name, Nameable::Variable, name, &known));
        }
        // They come first: a misspelt key is often the cause of a missing one.
        problems.append(&mut self.problems);
        self.problems = problems;
    }

    /// What was given for a key, understood. The outer `None` says that it is wrong, which is noted.
    #[expect(
        clippy::option_option,
        reason = "wrong, absent and present are three things; wrong is noted here"
    )]
    fn given<T: Setting>(
        &mut self,
        section: &'static str,
        key: &'static Key,
    ) -> Option<Option<(T, Origin)>> {
        let base = self.base();
        let (parsed, origin) = if let Some((text, origin)) = self.table(section, key.name) {
            (parse_literal(&text, Path::new("")), origin)
        } else if let Some((given, origin)) = self.raw(section, key.name) {
            (T::parse(given, &origin.base(&base)), origin)
        } else {
            return Some(None);
        };
        match parsed {
            Ok(value) => Some(Some((value, origin))),
            Err(unsuitable) => {
                self.unsuitable::<T>(section, key.name, origin, unsuitable.0);
                None
            }
        }
    }

    /// The environment goes before the file.
    fn raw(&self, section: &str, key: &str) -> Option<(Given<'_>, Origin)> {
        if let Some(variable) = self.variable(section, key) {
            return Some((
                Given::Text(&variable.value),
                Origin::Environment(variable.name.clone()),
            ));
        }
        let value = self.entry(section, key)?;
        Some((Given::Toml(value.get_ref()), self.line(value.span().start)))
    }

    fn variable(&self, section: &str, key: &str) -> Option<&Variable> {
        self.variables.iter().find(|variable| {
            variable.section == section && variable.key == key && variable.entry.is_none()
        })
    }

    /// The entries of a table, when variables give some: those over the file's, as one TOML literal.
    fn table(&self, section: &str, key: &str) -> Option<(String, Origin)> {
        let given: Table<String> = self
            .variables
            .iter()
            .filter(|variable| variable.section == section && variable.key == key)
            .filter_map(|variable| Some((variable.entry.clone()?, variable.value.clone())))
            .collect();
        let first = given.keys().next()?;
        let origin = Origin::Environment(format!("{}__{first}", variable_name(section, key)));
        let mut entries = self
            .entry(section, key)
            .and_then(|value| Table::parse(Given::Toml(value.get_ref()), Path::new("")).ok())
            .unwrap_or_default();
        entries.extend(given);
        Some((entries.to_toml(), origin))
    }

    fn entry(&self, section: &str, key: &str) -> Option<&Spanned<DeValue<'a>>> {
        let (_, table) = self.file.as_ref()?;
        match table.get(section)?.get_ref() {
            DeValue::Table(entries) => entries.get(key),
            _ => None,
        }
    }

    fn base(&self) -> PathBuf {
        self.file
            .as_ref()
            .map(|(file, _)| file.folder.clone())
            .unwrap_or_default()
    }

    fn line(&self, offset: usize) -> Origin {
        self.file
            .as_ref()
            .map_or(Origin::Default, |(file, _)| line_of(file, offset))
    }

    fn unsuitable<T: Setting>(&mut self, section: &str, key: &str, at: Origin, found: String) {
        self.problems.push(Problem::Unsuitable {
            at,
            key: path(section, key),
            expected: T::expected(),
            found,
        });
    }

    fn show(&mut self, section: &'static str, key: &str, value: Option<String>, origin: Origin) {
        self.shown.push(Shown {
            section,
            key: key.to_owned(),
            value,
            origin,
        });
    }
}

impl Origin {
    /// Where relative paths begin: in the file's folder, or, in the environment, where the process was started.
    fn base(&self, beside_file: &Path) -> PathBuf {
        match self {
            Self::Environment(_) => PathBuf::new(),
            Self::File { .. } | Self::Default => beside_file.to_owned(),
        }
    }
}

/// The key that names the file of a secret.
pub(super) fn secret_file_key(name: &str) -> String {
    format!("{name}_file")
}

fn path(section: &str, key: &str) -> String {
    match key {
        "" => section.to_owned(),
        key => format!("{section}.{key}"),
    }
}

fn variable_name(section: &str, key: &str) -> String {
    format!("{PREFIX}{}__{}", section.to_uppercase(), key.to_uppercase())
}

fn variable(name: &str, value: String) -> Option<Variable> {
    let (section, rest) = name.strip_prefix(PREFIX)?.split_once("__")?;
    let (key, entry) = match rest.split_once("__") {
        Some((key, entry)) => (key, Some(entry.to_owned())),
        None => (rest, None),
    };
    Some(Variable {
        section: section.to_lowercase(),
        key: key.to_lowercase(),
        entry,
        value,
        name: name.to_owned(),
    })
}

/// Names that others give: the command line's, and those that Kubernetes sets for a service called `rubrica`.
fn is_unrelated(name: &str) -> bool {
    match name.strip_prefix(PREFIX) {
        None | Some("CONFIG" | "SERVICE_HOST" | "PORT") => true,
        Some(rest) => rest.starts_with("SERVICE_PORT") || rest.starts_with("PORT_"),
    }
}

fn line_of(file: &File, offset: usize) -> Origin {
    let before = file.text.get(..offset).unwrap_or(&file.text);
    Origin::File {
        path: file.path.clone(),
        line: 1 + before.matches('\n').count(),
    }
}

fn sections(known: &[&'static Description]) -> Vec<String> {
    known
        .iter()
        .map(|section| section.name.to_owned())
        .collect()
}

fn unknown(at: Origin, key: &str, what: Nameable, written: &str, known: &[String]) -> Problem {
    Problem::Unknown {
        at,
        key: key.to_owned(),
        what,
        suggestion: nearest(written, known.iter().map(String::as_str)).map(str::to_owned),
    }
}

fn parse_literal<T: Setting>(text: &str, base: &Path) -> Result<T, super::setting::Unsuitable> {
    match DeValue::parse(text) {
        Ok(value) => T::parse(Given::Toml(value.get_ref()), base),
        Err(error) => Err(super::setting::Unsuitable(error.message().to_owned())),
    }
}

/// A default; a test reads every one of them.
fn built_in<T: Setting>(text: &str, base: &Path) -> Option<T> {
    parse_literal(text, base).ok()
}

/// The overlay's variables of this process. Those that are not UTF-8 are none of ours.
pub(super) fn environment() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| name.starts_with(PREFIX))
        .collect()
}
