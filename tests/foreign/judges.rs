//! The judges: openssl, pyHanko, EU DSS, and for PDFs pdfsig and qpdf. They share no code with this project and none
//! with each other.
//!
//! Any test that has a signed file feeds it to [`assert_accepted`].

use std::path::{Path, PathBuf};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

mod dss;
mod openssl;
mod poppler;
mod pyhanko;
mod qpdf;
mod worker;

pub(crate) use dss::said;

/// A signed file and what a judge needs to know of it.
#[derive(Debug, Clone)]
pub(crate) struct Exhibit {
    /// The signed file.
    pub(crate) file: PathBuf,
    /// What it claims to be.
    pub(crate) kind: Kind,
    /// The certificate to trust, PEM.
    pub(crate) anchor: PathBuf,
    /// The moment to judge at.
    pub(crate) at: OffsetDateTime,
    /// Revocation lists (DER) of the authorities above it, for EU DSS: with them it gives its whole verdict.
    pub(crate) lists: Vec<PathBuf>,
    /// How many signatures a PDF has, all of them below that certificate.
    pub(crate) signatures: usize,
    /// How many signatures a PDF had before, of signers whom nobody here trusts.
    pub(crate) earlier: usize,
    /// What one judge says of the file as it came, and may say of the signed one too.
    pub(crate) blemish: Option<Blemish>,
    /// The signature policy it names, and a file with the policy's text.
    pub(crate) policy: Option<(&'static str, PathBuf)>,
}

/// A judge, and its words for what it does not like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Blemish {
    pub(crate) judge: &'static str,
    pub(crate) words: &'static str,
}

/// What a signed file claims to be.
#[derive(Debug, Clone)]
pub(crate) enum Kind {
    /// A signed PDF.
    Pades,
    /// A CAdES signature around this document.
    Enveloping(PathBuf),
    /// A CAdES signature beside this document.
    Detached(PathBuf),
}

impl Exhibit {
    /// With one signature, and nothing more to know.
    pub(crate) fn new(file: PathBuf, kind: Kind, anchor: PathBuf, at: OffsetDateTime) -> Self {
        Self {
            file,
            kind,
            anchor,
            at,
            lists: Vec::new(),
            signatures: 1,
            earlier: 0,
            blemish: None,
            policy: None,
        }
    }

    /// The CAdES document.
    fn original(&self) -> Option<&Path> {
        match &self.kind {
            Kind::Pades => None,
            Kind::Enveloping(original) | Kind::Detached(original) => Some(original),
        }
    }

    /// The words that this judge may say.
    fn allowed(&self, judge: &str) -> Option<&'static str> {
        let blemish = self.blemish.filter(|blemish| blemish.judge == judge);
        blemish.map(|blemish| blemish.words)
    }

    fn moment(&self) -> String {
        self.at.format(&Rfc3339).unwrap()
    }
}

/// A judge's name, and why it refuses if it does.
pub(crate) type Verdict = (&'static str, Result<(), String>);

/// What each judge says that looks at signatures.
pub(crate) fn on_signature(exhibit: &Exhibit) -> Vec<Verdict> {
    let mut verdicts = vec![
        ("openssl", openssl::judge(exhibit)),
        ("pyHanko", pyhanko::judge(exhibit)),
        ("EU DSS", dss::judge(exhibit)),
    ];
    if matches!(exhibit.kind, Kind::Pades) {
        verdicts.push(("pdfsig", poppler::judge(exhibit)));
    }
    verdicts
}

/// What each judge says that looks at a file's form; none for CAdES.
pub(crate) fn on_form(exhibit: &Exhibit) -> Vec<Verdict> {
    match exhibit.kind {
        Kind::Pades => vec![("qpdf", qpdf::judge(exhibit))],
        Kind::Enveloping(_) | Kind::Detached(_) => Vec::new(),
    }
}

/// What each judge says that refuses.
pub(crate) fn refusals(exhibit: &Exhibit) -> Vec<(&'static str, String)> {
    on_signature(exhibit)
        .into_iter()
        .chain(on_form(exhibit))
        .filter_map(|(judge, outcome)| Some((judge, outcome.err()?)))
        .collect()
}

/// Fails unless every judge accepts.
pub(crate) fn assert_accepted(exhibit: &Exhibit) {
    let refusals: Vec<String> = refusals(exhibit)
        .into_iter()
        .map(|(judge, why)| format!("{judge}: {why}"))
        .collect();
    assert!(
        refusals.is_empty(),
        "{} is refused\n{}",
        exhibit.file.display(),
        refusals.join("\n")
    );
}
