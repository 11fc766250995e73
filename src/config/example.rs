//! The configuration as text: the commented example, and what is in force.

use std::fmt::Write as _;

use super::problem::Origin;
use super::reader::Shown;
use super::section::{Description, Presence};

const HEAD: &str = "\
# Configuration of Rubrica.
#
# Every key is here with its explanation. Those that are commented out show their default; those marked `example` have
# none. Relative paths begin at this file's folder. Each key can also be given by the environment, which goes before this
# file: RUBRICA_<SECTION>__<KEY>, for example RUBRICA_DATABASE__URL. Secrets are not written here: `<key>_file`
# names a file that only its owner can read, or the environment holds the secret itself. A secret within an address
# (database.url, sms.url) is taken too, and then this file should be its owner's alone.
#
# `rubrica config check` says what is wrong with it, `rubrica doctor` what is wrong around it.
";

/// Every section with every key.
pub(super) fn text(sections: &[&'static Description]) -> String {
    let mut text = HEAD.to_owned();
    for section in sections {
        text.push('\n');
        comment(&mut text, section.about);
        line(&mut text, format_args!("[{}]", section.name));
        for key in section.keys {
            text.push('\n');
            comment(&mut text, key.about);
            let name = key.name_in_file();
            match key.presence {
                Presence::Default(value) => line(&mut text, format_args!("#{name} = {value}")),
                Presence::Required(value) => line(&mut text, format_args!("{name} = {value}")),
                Presence::Optional(value) | Presence::Secret(value) => {
                    line(&mut text, format_args!("#{name} = {value}  # example"));
                }
            }
        }
    }
    text
}

/// What is in force, with where each value came from.
pub(super) fn effective(shown: &[Shown]) -> String {
    let mut text = String::new();
    let mut section = "";
    for item in shown {
        if item.section != section {
            if !section.is_empty() {
                text.push('\n');
            }
            section = item.section;
            line(&mut text, format_args!("[{section}]"));
        }
        match (&item.value, &item.origin) {
            (None, _) => line(&mut text, format_args!("# {} is not set", item.key)),
            (Some(value), Origin::Default) => {
                line(&mut text, format_args!("{} = {value}", item.key));
            }
            (Some(value), origin) => {
                line(
                    &mut text,
                    format_args!("{} = {value}  # {origin}", item.key),
                );
            }
        }
    }
    text
}

fn comment(text: &mut String, about: &[&str]) {
    for part in about {
        line(text, format_args!("#{part}"));
    }
}

fn line(text: &mut String, content: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{content}");
}
