//! A vendor profile alone, such as those in `hsm-config/`: the tables `[hsm]` and `[journal]` and nothing else.

use std::fmt::Write as _;
use std::path::Path;

use super::hsm::RawHsm;
use super::journal::RawJournal;
use super::problem::{Origin, Problems};
use super::reader::{Reader, Shown, environment};
use super::section::Section as _;
use super::setting::Table;
use super::{hsm, journal, open};

/// A profile that is in order.
pub struct Profile {
    /// Environment variables of the vendor's library.
    pub environment: Table<String>,
    shown: Vec<Shown>,
}

/// Reads a profile. Its relative paths begin in `folder`: that of the configuration that it becomes a part of.
pub fn profile(path: &Path, folder: &Path) -> Result<Profile, Problems> {
    let mut file = open(path)?;
    folder.clone_into(&mut file.folder);
    let known = [&RawHsm::DESCRIPTION, &RawJournal::DESCRIPTION];
    // What is given for other sections is for whoever reads the whole configuration.
    let own = environment().into_iter().filter(|(name, _)| {
        ["RUBRICA_HSM__", "RUBRICA_JOURNAL__"]
            .iter()
            .any(|begin| name.starts_with(begin))
    });
    let mut reader = Reader::new(Some(&file), own);
    if !reader.problems.is_empty() {
        return Err(Problems(reader.problems));
    }
    let (hsm, journal) = (hsm::read(&mut reader), journal::read(&mut reader));
    reader.note_unknown(&known);
    match (hsm, journal) {
        (Some(hsm), Some(_)) if reader.problems.is_empty() => Ok(Profile {
            environment: hsm.environment,
            shown: reader.shown,
        }),
        _ => Err(Problems(reader.problems)),
    }
}

impl Profile {
    /// What stands in the file, as TOML that means the same in any folder. Some keys of `[hsm]` have other values, as
    /// TOML too. Nothing that came from the environment is in it.
    pub fn tables(&self, other: &[(&str, String)]) -> String {
        let mut text = String::new();
        for section in [RawHsm::DESCRIPTION.name, RawJournal::DESCRIPTION.name] {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "[{section}]");
            for item in self.shown.iter().filter(|item| item.section == section) {
                let replaced = section == RawHsm::DESCRIPTION.name
                    && other.iter().any(|(key, _)| *key == item.key);
                if let (Some(value), Origin::File { .. }, false) =
                    (&item.value, &item.origin, replaced)
                {
                    let _ = writeln!(text, "{} = {value}", item.key);
                }
            }
            if section == RawHsm::DESCRIPTION.name {
                for (key, value) in other {
                    let _ = writeln!(text, "{key} = {value}");
                }
            }
            text.push('\n');
        }
        text
    }
}
