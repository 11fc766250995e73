//! Signed files for the judges, made as the server makes them.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use rubrica::ades::{Assembled, CertificateChain, Original, cades, pades};
use rubrica::domain::algorithm::{Digest, Hasher, SignatureScheme};
use rubrica::domain::document::Packaging;
use rubrica::domain::key::{DtbsR, SignatureValue};
use rubrica::domain::request::CadesOptions;
use time::OffsetDateTime;

/// Who signs: a chain and a key that may be anywhere.
pub(crate) struct Signer<'a> {
    pub(crate) chain: CertificateChain,
    pub(crate) scheme: SignatureScheme,
    pub(crate) time: OffsetDateTime,
    pub(crate) key: &'a dyn Fn(&DtbsR) -> SignatureValue,
}

impl Signer<'_> {
    /// A CAdES signature: `<name>.p7m`, or `<name>.p7s` beside `<name>`.
    pub(crate) fn cades(
        &self,
        folder: &Path,
        name: &str,
        document: &[u8],
        packaging: Packaging,
    ) -> PathBuf {
        let prepared = cades::prepare(&cades::Input {
            chain: self.chain.clone(),
            scheme: self.scheme,
            document: Digest::of(self.scheme.digest, document),
            document_len: u64::try_from(document.len()).unwrap(),
            packaging,
            signing_time: self.time,
            media_type: None,
            options: CadesOptions::default(),
        })
        .unwrap();
        let value = (self.key)(&prepared.dtbs_r());
        let extension = match packaging {
            Packaging::Enveloping => "p7m",
            Packaging::Detached => "p7s",
        };
        fs::write(folder.join(name), document).unwrap();
        let path = folder.join(format!("{name}.{extension}"));
        fs::write(&path, file(&prepared.assemble(value).unwrap(), document)).unwrap();
        path
    }

    /// A PAdES signature.
    pub(crate) fn pades(&self, folder: &Path, name: &str, document: &[u8]) -> PathBuf {
        let mut original = Hasher::new(self.scheme.digest);
        original.update(document);
        let input = pades::Input {
            chain: self.chain.clone(),
            scheme: self.scheme,
            original,
            signing_time: self.time,
            options: pades::Options::default(),
        };
        let prepared = pades::prepare(&mut Cursor::new(document), input).unwrap();
        let value = (self.key)(&prepared.dtbs_r());
        let path = folder.join(name);
        fs::write(&path, file(&prepared.assemble(value).unwrap(), document)).unwrap();
        path
    }
}

fn file(assembled: &Assembled, document: &[u8]) -> Vec<u8> {
    let original = match assembled.original {
        Original::Included => document,
        Original::Omitted => &[],
    };
    [&assembled.prefix, original, &assembled.suffix].concat()
}
