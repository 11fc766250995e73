//! The kinds of values a key can have, and how each is written.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::de::DeValue;
use url::Url;

use crate::domain::algorithm::{DigestAlgorithm, KeyAlgorithm};
use crate::domain::language::Language;
use crate::http::{Network, ProxyHeader};

/// A value as it was given.
#[derive(Clone, Copy)]
pub(super) enum Given<'a> {
    /// The text of an environment variable.
    Text(&'a str),
    /// A TOML value.
    Toml(&'a DeValue<'a>),
}

/// What was found in place of what the key takes; completes "expected …, ".
pub(super) struct Unsuitable(pub(super) String);

/// A kind of value.
pub(super) trait Setting: Sized {
    /// Completes "expected …".
    fn expected() -> String;

    /// Understands what was given. `base` is where relative paths begin.
    fn parse(given: Given<'_>, base: &Path) -> Result<Self, Unsuitable>;

    /// As TOML, for showing what is in force. Secrets are left out.
    fn to_toml(&self) -> String;
}

/// Bytes; written as `"20 MiB"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size(pub(super) u64);

/// Where the database is; a relative SQLite path is resolved like any path.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct DatabaseUrl(pub(super) String);

/// The value of an HTTP header. Never shown: it may be a key of a kind nobody here knows.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct HeaderText(pub(super) String);

/// Parameters of a PostgreSQL URL that hold secrets.
const SECRET_PARAMETERS: [&str; 2] = ["password", "sslpassword"];

/// Names and texts of the administrator's choice, such as HTTP headers.
pub(super) type Table<T> = BTreeMap<String, T>;

/// Understands a text, for those who have nothing else.
pub(super) fn from_text<T: Setting>(text: &str) -> Result<T, String> {
    T::parse(Given::Text(text), Path::new(""))
        .map_err(|found| format!("expected {}, {}", T::expected(), found.0))
}

impl<'a> Given<'a> {
    /// As text; numbers and the like are none.
    pub(super) fn text(self) -> Result<&'a str, Unsuitable> {
        match self {
            Self::Text(text) => Ok(text),
            Self::Toml(DeValue::String(text)) => Ok(text),
            Self::Toml(other) => Err(Unsuitable(format!("found {}", kind(other)))),
        }
    }
}

fn kind(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("the text {text:?}"),
        DeValue::Integer(number) => format!("the number {number}"),
        DeValue::Float(number) => format!("the number {number}"),
        DeValue::Boolean(value) => value.to_string(),
        DeValue::Datetime(_) => "a date".to_owned(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

macro_rules! whole_number {
    ($($type:ty),+) => {$(
        impl Setting for $type {
            fn expected() -> String {
                format!("a whole number from {} to {}", <$type>::MIN, <$type>::MAX)
            }

            fn parse(given: Given<'_>, _base: &Path) -> Result<Self, Unsuitable> {
                match given {
                    Given::Text(text) => text.trim().parse().ok(),
                    Given::Toml(DeValue::Integer(number)) => {
                        <$type>::from_str_radix(number.as_str(), number.radix()).ok()
                    }
                    Given::Toml(other) => return Err(Unsuitable(format!("found {}", kind(other)))),
                }
                .ok_or_else(|| match given {
                    Given::Text(text) => Unsuitable(format!("found {text:?}")),
                    Given::Toml(other) => Unsuitable(format!("found {}", kind(other))),
                })
            }

            fn to_toml(&self) -> String {
                self.to_string()
            }
        }
    )+};
}
whole_number!(u8, u16, u32, u64, usize);

macro_rules! by_name {
    ($($type:ty),+) => {$(
        impl $crate::config::setting::Setting for $type {
            fn expected() -> String {
                let names: Vec<_> = <$type>::ALL.iter().map(|value| $crate::config::setting::quoted(value.as_str())).collect();
                format!("one of {}", names.join(", "))
            }

            fn parse(given: $crate::config::setting::Given<'_>, _base: &std::path::Path) -> Result<Self, $crate::config::setting::Unsuitable> {
                let text = given.text()?;
                text.parse().ok().ok_or_else(|| $crate::config::setting::Unsuitable(format!("found {text:?}")))
            }

            fn to_toml(&self) -> String {
                $crate::config::setting::quoted(self.as_str())
            }
        }
    )+};
}
pub(super) use by_name;
by_name!(KeyAlgorithm, DigestAlgorithm, Language, ProxyHeader);

/// Values that are written as they are displayed.
macro_rules! as_displayed {
    ($($type:ty: $expected:literal),+ $(,)?) => {$(
        impl Setting for $type {
            fn expected() -> String {
                $expected.to_owned()
            }

            fn parse(given: Given<'_>, _base: &Path) -> Result<Self, Unsuitable> {
                let text = given.text()?;
                text.parse().ok().ok_or_else(|| Unsuitable(format!("found {text:?}")))
            }

            fn to_toml(&self) -> String {
                quoted(&self.to_string())
            }
        }
    )+};
}
as_displayed!(
    SocketAddr: "an address and port such as \"127.0.0.1:8443\"",
    Network: "an address such as \"10.0.0.5\" or a network such as \"10.0.0.0/24\"",
);

impl Setting for bool {
    fn expected() -> String {
        "true or false".to_owned()
    }

    fn parse(given: Given<'_>, _base: &Path) -> Result<Self, Unsuitable> {
        match given {
            Given::Toml(DeValue::Boolean(value)) => Ok(*value),
            Given::Text("true") => Ok(true),
            Given::Text("false") => Ok(false),
            Given::Text(text) => Err(Unsuitable(format!("found {text:?}"))),
            Given::Toml(other) => Err(Unsuitable(format!("found {}", kind(other)))),
        }
    }

    fn to_toml(&self) -> String {
        self.to_string()
    }
}

impl Setting for String {
    fn expected() -> String {
        "a text".to_owned()
    }

    fn parse(given: Given<'_>, _base: &Path) -> Result<Self, Unsuitable> {
        match given.text()? {
            "" => Err(Unsuitable("found an empty one".to_owned())),
            text => Ok(text.to_owned()),
        }
    }

    fn to_toml(&self) -> String {
        quoted(self)
    }
}

impl Setting for HeaderText {
    fn expected() -> String {
        String::expected()
    }

    fn parse(given: Given<'_>, base: &Path) -> Result<Self, Unsuitable> {
        String::parse(given, base).map(Self)
    }

    fn to_toml(&self) -> String {
        quoted(HIDDEN)
    }
}

impl Setting for PathBuf {
    fn expected() -> String {
        "a path".to_owned()
    }

    fn parse(given: Given<'_>, base: &Path) -> Result<Self, Unsuitable> {
        match given.text()? {
            "" => Err(Unsuitable("found an empty one".to_owned())),
            text => Ok(base.join(text)),
        }
    }

    fn to_toml(&self) -> String {
        quoted(&self.to_string_lossy())
    }
}

impl Setting for Url {
    fn expected() -> String {
        "an address such as \"https://host.example\"".to_owned()
    }

    fn parse(given: Given<'_>, _base: &Path) -> Result<Self, Unsuitable> {
        // What was found is not repeated: it may hold a key.
        Url::parse(given.text()?)
            .ok()
            .filter(Url::has_host)
            .ok_or_else(|| Unsuitable("found something else".to_owned()))
    }

    fn to_toml(&self) -> String {
        quoted(&without_secrets(self, Query::Hidden))
    }
}

impl Setting for DatabaseUrl {
    fn expected() -> String {
        "\"sqlite:PATH\" or \"postgres://USER@HOST/NAME\"".to_owned()
    }

    fn parse(given: Given<'_>, base: &Path) -> Result<Self, Unsuitable> {
        let text = given.text()?;
        if let Some(path) = text.strip_prefix("sqlite:").filter(|path| !path.is_empty()) {
            let path = base.join(path.trim_start_matches("//"));
            return Ok(Self(format!("sqlite:{}", path.display())));
        }
        // What was found is not repeated: it may hold a password.
        let url = Url::parse(text)
            .ok()
            .filter(|url| matches!(url.scheme(), "postgres" | "postgresql"))
            // `postgres:/…` is an address too, and all of it a path, in which nobody looks for a password.
            .filter(|_| text.contains("://"))
            .ok_or_else(|| Unsuitable("found something else".to_owned()))?;
        // PostgreSQL's client ends user and password at the first, everybody else at the last; what lies between would be
        // told as a part of the host.
        if authority(text).matches('@').count() > 1 {
            return Err(Unsuitable(
                "found more than one @ before the host; write those of the password as %40, or better give it by \
                 password_file"
                    .to_owned(),
            ));
        }
        if let Some((name, _)) = url
            .query_pairs()
            .find(|(name, _)| SECRET_PARAMETERS.contains(&&**name))
        {
            return Err(Unsuitable(format!(
                "found one with the parameter {name}; a password belongs in password_file"
            )));
        }
        Ok(Self(text.to_owned()))
    }

    fn to_toml(&self) -> String {
        Url::parse(&self.0).ok().filter(Url::has_host).map_or_else(
            || quoted(&self.0),
            |url| quoted(&without_secrets(&url, Query::Shown)),
        )
    }
}

/// User, password, host and port of an address: what stands between the two slashes and the next.
fn authority(url: &str) -> &str {
    let (_, rest) = url.split_once("://").unwrap_or_default();
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

/// An address with what may be secret in it hidden: the password and, but for databases, the query.
fn without_secrets(url: &Url, query: Query) -> String {
    let mut shown = url.clone();
    if shown.password().is_some() && shown.set_password(Some(HIDDEN)).is_err() {
        return format!("{}://{HIDDEN}", url.scheme());
    }
    if query == Query::Hidden && shown.query().is_some() {
        shown.set_query(Some(HIDDEN));
    }
    shown.to_string()
}

/// What stands where a secret is not shown.
const HIDDEN: &str = "***";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Query {
    /// A gateway's address may have its key there.
    Hidden,
    /// Nothing secret is taken there.
    Shown,
}

const DURATION_UNITS: [(&str, u64); 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("min", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

impl Setting for Duration {
    fn expected() -> String {
        "a time such as \"30 s\", \"5 min\", \"12 h\" or \"365 d\"".to_owned()
    }

    fn parse(given: Given<'_>, _base: &Path) -> Result<Self, Unsuitable> {
        scaled(given.text()?, &DURATION_UNITS).map(Duration::from_millis)
    }

    fn to_toml(&self) -> String {
        let millis = u64::try_from(self.as_millis()).unwrap_or(u64::MAX);
        quoted(&unscaled(millis, &DURATION_UNITS, "ms"))
    }
}

const SIZE_UNITS: [(&str, u64); 4] = [
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("B", 1),
];

impl Setting for Size {
    fn expected() -> String {
        "a size such as \"64 KiB\", \"20 MiB\" or \"1 GiB\"".to_owned()
    }

    fn parse(given: Given<'_>, _base: &Path) -> Result<Self, Unsuitable> {
        scaled(given.text()?, &SIZE_UNITS).map(Size)
    }

    fn to_toml(&self) -> String {
        quoted(&unscaled(self.0, &SIZE_UNITS, "B"))
    }
}

/// A number and a unit, as a count of the smallest unit.
fn scaled(text: &str, units: &[(&str, u64)]) -> Result<u64, Unsuitable> {
    let text = text.trim();
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor = units
        .iter()
        .find(|(name, _)| *name == unit.trim())
        .map(|(_, factor)| *factor);
    number
        .parse::<u64>()
        .ok()
        .zip(factor)
        .and_then(|(number, factor)| number.checked_mul(factor))
        .ok_or_else(|| Unsuitable(format!("found {text:?}")))
}

/// The same in the largest unit that gives a whole number.
fn unscaled(count: u64, units: &[(&str, u64)], smallest: &str) -> String {
    units
        .iter()
        .find(|(_, factor)| count >= *factor && count.is_multiple_of(*factor))
        .map_or_else(
            || format!("{count} {smallest}"),
            |(name, factor)| format!("{} {name}", count / factor),
        )
}

impl<T: Setting> Setting for Vec<T> {
    fn expected() -> String {
        format!("a list, each {}", T::expected())
    }

    /// In the environment: separated by commas.
    fn parse(given: Given<'_>, base: &Path) -> Result<Self, Unsuitable> {
        match given {
            Given::Toml(DeValue::Array(values)) => values
                .iter()
                .map(|value| T::parse(Given::Toml(value.get_ref()), base))
                .collect(),
            Given::Text(text) => text
                .split(',')
                .map(str::trim)
                .filter(|part| !part.is_empty())
                .map(|part| T::parse(Given::Text(part), base))
                .collect(),
            Given::Toml(other) => Err(Unsuitable(format!("found {}", kind(other)))),
        }
    }

    fn to_toml(&self) -> String {
        let parts: Vec<_> = self.iter().map(Setting::to_toml).collect();
        format!("[{}]", parts.join(", "))
    }
}

impl<T: Setting> Setting for Table<T> {
    fn expected() -> String {
        format!("a table of names, each with {}", T::expected())
    }

    /// In the environment each name is a variable of its own; the reader puts them together.
    fn parse(given: Given<'_>, base: &Path) -> Result<Self, Unsuitable> {
        match given {
            Given::Toml(DeValue::Table(entries)) => entries
                .iter()
                .map(|(name, value)| {
                    Ok((
                        name.get_ref().to_string(),
                        T::parse(Given::Toml(value.get_ref()), base)?,
                    ))
                })
                .collect(),
            Given::Text(text) => Err(Unsuitable(format!("found {text:?}"))),
            Given::Toml(other) => Err(Unsuitable(format!("found {}", kind(other)))),
        }
    }

    fn to_toml(&self) -> String {
        let parts: Vec<_> = self
            .iter()
            .map(|(name, value)| format!("{} = {}", quoted(name), value.to_toml()))
            .collect();
        format!("{{ {} }}", parts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read<T: Setting>(text: &str) -> Option<T> {
        T::parse(Given::Text(text), Path::new("/base")).ok()
    }

    #[test]
    fn times_and_sizes_are_a_number_and_a_unit() {
        assert_eq!(read("90 s"), Some(Duration::from_secs(90)));
        assert_eq!(read("5min"), Some(Duration::from_secs(300)));
        assert_eq!(read("20 MiB"), Some(Size(20 << 20)));
        for text in [
            "",
            "5",
            "min",
            "5 minutes",
            "-1 s",
            "1.5 h",
            "99999999999999999999 s",
        ] {
            assert_eq!(read::<Duration>(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_back_to_the_same_value(millis: u32, bytes: u32) {
            let time = Duration::from_millis(u64::from(millis));
            let size = Size(u64::from(bytes));
            prop_assert_eq!(read::<Duration>(time.to_toml().trim_matches('"')), Some(time));
            prop_assert_eq!(read::<Size>(size.to_toml().trim_matches('"')), Some(size));
        }

        #[test]
        fn no_text_makes_reading_panic(text: String) {
            let _ = read::<Duration>(&text);
            let _ = read::<Size>(&text);
            let _ = read::<DatabaseUrl>(&text);
            let _ = read::<Vec<Url>>(&text);
        }
    }

    #[test]
    fn a_database_password_is_never_shown() {
        let url: DatabaseUrl = read("postgres://rubrica:hunter2@db.example/rubrica").unwrap();
        assert_eq!(
            url.to_toml(),
            "\"postgres://rubrica:***@db.example/rubrica\""
        );
    }

    #[test]
    fn a_database_address_that_could_be_read_in_two_ways_is_refused() {
        for text in [
            "postgres://u:hun@ter2@db.example/rubrica",
            "postgres:/u:hunter2@db.example",
            "postgres:u:hunter2@db.example",
            "mysql://u:hunter2@db.example/rubrica",
        ] {
            let Err(found) = DatabaseUrl::parse(Given::Text(text), Path::new("")) else {
                panic!("{text} was taken");
            };
            assert!(!found.0.contains("hun"), "{}", found.0);
        }
        assert!(read::<DatabaseUrl>("postgres://u:hun%40ter2@db.example/rubrica").is_some());
        assert!(read::<DatabaseUrl>("postgres:///rubrica?host=/run/postgresql&user=a@b").is_some());
    }

    #[test]
    fn no_database_password_is_taken_as_a_parameter() {
        for parameter in ["password", "sslpassword"] {
            let text = format!("postgres://db.example/rubrica?sslmode=require&{parameter}=hunter2");
            let Err(found) = DatabaseUrl::parse(Given::Text(&text), Path::new("")) else {
                panic!("{text} was taken");
            };
            assert!(found.0.contains(parameter) && !found.0.contains("hunter2"));
        }
    }

    #[test]
    fn queries_and_headers_are_never_shown() {
        let url: Url = read("https://sms.example/send?key=hunter2").unwrap();
        assert_eq!(url.to_toml(), "\"https://sms.example/send?***\"");
        let found = from_text::<Url>("sms.example/send?key=hunter2").unwrap_err();
        assert!(!found.contains("hunter2"), "{found}");
        let header: HeaderText = read("hunter2").unwrap();
        assert_eq!(header.to_toml(), "\"***\"");
    }

    #[test]
    fn relative_paths_begin_where_the_file_is() {
        assert_eq!(read("a/b"), Some(PathBuf::from("/base/a/b")));
        assert_eq!(
            read::<DatabaseUrl>("sqlite:a.db").unwrap().0,
            "sqlite:/base/a.db"
        );
        assert_eq!(read("/a/b"), Some(PathBuf::from("/a/b")));
    }
}
