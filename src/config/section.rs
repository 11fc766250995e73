//! How a section declares its keys: once, for reading, for the example and for showing what is in force.

use super::reader::{Reader, secret_file_key};

/// A section and its keys.
pub(super) struct Description {
    pub(super) name: &'static str,
    /// Lines of explanation.
    pub(super) about: &'static [&'static str],
    pub(super) keys: &'static [Key],
}

/// One key.
pub(super) struct Key {
    pub(super) name: &'static str,
    /// Lines of explanation.
    pub(super) about: &'static [&'static str],
    pub(super) presence: Presence,
}

/// What happens when a key is not given. The texts are TOML.
#[derive(Clone, Copy)]
pub(super) enum Presence {
    /// This value counts.
    Default(&'static str),
    /// That is an error; this would be an example.
    Required(&'static str),
    /// Nothing; this would be an example.
    Optional(&'static str),
    /// Nothing; this would be an example of a file that holds it.
    Secret(&'static str),
}

/// A section's values as they were read.
pub(super) trait Section: Sized {
    /// What it takes.
    const DESCRIPTION: Description;

    /// Reads all keys, so that everything wrong with them is noted; `None` when anything is.
    fn read(reader: &mut Reader<'_>) -> Option<Self>;
}

impl Description {
    /// Whether a name written in the file or the environment is one of the keys.
    pub(super) fn takes(&self, name: &str) -> bool {
        self.names().iter().any(|known| known == name)
            || self.keys.iter().any(|key| key.name == name)
    }

    /// The names to write in the environment: a secret can stand there itself, too.
    pub(super) fn names_in_environment(&self) -> Vec<String> {
        let keys = self.keys.iter().map(|key| key.name.to_owned());
        let mut names: Vec<_> = keys.chain(self.names()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The names to write in a file.
    pub(super) fn names(&self) -> Vec<String> {
        self.keys.iter().map(Key::name_in_file).collect()
    }
}

impl Key {
    /// A secret is named by the file that holds it.
    pub(super) fn name_in_file(&self) -> String {
        match self.presence {
            Presence::Secret(_) => secret_file_key(self.name),
            Presence::Default(_) | Presence::Required(_) | Presence::Optional(_) => {
                self.name.to_owned()
            }
        }
    }
}

/// Declares a section: a struct of what was read, and its [`Description`].
///
/// Each key is `name: Type = default "…"`, `= required "…"`, `= optional "…"` or, for secrets, `name = secret "…"`.
macro_rules! section {
    ($(#[doc = $about:literal])+ $name:ident $title:literal {
        $($(#[doc = $key_about:literal])+ $key:ident $(: $type:ty)? = $presence:ident $text:literal),+ $(,)?
    }) => {
        $(#[doc = $about])+
        pub(in crate::config) struct $name {
            $(pub(in crate::config) $key: $crate::config::section::field_type!($presence $($type)?)),+
        }

        impl $crate::config::section::Section for $name {
            const DESCRIPTION: $crate::config::section::Description = $crate::config::section::Description {
                name: $title,
                about: &[$($about),+],
                keys: &[$($crate::config::section::Key {
                    name: stringify!($key),
                    about: &[$($key_about),+],
                    presence: $crate::config::section::presence!($presence $text),
                }),+],
            };

            fn read(reader: &mut $crate::config::reader::Reader<'_>) -> Option<Self> {
                let mut keys = Self::DESCRIPTION.keys.iter();
                $(let $key = keys.next().and_then(|key| {
                    $crate::config::section::take!(reader, $title, key, $presence)
                });)+
                Some(Self { $($key: $key?),+ })
            }
        }
    };
}

macro_rules! field_type {
    (default $type:ty) => { $type };
    (required $type:ty) => { $type };
    (optional $type:ty) => { Option<$type> };
    (secret) => { Option<$crate::domain::secret::SecretText> };
}

macro_rules! presence {
    (default $text:literal) => {
        $crate::config::section::Presence::Default($text)
    };
    (required $text:literal) => {
        $crate::config::section::Presence::Required($text)
    };
    (optional $text:literal) => {
        $crate::config::section::Presence::Optional($text)
    };
    (secret $text:literal) => {
        $crate::config::section::Presence::Secret($text)
    };
}

macro_rules! take {
    ($reader:ident, $title:literal, $key:ident, default) => {
        $reader.value($title, $key)
    };
    ($reader:ident, $title:literal, $key:ident, required) => {
        $reader.value($title, $key)
    };
    ($reader:ident, $title:literal, $key:ident, optional) => {
        $reader.optional($title, $key)
    };
    ($reader:ident, $title:literal, $key:ident, secret) => {
        $reader.secret($title, $key)
    };
}

pub(super) use {field_type, presence, section, take};
