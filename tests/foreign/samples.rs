//! Signed files for the judges, made as the server makes them, whoever has the key.

use std::fs;
use std::io::Cursor;
use std::path::PathBuf;

use rubrica::ades::{AdesError, Assembled, CertificateChain, Original, cades, pades};
use rubrica::domain::algorithm::{Digest, Hasher, SignatureScheme};
use rubrica::domain::document::Packaging;
use rubrica::domain::key::{PublicKey, SignatureValue, ToSign};
use rubrica::domain::request::{CadesOptions, Commitment, PadesOptions};
use tempfile::TempDir;
use time::{Duration, OffsetDateTime};

use super::judges::{Exhibit, Kind, assert_accepted};
use super::pdf;
use crate::harness::authorities::{Authorities, NOW};

/// What is agreed to in the samples that are no PDF.
pub(crate) const DOCUMENT: &[u8] = b"I agree to all of this.\n";

/// The time in the signatures.
const SIGNED_AT: OffsetDateTime = NOW.saturating_add(Duration::minutes(1));

/// Signs a set of digests, as one activation does.
pub(crate) type Sign = Box<dyn Fn(&[ToSign]) -> Vec<SignatureValue>>;

/// A citizen with a certificate, a scheme, somebody who signs, and a folder for the files.
pub(crate) struct Desk {
    pub(crate) folder: TempDir,
    chain: CertificateChain,
    scheme: SignatureScheme,
    sign: Sign,
}

/// A file that waits for its signature value.
struct Draft {
    to_sign: ToSign,
    finish: Box<dyn FnOnce(SignatureValue) -> Assembled>,
    document: Vec<u8>,
    file: PathBuf,
    kind: Kind,
}

impl Desk {
    /// The public key gets a certificate from the tests' authorities.
    pub(crate) fn new(public_key: &PublicKey, scheme: SignatureScheme, sign: Sign) -> Self {
        let authorities = Authorities::new();
        let desk = Self {
            folder: tempfile::tempdir().unwrap(),
            chain: CertificateChain::from_der(authorities.chain(public_key)).unwrap(),
            scheme,
            sign,
        };
        let root = CertificateChain::from_der(vec![authorities.root.certificate().to_vec()]);
        desk.write("root.pem", root.unwrap().to_pem().unwrap().as_bytes());
        desk
    }

    /// Writes a file.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    /// A file of this desk for the judges.
    pub(crate) fn exhibit(&self, file: PathBuf, kind: Kind) -> Exhibit {
        let anchor = self.folder.path().join("root.pem");
        Exhibit::new(file, kind, anchor, SIGNED_AT + Duration::minutes(4))
    }

    /// One of each kind, signed in one go: CAdES around and beside a document, two forms of PDF, and one that says
    /// what is committed to.
    pub(crate) fn all(&self) -> Vec<Exhibit> {
        self.signed(vec![
            self.cades(Packaging::Enveloping),
            self.cades(Packaging::Detached),
            self.pades("table.pdf", pdf::with_table()),
            self.pades("stream.pdf", pdf::with_stream()),
            self.pades_with("commitment.pdf", pdf::with_table(), &commitment()),
        ])
    }

    /// A signed PDF.
    pub(crate) fn signed_pdf(&self) -> Exhibit {
        let drafts = vec![self.pades("alone.pdf", pdf::with_table())];
        self.signed(drafts).pop().unwrap()
    }

    /// Fails unless every judge accepts one of each kind.
    pub(crate) fn assert_all_accepted(&self) {
        for exhibit in self.all() {
            assert_accepted(&exhibit);
        }
    }

    /// Any PDF, signed into a file of that name, if it can be.
    pub(crate) fn try_pdf(&self, name: &str, document: &[u8]) -> Result<Exhibit, AdesError> {
        let draft = self.try_pades(name, document.to_vec(), &PadesOptions::default())?;
        Ok(self.signed(vec![draft]).pop().unwrap())
    }

    fn cades(&self, packaging: Packaging) -> Draft {
        let prepared = cades::prepare(&cades::Input {
            chain: self.chain.clone(),
            scheme: self.scheme,
            document: Digest::of(self.scheme.digest, DOCUMENT),
            document_len: u64::try_from(DOCUMENT.len()).unwrap(),
            packaging,
            signing_time: SIGNED_AT,
            media_type: None,
            options: CadesOptions::default(),
        })
        .unwrap();
        let original = self.write(packaging.as_str(), DOCUMENT);
        let (extension, kind) = match packaging {
            Packaging::Enveloping => ("p7m", Kind::Enveloping(original.clone())),
            Packaging::Detached => ("p7s", Kind::Detached(original.clone())),
        };
        Draft {
            to_sign: ToSign {
                scheme: prepared.scheme(),
                dtbs_r: prepared.dtbs_r(),
            },
            finish: Box::new(|value| {
                let value = prepared.verified(value).unwrap();
                prepared.assemble(value).unwrap()
            }),
            document: DOCUMENT.to_vec(),
            file: original.with_extension(extension),
            kind,
        }
    }

    fn pades(&self, name: &str, document: Vec<u8>) -> Draft {
        self.pades_with(name, document, &PadesOptions::default())
    }

    /// The options as an app gives them.
    fn pades_with(&self, name: &str, document: Vec<u8>, options: &PadesOptions) -> Draft {
        self.try_pades(name, document, options).unwrap()
    }

    fn try_pades(
        &self,
        name: &str,
        document: Vec<u8>,
        options: &PadesOptions,
    ) -> Result<Draft, AdesError> {
        let mut original = Hasher::new(self.scheme.digest);
        original.update(&document);
        let input = pades::Input {
            chain: self.chain.clone(),
            scheme: self.scheme,
            original,
            signing_time: SIGNED_AT,
            options: pades::Options::try_from(options).unwrap(),
        };
        let prepared = pades::prepare(&mut Cursor::new(&document), input)?;
        Ok(Draft {
            to_sign: ToSign {
                scheme: prepared.scheme(),
                dtbs_r: prepared.dtbs_r(),
            },
            finish: Box::new(|value| {
                let value = prepared.verified(value).unwrap();
                prepared.assemble(value).unwrap()
            }),
            document,
            file: self.folder.path().join(name),
            kind: Kind::Pades,
        })
    }

    fn signed(&self, drafts: Vec<Draft>) -> Vec<Exhibit> {
        let to_sign: Vec<ToSign> = drafts.iter().map(|draft| draft.to_sign.clone()).collect();
        let values = (self.sign)(&to_sign);
        assert_eq!(values.len(), drafts.len());
        drafts
            .into_iter()
            .zip(values)
            .map(|(draft, value)| {
                let assembled = (draft.finish)(value);
                let original = match assembled.original {
                    Original::Included => draft.document.as_slice(),
                    Original::Omitted => &[],
                };
                let file = [&assembled.prefix, original, &assembled.suffix].concat();
                fs::write(&draft.file, file).unwrap();
                self.exhibit(draft.file, draft.kind)
            })
            .collect()
    }
}

fn commitment() -> PadesOptions {
    PadesOptions {
        commitment: Some(Commitment::ProofOfApproval),
        location: Some("Toledo".to_owned()),
        ..PadesOptions::default()
    }
}
