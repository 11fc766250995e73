//! `[documents]`

use std::path::{Path, PathBuf};

use url::Url;

use super::reader::Reader;
use super::section::{Section, section};
use super::setting::{Given, Setting, Unsuitable, quoted};
use crate::documents::{AccessKey, Bucket, Settings};
use crate::domain::address::is_private;

section! {
    /// Where the documents are kept, until their time is over.
    RawDocuments "documents" {
        /// A folder, as "file:PATH"; it is made when missing, for the server's account alone. Under load many documents
        /// are flushed with one flush of their file system, so let no others write much to it; it is held open, so stop
        /// the server before it is unmounted. Or a bucket that all nodes share, as "s3://BUCKET" or
        /// "s3://BUCKET/PREFIX", of any service that speaks Amazon's S3. Let the bucket encrypt what it holds, give it to
        /// nobody else, and have it forget uploads that were never completed (AbortIncompleteMultipartUpload) after a
        /// day.
        url: Place = default r#""file:data/documents""#,
        /// Address of the bucket's service; without it, Amazon's.
        endpoint: Url = optional r#""https://s3.example""#,
        /// The bucket's region.
        region: String = default r#""us-east-1""#,
        /// Name of the access key; without it, the identity that the machine has with the service.
        access_key: String = optional r#""AKIAIOSFODNN7EXAMPLE""#,
        /// Secret of the access key.
        secret_key = secret "secrets/documents-secret-key",
        /// PEM file of the authorities of the service's certificate; without it, the system's.
        authorities: PathBuf = optional r#""certs/documents-ca.pem""#,
    }
}

/// Where the documents are, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    Folder(PathBuf),
    Bucket { name: String, prefix: String },
}

/// A key of the section and what is wrong with its value.
type Fault = (&'static str, String);

pub(super) fn read(reader: &mut Reader<'_>) -> Option<Settings> {
    let raw = RawDocuments::read(reader)?;
    match settings(raw) {
        Ok(settings) => Some(settings),
        Err((key, detail)) => {
            reader.unworkable("documents", key, detail);
            None
        }
    }
}

fn settings(raw: RawDocuments) -> Result<Settings, Fault> {
    let (name, prefix) = match raw.url {
        Place::Folder(folder) => return Ok(Settings::Folder(folder)),
        Place::Bucket { name, prefix } => (name, prefix),
    };
    if let Some(endpoint) = &raw.endpoint
        && !is_suitable(endpoint)
    {
        let detail = "must begin with https://, or lead to this machine; it has neither name nor password in it";
        return Err(("endpoint", detail.to_owned()));
    }
    let key = match (raw.access_key, raw.secret_key) {
        (Some(id), Some(secret)) => Some(AccessKey { id, secret }),
        (None, None) => None,
        (Some(_), None) => {
            return Err((
                "secret_key_file",
                "missing, where access_key is given".to_owned(),
            ));
        }
        (None, Some(_)) => {
            return Err((
                "access_key",
                "missing, where its secret is given".to_owned(),
            ));
        }
    };
    let authorities = match raw.authorities {
        None => Vec::new(),
        Some(path) => std::fs::read(&path)
            .map_err(|error| ("authorities", format!("{}: {error}", path.display())))?,
    };
    Ok(Settings::Bucket(Box::new(Bucket {
        name,
        prefix,
        endpoint: raw.endpoint,
        region: raw.region,
        key,
        authorities,
    })))
}

/// Whether documents can be sent there as they are. A key belongs into keys of its own.
fn is_suitable(endpoint: &Url) -> bool {
    is_private(endpoint) && endpoint.username().is_empty() && endpoint.password().is_none()
}

impl Setting for Place {
    fn expected() -> String {
        "a folder such as \"file:data/documents\", or a bucket such as \"s3://documents\""
            .to_owned()
    }

    fn parse(given: Given<'_>, base: &Path) -> Result<Self, Unsuitable> {
        let text = given.text()?;
        let read = if let Some(path) = text.strip_prefix("file:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            (!path.is_empty()).then(|| Self::Folder(base.join(path)))
        } else {
            text.strip_prefix("s3://").and_then(bucket)
        };
        read.ok_or_else(|| Unsuitable(format!("found {text:?}")))
    }

    fn to_toml(&self) -> String {
        quoted(&match self {
            Self::Folder(path) => format!("file:{}", path.display()),
            Self::Bucket { name, prefix } if prefix.is_empty() => format!("s3://{name}"),
            Self::Bucket { name, prefix } => format!("s3://{name}/{prefix}"),
        })
    }
}

/// A bucket's name (Amazon S3 User Guide, "General purpose bucket naming rules") and what follows it.
fn bucket(text: &str) -> Option<Place> {
    let (name, prefix) = text.split_once('/').unwrap_or((text, ""));
    let outer = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let good = (3..=63).contains(&name.len())
        && name.starts_with(outer)
        && name.ends_with(outer)
        && name.chars().all(|c| outer(c) || c == '-' || c == '.');
    let prefix = prefix.trim_end_matches('/');
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let parts_good = prefix.is_empty()
        || prefix
            .split('/')
            .all(|part| !part.is_empty() && part != "." && part != ".." && part.chars().all(plain));
    (good && parts_good).then(|| Place::Bucket {
        name: name.to_owned(),
        prefix: prefix.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::setting::from_text;
    use super::*;

    #[test]
    fn folders_and_buckets_are_read_and_shown() {
        for (text, shown) in [
            ("file:data/documents", "file:data/documents"),
            ("file:///var/lib/rubrica", "file:/var/lib/rubrica"),
            ("s3://documents", "s3://documents"),
            ("s3://documents/", "s3://documents"),
            (
                "s3://docs.example/rubrica/one",
                "s3://docs.example/rubrica/one",
            ),
        ] {
            let place: Place = from_text(text).unwrap();
            assert_eq!(place.to_toml(), format!("\"{shown}\""));
        }
    }

    #[test]
    fn what_names_no_place_is_refused() {
        for text in [
            "",
            "file:",
            "/var/lib/rubrica",
            "s3://",
            "s3://ab",
            "s3://Documents",
            "s3://-documents",
            "s3://documents//x",
            "s3://documents/../x",
            "s3://user:key@documents",
            "s3://documents/x?y",
        ] {
            assert!(from_text::<Place>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_endpoint_is_private_and_holds_no_key() {
        let suitable = |text: &str| is_suitable(&Url::parse(text).unwrap());
        assert!(suitable("https://s3.example"));
        assert!(!suitable("http://s3.example"));
        assert!(!suitable("https://user:secret@s3.example"));
        assert!(!suitable("https://user@s3.example"));
    }
}
